import { beforeAll, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runAsked } from '../../lib/experiments/index.js';
import { type ResultRow } from '../../lib/results/index.js';
import { betterOf, readersOf } from '../../lib/experiments/readers.js';
import type { Fit } from '../../lib/experiments/result-row.js';
import { accumulate, keepFifthOut, ridgeErrors, solve, spreadRows } from '../../lib/fit/index.js';
import { buildModel } from '../../lib/onnx/index.js';
import { memoryRows, toNdArray, writeNpy } from '../../lib/tensor/index.js';
import { random, temporaryFolder } from '../cli/support.js';

const folder = temporaryFolder();
const at = (name: string): string => path.join(folder, name);
const [classes, d] = [12, 4];

function numbers(count: number, seed: number, scale = 1): Float32Array {
  const next = random(seed);
  return Float32Array.from({ length: count }, () => scale * (2 * next() - 1));
}

beforeAll(async () => {
  const bytes = buildModel({
    inputs: [{ name: 'x', type: 'float32', dims: ['n', d] }],
    outputs: [{ name: 'logits', type: 'float32', dims: ['n', classes] }],
    constants: [
      { name: 'head.w', type: 'float32', dims: [d, classes], data: numbers(d * classes, 8, 4) },
      { name: 'head.b', type: 'float32', dims: [classes], data: numbers(classes, 9) },
    ],
    nodes: [
      { op: 'Tanh', inputs: ['x'], outputs: ['features'] },
      { op: 'Gemm', inputs: ['features', 'head.w', 'head.b'], outputs: ['logits'] },
    ],
  });
  await writeFile(at('model.onnx'), bytes);
  await writeNpy(at('x.npy'), toNdArray(numbers(d * 500, 3, 2), [500, d]));
});

describe('probabilities are read in two ways', () => {
  const shown = ['logits', 'log-probs', 'probs', 'probs+round:4', 'probs+round:4+log', 'probs+topk:3'];
  const run = async (test: string): Promise<ResultRow[]> => {
    const spec = { experiment: 1, source: at('model.onnx'), train: `tensors:${at('x.npy')}[0:300]`, test };
    return (await runAsked(spec, { stores: at('stores'), observe: shown, samples: 0 })).rows;
  };
  let rows: ResultRow[];
  const of = (spec: string): ResultRow => rows.find(({ observe }) => observe === spec)!;

  beforeAll(async () => {
    rows = await run(`tensors:${at('x.npy')}[300:400]`);
  });

  it('and the better one counts, with both figures', () => {
    const reading = of('probs+round:4').reading!;
    expect(reading).toMatchObject({ by: 'log', select: 'r2' });
    expect(reading.log).toBeGreaterThan(reading.plain);
    expect(of('probs+round:4').r2).toBeCloseTo(of('probs+round:4+log').r2!, 12);
    expect(of('probs+round:4+log').reading).toBeUndefined();
    // At full precision the logarithm is the line of the log-probabilities.
    expect(Math.abs(of('probs').r2! - of('log-probs').r2!)).toBeLessThan(1e-6);
    expect(of('log-probs').reading).toBeUndefined();
  });

  it('the choice does not know the test images', async () => {
    const other = await run(`tensors:${at('x.npy')}[400:500]`);
    expect(other.map(({ reading }) => reading)).toEqual(rows.map(({ reading }) => reading));
    expect(other.map(({ r2 }) => r2)).not.toEqual(rows.map(({ r2 }) => r2));
  });

  it('which are those that end in probabilities', () => {
    expect(readersOf('probs+topk:5+round:2').map(({ spec }) => spec)).toEqual([
      'probs+topk:5+round:2',
      'probs+topk:5+round:2+log',
    ]);
    for (const spec of ['logits+round:2', 'log-probs', 'probs+log']) expect(readersOf(spec)).toHaveLength(1);
  });

  it('of equals as they stand', () => {
    const fit = { seconds: 1, alpha: 0 } as Fit;
    const [same] = betterOf({ fits: [fit], scores: [0.5] }, { fits: [fit], scores: [0.5] }, 'r2');
    expect(same).toMatchObject({ seconds: 2, reading: { by: 'plain', plain: 0.5, log: 0.5 } });
  });
});

