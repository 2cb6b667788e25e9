import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildModel, type GraphNode } from '../../lib/onnx/index.js';
import { Writer } from '../../lib/onnx/protobuf.js';
import { toNdArray, writeNpy } from '../../lib/tensor/index.js';

/** Made-up models and data sets in folders of their own, and the command line as a child process. */

export const bin = path.join(process.cwd(), 'dist', 'cli', 'main.js');

/** A folder for one test file, removed when it is done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'featreconstruct-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Starts the command line. */
export function startCli(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; nodeArgs?: string[] } = {},
): { child: ChildProcess; finished: Promise<Finished> } {
  return start(process.execPath, [...(options.nodeArgs ?? []), bin, ...args], options);
}

export const runCli = (...call: Parameters<typeof startCli>): Promise<Finished> => startCli(...call).finished;

/** Starts a program and collects what it prints. */
export function start(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): { child: ChildProcess; finished: Promise<Finished> } {
  const child = spawn(program, args, { cwd: options.cwd, env: { ...process.env, ...options.env } });
  const finished = new Promise<Finished>((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, finished };
}

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

const normals = (length: number, seed: number, scale: number): Float32Array => {
  const next = random(seed);
  return Float32Array.from({ length }, () => scale * (next() + next() + next() + next() - 2));
};

/** Side of the images that the made-up models take: CIFAR's are cropped to their middle. */
export const side = 8;

/**
 * Writes a small classifier of images, (n, 3, 8, 8) or (n, 8, 8, 3): one hidden layer with ReLU, whose d outputs are the
 * features, and a linear head to c classes. The same seed gives the same function in both layouts.
 */
export async function writeClassifier(
  file: string,
  {
    d,
    c,
    seed = 1,
    nhwc = false,
    batch = 'n',
    states,
  }: { d: number; c: number; seed?: number; nhwc?: boolean; batch?: number | 'n'; states?: string },
): Promise<string> {
  const inputs = 3 * side * side;
  const toPlanes: GraphNode[] = nhwc
    ? [{ op: 'Transpose', inputs: ['x'], outputs: ['planes'], attributes: { perm: { ints: [0, 3, 1, 2] } } }]
    : [];
  const bytes = buildModel({
    inputs: [{ name: 'x', type: 'float32', dims: nhwc ? [batch, side, side, 3] : [batch, 3, side, side] }],
    outputs: [{ name: 'logits', type: 'float32', dims: [batch, c] }],
    constants: [
      { name: 'w', type: 'float32', dims: [inputs, d], data: normals(inputs * d, seed, 0.2) },
      { name: 'head.w', type: 'float32', dims: [d, c], data: normals(d * c, seed + 1, 1) },
      { name: 'head.b', type: 'float32', dims: [c], data: normals(c, seed + 2, 0.1) },
    ],
    nodes: [
      ...toPlanes,
      { op: 'Flatten', inputs: [nhwc ? 'planes' : 'x'], outputs: ['flat'] },
      { op: 'MatMul', inputs: ['flat', 'w'], outputs: ['hidden'] },
      { op: 'Relu', inputs: ['hidden'], outputs: ['features'] },
      { op: 'Gemm', inputs: ['features', 'head.w', 'head.b'], outputs: ['logits'] },
    ],
  });
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, states === undefined ? bytes : Buffer.concat([bytes, stated(states)]));
  return file;
}

/** A transform in a model's metadata, as fields that are appended to the file; onnx/export.py does the same. */
const stated = (transform: string): Uint8Array =>
  new Writer().bytes(14, new Writer().bytes(1, 'featreconstruct.transform').bytes(2, transform)).finish();

/** A linear classifier of ready vectors of 6 numbers, d = 4, c = 3; quick, so that a run is mostly overhead. */
export async function writeVectorClassifier(file: string): Promise<string> {
  const bytes = buildModel({
    inputs: [{ name: 'x', type: 'float32', dims: ['n', 6] }],
    outputs: [{ name: 'logits', type: 'float32', dims: ['n', 3] }],
    constants: [
      { name: 'w', type: 'float32', dims: [6, 4], data: normals(24, 7, 1) },
      { name: 'head.w', type: 'float32', dims: [4, 3], data: normals(12, 8, 1) },
      { name: 'head.b', type: 'float32', dims: [3], data: normals(3, 9, 1) },
    ],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['hidden'] },
      { op: 'Tanh', inputs: ['hidden'], outputs: ['features'] },
      { op: 'Gemm', inputs: ['features', 'head.w', 'head.b'], outputs: ['logits'] },
    ],
  });
  await writeFile(file, bytes);
  return file;
}

/** Writes n vectors for `writeVectorClassifier` as .npy. */
export async function writeVectors(file: string, n: number): Promise<string> {
  await writeNpy(file, toNdArray(normals(6 * n, 3, 1), [n, 6]));
  return file;
}

/** Writes made-up images in CIFAR's binary layout: every split of both data sets, CIFAR-10 with all of its batches. */
export async function writeCifar(
  folder: string,
  { train = 300, test = 120 }: { train?: number; test?: number } = {},
): Promise<string> {
  const hundred = path.join(folder, 'cifar-100-binary');
  const ten = path.join(folder, 'cifar-10-batches-bin');
  await mkdir(hundred, { recursive: true });
  await mkdir(ten, { recursive: true });
  await writeFile(path.join(hundred, 'train.bin'), records(train, 2, 11));
  await writeFile(path.join(hundred, 'test.bin'), records(test, 2, 12));
  for (let batch = 1; batch <= 5; batch++) {
    await writeFile(path.join(ten, `data_batch_${batch}.bin`), records(train / 5, 1, 20 + batch));
  }
  await writeFile(path.join(ten, 'test_batch.bin'), records(test, 1, 13));
  return folder;
}

/** Coloured noise around a colour of its own for each image, labels in turn. */
function records(n: number, labelBytes: 1 | 2, seed: number): Uint8Array {
  const stride = labelBytes + 3072;
  const bytes = new Uint8Array(n * stride);
  const next = random(seed);
  for (let i = 0; i < n; i++) {
    const at = i * stride;
    bytes[at + labelBytes - 1] = i % (labelBytes === 1 ? 10 : 100);
    for (let channel = 0; channel < 3; channel++) {
      const base = 200 * next();
      for (let pixel = 0; pixel < 1024; pixel++) bytes[at + labelBytes + channel * 1024 + pixel] = base + 55 * next();
    }
  }
  return bytes;
}

/** Encodes an image of three flat colours as JPEG. */
export async function writeJpeg(file: string, seed: number, size = 24): Promise<string> {
  const { Jimp } = await import('jimp');
  const next = random(seed);
  const image = new Jimp({ width: size, height: size, color: 0x000000ff });
  for (let i = 0; i < image.bitmap.data.length; i++) image.bitmap.data[i] = i % 4 === 3 ? 255 : 255 * next();
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, await image.getBuffer('image/jpeg'));
  return file;
}

/** Cuts a file after a share of its bytes. */
export async function truncate(file: string, share: number): Promise<void> {
  const bytes = await readFile(file);
  await writeFile(file, bytes.subarray(0, Math.floor(bytes.length * share)));
}

/** Waits until a condition holds. */
export async function until(condition: () => Promise<boolean>, what: string, seconds = 60): Promise<void> {
  const end = Date.now() + 1000 * seconds;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${seconds} s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
