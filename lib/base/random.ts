import { imul } from './math.js';

/** Uniform numbers in [0, 1), multiples of 2^-32. */
export type Uniform = () => number;

/**
 * Tommy Ettinger's mulberry32: 32-bit integer steps alone, so that every engine draws the same numbers. The source of
 * all random numbers of the library, except the start of Lanczos (`congruential`).
 * @param seed any integer; only its low 32 bits count
 */
export function uniform(seed: number): Uniform {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers that look random and are the same on every machine for the same seeds. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A whole number from 0 to n − 1. */
  below(n: number): number;
  /** Normal, mean 0 and variance 1 (Box and Muller 1958). */
  normal(): number;
}

/**
 * Random numbers from several seeds, in more distributions: for starts and for variations of images.
 * @param seeds whole numbers
 */
export function random(...seeds: number[]): Random {
  let state = 0x9e3779b9;
  for (const seed of seeds) state = mix(state ^ mix(seed >>> 0) ^ mix(Math.floor(seed / 2 ** 32) >>> 0));
  const next = uniform(state);
  return {
    next,
    below: (n) => Math.floor(next() * n),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}

/** A seed of 32 bits from a base and a position, such that neighbouring positions get unrelated seeds. */
export const seedOf = (base: number, index: number): number => finalised((base + imul(index, 0x9e3779b1)) | 0);

const mix = (h: number): number => finalised(h) + 0x9e3779b9;

/** The finaliser of MurmurHash3: every bit of the input changes every bit of the output. */
function finalised(h: number): number {
  h = imul(h ^ (h >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * The linear congruential generator of Numerical Recipes (Knuth and Lewis), in [0, 1), from a fixed seed. Only for the
 * start of Lanczos: another generator would change the last digits of its results.
 */
export function congruential(): Uniform {
  let state = 0x9e3779b9;
  return () => {
    state = (imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
