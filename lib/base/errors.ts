/**
 * An error that a person can act on: what was expected, what was found, what to do next.
 * The command line prints its message alone (no stack) and exits with `exitCode`.
 */
export class FeatReconstructError extends Error {
  override name = 'FeatReconstructError';
  /** 1 for bad input or a failed check, 2 for wrong usage. */
  readonly exitCode: 1 | 2 = 1;
}

/** The command or the call itself is wrong (an unknown option, a value out of range). */
export class UsageError extends FeatReconstructError {
  override name = 'UsageError';
  override readonly exitCode = 2;
}
