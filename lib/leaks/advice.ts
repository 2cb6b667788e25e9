import { changesNumbers, isCoarser, type Advice } from '../words/index.js';
import type { InterfaceAnswer } from './interfaces.js';
import { stillLearning } from './learning.js';

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
}

/** What was read off each interface, where it was: whoever sees an answer sees all that is computed from it, too. */
function knownOf(interfaces: readonly InterfaceAnswer[]): Known[] {
  const read = interfaces.filter((each) => each.read?.kind === 'at-least' && each.read.interval !== null);
  return read.map((interfaceOf) => {
    const all = read.filter((each) => each === interfaceOf || isCoarser(each.observe, interfaceOf.observe));
    return {
      interfaceOf,
      r2: Math.max(...all.map((each) => each.read!.r2)),
      high: Math.max(...all.map((each) => each.read!.interval![1])),
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
 * The most open interface off which, and off all that is computed from which, less than a share was read, the intervals included, and
 * which no other one beats in both what is read and what it costs users. An interface that was not read is never advised, nor one
 * whose reader would read clearly more with more images.
 */
export function adviceOf(interfaces: readonly InterfaceAnswer[]): Advice[] {
  const known = knownOf(interfaces);
  const unbeaten = known.filter((each) => !known.some((other) => beats(other, each))).sort(byOpenness);
  return asked.map((below) => {
    const low = unbeaten.filter(({ high }) => isBelow(high, below)).map(({ interfaceOf }) => interfaceOf);
    const found = low.filter(({ read }) => stillLearning(read!) === null).map(({ observe }) => observe);
    const observe = found[0] ?? null;
    if (observe === null && low.length > 0) return { below, observe, learning: learningOf(low) };
    const own = observe !== null && changesNumbers(observe) ? found.find((spec) => !changesNumbers(spec)) : undefined;
    return { below, observe, ...(own === undefined ? {} : { own }) };
  });
}

/** Of several whose readers are still learning, the one that needs the fewest images to tell. */
function learningOf(interfaces: readonly InterfaceAnswer[]): Advice['learning'] {
  return interfaces
    .map(({ observe, read }) => ({ observe, ...stillLearning(read!)! }))
    .reduce((a, b) => (b.enough < a.enough ? b : a));
}
