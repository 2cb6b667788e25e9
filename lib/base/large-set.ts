/** A `Set` of V8 holds at most 2^24 entries: one is kept for each value of the lowest 8 bits. */
const parts = 256;

/** A set of 64-bit numbers that may have more entries than a `Set` takes. */
export class LargeSet {
  readonly #parts = Array.from({ length: parts }, () => new Set<bigint>());

  /** @returns whether the value is new */
  add(value: bigint): boolean {
    const part = this.#parts[Number(BigInt.asUintN(8, value))];
    const before = part.size;
    return part.add(value).size > before;
  }
}
