/**
 * Whole commands on a head of 21,843 classes (d = 768), as one of the published models has: `run 1`, `run 2` (into a second
 * such model), `run 3`, `sweep` and `audit` against `fit` of the same store. Extraction is done before and timed by itself.
 *
 *     node --import tsx bench/many-classes.ts [--rows 3000] [--classes 21843] [--width 768] [--commands fit,sweep] [--json]
 *
 * Weights and images are seeded noise, so the answers mean nothing; bytes and arithmetic are those of the real thing.
 * Peak memory is that of the process as Linux counts it, null elsewhere.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildModel } from '../dist/onnx/index.js';
import { renderTable } from '../dist/report/index.js';
import { toNdArray, writeNpy } from '../dist/tensor/index.js';

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '3000' },
    classes: { type: 'string', default: '21843' },
    width: { type: 'string', default: '768' },
    commands: { type: 'string', default: 'fit,run 1,run 2,run 3,sweep,audit' },
    json: { type: 'boolean' },
  },
});
const [rows, classes, width] = [flags.rows, flags.classes, flags.width].map(Number);
const kept = 1000;
const side = 8;
const inputs = 3 * side * side;

/** Seeded noise, about normal: the sum of four uniform numbers (xorshift32). */
function noise(length: number, seed: number, scale: number): Float32Array {
  let state = seed;
  const uniform = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  };
  return Float32Array.from({ length }, () => scale * (uniform() + uniform() + uniform() + uniform()));
}

interface Turn {
  command: string;
  seconds: number;
  /** Of both cores. */
  cpuSeconds: number | null;
  peakMiB: number | null;
}

const cli = path.resolve('dist/cli/main.js');

/** Peak memory so far in MiB and processor time so far in seconds; Linux alone says them. */
async function spent(pid: number): Promise<{ peak: number; cpu: number } | null> {
  try {
    const [status, stat] = await Promise.all([
      readFile(`/proc/${pid}/status`, 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // utime and stime, in hundredths of a second.
    return {
      peak: Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024,
      cpu: (Number(fields[11]) + Number(fields[12])) / 100,
    };
  } catch {
    return null;
  }
}

async function turn(command: string, args: string[]): Promise<Turn> {
  const start = performance.now();
  const child = spawn(process.execPath, [cli, ...args, '--quiet'], { stdio: ['ignore', 'ignore', 'inherit'] });
  let last: Awaited<ReturnType<typeof spent>> = null;
  const timer = setInterval(() => void spent(child.pid!).then((now) => (last = now ?? last)), 100);
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}`);
  const seconds = (performance.now() - start) / 1000;
  const { peak, cpu } = (last as { peak: number; cpu: number } | null) ?? { peak: null, cpu: null };
  // Of hours of work something is left if the rest of it is stopped.
  process.stderr.write(
    `${command}: ${seconds.toFixed(1)} s, CPU ${cpu?.toFixed(1) ?? '?'} s, ${peak?.toFixed(0) ?? '?'} MiB\n`,
  );
  return { command, seconds, cpuSeconds: cpu, peakMiB: peak };
}

const folder = await mkdtemp(path.join(tmpdir(), 'many-classes-'));
const at = (...names: string[]): string => path.join(folder, ...names);
try {
  /** A network of one hidden layer. @param seed of its weights */
  const drawnModel = (seed: number): Uint8Array =>
    buildModel({
      inputs: [{ name: 'x', type: 'float32', dims: ['n', 3, side, side] }],
      outputs: [{ name: 'logits', type: 'float32', dims: ['n', classes] }],
      constants: [
        { name: 'w', type: 'float32', dims: [inputs, width], data: noise(inputs * width, seed, 1 / Math.sqrt(inputs)) },
        {
          name: 'head.w',
          type: 'float32',
          dims: [width, classes],
          data: noise(width * classes, seed + 1, 3 / Math.sqrt(width)),
        },
        { name: 'head.b', type: 'float32', dims: [classes], data: noise(classes, seed + 2, 0.1) },
      ],
      nodes: [
        { op: 'Flatten', inputs: ['x'], outputs: ['flat'] },
        { op: 'MatMul', inputs: ['flat', 'w'], outputs: ['hidden'] },
        { op: 'Relu', inputs: ['hidden'], outputs: ['features'] },
        { op: 'Gemm', inputs: ['features', 'head.w', 'head.b'], outputs: ['logits'] },
      ],
    });
  await writeFile(at('model.onnx'), drawnModel(1));
  await writeFile(at('other.onnx'), drawnModel(11));
  const count = rows + 2 * kept;
  await writeNpy(at('x.npy'), toNdArray(noise(count * inputs, 4, 1), [count, 3, side, side]));
  const images = (from: number, to: number): string => `tensors:${at('x.npy')}[${from}:${to}]`;
  const [train, test, other] = [images(0, rows), images(rows, rows + kept), images(rows + kept, count)];
  const common = ['--source', at('model.onnx'), '--train', train, '--stores', at('stores'), '--out', at('out')];

  const commands: Record<string, string[]> = {
    'run 1': ['run', '1', ...common, '--test', test],
    'run 2': ['run', '2', ...common, '--target', at('other.onnx'), '--test', test],
    'run 3': ['run', '3', ...common, '--test', test, other],
    sweep: ['sweep', ...common, '--test', test],
    audit: ['audit', at('model.onnx'), train, '--stores', at('stores'), '--out', at('audit'), '--minutes', '0.1'],
  };
  const turns: Turn[] = [];
  turns.push(
    await turn('extract', ['extract', '--model', at('model.onnx'), '--dataset', train, '--store', at('s.safetensors')]),
  );
  const asked = flags.commands.split(',');
  for (const command of asked) {
    if (command === 'fit')
      turns.push(
        await turn('fit', [
          'fit',
          '--x',
          at('s.safetensors'),
          '--y',
          at('s.safetensors'),
          '--out',
          at('map.safetensors'),
        ]),
      );
    else {
      // Once to extract into the stores, once for the time without.
      turns.push(await turn(`${command}, first time`, commands[command]));
      turns.push(await turn(command, commands[command]));
    }
  }
  const fit = turns.find(({ command }) => command === 'fit');
  if (flags.json) console.log(JSON.stringify({ rows, classes, width, turns }, null, 2));
  else {
    const ratio = (a: number | null, b: number | null | undefined): string => (a && b ? (a / b).toFixed(2) : '');
    console.log(
      renderTable<Turn>(
        [
          { heading: `${classes} classes, ${rows} rows`, cell: ({ command }) => command },
          { heading: 'time', align: 'right', cell: ({ seconds }) => `${seconds.toFixed(1)} s` },
          { heading: 'against fit', align: 'right', cell: ({ seconds }) => ratio(seconds, fit?.seconds) },
          {
            heading: 'CPU',
            align: 'right',
            cell: ({ cpuSeconds }) => (cpuSeconds === null ? '' : `${cpuSeconds.toFixed(1)} s`),
          },
          { heading: 'against fit', align: 'right', cell: ({ cpuSeconds }) => ratio(cpuSeconds, fit?.cpuSeconds) },
          {
            heading: 'peak',
            align: 'right',
            cell: ({ peakMiB }) => (peakMiB === null ? '' : `${Math.round(peakMiB)} MiB`),
          },
        ],
        turns,
      ),
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
