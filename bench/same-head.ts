/**
 * `sameHead` on real heads: disjoint slices of stores that `extract` made, and each store's head after a change. Run
 * `npm run build` first, then
 *
 *     node --import tsx bench/same-head.ts STORE... [--rows 300] [--slices 10] [--every 3] [--shown logits] [--no-changes]
 *
 * Neighbouring slices of one store come of one head, slices of stores that differ in their heads of two. `--every k` takes
 * each k-th output, which needs the cube of k less time. A changed head gives logits from the store's own features, rounded
 * to float32. `wrong` counts a head called another, and another called the same.
 */
import { parseArgs } from 'node:util';
import { openStore, type Store } from '../dist/extract/index.js';
import { matrix, multiply } from '../dist/linalg/index.js';
import { observe, sameHead } from '../dist/leaks/index.js';
import { random } from '../dist/base/index.js';
import { renderTable, type Column } from '../dist/report/index.js';
import { denseData, memoryRows, type RowSource } from '../dist/tensor/index.js';

const { values: flags, positionals: paths } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '300' },
    slices: { type: 'string', default: '10' },
    every: { type: 'string', default: '1' },
    shown: { type: 'string', default: 'logits' },
    'no-changes': { type: 'boolean', default: false },
  },
});
const rows = Number(flags.rows);
const every = Number(flags.every);

interface Head {
  weight: Float64Array;
  bias: Float64Array;
}

const classes = ({ logits }: Store): number[] =>
  Array.from({ length: Math.ceil(logits.cols / every) }, (_, j) => j * every);

async function stored(store: Store, start: number): Promise<RowSource> {
  const data = await store.logits.read(start, start + rows);
  const columns = classes(store);
  const out = new Float32Array(rows * columns.length);
  for (let i = 0, to = 0; i < rows; i++) for (const j of columns) out[to++] = data[i * store.logits.cols + j];
  return observe(memoryRows(out, rows, columns.length), flags.shown);
}

async function made(store: Store, start: number, { weight, bias }: Head): Promise<RowSource> {
  const d = store.features.cols;
  const features = matrix(rows, d, Float64Array.from(await store.features.read(start, start + rows)));
  const { data, cols } = await multiply(features, matrix(bias.length, d, weight), 'nt');
  const out = Float32Array.from(data, (value, i) => value + bias[i % cols]);
  return observe(memoryRows(out, rows, cols), flags.shown);
}

const { normal } = random(1);
const norm = (x: Float64Array): number => Math.sqrt(x.reduce((sum, value) => sum + value ** 2, 0));

/** Heads that training went on with, each changed by a share of its weights' norm. */
function* changes(head: Head, share: number): Generator<[string, Head]> {
  const c = head.bias.length;
  const d = head.weight.length / c;
  const changed = (change: Float64Array): Head => {
    const scale = (share * norm(head.weight)) / norm(change);
    return { ...head, weight: head.weight.map((value, i) => value + scale * change[i]) };
  };
  const numbers = (size: number): Float64Array => Float64Array.from({ length: size }, () => normal());
  const ofRank = (rank: number): Float64Array => {
    const change = new Float64Array(c * d);
    for (let k = 0; k < rank; k++) {
      const [u, v] = [numbers(c), numbers(d)];
      change.forEach((value, i) => (change[i] = value + u[Math.floor(i / d)] * v[i % d]));
    }
    return change;
  };
  yield ['all weights', changed(numbers(c * d))];
  yield ['rank 1', changed(ofRank(1))];
  yield ['rank 4', changed(ofRank(4))];
  yield ['3 classes', changed(numbers(c * d).map((value, i) => (i < 3 * d ? value : 0)))];
  const size = (share * norm(head.bias)) / Math.sqrt(c);
  yield ['bias', { ...head, bias: head.bias.map((value) => value + size * normal()) }];
}

const weightOf = ({ head }: Store): Float64Array => Float64Array.from(denseData(head.weight));

const answers = new Map<string, { right: number; open: number; wrong: number }>();
async function ask(kind: string, a: RowSource, b: RowSource, same: boolean): Promise<void> {
  const found = (await sameHead(a, b)).same;
  const counts = answers.get(kind) ?? { right: 0, open: 0, wrong: 0 };
  counts[found === null ? 'open' : found === same ? 'right' : 'wrong']++;
  answers.set(kind, counts);
  process.stderr.write(`${kind}: ${found}\n`);
}

const stores = await Promise.all(paths.map((path) => openStore(path)));
for (const [s, store] of stores.entries()) {
  const name = store.provenance.model.name;
  const slices = Math.min(Number(flags.slices), Math.floor(store.logits.rows / rows / 2));
  for (let k = 0; k < slices; k++) {
    const first = await stored(store, 2 * k * rows);
    await ask(`${name}, other images`, first, await stored(store, (2 * k + 1) * rows), true);
  }
  for (const other of stores.slice(s + 1)) {
    if (other.logits.cols !== store.logits.cols) continue;
    const same = norm(weightOf(store)) === norm(weightOf(other));
    await ask(same ? `${name}, other data` : 'two models', await stored(store, 0), await stored(other, 0), same);
  }
  if (flags['no-changes']) continue;
  const d = store.features.cols;
  const columns = classes(store);
  const all = weightOf(store);
  const biases = denseData(store.head.bias);
  const bias = Float64Array.from(columns, (j) => biases[j]);
  const head: Head = {
    weight: Float64Array.from({ length: columns.length * d }, (_, i) => all[columns[Math.floor(i / d)] * d + (i % d)]),
    bias,
  };
  const own = await made(store, 0, head);
  const mix = matrix(
    d,
    d,
    Float64Array.from({ length: d * d }, () => normal()),
  );
  const { data: mixed } = await multiply(matrix(columns.length, d, head.weight), mix);
  await ask(`${name}, W A`, own, await made(store, rows, { ...head, weight: mixed }), true);
  for (const share of [0.001, 0.003, 0.01, 0.03, 0.1]) {
    for (const [kind, tuned] of changes(head, share)) {
      await ask(`${name}, ${kind} changed by ${100 * share} %`, own, await made(store, rows, tuned), false);
    }
  }
}
interface Line {
  kind: string;
  right: number;
  open: number;
  wrong: number;
}
const lines: Line[] = [...answers].map(([kind, counts]) => ({ kind, ...counts }));
const column = (heading: string, key: Exclude<keyof Line, 'kind'>): Column<Line> => ({
  heading,
  cell: (line) => String(line[key]),
  align: 'right',
});
const table = renderTable(
  [
    { heading: 'pairs', cell: ({ kind }) => kind },
    column('right', 'right'),
    column('cannot be told', 'open'),
    column('wrong', 'wrong'),
  ],
  lines,
);
process.stdout.write(`${table}\n`);
for (const store of stores) await store.close();
