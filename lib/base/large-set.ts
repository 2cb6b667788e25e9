/** Most entries of a Set in V8 are 2^24. */
const parts = 256;

/** A set of 64-bit numbers that may have more entries than a `Set` takes. */
export class LargeSet {
  readonly #parts = Array.from({ length: parts }, () => new Set<bigint>());

  /** @returns whether it was not there yet */
  add(value: bigint): boolean {
    const part = this.#parts[Number(BigInt.asUintN(8, value))];
    const before = part.size;
    return part.add(value).size > before;
  }
}
