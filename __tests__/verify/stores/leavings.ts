import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryName, thisProcess } from '../../../lib/bytes/index.js';
import type { Check } from '../check.js';
import { interrupted } from './damage.js';
import { difference, start, type Scene } from './scene.js';

type Plant = (store: string, from: string) => Promise<void>;

/** What a run that was killed, or one of a version before, can leave beside a store. */
async function plants(store: string): Promise<Record<string, Plant>> {
  const whole = await readFile(store);
  const gone = await goneProcess();
  const json = async (from: string): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(`${from}.partial.json`, 'utf8')) as Record<string, unknown>;
  const zeros = (file: string): Promise<void> => writeFile(file, Buffer.alloc(whole.length));
  const former = async (at: string, from: string): Promise<void> => {
    const state = await json(from);
    delete state.sha256;
    delete state.checksums;
    await writeFile(`${at}.partial.json`, JSON.stringify(state));
  };
  const lock =
    (owner: object): Plant =>
    (at) =>
      writeFile(`${at}.lock`, JSON.stringify({ id: 'x', ...owner }));
  const temporary = (of: string): string =>
    temporaryName(of).replace(/\.p[0-9a-z]+-[0-9a-z]*-/, `.p${gone.toString(36)}-1-`);
  return {
    'STORE.partial.json alone': (at, from) => copyFile(`${from}.partial.json`, `${at}.partial.json`),
    'STORE.partial alone': (at) => zeros(`${at}.partial`),
    'STORE.partial.json beside another STORE.partial': async (at, from) => {
      const bytes = await readFile(`${from}.partial`);
      // The same header; no row was written yet.
      bytes.fill(0, 8 + Number(bytes.readBigUInt64LE(0)));
      await writeFile(`${at}.partial`, bytes);
      await former(at, from);
    },
    'STORE.partial and .json of a version without checksums': async (at, from) => {
      await copyFile(`${from}.partial`, `${at}.partial`);
      await former(at, from);
    },
    'STORE.partial.short': (at) => zeros(`${at}.partial.short`),
    'a temporary file of STORE.partial.json': (at) => zeros(temporary(`${at}.partial.json`)),
    'a temporary file of the store': (at) => zeros(temporary(at)),
    'the lock of a process that is gone': lock({ ...thisProcess(), pid: gone }),
    'the lock of a process whose number another has now': lock({ ...thisProcess(), start: '1' }),
    'an empty lock': (at) => writeFile(`${at}.lock`, ''),
    'a lock that is no lock': (at) => writeFile(`${at}.lock`, '{"pid":"constructor"}'),
    'all of it beside a finished store': async (at, from) => {
      await writeFile(at, whole);
      for (const each of ['.partial', '.partial.json']) await copyFile(from + each, at + each);
      await zeros(`${at}.partial.short`);
      await zeros(temporary(`${at}.partial.json`));
      await lock({ ...thisProcess(), pid: gone })(at, from);
    },
  };
}

export async function checkLeavings(scene: Scene): Promise<Check[]> {
  const task = scene.tasks.find(({ name }) => name === 'extract')!;
  const kept = join(scene.folder, 'left');
  await mkdir(kept);
  await interrupted(task, kept);
  const whole = join(scene.folder, 'left.safetensors');
  await writeFile(whole, Buffer.from(task.expected.get('s.safetensors')!, 'latin1'));
  const checks: Check[] = [];
  for (const [what, plant] of Object.entries(await plants(whole))) {
    const out = join(scene.folder, 'leavings');
    await mkdir(out);
    await plant(join(out, 's.safetensors'), join(kept, 's.safetensors'));
    const wrong = await difference(task, out, await start(task.args(out)).finished);
    await rm(out, { recursive: true });
    checks.push({
      subject: `left: ${what}`,
      bar: 'the same bytes, and nothing left',
      figure: wrong ?? 'so',
      held: !wrong,
    });
  }
  return checks;
}

/** The number of a process that has ended. */
async function goneProcess(): Promise<number> {
  const { pid, finished } = start(['--version']);
  await finished;
  return pid;
}
