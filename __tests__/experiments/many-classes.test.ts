import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { evaluateMap } from '../../lib/evaluate/index.js';
import { auditModel, runAsked } from '../../lib/experiments/index.js';
import { type Results } from '../../lib/results/index.js';
import { shownOf } from '../../lib/experiments/shown.js';
import { openStore, type Store } from '../../lib/extract/index.js';
import { accumulate, ownSpan, rowSpace, solve, trainingSpan } from '../../lib/fit/index.js';
import { observe } from '../../lib/leaks/index.js';
import { buildModel } from '../../lib/onnx/index.js';
import { memoryRows, sliceRows, toNdArray, writeNpy } from '../../lib/tensor/index.js';
import { random, temporaryFolder } from '../cli/support.js';

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const [classes, d] = [1030, 10];

function numbers(count: number, seed: number): Float32Array {
  const next = random(seed);
  return Float32Array.from({ length: count }, () => 2 * next() - 1);
}

beforeAll(async () => {
  const bytes = buildModel({
    inputs: [{ name: 'x', type: 'float32', dims: ['n', 6] }],
    outputs: [{ name: 'logits', type: 'float32', dims: ['n', classes] }],
    constants: [
      { name: 'w', type: 'float32', dims: [6, d], data: numbers(6 * d, 7) },
      { name: 'head.w', type: 'float32', dims: [d, classes], data: numbers(d * classes, 8) },
      { name: 'head.b', type: 'float32', dims: [classes], data: numbers(classes, 9) },
    ],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['hidden'] },
      { op: 'Tanh', inputs: ['hidden'], outputs: ['features'] },
      { op: 'Gemm', inputs: ['features', 'head.w', 'head.b'], outputs: ['logits'] },
    ],
  });
  await writeFile(at('many.onnx'), bytes);
  await writeNpy(at('x.npy'), toNdArray(numbers(6 * 250, 3), [250, 6]));
});

const spec = {
  experiment: 1,
  source: at('many.onnx'),
  train: `tensors:${at('x.npy')}[0:150]`,
  test: `tensors:${at('x.npy')}[150:250]`,
};