describe('some of very many rows', () => {
  const places = (n: number) =>
    memoryRows(
      Float64Array.from({ length: n }, (_, i) => i),
      n,
      1,
    );

  it('are from all over, in the order of the data set, variations of an image together', async () => {
    const [n, together] = [30_000, 3];
    const some = spreadRows(n, 10_000, together)!;
    const rows = [...(await some.of(places(n)).read(0, some.n))];
    expect(rows.length).toBe(some.n);
    expect(Math.abs(some.n - 10_000)).toBeLessThan(100);
    expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
    const images = new Map<number, number>();
    for (const row of rows) images.set(Math.floor(row / together), (images.get(Math.floor(row / together)) ?? 0) + 1);
    expect([...images.values()].every((of) => of === together)).toBe(true);
    // Of 100 classes one after another each has some.
    expect(new Set(rows.map((row) => Math.floor(row / 300))).size).toBe(100);
  });

  it('are all of them where they are hardly more', () => {
    expect(spreadRows(10_000, 10_000)).toBeNull();
    expect(spreadRows(10_000, 9_900)).toBeNull();
  });

  it('are read without what lies between', async () => {
    const [n, cols, reads] = [30_000, 1000, [] as number[]];
    const some = spreadRows(n, 6_000)!;
    const read = async (from: number, to: number): Promise<Float32Array> => {
      reads.push(to - from);
      return new Float32Array((to - from) * cols);
    };
    await some.of({ rows: n, cols, dtype: 'float32', read }).read(0, some.n);
    expect(reads.reduce((sum, rows) => sum + rows, 0)).toBe(some.n);
  });
});

describe('a fifth of the rows is kept out', () => {
  it('from all over, variations of an image together', async () => {
    const [n, together] = [990, 3];
    const places = memoryRows(
      Float64Array.from({ length: n }, (_, i) => i),
      n,
      1,
    );
    const parts = keepFifthOut(n, together).map(({ of }) => of(places));
    const [fitted, kept] = await Promise.all(parts.map((part) => part.read(0, part.rows)));
    expect([...fitted, ...kept].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    expect(kept.length / n).toBeCloseTo(0.2, 1);
    const images = new Set([...fitted].map((row) => Math.floor(row / together)));
    expect([...kept].some((row) => images.has(Math.floor(row / together)))).toBe(false);
    // Of ten classes one after another each has some on both sides.
    expect(new Set([...kept].map((row) => Math.floor(row / 99))).size).toBe(10);
  });

  // Five columns, the fourth of which says what the first does: alpha 0 has a direction to leave out.
  it.each([
    ['one penalty', [0.5]],
    ['no penalty', [0]],
    // So many that the eigenvectors of the Gram are the cheaper way.
    ['twenty', [0, ...Array.from({ length: 19 }, (_, i) => 10 ** (i / 3 - 3))]],
  ])('and the error on it follows from its statistics, with %s', async (_, alphas) => {
    const [x, y] = [memoryRows(numbers(200 * 5, 1), 200, 5), memoryRows(numbers(200 * 2, 2), 200, 2)];
    const data = await x.read(0, 200);
    for (let i = 0; i < 200; i++) data[5 * i + 3] = 2 * data[5 * i];
    const [fitted, kept] = keepFifthOut(200);
    const training = await accumulate(fitted.of(x), fitted.of(y));
    const errors = await ridgeErrors(training, await accumulate(kept.of(x), kept.of(y)), alphas);
    const [a, b] = await Promise.all([kept.of(x), kept.of(y)].map((rows) => rows.read(0, kept.n)));
    for (const [at, alpha] of alphas.entries()) {
      const map = await solve(training, { alpha });
      let sum = 0;
      for (let i = 0; i < kept.n; i++) {
        for (let k = 0; k < 2; k++) {
          let value = map.bias.get(k);
          for (let j = 0; j < 5; j++) value += map.weight.get(k, j) * a[5 * i + j];
          sum += (value - b[2 * i + k]) ** 2;
        }
      }
      expect(Math.abs(errors[at] / (sum / kept.n / 2) - 1)).toBeLessThan(1e-12);
    }
  });
});
