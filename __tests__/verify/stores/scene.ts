import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { project } from '../settings.js';
import { writePhotos, writeModel, writeVectors } from './inputs.js';

/** A folder with a small model, its inputs, and what undisturbed commands make of them. */
export interface Scene {
  folder: string;
  tasks: Task[];
  close(): Promise<void>;
}

/** A command that writes files, and how they look when nothing disturbs it. */
export interface Task {
  name: string;
  /** @param out the folder that it writes into, empty at first */
  args(out: string): string[];
  /** By name, within that folder: what must be equal. */
  expected: ReadonlyMap<string, string>;
  /** What an undisturbed command takes. */
  milliseconds: number;
}

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

const bin = join(project, 'dist', 'cli', 'main.js');

/** Starts the command line. */
export function start(args: readonly string[]): { kill(): void; pid: number; finished: Promise<Finished> } {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  const finished = new Promise<Finished>((resolve) => {
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('close', (code, signal) => resolve({ code, signal, stderr }));
  });
  return { kill: () => void child.kill('SIGKILL'), pid: child.pid!, finished };
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** All files below a folder by name, as what must be equal of them. */
export async function contents(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(relative(folder, path), comparable(entry.name, await readFile(path)));
  }
  return found;
}

/**
 * Results and pages carry dates and seconds: of these only the figures, and that a page is whole. The options of a run name
 * the folder that it writes into: of these all but that.
 */
function comparable(name: string, bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (name.endsWith('.html')) return text.trimEnd().endsWith('</html>') ? 'a whole page' : 'half a page';
  try {
    if (name === 'experiment.json') return JSON.stringify({ ...(JSON.parse(text) as object), out: null, stores: null });
    if (name !== 'results.json') return bytes.toString('latin1');
    const { rows } = JSON.parse(text) as { rows: { seconds: unknown }[] };
    return JSON.stringify(rows.map((row) => ({ ...row, seconds: null })));
  } catch {
    return 'half a document';
  }
}

export async function openScene(): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'featreconstruct-stores-'));
  const model = await writeModel(join(folder, 'm.onnx'));
  const photoModel = await writeModel(join(folder, 'photos.onnx'), [3, 8, 8]);
  const vectors = await writeVectors(join(folder, 'v.npy'), 3000);
  const photos = await writePhotos(join(folder, 'photos'), 40);
  const one = ['--batch-size', '1', '--threads', '1', '--quiet'];
  const extract =
    (dataset: string, file = model) =>
    (out: string) => [
      ...['extract', '--model', file, '--dataset', dataset, '--store', join(out, 's.safetensors'), ...one],
    ];
  const whole = join(folder, 'whole.safetensors');
  await done(['extract', '--model', model, '--dataset', `tensors:${vectors}`, '--store', whole, '--quiet']);
  // Three blocks of 4,096, so that an accumulation has something to go on from.
  const many = `tensors:${await writeVectors(join(folder, 'many.npy'), 9000)}`;
  const parts = [1, 2, 3].map((k) => join(folder, `part${k}.stats`));
  for (const [k, part] of parts.entries())
    await done(['accumulate', '--model', model, '--dataset', many, '--shard', `${k + 1}/3`, '--out', part, '--quiet']);
  const plans: Record<string, (out: string) => string[]> = {
    extract: extract(`tensors:${vectors}`),
    'extract --head-only': (out) => [...extract(`tensors:${vectors}[0:1400]`)(out), '--head-only'],
    'extract --skip-bad-images': (out) => [...extract(`folder:${photos}`, photoModel)(out), '--skip-bad-images'],
    run: (out) => [
      ...['run', '1', '--source', model, '--train', `tensors:${vectors}[0:1400]`],
      ...['--test', `tensors:${vectors}[1400:3000]`, '--out', out, '--stores', join(out, 'stores'), ...one],
    ],
    fit: (out) => ['fit', '--x', whole, '--y', whole, '--out', join(out, 'map.safetensors'), '--quiet'],
    accumulate: (out) => [
      ...[
        'accumulate',
        '--model',
        model,
        '--dataset',
        many,
        '--threads',
        '1',
        '--quiet',
        '--out',
        join(out, 'a.stats'),
      ],
    ],
    merge: (out) => ['merge', ...parts, '--out', join(out, 'all.stats'), '--quiet'],
  };
  const tasks: Task[] = [];
  for (const [name, args] of Object.entries(plans)) {
    const out = join(folder, 'undisturbed', `${tasks.length}`);
    await mkdir(out, { recursive: true });
    const begun = performance.now();
    await done(args(out));
    tasks.push({ name, args, expected: await contents(out), milliseconds: performance.now() - begun });
  }
  return { folder, tasks, close: () => rm(folder, { recursive: true, force: true }) };
}

async function done(args: readonly string[]): Promise<void> {
  const { code, stderr } = await start(args).finished;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
}

/** What is not as it has to be after a command that nothing disturbed any more; null where all is. */
export async function difference(task: Task, out: string, { code, stderr }: Finished): Promise<string | null> {
  if (code !== 0) return `exit code ${code}: ${stderr.trim().split('\n').at(-1)}`;
  const found = await contents(out);
  const left = [...found.keys()].find((name) => !task.expected.has(name));
  if (left) return `${left} is left`;
  const other = [...task.expected].find(([name, text]) => found.get(name) !== text);
  return other ? `${other[0]} has other bytes` : null;
}
