import { withOptions } from './option.js';

/**
 * The text that each error was made of, with both names of each option; an error's `message` has the library's names.
 */
const texts = new WeakMap<Error, string>();

/**
 * What kind of thing is wrong, for code that decides by it; texts are for people, and free to change. A new code is one
 * line here and one in docs/design.md.
 */
export const errorCodes = [
  /** The command or the call itself: an unknown option, a value out of range. */
  'usage',
  /** Any other input that is not what was expected. */
  'bad-input',
  /** There is nothing of this name: a file, a data set, a tensor of a file. */
  'not-found',
  /** What was named is not on this machine, and was not fetched: nobody agreed, or no server could be asked. */
  'not-fetched',
  /** A file that is cut short, corrupted or changed since it was written. */
  'damaged',
  /** An image that cannot be decoded; `skipBadImages` leaves it out. */
  'bad-image',
  /** A NaN, an infinity, or an overflow. */
  'not-finite',
  /** Two things that do not go together: widths, numbers of rows, classes, a store of another extraction. */
  'mismatch',
  /** Fewer images or rows than the task needs. */
  'too-few-rows',
  /** More bytes, numbers or dimensions than are read or fit into memory. */
  'too-large',
  /** Several things that could be meant: one has to be named. */
  'ambiguous',
  /** A model without a linear layer that could be its head. */
  'no-head',
  /** Numbers that no classifier gives. */
  'not-outputs',
  /** Good outputs whose spectrum has no gap between directions and rounding. */
  'no-gap',
  /** Good outputs, but some of them are missing. */
  'hidden',
  /** A model that ONNX Runtime does not open or run. */
  'not-run',
  /** An execution provider, a library or a server of objects that does not work here; a pool or a data set that was closed. */
  'unavailable',
  /** Another process is using it. */
  'in-use',
  /** Written by a version, or for an opset, that is not read here. */
  'version',
  /** The operating system or a server of objects refused: permissions, credentials, a full disk. */
  'system',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface FeatReconstructErrorOptions extends ErrorOptions {
  /** Default: the code of `cause`, unless that is `usage` (which is about another call), else `bad-input`. */
  code?: ErrorCode | undefined;
}

/**
 * An error that a person can act on: what was expected, what was found, what to do next.
 * The command line prints its message alone (no stack) and exits with `exitCode`.
 */
export class FeatReconstructError extends Error {
  override name = 'FeatReconstructError';
  /** 1 for bad input or a failed check, 2 for wrong usage. */
  readonly exitCode: 1 | 2 = 1;
  /** What kind of thing is wrong: decide by this, and never by the message. */
  readonly code: ErrorCode;

  constructor(text?: string, options: FeatReconstructErrorOptions = {}) {
    super(text && withOptions(text, (property) => property), options);
    if (text) texts.set(this, text);
    this.code = options.code ?? codeOf(options.cause) ?? 'bad-input';
  }
}

function codeOf(cause: unknown): ErrorCode | undefined {
  if (!(cause instanceof FeatReconstructError) || cause.code === 'usage') return undefined;
  return cause.code;
}

/** The command or the call itself is wrong (an unknown option, a value out of range). Its `code` is `usage`. */
export class UsageError extends FeatReconstructError {
  override name = 'UsageError';
  override readonly exitCode = 2;

  constructor(text?: string, options?: ErrorOptions) {
    super(text, { ...options, code: 'usage' });
  }
}

/**
 * The text that an error was made of, in which each `option` still has both of its names: for the command line, which
 * shows flags, and to make another error of it. The error's `message` has only the library's names.
 */
export const textOf = (error: Error): string => texts.get(error) ?? error.message;

/** Whether an error is one of ours with one of these codes. */
export const isCoded = (error: unknown, ...codes: readonly ErrorCode[]): error is FeatReconstructError =>
  error instanceof FeatReconstructError && codes.includes(error.code);

/**
 * Good data that cannot show what was asked. If this was one question of several, it is an answer ("not known, and
 * why"): a caller tells it from bad input by this class, and writes its own words from `code`.
 */
export class NotShownError extends FeatReconstructError {
  override name = 'NotShownError';
  declare readonly code: 'too-few-rows' | 'no-gap' | 'hidden';

  constructor(
    message: string,
    /** `too-few-rows`; `no-gap`: nothing separates directions from rounding; `hidden`: some outputs are missing. */
    code: NotShownError['code'],
  ) {
    super(message, { code });
  }
}
