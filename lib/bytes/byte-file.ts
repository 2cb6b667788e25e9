import { count, FeatReconstructError } from '../base/index.js';

/** Bytes that are read in ranges: a file of any size, a part of one, or bytes already in memory. */
export interface ByteFile {
  /** What errors call it. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** The bytes [offset, offset + length); may be a view of memory that the file owns. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A `ByteFile` that stays open until it is closed. */
export interface OpenBytes extends ByteFile {
  /** The bytes [offset, offset + length), in an array that the caller may change. */
  read(offset: number, length: number): Promise<Uint8Array & { readonly buffer: ArrayBuffer }>;
  close(): Promise<void>;
}

/** An array for bytes of a file. @throws FeatReconstructError where it cannot be made */
export function allocate(path: string, length: number): Uint8Array & { readonly buffer: ArrayBuffer } {
  try {
    // Not pooled, so that every element type is aligned, and not zeroed first.
    return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
  } catch (error) {
    throw tooLarge(`'${path}'`, length, error);
  }
}

/** The error where an array of this size cannot be made: JavaScript limits its length, and the machine its memory. */
export const tooLarge = (name: string, bytes: number, cause: unknown): FeatReconstructError =>
  new FeatReconstructError(
    `Expected ${name} to fit in memory, found ${count(bytes)} bytes to be read in one piece: read it in ranges of rows, or split it.`,
    { code: 'too-large', cause },
  );
