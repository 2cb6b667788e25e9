import { FeatReconstructError } from '../base/index.js';
import type { RowSource } from '../tensor/index.js';

/** Checks that what is evaluated fits together and is finite. */

/** Refuses another width than is expected. @throws FeatReconstructError naming both sides */
export function checkWidth(found: number, expected: number, what: string, against: string): void {
  if (found === expected) return;
  throw new FeatReconstructError(
    `Expected ${what} of width ${expected} to go with ${against}, found ${found}: pass the pair that belongs together.`,
    { code: 'mismatch' },
  );
}

/** Refuses another number of rows than is expected. @throws FeatReconstructError naming both sides */
export function checkCount(found: number, expected: number, what: string, against: string): void {
  if (found === expected) return;
  throw new FeatReconstructError(
    `Expected ${what} to have ${expected} rows like ${against}, found ${found}: pass both for the same images.`,
    { code: 'mismatch' },
  );
}

/** Refuses NaN and infinities. @param start number of the block's first row @throws FeatReconstructError naming the first such row */
export function checkFinite(block: Float32Array | Float64Array, cols: number, start: number, name: string): void {
  const at = firstNonFinite(block);
  if (at < 0) return;
  throw new FeatReconstructError(
    `Row ${start + Math.floor(at / cols)} of ${name}, column ${at % cols}: expected a finite number, found ${block[at]}. Extract that image again or leave it out.`,
    { code: 'not-finite' },
  );
}

/** Index of the first NaN or infinity, −1 where there is none. */
export function firstNonFinite(values: Float32Array | Float64Array): number {
  let check = 0;
  // 0 for every finite number, NaN for the others: a sum without branches, several times faster than a test on each.
  for (let i = 0; i < values.length; i++) check += values[i] - values[i];
  return check === 0 ? -1 : values.findIndex((value) => !Number.isFinite(value));
}

/** @throws FeatReconstructError where a source has no rows */
export function checkNotEmpty(source: RowSource, name: string): void {
  if (source.rows > 0) return;
  throw new FeatReconstructError(`Expected at least one row in ${name}, found none.`, { code: 'too-few-rows' });
}
