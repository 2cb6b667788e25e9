// Looked up once: inside a vm context (Jest) every `Math` in a loop is a slow look-up.
const { imul, sqrt } = Math;

/** A stream of numbers in [0, 1), multiples of 2^-32. */
export type Random = () => number;

/**
 * Tommy Ettinger's mulberry32: 32-bit integer steps alone, so that every engine draws the same numbers.
 * @param seed any integer; only its low 32 bits count
 */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One seed of a data set's own and an example's position; neighbours share nothing (the finaliser of MurmurHash3). */
export function seedOf(base: number, index: number): number {
  let hash = (base + imul(index, 0x9e3779b1)) | 0;
  hash = imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Uniform in [low, high). */
export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}

/** A unit vector in a random direction, by drawing from the disc: no sine, whose last bits differ between engines. */
export function direction(random: Random): [x: number, y: number] {
  for (;;) {
    const x = 2 * random() - 1;
    const y = 2 * random() - 1;
    const norm = sqrt(x * x + y * y);
    if (norm > 0.1 && norm <= 1) return [x / norm, y / norm];
  }
}
