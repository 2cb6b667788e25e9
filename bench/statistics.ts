/**
 * `accumulate` against the matrix products that it is made of: rows of 1000 columns with 64, 512 and 2048 targets, float32 as
 * stores have them, against ONNX Runtime's own float64 Gemm on tensors that are ready: transposed, centred, in memory. Run
 * `npm run build` first, then
 *
 *     node --import tsx bench/statistics.ts [--rows 16384] [--targets 64,512,2048] [--repeats 7] [--json]
 *
 * The rate counts what is needed alone, n (p (p + 1) / 2 + p q) products and sums: the Gram is symmetric. Turns stand side by
 * side, and what counts is the median of the ratios.
 */
import { parseArgs } from 'node:util';
import { accumulate } from '../dist/fit/index.js';
import { buildModel } from '../dist/onnx/index.js';
import { createSession } from '../dist/runtime/index.js';
import { memoryRows } from '../dist/tensor/index.js';
import { median, medianRatio } from './median.js';

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '16384' },
    targets: { type: 'string', default: '64,512,2048' },
    repeats: { type: 'string', default: '7' },
    json: { type: 'boolean', default: false },
  },
});
const [n, repeats] = [flags.rows, flags.repeats].map(Number);
const p = 1000;
/** Rows of one product: those of a block of `accumulate`. */
const block = 4096;
const bar = 0.85;

/** Numbers from −1 to 1 (xorshift32). */
function numbers(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  });
}

/** A Bᵀ of float64 matrices (rows of `block` numbers), on all threads. */
const gemm = await createSession(
  buildModel({
    inputs: [
      { name: 'a', type: 'float64', dims: ['i', 'k'] },
      { name: 'b', type: 'float64', dims: ['j', 'k'] },
    ],
    outputs: [{ name: 'c', type: 'float64', dims: ['i', 'j'] }],
    nodes: [{ op: 'Gemm', inputs: ['a', 'b'], outputs: ['c'], attributes: { transB: { int: 1 } } }],
  }),
);
const wide = (rows: number, seed: number) => ({
  type: 'float64' as const,
  data: new Float64Array(numbers(rows * block, seed)),
  dims: [rows, block],
});

const seconds = async (task: () => Promise<unknown>): Promise<number> => {
  const begun = performance.now();
  await task();
  return (performance.now() - begun) / 1000;
};

const x = memoryRows(numbers(n * p, 1), n, p);
const left = wide(p, 2);
const figures = [];
for (const q of flags.targets.split(',').map(Number)) {
  const y = memoryRows(numbers(n * q, 3), n, q);
  // A product of few columns is slower: the Gemm is given as many as the Gram and the targets have together.
  const right = wide(p + q, 4);
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let turn = 0; turn <= repeats; turn++) {
    const one = await seconds(() => accumulate(x, y));
    const other = await seconds(async () => {
      for (let k = 0; k < n / block; k++) await gemm.run({ a: left, b: right });
    });
    // The first turn warms both sides up.
    if (turn === 0) continue;
    ours.push((2 * n * ((p * (p + 1)) / 2 + p * q)) / one / 1e9);
    bare.push((2 * n * p * (p + q)) / other / 1e9);
  }
  const ratio = medianRatio(ours, bare);
  figures.push({ targets: q, ours: median(ours), gemm: median(bare), ratio, bar, held: ratio >= bar });
}
await gemm.release();
if (flags.json) console.log(JSON.stringify({ rows: n, columns: p, repeats, figures }));
else {
  for (const { targets, ours, gemm: rate, ratio, held } of figures) {
    console.log(
      `${String(targets).padStart(4)} targets: ${ours.toFixed(1)} GFLOP/s, Gemm alone ${rate.toFixed(1)}; ` +
        `${ratio.toFixed(2)} of it (bar ${bar}: ${held ? 'held' : 'NOT held'})`,
    );
  }
}
