import { withOptions } from './option.js';

/** Texts with both names of each option; `message` is what they say to a caller of the library. */
const texts = new WeakMap<Error, string>();

/**
 * An error that a person can act on: what was expected, what was found, what to do next.
 * The command line prints its message alone (no stack) and exits with `exitCode`.
 */
export class FeatReconstructError extends Error {
  override name = 'FeatReconstructError';
  /** 1 for bad input or a failed check, 2 for wrong usage. */
  readonly exitCode: 1 | 2 = 1;

  constructor(text?: string, options?: ErrorOptions) {
    super(text && withOptions(text, (property) => property), options);
    if (text) texts.set(this, text);
  }
}

/** The command or the call itself is wrong (an unknown option, a value out of range). */
export class UsageError extends FeatReconstructError {
  override name = 'UsageError';
  override readonly exitCode = 2;
}

/**
 * The text that an error was made of, in which each `option` still has both of its names: to name them as the command line
 * does, or to make another error of it (its `message` has the library's names alone).
 */
export const textOf = (error: Error): string => texts.get(error) ?? error.message;

/**
 * Good data that cannot show what was asked of them. Where this was one question of several, it is an answer ("not known,
 * and why"): a caller tells it from bad input by this class, and writes its own words from `code`.
 */
export class NotShownError extends FeatReconstructError {
  override name = 'NotShownError';

  constructor(
    message: string,
    /** `too-few-rows`; `no-gap`: nothing tells directions from rounding; `hidden`: not all outputs are there. */
    readonly code: 'too-few-rows' | 'no-gap' | 'hidden',
  ) {
    super(message);
  }
}
