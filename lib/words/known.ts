import type { NotKnown } from './warnings.js';

/** From this R² on, features that are read back count as all of them. */
export const nearlyAll = 0.999;

/**
 * Images that a map needs for each output: with fewer its error on others is made of chance (with n images and rank p
 * it is n / (n − p − 1) times what it need be), and says nothing of what is given away.
 */
export const imagesPerOutput = 3;

/** Interfaces that hide nothing: what a map of few images reads off them is at least a lower bound. */
export const whole: readonly string[] = ['logits', 'log-probs', 'probs', 'probs+log'];

/** What one linear map read off an interface. */
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
 * Why a reading does not say what outputs give away; null where it does. A map that does worse than the mean (R² below 0)
 * does not show that nothing is given away: it fits chance, and another one may read much.
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
