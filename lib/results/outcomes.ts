/**
 * Which images agree, a bit each in the order of the data set, so that two fits can be compared image by image. Written as
 * base64 of bytes, the first image in the highest bit.
 */
export function encodeOutcomes(original: Int32Array, reconstructed: Int32Array): string {
  const bytes = Buffer.alloc(Math.ceil(original.length / 8));
  original.forEach((value, i) => {
    if (value === reconstructed[i]) bytes[i >> 3] |= 0x80 >> (i & 7);
  });
  return bytes.toString('base64');
}

/**
 * The inverse of `encodeOutcomes`.
 * @returns (n) 1 for each image that agrees; null where the text is not of n images
 */
export function decodeOutcomes(text: string, n: number): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== Math.ceil(n / 8)) return null;
  return Uint8Array.from({ length: n }, (_, i) => (bytes[i >> 3] >> (7 - (i & 7))) & 1);
}
