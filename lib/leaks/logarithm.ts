import { log, max, min, sqrt } from '../base/index.js';

/** What a reader of published probabilities knows of those that are shown as 0. */
export interface Hiding {
  /** The largest probability that is shown as 0 where it is one of those that are shown at all. */
  least: number;
  /** Distance of neighbouring numbers as they are shown, at 1. */
  step: number;
  /** How many of each row are shown; null for all. */
  topk: number | null;
}

/** No probability that is shown as 0 is taken for less: its logarithm is finite. */
const smallest = Number.MIN_VALUE;

/**
 * The logarithm that stands for a probability shown as 0: that of an even share of what the shown ones leave of 1. Two
 * bounds on it are known. From above: what is hidden is no larger than the least that is shown (where K of them are
 * shown) or than what rounds to 0. From below: rounding puts the sum of m numbers off by √(m/12) steps (the standard
 * deviation of one is 1/√12 of a step), so that what is left of 1 is not taken for less than that.
 * @param shown the probabilities of a row that are shown, zeros among them or not
 * @param classes how many there are in all
 */
export function logFloor(shown: Float64Array | readonly number[], classes: number, hiding: Hiding): number {
  let [sum, above, lowest] = [0, 0, Infinity];
  for (let j = 0; j < shown.length; j++) {
    const value = shown[j];
    if (!(value > 0)) continue;
    sum += value;
    above++;
    if (value < lowest) lowest = value;
  }
  if (above === classes) return log(lowest);
  const left = max(1 - sum, hiding.step * sqrt(above / 12));
  const most = hiding.topk !== null && above >= hiding.topk ? lowest : hiding.least;
  return log(max(smallest, min(left / (classes - above), most)));
}

/** Logarithms of what is shown, in place; `floor` is that of a 0. */
export function takeLogarithms(shown: Float64Array, floor: number): void {
  for (let j = 0; j < shown.length; j++) shown[j] = shown[j] > 0 ? log(shown[j]) : floor;
}
