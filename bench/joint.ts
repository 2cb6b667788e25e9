/**
 * Experiment 4 at the published widths, on made-up features: seven models, n = 50,000, one joint pass, all 98 maps.
 *
 *     node --import tsx bench/joint.ts [--rows 50000] [--json]
 *
 * The features are seeded noise, so the answers mean nothing; the arithmetic is that of the real thing, and no matrix of
 * 21,843 x 21,843 (3.8 GB) is formed.
 */
import { parseArgs } from 'node:util';
import type { RowSource } from '../dist/index.js';
import { accumulateJoint, jointProblem, solve } from '../dist/statistics.js';
import { toNdArray } from '../dist/tensor/index.js';
import { renderTable } from '../dist/report/index.js';

/** d → c of the published models. */
const widths = [
  { name: 'vit_base_patch16_224_in21k', d: 768, c: 21843 },
  { name: 'densenet121', d: 1024, c: 1000 },
  { name: 'inception_v4', d: 1536, c: 1000 },
  { name: 'convnext_base', d: 1024, c: 1000 },
  { name: 'mixer_b16_224', d: 768, c: 1000 },
  { name: 'resnet18', d: 512, c: 1000 },
  { name: 'resnet50', d: 2048, c: 1000 },
];

const { values: flags } = parseArgs({
  options: { rows: { type: 'string', default: '50000' }, json: { type: 'boolean' } },
});
const rows = Number(flags.rows);

/** Seeded noise, uniform in ±1 (xorshift32). */
function noise(length: number, seed: number): Float32Array {
  const out = new Float32Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    out[i] = state / 2 ** 31;
  }
  return out;
}

/** Rows cut out of one long tape of noise, so that 1.5 GB of features need not be held. */
function features(d: number, seed: number): RowSource {
  const tape = noise(4_000_037, seed);
  return {
    rows,
    cols: d,
    dtype: 'float32',
    async read(start, end) {
      const out = new Float32Array((end - start) * d);
      for (let row = start; row < end; row++) {
        const from = (row * 7919) % (tape.length - d);
        out.set(tape.subarray(from, from + d), (row - start) * d);
      }
      return out;
    },
  };
}

let peak = 0;
const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 50);
const models = widths.map(({ name, d, c }, i) => ({
  name,
  features: features(d, 2 * i + 1),
  head: { weight: toNdArray(noise(c * d, 2 * i + 2), [c, d]), bias: toNdArray(new Float32Array(c), [c]) },
}));

const begun = performance.now();
const joint = await accumulateJoint(models);
const gramSeconds = (performance.now() - begun) / 1000;
process.stderr.write(`joint Gram of ${rows} rows: ${gramSeconds.toFixed(1)} s\n`);
let maps = 0;
for (const source of models.keys()) {
  for (const from of ['logits', 'features'] as const) {
    const { statistics, targets } = await jointProblem(joint, source, from);
    for (const columns of targets) {
      await solve(statistics, { targets: columns });
      maps++;
    }
  }
  process.stderr.write(`${maps} maps after ${((performance.now() - begun) / 1000).toFixed(1)} s\n`);
}
const solveSeconds = (performance.now() - begun) / 1000 - gramSeconds;
peak = Math.max(peak, process.memoryUsage().rss);
clearInterval(watch);

const figures = { rows, models: models.length, maps, gramSeconds, solveSeconds, peakBytes: peak };
const lines = [
  {
    what: `joint Gram, ${widths.reduce((sum, { d }) => sum + d, 0)} features x ${rows} rows`,
    figure: `${gramSeconds.toFixed(1)} s`,
  },
  { what: `${maps} maps`, figure: `${solveSeconds.toFixed(1)} s` },
  { what: 'peak memory of the process', figure: `${(peak / 1e9).toFixed(2)} GB` },
];
const table = renderTable(
  [
    { heading: 'what', cell: ({ what }) => what },
    { heading: 'figure', align: 'right', cell: ({ figure }) => figure },
  ],
  lines,
);
process.stdout.write(flags.json ? `${JSON.stringify(figures, null, 2)}\n` : `${table}\n`);
