import { changesNumbers, isCoarser, type Advice } from '../words/index.js';
import type { InterfaceAnswer } from './interfaces.js';
import { imagesOf, mayRead } from './learning.js';

/** In whole percents, as tables show the upper end of an interval: `to 50` is not below 50 %. */
const isBelow = (end: number, share: number): boolean =>
  Math.ceil(Number((100 * end).toFixed(9))) < Math.round(100 * share);

/** Shares of the features' variance that are asked about. */
const asked = [0.5, 0.25, 0.1];

/** An interface with what is known to be given away by it. */
interface Known {
  interfaceOf: InterfaceAnswer;
  /** The most that was read off it, or off one that is computed from it. */
  r2: number;
  /** The upper end of the interval, likewise. */
  high: number;
  /** What readers of it may read with very many images, likewise; null where that is not known of one. */
  may: number | null;
}

/** What was read off each interface, where it was: whoever sees an answer sees all that is computed from it, too. */
function knownOf(interfaces: readonly InterfaceAnswer[]): Known[] {
  const read = interfaces.filter((each) => each.read?.kind === 'at-least' && each.read.interval !== null);
  return read.map((interfaceOf) => {
    const all = read.filter((each) => each === interfaceOf || isCoarser(each.observe, interfaceOf.observe));
    const may = all.map((each) => mayRead(each.read!));
    return {
      interfaceOf,
      r2: Math.max(...all.map((each) => each.read!.r2)),
      high: Math.max(...all.map((each) => each.read!.interval![1])),
      may: may.includes(null) ? null : Math.max(...(may as number[])),
    };
  });
}

/**
 * Whether an interface gives away less than another one and costs users fewer answers; one whose numbers are not the model's costs
 * users more than answers, so that it is not held against one whose numbers are.
 */
const beats = (a: Known, b: Known): boolean =>
  a.r2 < b.r2 &&
  a.interfaceOf.cost.sameTop > b.interfaceOf.cost.sameTop &&
  (!changesNumbers(a.interfaceOf.observe) || changesNumbers(b.interfaceOf.observe));

/** The most open first; of two that give away as much the finer one. */
const byOpenness = (a: Known, b: Known): number =>
  b.r2 - a.r2 ||
  Number(isCoarser(a.interfaceOf.observe, b.interfaceOf.observe)) -
    Number(isCoarser(b.interfaceOf.observe, a.interfaceOf.observe));

/**
 * The most open interface off which, and off all that is computed from which, less than a share was read, the intervals and what more
 * images may bring included, and which no other one beats in both what is read and what it costs users. An interface that was not read
 * is never advised, nor one of which it is not known what more images bring.
 */
export function adviceOf(interfaces: readonly InterfaceAnswer[]): Advice[] {
  const known = knownOf(interfaces);
  const unbeaten = known.filter((each) => !known.some((other) => beats(other, each))).sort(byOpenness);
  return asked.map((below) => {
    const low = unbeaten.filter(({ high }) => isBelow(high, below));
    const found = low.filter(({ may }) => may !== null && isBelow(may, below));
    if (found.length === 0) return { below, observe: null, ...(low.length > 0 ? { learning: learningOf(low) } : {}) };
    const [{ interfaceOf, may }] = found;
    const { observe } = interfaceOf;
    const own = changesNumbers(observe)
      ? found.find((each) => !changesNumbers(each.interfaceOf.observe))?.interfaceOf.observe
      : undefined;
    return { below, observe, mayRead: may!, ...(own === undefined ? {} : { own }) };
  });
}

/** Of several off which more images may read more than a share, the one off which they may read least. */
function learningOf(low: readonly Known[]): Advice['learning'] {
  const least = low.reduce((a, b) => ((b.may ?? Infinity) < (a.may ?? Infinity) ? b : a));
  const { observe, read } = least.interfaceOf;
  return { observe, images: imagesOf(read!), ...(least.may === null ? {} : { mayRead: least.may }) };
}