describe('a head of more classes than a matrix of classes x classes is formed of', () => {
  let results: Results;
  let train: Store;
  let test: Store;
  const observed = ['logits', 'log-probs', 'probs', 'probs+topk:5'];

  beforeAll(async () => {
    results = await runAsked(spec, { stores: at('stores'), observe: observed, samples: 0 });
    const names = results.environment.datasets.map(({ size }) => size);
    expect(names.sort()).toEqual([100, 150]);
    const { readdir } = await import('node:fs/promises');
    const stores = await Promise.all((await readdir(at('stores'))).map((name) => openStore(at('stores', name))));
    train = stores.find(({ rows }) => rows === 150)!;
    test = stores.find(({ rows }) => rows === 100)!;
  });

  afterAll(async () => {
    await train.close();
    await test.close();
  });

  /** The same from the outputs as they are, by their whole Gram. */
  async function directly(shown: string) {
    const reading = results.rows.find(({ observe: spec }) => spec === shown)?.reading;
    const read = reading?.by === 'log' ? `${shown}+log` : shown;
    const statistics = await accumulate(observe(train.logits, read), train.features);
    return evaluateMap({
      head: test.head,
      map: await solve(statistics),
      X: observe(test.logits, read),
      Y: test.features,
      Z: test.logits,
      span: shown === 'logits' ? await trainingSpan(statistics) : undefined,
    });
  }

  it.each(observed)('gives the figures of all outputs: %s', async (shown) => {
    const row = results.rows.find((each) => (each.observe ?? 'logits') === shown && each.prior === null)!;
    const { agreement, reconstruction, span } = await directly(shown);
    expect(row.agreed).toBe(agreement.agreed);
    // Two ways to the same solution differ by float64's rounding times the condition of the Gram.
    const rounding = Math.max(1e-9, 4 * Number.EPSILON * row.condition!);
    expect(Math.abs(row.r2! - reconstruction.r2!)).toBeLessThan(rounding * Math.abs(reconstruction.r2!));
    expect(row.inSpanShare).toBe(span?.share ?? null);
    if (reconstruction.r2! < 0.999999) {
      expect(Math.abs(row.mse! / reconstruction.mse - 1)).toBeLessThan(rounding);
    }
  });

  it('draws the spectrum in the dimensions of the head', () => {
    expect(results.spectra[0]).toMatchObject({ p: d, rank: d });
    expect(results.rows[0]).toMatchObject({ rank: d, inSpanShare: 1, agreement: 1 });
    expect(results.failures).toEqual([]);
  });

  it('counts the factorisation into the time to fit', () => {
    for (const { seconds } of results.rows) expect(seconds.fit).toBeGreaterThan(0);
  });

  it('gives the same without stores, to the bit', async () => {
    const [a, b] = await Promise.all(
      [at('stores'), null].map((stores) => runAsked(spec, { stores, samples: 0, alphas: [0, 0.5] })),
    );
    const figures = ({ rows, spectra, failures }: Results) => ({
      rows: rows.map(({ seconds: _, ...row }) => row),
      spectra,
      failures,
    });
    expect(figures(b)).toEqual(figures(a));
  });

  it('audits it', async () => {
    const audited = await auditModel(at('many.onnx'), `tensors:${at('x.npy')}`, {
      ...{ stores: at('audit'), samples: 0, recoverySeconds: 5 },
      observe: ['logits', 'log-probs'],
    });
    expect(audited.rows.map(({ observe: shown = 'logits' }) => shown)).toEqual(['logits', 'logits', 'log-probs']);
    expect(audited.leaks!.fingerprint).toMatchObject({ rank: d, classes });
    expect(audited.rows.find(({ observe: shown }) => shown === 'log-probs')!.r2).toBeGreaterThan(0.999999);
  });

  it('judges SGD on the logits themselves, in the span of the training rows', async () => {
    const { rows } = await runAsked(spec, { stores: at('stores'), samples: 0, sgd: { epochs: 1 } });
    const sgd = rows.find(({ solver }) => solver === 'sgd')!;
    // An epoch at the published rate diverges here; what does not is in the span as the exact fits are.
    expect(sgd.inSpanShare ?? 1).toBe(1);
  });

  it('stops at once when asked to', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await expect(
      runAsked(spec, { stores: at('stores'), observe: ['probs'], signal: controller.signal }),
    ).rejects.toThrow('enough');
  });
});

describe('ownSpan', () => {
  it('fits as the whole Gram does, at a penalty too', async () => {
    const [n, p, q] = [40, 90, 3];
    const x = memoryRows(
      numbers(n * p, 1).map((value) => value + 2),
      n,
      p,
    );
    const y = memoryRows(numbers(n * q, 2), n, q);
    const own = await ownSpan(x);
    expect(own.rows.cols).toBe(n - 1);
    for (const alpha of [0, 3]) {
      const [direct, inside] = [
        await solve(await accumulate(x, y), { alpha }),
        await own.lift(await solve(await accumulate(own.rows, y), { alpha })),
      ];
      direct.weight.data.forEach((value, i) => expect(inside.weight.data[i]).toBeCloseTo(value, 10));
      direct.bias.data.forEach((value, i) => expect(inside.bias.data[i]).toBeCloseTo(value, 10));
    }
  });

  it('of rows that are all the same gives the mean', async () => {
    const own = await ownSpan(memoryRows(new Float32Array(20).fill(3), 4, 5));
    const map = await own.lift({
      weight: toNdArray(new Float64Array([7]), [1, 1]),
      bias: toNdArray(new Float64Array([2]), [1]),
    });
    expect(Array.from(map.weight.data)).toEqual([0, 0, 0, 0, 0]);
    expect(Array.from(map.bias.data)).toEqual([2]);
  });
});

