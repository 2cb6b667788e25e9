/**
 * Ours against scikit-learn's Ridge(alpha=1, solver="cholesky"), from the same float32 tensors: 50,000 rows, 1000 columns,
 * 512 and 2048 targets. Run `npm run build` first, then
 *
 *     node --import tsx bench/fit.ts [--python PATH] [--repeats N] [--targets 512,2048] [--json]
 *
 * The machine is never as quiet as one would like, so each of our turns has one of scikit-learn's right beside it, and what
 * counts is the median of the ratios. A turn is two fits, of which the quicker counts: the first one after the other
 * side's turn pays for caches and pages, on either side.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ndarray, { type NdArray } from 'ndarray';
import { applyLinearMap, fitLinearMap } from '../dist/fit/index.js';
import { writeNpy } from '../dist/tensor/index.js';
import { median, medianRatio } from './median.js';

const rows = 50_000;
const cols = 1000;
const deficientRank = 512;
/** Our share of Ridge's time at most. OpenBLAS's products are quicker than ONNX Runtime's on some processors (bench/statistics.ts). */
const bars = { full: 1.3, deficient: 1.5 };

const { values: flags } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    repeats: { type: 'string', default: '5' },
    targets: { type: 'string', default: '512,2048' },
    json: { type: 'boolean', default: false },
  },
});
const repeats = Number(flags.repeats);
const widths = flags.targets.split(',').map(Number);

/** Standard normal numbers, up to the tails: a sum of four uniform ones from a 32-bit generator (mulberry32). */
function normal(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3);
}

function random(n: number, p: number, seed: number): NdArray<Float32Array> {
  const next = normal(seed);
  return ndarray(Float32Array.from({ length: n * p }, next), [n, p]);
}

/** scikit-learn in a process of its own: one line in, one line of JSON out. */
function startPython(folder: string) {
  const env = { ...process.env };
  // Settings for old OpenBLAS builds would handicap a new one.
  delete env.OPENBLAS_CORETYPE;
  delete env.OPENBLAS_L2_SIZE;
  const child = spawn(flags.python, [fileURLToPath(new URL('fit.py', import.meta.url)), folder], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = once(child, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => undefined);
  return {
    async ask<T>(question: string): Promise<T> {
      child.stdin.write(`${question}\n`);
      const { value, done } = (await Promise.race([lines.next(), failed])) as IteratorResult<string>;
      if (done) throw new Error(`${flags.python} ended early; it needs numpy, scikit-learn and threadpoolctl`);
      return JSON.parse(value) as T;
    },
    stop: () => child.stdin.end(),
  };
}

/** The largest resident size while a task runs. */
async function watched<T>(task: () => Promise<T>): Promise<{ result: T; peak: number }> {
  let peak = process.memoryUsage.rss();
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
  try {
    return { result: await task(), peak };
  } finally {
    clearInterval(timer);
  }
}

interface Figure {
  gram: 'full' | 'deficient';
  targets: number;
  rank: number;
  solver: string;
  oursSeconds: number;
  ridge64Seconds: number;
  ridge32Seconds: number;
  ratio: number;
  ratioTo32: number;
  bar: number;
  held: boolean;
}

const folder = await mkdtemp(join(tmpdir(), 'featreconstruct-bench-'));
try {
  const say = (text: string): void => void (flags.json || console.log(text));
  say(`n = ${rows}, p = ${cols}; writing inputs to ${folder}`);
  const inputs: Record<string, NdArray<Float32Array>> = { full: random(rows, cols, 1) };
  const mixing = { weight: random(cols, deficientRank, 2), bias: ndarray(new Float32Array(cols).fill(3)) };
  inputs.deficient = await applyLinearMap(mixing, random(rows, deficientRank, 3));
  for (const q of widths) inputs[`targets${q}`] = random(rows, q, q);
  for (const [name, array] of Object.entries(inputs)) await writeNpy(join(folder, `${name}.npy`), array);

  const python = startPython(folder);
  const about = await python.ask<Record<string, string>>('about');
  say(`scikit-learn ${about.sklearn}, numpy ${about.numpy}, BLAS: ${about.blas}`);

  const before = process.memoryUsage.rss();
  let peakAbove = 0;
  const figures: Figure[] = [];
  for (const q of widths) {
    for (const gram of ['full', 'deficient'] as const) {
      const times = { ours: [] as number[], ridge64: [] as number[], ridge32: [] as number[] };
      let rank = 0;
      let solver = '';
      // The first round warms both sides up and is left out.
      for (let round = 0; round <= repeats; round++) {
        let ours = Infinity;
        for (let twice = 0; twice < 2; twice++) {
          const begun = performance.now();
          const { result, peak } = await watched(() => fitLinearMap(inputs[gram], inputs[`targets${q}`]));
          ours = Math.min(ours, (performance.now() - begun) / 1000);
          peakAbove = Math.max(peakAbove, peak - before);
          ({ rank, solver } = result.fit);
        }
        const ridge64 = await python.ask<number>(`${gram} ${q} float64`);
        const ridge32 = await python.ask<number>(`${gram} ${q} float32`);
        if (round === 0) continue;
        times.ours.push(ours);
        times.ridge64.push(ridge64);
        times.ridge32.push(ridge32);
        say(`${gram}, ${q} targets: ${ours.toFixed(2)} s against ${ridge64.toFixed(2)} s`);
      }
      const ratio = medianRatio(times.ours, times.ridge64);
      figures.push({
        gram,
        targets: q,
        rank,
        solver,
        oursSeconds: median(times.ours),
        ridge64Seconds: median(times.ridge64),
        ridge32Seconds: median(times.ridge32),
        ratio,
        ratioTo32: medianRatio(times.ours, times.ridge32),
        bar: bars[gram],
        held: ratio <= bars[gram],
      });
    }
  }
  python.stop();
  const peakMiB = Math.round(peakAbove / 2 ** 20);
  if (flags.json) console.log(JSON.stringify({ n: rows, p: cols, repeats, ...about, peakMiB, figures }));
  else {
    console.table(
      figures.map(({ gram, targets, rank, solver, ...f }) => ({
        gram,
        targets,
        rank,
        solver,
        'ours s': f.oursSeconds.toFixed(2),
        'Ridge float64 s': f.ridge64Seconds.toFixed(2),
        'Ridge float32 s': f.ridge32Seconds.toFixed(2),
        'ours / float64': f.ratio.toFixed(2),
        'ours / float32': f.ratioTo32.toFixed(2),
        bar: f.bar,
        held: f.held,
      })),
    );
    console.log(`peak memory above the inputs: ${peakMiB} MiB (bar 1024: ${peakMiB < 1024 ? 'held' : 'not held'})`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
