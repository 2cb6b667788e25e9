/**
 * Features recovered from the outputs of made-up heads of many widths, as they are and rounded, in float16 and with noise:
 * what comes back, what it takes, and where it breaks. Run `npm run build` first, then
 *
 *     node --import tsx bench/leaks.ts [--kind sphere|rectified] [--widths 16,32,64] [--shown logits,probs]
 *         [--rows N] [--seconds N] [--json]
 *
 * `noise:S` is Gaussian noise of standard deviation S on logits whose own is about 1. A line that says `none` has no
 * certificate, and nothing is handed out; `wrong` counts certified features that are none, or an R² below what the
 * certificate expects by more than four times.
 */
import { parseArgs } from 'node:util';
import { FeatReconstructError } from '../dist/base/index.js';
import { applyLinearMap } from '../dist/fit/index.js';
import {
  compareUpToRotation,
  identifiableFeatures,
  matchFeatures,
  observe,
  recoverFeatures,
  type Recovery,
} from '../dist/leaks/index.js';
import { renderTable } from '../dist/report/index.js';
import { memoryRows, toNdArray, type RowSource } from '../dist/tensor/index.js';

const { values: flags } = parseArgs({
  options: {
    kind: { type: 'string', default: 'sphere' },
    widths: { type: 'string', default: '16,32,64' },
    shown: {
      type: 'string',
      default:
        'logits,log-probs,probs,logits+round:4,logits+round:3,logits+round:2,logits+round:1,logits+float16,noise:1e-6,noise:1e-4,noise:1e-2',
    },
    rows: { type: 'string' },
    seconds: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const kind = flags.kind as 'sphere' | 'rectified';

interface Line {
  width: number;
  rank: number | null;
  rows: number;
  shown: string;
  found: string;
  exact: string;
  wrong: number;
  iterations: number | null;
  seconds: number | null;
}

/** Standard normal numbers (Box and Muller's, from mulberry32), the same everywhere. */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

const drawn = (length: number, normal: () => number, scale: (i: number) => number = () => 1): Float32Array =>
  Float32Array.from({ length }, (_, i) => normal() * scale(i));

const linear = (weight: Float32Array, bias: Float32Array, x: RowSource): RowSource =>
  applyLinearMap({ weight: toNdArray(weight, [bias.length, x.cols]), bias: toNdArray(bias, [bias.length]) }, x);

/** Rounded to float32, as networks give them. */
async function rounded(source: RowSource): Promise<Float32Array> {
  const out = new Float32Array(source.rows * source.cols);
  for (let start = 0; start < source.rows; start += 4096) {
    const end = Math.min(start + 4096, source.rows);
    out.set(await source.read(start, end), start * source.cols);
  }
  return out;
}

/** Features with a spectrum that falls, normalised, or rectified at four positions and pooled. */
async function madeFeatures(n: number, d: number): Promise<Float32Array> {
  const normal = normals(1);
  const k = Math.max(8, d >> 1);
  const mix = drawn(d * k, normal, (i) => 2 / (1 + ((i % k) * 8) / k) / Math.sqrt(k));
  const mean = drawn(d, normal, () => 0.3);
  const x = await rounded(linear(mix, mean, memoryRows(drawn(n * k, normal), n, k)));
  for (let i = 0; i < x.length; i++) {
    x[i] += 0.7 * normal();
    if (kind === 'sphere') continue;
    const at = x[i] - 0.5;
    x[i] = 0;
    for (let p = 0; p < 4; p++) x[i] += Math.max(0, at + 0.5 * normal()) / 4;
  }
  if (kind === 'sphere') for (let i = 0; i < n; i++) normalise(x.subarray(i * d, (i + 1) * d));
  return x;
}

function normalise(x: Float32Array): void {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const deviation = Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length);
  for (let j = 0; j < x.length; j++) x[j] = (x[j] - mean) / deviation;
}

async function shownAs(logits: Float32Array, n: number, spec: string): Promise<RowSource> {
  const cols = logits.length / n;
  const noise = /^noise:(.*)$/.exec(spec);
  if (!noise) return observe(memoryRows(logits, n, cols), spec);
  const normal = normals(3);
  return memoryRows(
    logits.map((value) => value + Number(noise[1]) * normal()),
    n,
    cols,
  );
}

async function lineOf(width: number, shown: string, outputs: RowSource, features: RowSource): Promise<Line> {
  const seconds = flags.seconds === undefined ? undefined : Number(flags.seconds);
  const line: Line = {
    ...{ width, rank: null, rows: outputs.rows, shown, found: 'none', exact: '', wrong: 0 },
    ...{ iterations: null, seconds: null },
  };
  let recovery: Recovery;
  try {
    recovery = await recoverFeatures(outputs, { kind, seconds });
  } catch (error) {
    if (!(error instanceof FeatReconstructError)) throw error;
    return { ...line, exact: /without a gap/.test(error.message) ? 'the width does not show' : error.message };
  }
  const { report } = recovery;
  Object.assign(line, { rank: report.rank, iterations: report.iterations, seconds: report.seconds });
  if (!recovery.features) return { ...line, exact: report.sphere ? `residual ${digits(report.sphere.residual)}` : '' };
  if (kind === 'sphere') {
    const { r2, equalNeighbours } = await compareUpToRotation(recovery.features, features);
    const expected = 1 - report.sphere!.expectedR2;
    return {
      ...line,
      found: 'all',
      exact: `R² 1 − ${digits(1 - r2)} (expected 1 − ${digits(expected)}), neighbours ${(100 * equalNeighbours).toFixed(1)} %`,
      wrong: 1 - r2 > 4 * expected + 1e-9 ? 1 : 0,
    };
  }
  const often = (await identifiableFeatures(features)).filter(({ zeros }) => zeros >= 3 * report.rank);
  const { truth, correlation, worst } = await matchFeatures(recovery.features, features);
  const known = new Set(truth);
  return {
    ...line,
    found: `${report.features}; ${often.filter(({ feature }) => known.has(feature)).length} of ${often.length} often zero`,
    exact: `least correlation 1 − ${digits(1 - worst)}`,
    wrong: correlation.filter((value) => value < 0.9999).length,
  };
}

const digits = (x: number): string => x.toExponential(1);

const lines: Line[] = [];
for (const width of flags.widths.split(',').map(Number)) {
  const n = Number(
    flags.rows ?? (kind === 'sphere' ? Math.ceil(1.15 * width * (width + 2)) + 1000 : Math.min(80_000, 400 * width)),
  );
  const classes = width + (width >> 1);
  const data = await madeFeatures(n, width);
  const features = memoryRows(data, n, width);
  const normal = normals(2);
  const head = drawn(classes * width, normal, () => 1 / Math.sqrt(width));
  const logits = await rounded(linear(head, drawn(classes, normal), features));
  for (const shown of flags.shown.split(',')) {
    const line = await lineOf(width, shown, await shownAs(logits, n, shown), features);
    process.stderr.write(`${JSON.stringify(line)}\n`);
    lines.push(line);
  }
}
const text = (value: number | null): string =>
  value === null ? '' : value.toLocaleString('en-US', { maximumFractionDigits: 1 });
const table = renderTable<Line>(
  [
    { heading: 'width', align: 'right', cell: ({ width }) => text(width) },
    { heading: 'rows', align: 'right', cell: ({ rows }) => text(rows) },
    { heading: 'shown', cell: ({ shown }) => shown },
    { heading: 'recovered', cell: ({ found }) => found },
    { heading: 'how well', cell: ({ exact }) => exact },
    { heading: 'wrong', align: 'right', cell: ({ wrong }) => text(wrong) },
    {
      heading: kind === 'sphere' ? 'iterations' : 'descents',
      align: 'right',
      cell: ({ iterations }) => text(iterations),
    },
    { heading: 'seconds', align: 'right', cell: ({ seconds }) => text(seconds) },
  ],
  lines,
);
process.stdout.write(`${flags.json ? JSON.stringify(lines, null, 2) : table}\n`);
if (lines.some(({ wrong }) => wrong > 0)) process.exitCode = 1;
