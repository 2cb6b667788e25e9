import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildModel } from '../../../lib/onnx/index.js';
import { toNdArray, writeNpy } from '../../../lib/tensor/index.js';

/** mulberry32: the same numbers in every run. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function numbers(length: number, seed: number): Float32Array {
  const next = random(seed);
  return Float32Array.from({ length }, () => 2 * next() - 1);
}

/** A classifier of 4 features and 6 classes, so small that a run is mostly overhead. */
export async function writeModel(file: string, input: readonly number[] = [6]): Promise<string> {
  const width = input.reduce((product, dim) => product * dim, 1);
  const bytes = buildModel({
    inputs: [{ name: 'x', type: 'float32', dims: ['n', ...input] }],
    outputs: [{ name: 'logits', type: 'float32', dims: ['n', 6] }],
    constants: [
      { name: 'w', type: 'float32', dims: [width, 4], data: numbers(4 * width, 1) },
      { name: 'head.w', type: 'float32', dims: [4, 6], data: numbers(24, 2) },
      { name: 'head.b', type: 'float32', dims: [6], data: numbers(6, 3) },
    ],
    nodes: [
      { op: 'Flatten', inputs: ['x'], outputs: ['flat'] },
      { op: 'MatMul', inputs: ['flat', 'w'], outputs: ['hidden'] },
      { op: 'Tanh', inputs: ['hidden'], outputs: ['features'] },
      { op: 'Gemm', inputs: ['features', 'head.w', 'head.b'], outputs: ['logits'] },
    ],
  });
  await writeFile(file, bytes);
  return file;
}

export async function writeVectors(file: string, n: number): Promise<string> {
  await writeNpy(file, toNdArray(numbers(6 * n, 4), [n, 6]));
  return file;
}

/** Photographs of noise in two classes; two of them are cut short. */
export async function writePhotos(folder: string, n: number): Promise<string> {
  const { Jimp } = await import('jimp');
  for (let i = 0; i < n; i++) {
    const image = new Jimp({ width: 16, height: 16, color: 0x000000ff });
    image.bitmap.data.set(numbers(16 * 16 * 4, 10 + i).map((value) => 127 + 127 * value));
    const bytes = await image.getBuffer('image/png');
    const place = join(folder, i < n / 2 ? 'a' : 'b');
    await mkdir(place, { recursive: true });
    await writeFile(join(place, `${i}.png`), i === 7 || i === n - 3 ? bytes.subarray(0, bytes.length / 2) : bytes);
  }
  return folder;
}