describe('more outputs than any matrix of them is formed of', () => {
  const [n, c] = [4200, 4300];
  // Row i has a 1 in one column alone, so that the first 100 columns vary and the others hardly do.
  const logits = {
    ...{ rows: n, cols: c, dtype: 'float32' as const },
    read: (start: number, end: number) => {
      const out = new Float32Array((end - start) * c);
      for (let i = start; i < end; i++) out[(i - start) * c + (i % 100 === 0 ? 200 + (i % 4000) : i % 100)] = 5;
      return Promise.resolve(out);
    },
  };

  it('reads those that vary most, and says so', async () => {
    const features = memoryRows(new Float32Array(n * 2), n, 2);
    const head = { weight: toNdArray(new Float32Array(c * 2), [c, 2]), bias: toNdArray(new Float32Array(c), [c]) };
    const shown = await shownOf({ features, logits, head }, 'logits+round:1', {});
    expect(shown.x.cols).toBe(420);
    expect(shown.warnings).toEqual([
      expect.objectContaining({ kind: 'outputs-picked', outputs: 420, of: c, trainingRows: n }),
    ]);
    const fewer = await shownOf({ features, logits, head }, 'logits+round:1', { columns: 50 });
    expect(fewer.x.cols).toBe(50);
    // Columns 1 to 99 are there in their order (column 0 is never 5).
    const block = await shown.reads({ features, logits: sliceRows(logits, 1, 100) }).read(0, 99);
    for (let i = 0; i < 99; i++) expect(block.subarray(i * 420, (i + 1) * 420).indexOf(5)).toBeGreaterThanOrEqual(i);
  });
});

describe('ways to read very many probabilities', () => {
  const many = 4100;

  it('are tried first, and the better one is fitted as if it had been asked for', async () => {
    const w = numbers(d * many, 18).map((value) => 3 * value);
    const bytes = buildModel({
      inputs: [{ name: 'x', type: 'float32', dims: ['n', d] }],
      outputs: [{ name: 'logits', type: 'float32', dims: ['n', many] }],
      constants: [
        { name: 'w', type: 'float32', dims: [d, many], data: w },
        { name: 'b', type: 'float32', dims: [many], data: numbers(many, 19) },
      ],
      nodes: [
        { op: 'Tanh', inputs: ['x'], outputs: ['features'] },
        { op: 'Gemm', inputs: ['features', 'w', 'b'], outputs: ['logits'] },
      ],
    });
    await writeFile(at('very-many.onnx'), bytes);
    // More than ten rows for each of 512 outputs: fewer are tried on all that a map reads.
    await writeNpy(at('wide.npy'), toNdArray(numbers(d * 5175, 3), [5175, d]));
    const { rows } = await runAsked(
      {
        experiment: 1,
        source: at('very-many.onnx'),
        train: `tensors:${at('wide.npy')}[0:5125]`,
        test: `tensors:${at('wide.npy')}[5125:5175]`,
      },
      { stores: at('stores'), observe: ['probs', 'probs+log'], samples: 0 },
    );
    const [row, asked] = ['probs', 'probs+log'].map((shown) => rows.find(({ observe: of }) => of === shown)!);
    expect(row.reading).toMatchObject({ by: 'log', select: 'r2' });
    expect([row.r2, row.agreed, row.warnings.length]).toEqual([asked.r2, asked.agreed, 1]);
  });
});

describe('evaluateMap', () => {
  it('takes a row space that is known', async () => {
    const head = { weight: toNdArray(numbers(8, 1), [2, 4]), bias: toNdArray(new Float32Array(2), [2]) };
    const [X, Z] = [toNdArray(numbers(40, 2), [10, 4]), toNdArray(numbers(20, 3), [10, 2])];
    const map = { weight: toNdArray(numbers(16, 4), [4, 4]), bias: toNdArray(new Float32Array(4), [4]) };
    const test = { head, map, X, Y: X, Z, topk: [1] };
    const known = await evaluateMap({ ...test, rowSpace: await rowSpace(head) });
    expect(known).toEqual(await evaluateMap(test));
  });
});
