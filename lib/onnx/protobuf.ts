import { FeatReconstructError } from '../base/index.js';

/**
 * Those parts of the protobuf wire format (https://protobuf.dev/programming-guides/encoding/) that ONNX files use. Reading
 * gives views and never copies, so that a model of a gigabyte is not held twice.
 */

/** A field as it is in the file: varints and fixed numbers as `value`, length-delimited ones as `bytes`. */
export interface Field {
  number: number;
  wire: 0 | 1 | 2 | 5;
  /** Wire types 0, 1 and 5: the raw bits, unsigned. */
  value: bigint;
  /** Wire type 2: a view into the file. */
  bytes: Uint8Array;
}

const none = new Uint8Array(0);

/** Walks the fields of one message. @throws FeatReconstructError where the bytes break off or are no protobuf */
export function* fields(message: Uint8Array): Generator<Field> {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  const varint = (): bigint => {
    let low = 0;
    let shift = 0;
    // The common case, below 2^28, in plain numbers.
    while (shift < 28) {
      if (at >= message.length) throw truncated();
      const byte = message[at++];
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
      shift += 7;
    }
    let result = BigInt(low);
    for (let wide = 28n; ; wide += 7n) {
      if (at >= message.length || wide > 63n) throw truncated();
      const byte = message[at++];
      result |= BigInt(byte & 0x7f) << wide;
      if (byte < 0x80) return BigInt.asUintN(64, result);
    }
  };
  while (at < message.length) {
    const key = Number(varint());
    const number = Math.floor(key / 8);
    const wire = key % 8;
    if (number === 0) throw truncated();
    if (wire === 0) yield { number, wire, value: varint(), bytes: none };
    else if (wire === 2) {
      const length = Number(varint());
      if (at + length > message.length) throw truncated();
      yield { number, wire, value: 0n, bytes: message.subarray(at, at + length) };
      at += length;
    } else if (wire === 1 || wire === 5) {
      const size = wire === 1 ? 8 : 4;
      if (at + size > message.length) throw truncated();
      const value = wire === 1 ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
      yield { number, wire, value, bytes: none };
      at += size;
    } else throw truncated();
  }
}

function truncated(): FeatReconstructError {
  return new FeatReconstructError(
    'Expected an ONNX model (a protobuf), found bytes that break off or are no protobuf: the file is truncated or corrupted. Copy or export it again.',
    { code: 'damaged' },
  );
}

const utf8 = new TextDecoder();

/** A length-delimited field as text. */
export const text = (field: Field): string => utf8.decode(field.bytes);

/** A varint as a signed 64-bit number (ONNX dims and ints); exact up to 2^53. */
export const int = (field: Field): number => Number(BigInt.asIntN(64, field.value));

/** A repeated integer field, packed or not, added to `into`. */
export function ints(field: Field, into: number[]): void {
  if (field.wire === 0) into.push(int(field));
  else {
    let value = 0n;
    let shift = 0n;
    for (const byte of field.bytes) {
      // A number has ten bytes at most: one that never ends would grow with the file.
      if (shift > 63n) throw truncated();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) {
        into.push(Number(BigInt.asIntN(64, value)));
        value = 0n;
        shift = 0n;
      }
    }
  }
}

/** Writes one message, field by field. Fields appended to a finished message are merged into it by every reader. */
export class Writer {
  private readonly parts: Uint8Array[] = [];

  /** A varint. */
  int(number: number, value: number | bigint): this {
    this.parts.push(varint(number * 8), varint(value));
    return this;
  }

  /** A 32-bit float. */
  float(number: number, value: number): this {
    this.parts.push(varint(number * 8 + 5), new Uint8Array(new Float32Array([value]).buffer));
    return this;
  }

  /** A length-delimited field: bytes, text, or another message. */
  bytes(number: number, value: Uint8Array | string | Writer): this {
    const bytes =
      typeof value === 'string' ? new TextEncoder().encode(value) : value instanceof Writer ? value.finish() : value;
    this.parts.push(varint(number * 8 + 2), varint(bytes.length), bytes);
    return this;
  }

  /** Fields that are already encoded. */
  raw(fields: Uint8Array): this {
    this.parts.push(fields);
    return this;
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}

function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const out: number[] = [];
  do {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    out.push(rest > 0n ? byte | 0x80 : byte);
  } while (rest > 0n);
  return Uint8Array.from(out);
}
