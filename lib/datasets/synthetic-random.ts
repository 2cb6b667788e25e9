import { sqrt, type Uniform } from '../base/index.js';

/** Uniform in [low, high). */
export function between(random: Uniform, low: number, high: number): number {
  return low + (high - low) * random();
}

/**
 * A unit vector in a random direction, by drawing from the disc: the last bits of a sine would differ between engines.
 */
export function direction(random: Uniform): [x: number, y: number] {
  for (;;) {
    const x = 2 * random() - 1;
    const y = 2 * random() - 1;
    const norm = sqrt(x * x + y * y);
    if (norm > 0.1 && norm <= 1) return [x / norm, y / norm];
  }
}
