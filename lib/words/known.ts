import type { NotKnown } from './warnings.js';

/** Above this share of variance, what is read back is the features for every purpose. */
export const nearlyAll = 0.999;

/**
 * Images that a map needs for each output: with fewer its error on others is made of chance (with n images and rank p
 * it is n / (n − p − 1) times what it need be), and says nothing of what is given away.
 */
export const imagesPerOutput = 3;

/** Interfaces that keep nothing back: what a map of few images reads off them is a lower bound, since more is there. */
export const whole: readonly string[] = ['logits', 'log-probs', 'probs', 'probs+log'];

/** What one linear map read off outputs of which so much is shown. */
export interface Reading {
  /** As `observe` reads it: `probs+topk:5+round:2`. */
  observe: string;
  /** R² of the features read back, on other images. */
  r2: number;
  /** Images that the map was fitted on, variations of one counted once. Absent: enough of them. */
  fitted?: number;
  /** Whether a penalty kept the map from fitting chance. Default false. */
  penalised?: boolean;
}

/**
 * Why a reading does not say what outputs give away; null where it does. What is not known is not nothing: a map
 * that does worse than the mean (R² below 0) fits chance, and another one may read much.
 * @param classes numbers that the map reads
 */
export function whyUnknown({ observe, r2, fitted, penalised = false }: Reading, classes: number): NotKnown | null {
  if (r2 >= nearlyAll) return null;
  const few = fitted !== undefined && fitted < imagesPerOutput * classes;
  if (few && !penalised && (r2 <= 0 || !whole.includes(observe))) {
    return { kind: 'few-images', images: fitted, numbers: classes };
  }
  return r2 <= 0 ? { kind: 'no-better-than-mean' } : null;
}
