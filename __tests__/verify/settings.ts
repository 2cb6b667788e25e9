import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from './command.js';
import type { Need } from './check.js';
import type { ExpectedRow } from './expected.js';

/** What the machine has to show the points with; null where it has none. */
export interface Settings {
  /** Folder of .onnx files: FEATRECONSTRUCT_MODELS, else ../shared/models. */
  models: string | null;
  /** Folder of data sets: FEATRECONSTRUCT_DATA, else the cache folder's data. */
  data: string | null;
  /** Independent answers: FEATRECONSTRUCT_EXPECTED, else ../shared/reference/expected.json. */
  expected: readonly ExpectedRow[] | null;
  /** Folder of extracted activations, used again from run to run: FEATRECONSTRUCT_STORES, else the cache folder's stores. */
  stores: string;
  /** Where models are exported to when they are not there yet. */
  exported: string;
  /** Python with NumPy and SciPy (and scikit-learn, torch, timm for the benchmarks): FEATRECONSTRUCT_PYTHON, else python3. */
  python: string | null;
  /** How often commands are killed: FEATRECONSTRUCT_KILLS, else 100. */
  kills: number;
}

/** The project's folder. */
export const project = fileURLToPath(new URL('../../', import.meta.url));

/** Where the commands write what they find. */
export async function outFolder(name: string): Promise<string> {
  const folder = join(project, 'out', 'verify', name);
  await mkdir(folder, { recursive: true });
  return folder;
}

export async function readSettings(env: NodeJS.ProcessEnv): Promise<Settings> {
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'featreconstruct');
  const shared = (path: string): string => join(project, '..', 'shared', path);
  const expected = firstThere(env.FEATRECONSTRUCT_EXPECTED, shared('reference/expected.json'));
  const python = env.FEATRECONSTRUCT_PYTHON || 'python3';
  return {
    models: firstThere(env.FEATRECONSTRUCT_MODELS, shared('models')),
    data: firstThere(env.FEATRECONSTRUCT_DATA, join(cache, 'data')),
    expected: expected === null ? null : (JSON.parse(await readFile(expected, 'utf8')) as { rows: ExpectedRow[] }).rows,
    stores: env.FEATRECONSTRUCT_STORES || join(cache, 'stores'),
    exported: join(cache, 'exported'),
    python: (await hasModules(python, ['numpy', 'scipy'])) ? python : null,
    kills: Number(env.FEATRECONSTRUCT_KILLS || 100),
  };
}

/** Whether a Python starts and imports modules. */
export async function hasModules(python: string, modules: readonly string[]): Promise<boolean> {
  const { code } = await command(python, ['-c', `import ${modules.join(', ')}`], { show: false });
  return code === 0;
}

/** In words, the first thing that is missing; null where all is there. */
export function missing(needs: readonly Need[], settings: Settings): string | null {
  const words: Record<Need, string> = {
    models: 'no models (FEATRECONSTRUCT_MODELS)',
    data: 'no data sets (FEATRECONSTRUCT_DATA)',
    python: 'no Python with NumPy and SciPy (FEATRECONSTRUCT_PYTHON)',
  };
  const first = needs.find((need) => settings[need] === null);
  return first ? words[first] : null;
}

/** The path that is asked for, else the usual one if it is there. */
function firstThere(asked: string | undefined, usual: string): string | null {
  if (asked) return asked;
  return existsSync(usual) ? usual : null;
}
