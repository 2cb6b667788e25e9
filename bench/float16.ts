import { fields, Writer, type Field } from '../dist/onnx/protobuf.js';
import { float32ToFloat16 } from '../dist/tensor/index.js';

/**
 * A float32 model in float16, for the benchmark: inputs, outputs, weights, constants and casts, by the field numbers of
 * onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). Declared types of inner tensors are left out, ONNX
 * Runtime infers them.
 */
export function toFloat16(model: Uint8Array): Uint8Array {
  return message(model, { 7: graph });
}

type Rewrite = (bytes: Uint8Array) => Uint8Array;
const [float32, float16] = [1, 10];

const graph: Rewrite = (bytes) => message(bytes, { 1: node, 5: tensor, 11: value, 12: value, 13: null });

const value: Rewrite = (bytes) => message(bytes, { 2: (type) => message(type, { 1: elements }) });

const elements: Rewrite = (bytes) =>
  message(bytes, {}, (out, field) => {
    if (field.number !== 1) return false;
    out.int(1, field.value === BigInt(float32) ? float16 : field.value);
    return true;
  });

const node: Rewrite = (bytes) => {
  const parts = [...fields(bytes)];
  const op = textOf(parts.find(({ number }) => number === 4));
  if (op === 'Resize' || op === 'Upsample') throw new Error(`${op} keeps float32 scales: this model is not converted`);
  return message(bytes, { 5: (attribute) => attributeOf(attribute, op) });
};

function attributeOf(bytes: Uint8Array, op: string): Uint8Array {
  const name = textOf([...fields(bytes)].find(({ number }) => number === 1));
  return message(bytes, { 5: tensor }, (out, field) => {
    if (op !== 'Cast' || name !== 'to' || field.number !== 3) return false;
    out.int(3, field.value === BigInt(float32) ? float16 : field.value);
    return true;
  });
}

/** A tensor's numbers as raw bytes of float16; other types stay as they are. */
const tensor: Rewrite = (bytes) => {
  const parts = [...fields(bytes)];
  if (parts.find(({ number }) => number === 2)?.value !== BigInt(float32)) return bytes;
  if (parts.some(({ number }) => number === 13)) throw new Error('weights in external files are not converted');
  const raw = parts.find(({ number }) => number === 9)?.bytes;
  const numbers = raw ?? joined(parts.filter(({ number }) => number === 4));
  const halves = float32ToFloat16(new Float32Array(numbers.slice().buffer));
  return message(bytes, { 4: null, 9: null }, (out, { number, wire }) => {
    if (number === 2) out.int(2, float16).bytes(9, new Uint8Array(halves.buffer));
    return number === 2 || (number === 4 && wire === 5);
  });
};

/** `float_data`, packed or one field each. */
function joined(parts: readonly Field[]): Uint8Array {
  const pieces = parts.map(({ wire, bytes, value: bits }) =>
    wire === 2 ? bytes : new Uint8Array(Uint32Array.of(Number(bits)).buffer),
  );
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const whole = new Uint8Array(length);
  pieces.reduce((at, piece) => (whole.set(piece, at), at + piece.length), 0);
  return whole;
}

const textOf = (field: Field | undefined): string => (field ? new TextDecoder().decode(field.bytes) : '');

/** Copies a message with some of its messages rewritten, or left out where null. */
function message(
  bytes: Uint8Array,
  rewrites: Record<number, Rewrite | null>,
  replace: (out: Writer, field: Field) => boolean = () => false,
): Uint8Array {
  const out = new Writer();
  for (const field of fields(bytes)) {
    const { number, wire } = field;
    if (replace(out, field)) continue;
    const rewrite = rewrites[number];
    if (wire === 2 && rewrite === null) continue;
    if (wire === 2) out.bytes(number, rewrite ? rewrite(field.bytes) : field.bytes);
    else if (wire === 0) out.int(number, field.value);
    else if (wire === 5) out.float(number, new Float32Array(Uint32Array.of(Number(field.value)).buffer)[0]);
  }
  return out.finish();
}
