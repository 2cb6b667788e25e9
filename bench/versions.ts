/**
 * One command of two versions of the project, in turns on one machine: time by the clock, processor time and peak memory of the
 * process, and the median of the ratios of neighbouring turns. Check out and build the older version first:
 *
 *     git worktree add ../before COMMIT && (cd ../before && npm ci && npm run build)
 *     node --import tsx bench/versions.ts --before ../before [--after .] [--repeats 3] [--json] -- recover STORE --out OUT/x.safetensors
 *
 * `OUT` in the command is a new empty folder for each turn. A turn that fails ends the bench with what the command printed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { median, medianRatio } from './median.js';

const { values: flags, positionals: command } = parseArgs({
  allowPositionals: true,
  options: {
    before: { type: 'string' },
    after: { type: 'string', default: '.' },
    repeats: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
if (!flags.before || command.length === 0) {
  console.error('Expected --before DIR and a command after --, such as: --before ../before -- inspect model.onnx');
  process.exit(2);
}

interface Turn {
  seconds: number;
  cpuSeconds: number;
  peakMiB: number;
}

/** The process says at its end what it took: Node tells a parent nothing of that. */
const hook = `data:text/javascript,${encodeURIComponent(
  "import { isMainThread } from 'node:worker_threads'; import { writeFileSync } from 'node:fs';" +
    "if (isMainThread) process.on('exit', () => writeFileSync(process.env.BENCH_USAGE, JSON.stringify(process.resourceUsage())));",
)}`;

function turn(checkout: string): Turn {
  const folder = mkdtempSync(path.join(tmpdir(), 'versions-'));
  try {
    const out = path.join(folder, 'out');
    const usage = path.join(folder, 'usage.json');
    const words = command.map((word) => word.replace(/\bOUT\b/, out));
    const begun = performance.now();
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      ['--import', hook, path.resolve(checkout, 'dist/cli/main.js'), ...words],
      { env: { ...process.env, BENCH_USAGE: usage }, encoding: 'utf8', maxBuffer: 2 ** 28 },
    );
    const seconds = (performance.now() - begun) / 1000;
    if (status !== 0) {
      console.error(`${checkout}: exit code ${status}\n${stdout}\n${stderr}`);
      process.exit(1);
    }
    const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(readFileSync(usage, 'utf8')) as NodeJS.ResourceUsage;
    return { seconds, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMiB: maxRSS / 1024 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [before, after]: [Turn[], Turn[]] = [[], []];
for (let k = 0; k < Number(flags.repeats); k++) {
  before.push(turn(flags.before));
  after.push(turn(flags.after));
  if (!flags.json)
    console.error(`turn ${k + 1}: ${before[k].seconds.toFixed(1)} s before, ${after[k].seconds.toFixed(1)} s after`);
}
const names = ['seconds', 'cpuSeconds', 'peakMiB'] as const;
const figures = names.map((name) => {
  const [a, b] = [before, after].map((turns) => turns.map((each) => each[name]));
  return { name, before: median(a), after: median(b), ratio: medianRatio(a, b) };
});
if (flags.json) console.log(JSON.stringify({ command, turns: { before, after }, figures }));
else {
  const units = { seconds: 's by the clock', cpuSeconds: 's of processor time', peakMiB: 'MiB at the peak' };
  console.log(command.join(' '));
  for (const { name, before: a, after: b, ratio } of figures) {
    console.log(
      `${a.toFixed(1).padStart(9)} → ${b.toFixed(1).padStart(8)} ${units[name].padEnd(20)} ${ratio.toFixed(2)} times`,
    );
  }
}
