import { imul } from '../base/index.js';
import { createSafetensors } from '../tensor/index.js';
import type { SafetensorsDtype } from '../tensor/index.js';
import type { OpenGraph } from './graph-files.js';

/**
 * Weights and inputs that depend on name and index only, the same here and in onnx/graphs.py, so that a graph can be
 * checked against its own library without published weights. The rule: FNV-1a of the name's UTF-8, plus index times
 * 0x9E3779B9, through MurmurHash3's last step, all modulo 2^32, scaled to [-1, 1); then a centre and a spread by shape
 * and name.
 */

/** Fills an array with the numbers of a name, in [centre - spread, centre + spread). */
function fill<T extends Float32Array | Float64Array>(out: T, name: string, centre = 0, spread = 1): T {
  let key = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) key = imul(key ^ byte, 0x01000193);
  for (let i = 0, at = key | 0; i < out.length; i++, at = (at + 0x9e3779b9) | 0) {
    let x = at ^ (at >>> 16);
    x = imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    x = imul(x, 0xc2b2ae35);
    x ^= x >>> 16;
    out[i] = centre + spread * ((x >>> 0) / 2 ** 31 - 1);
  }
  return out;
}

const countOf = (shape: readonly number[]): number => shape.reduce((product, dim) => product * dim, 1);

/**
 * The weight of a name and shape, row-major. With four dimensions its variance is gain / fan-in, with two or three 1 /
 * fan-in; with one dimension it is around 1, or around 0 where the name ends in bias, mean or beta.
 */
export function drawn(name: string, shape: readonly number[], gain: number): Float32Array {
  const out = new Float32Array(countOf(shape));
  if (shape.length >= 2) {
    return fill(out, name, 0, Math.sqrt((3 * (shape.length === 4 ? gain : 1)) / countOf(shape.slice(1))));
  }
  return /(bias|mean|beta)$/.test(name.slice(name.lastIndexOf('.') + 1))
    ? fill(out, name, 0, 0.3)
    : fill(out, name, 1, 0.2);
}

/** Two images (2, 3, size, size): 7 x 7 blocks, which make the images different, and noise. */
export function drawnImages(size: number): Float32Array {
  const blocks = fill(new Float64Array(2 * 3 * 49), 'input.blocks');
  const noise = fill(new Float64Array(2 * 3 * size * size), 'input');
  const out = new Float32Array(noise.length);
  const place = Array.from({ length: size }, (_, i) => Math.floor((i * 7) / size));
  for (let plane = 0, at = 0; plane < 6; plane++)
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++, at++) out[at] = 2 * blocks[plane * 49 + place[y] * 7 + place[x]] + noise[at];
  return out;
}

/** Two texts (2, length). The largest number marks the end of a text, which is the place that the tower reads. */
export function drawnTokens(length: number, vocabulary: number): BigInt64Array {
  const numbers = fill(new Float64Array(2 * length), 'tokens');
  const tokens = BigInt64Array.from(numbers, (value) => BigInt(Math.floor(((value + 1) / 2) * (vocabulary - 2)) + 1));
  tokens[Math.floor(length / 2)] = BigInt(vocabulary - 1);
  tokens[2 * length - 1] = BigInt(vocabulary - 1);
  return tokens;
}

/**
 * Writes a checkpoint of drawn weights for a graph.
 * @param options.classes replaces the graph's number of classes
 * @param options.dtype default F32
 */
export async function writeDrawnCheckpoint(
  graph: Pick<OpenGraph, 'weights' | 'classes' | 'gain'>,
  file: string,
  { classes, dtype = 'F32' }: { classes?: number; dtype?: Extract<SafetensorsDtype, 'F32' | 'F16'> } = {},
): Promise<void> {
  const layout = [...graph.weights].map(([name, shape]) => ({
    name,
    dtype,
    shape: classes !== undefined && graph.classes.includes(name) ? [classes, ...shape.slice(1)] : shape,
  }));
  const writer = await createSafetensors(file, layout, { format: 'pt' });
  try {
    for (const { name, shape } of layout) await writer.writeRows(name, 0, drawn(name, shape, graph.gain));
  } finally {
    await writer.close();
  }
}
