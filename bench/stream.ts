/**
 * Statistics of a stream of ImageNet's size, ResNet-50's widths: 1,300,000 rows of 1000 logits and 2048 features are accumulated and
 * solved without being kept; NumPy forms the same sums of the same blocks, and scikit-learn's Ridge fits as many of the rows as 2 GiB
 * hold. Run `npm run build` first, then
 *
 *     node --import tsx bench/stream.ts [--rows 1300000] [--python PATH] [--json]
 *
 * The rows are one seeded block of 4,096 again and again: what is measured is arithmetic and memory, which do not look at values.
 * Peak memory is that of the process as Linux counts it, less that of a process with ONNX Runtime and the block alone.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify, parseArgs } from 'node:util';
import { openAccumulator, solve } from '../dist/fit/index.js';

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '1300000' },
    python: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(flags.rows);
const [p, q, blockRows] = [1000, 2048, 4096];

/** Seeded, about normal. */
function noise(length: number): Float32Array {
  let state = 1;
  const uniform = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  };
  return Float32Array.from({ length }, () => uniform() + uniform() + uniform());
}

const peakMiB = (): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;

const [x, y] = [noise(blockRows * p), noise(blockRows * q)];
const accumulator = await openAccumulator(p, q);
const before = peakMiB();
const start = performance.now();
for (let done = 0; done < rows; done += blockRows) {
  const count = Math.min(blockRows, rows - done);
  await accumulator.add({ x: x.subarray(0, count * p), y: y.subarray(0, count * q) });
}
const statistics = await accumulator.finish();
await accumulator.release();
const accumulated = (performance.now() - start) / 1000;
const { fit } = await solve(statistics);
const solved = (performance.now() - start) / 1000 - accumulated;
const ours = { rows, seconds: accumulated, rowsPerSecond: rows / accumulated, solveSeconds: solved, rank: fit.rank };
const memory = { peakMiB: peakMiB(), aboveMiB: peakMiB() - before };

interface Peer {
  rows: number;
  seconds: number;
  rowsPerSecond: number;
  peakMiB: number;
}
let peers: { numpy: Peer; sklearn: Peer | null } | undefined;
if (flags.python !== undefined) {
  const env = { ...process.env };
  // Settings for old OpenBLAS builds would handicap a new one.
  delete env.OPENBLAS_CORETYPE;
  delete env.OPENBLAS_L2_SIZE;
  const script = fileURLToPath(new URL('stream.py', import.meta.url));
  const { stdout } = await promisify(execFile)(flags.python, [script, `${rows}`, `${p}`, `${q}`], { env });
  peers = JSON.parse(stdout) as typeof peers;
}
if (flags.json) console.log(JSON.stringify({ ours, memory, ...(peers ?? { numpy: null, sklearn: null }) }, null, 2));
else {
  const line = (name: string, { seconds, rowsPerSecond }: { seconds: number; rowsPerSecond: number }, peak: number) =>
    `${name.padEnd(12)} ${seconds.toFixed(0).padStart(6)} s  ${rowsPerSecond.toFixed(0).padStart(6)} rows/s  peak ${peak.toFixed(0)} MiB`;
  console.log(`${rows.toLocaleString('en-US')} rows, ${p} → ${q}`);
  console.log(`${line('ours', ours, memory.peakMiB)}, ${memory.aboveMiB.toFixed(0)} above ONNX Runtime and a block`);
  console.log(`solve        ${solved.toFixed(1).padStart(6)} s, rank ${fit.rank}`);
  if (peers) console.log(line('NumPy', peers.numpy, peers.numpy.peakMiB));
  if (peers?.sklearn) {
    const { sklearn } = peers;
    console.log(
      `${line('scikit-learn', sklearn, sklearn.peakMiB)}, of ${sklearn.rows.toLocaleString('en-US')} rows at once`,
    );
  }
}
