import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FeatReconstructError } from '../../../lib/base/index.js';
import { openStore } from '../../../lib/extract/index.js';
import { loadLinearMap } from '../../../lib/fit/index.js';
import type { Check } from '../check.js';
import { random } from './inputs.js';
import { difference, pause, start, type Scene, type Task } from './scene.js';

/** A bit flipped in a finished store and in a map, anywhere: one sentence that names the file. */
export async function checkFlips(scene: Scene, flips: number): Promise<Check[]> {
  const task = (name: string): Task => scene.tasks.find((each) => each.name === name)!;
  const store = Buffer.from(task('extract').expected.get('s.safetensors')!, 'latin1');
  const head = Buffer.from(task('extract --head-only').expected.get('s.safetensors')!, 'latin1');
  const gaps = Buffer.from(task('extract --skip-bad-images').expected.get('s.safetensors')!, 'latin1');
  const map = Buffer.from(task('fit').expected.get('map.safetensors')!, 'latin1');
  const opened = async (file: string): Promise<void> => (await openStore(file)).close();
  return [
    await flipped('a store', store, opened, scene, flips),
    await flipped('a store of features', head, opened, scene, flips),
    await flipped('a store without bad images', gaps, opened, scene, flips),
    await flipped('a map', map, async (file) => void (await loadLinearMap(file)), scene, flips),
  ];
}

async function flipped(
  what: string,
  bytes: Buffer,
  open: (file: string) => Promise<void>,
  { folder }: Scene,
  flips: number,
): Promise<Check> {
  const next = random(2);
  const headerLength = 8 + Number(bytes.readBigUInt64LE(0));
  const silent: string[] = [];
  for (let i = 0; i < flips; i++) {
    // Half of them in the header, which is the smaller part.
    const at = Math.floor(next() * (i % 2 ? headerLength : bytes.length));
    const damaged = Buffer.from(bytes);
    damaged[at] ^= 1 << Math.floor(8 * next());
    const file = join(folder, `flipped-${i}.safetensors`);
    await writeFile(file, damaged);
    const said = await open(file).then(
      () => 'nothing',
      (error: unknown) =>
        error instanceof FeatReconstructError && error.message.includes(file) ? null : String(error),
    );
    if (said !== null) silent.push(`byte ${at}: ${said}`);
    await rm(file);
  }
  return {
    subject: `a bit flipped in ${what}`,
    bar: `${flips} of ${flips} told in a sentence that names the file`,
    figure: silent.length === 0 ? `${flips} of ${flips}` : `${silent.length} not: ${silent.slice(0, 3).join('; ')}`,
    held: silent.length === 0,
  };
}

/** A bit flipped in an unfinished store or in what says how far it has come: the same bytes in the end, or one sentence. */
export async function checkUnfinished(scene: Scene, flips: number): Promise<Check[]> {
  const task = scene.tasks.find(({ name }) => name === 'extract')!;
  const kept = join(scene.folder, 'unfinished');
  await mkdir(kept);
  await interrupted(task, kept);
  const checks: Check[] = [];
  for (const ending of ['.partial', '.partial.json']) {
    const next = random(3);
    const counts = { same: 0, told: 0 };
    const problems: string[] = [];
    for (let i = 0; i < flips; i++) {
      const out = join(scene.folder, 'flipped');
      await mkdir(out);
      for (const each of ['.partial', '.partial.json']) {
        await copyFile(join(kept, `s.safetensors${each}`), join(out, `s.safetensors${each}`));
      }
      const file = join(out, `s.safetensors${ending}`);
      const bytes = await readFile(file);
      const at = Math.floor(next() * (i % 2 ? Math.min(bytes.length, 1500) : bytes.length));
      bytes[at] ^= 1 << Math.floor(8 * next());
      await writeFile(file, bytes);
      const ended = await start(task.args(out)).finished;
      const isTold = ended.code === 1 && /^error: [^\n]*s\.safetensors\.partial[^\n]*\n$/.test(ended.stderr);
      const wrong = isTold ? null : await difference(task, out, ended);
      counts[isTold ? 'told' : 'same']++;
      if (wrong) problems.push(`byte ${at}: ${wrong}`);
      await rm(out, { recursive: true });
    }
    checks.push({
      subject: `a bit flipped in STORE${ending}`,
      bar: 'the same bytes, or one sentence',
      figure:
        problems.length === 0 ? `${counts.told} told, ${counts.same} the same bytes` : problems.slice(0, 3).join('; '),
      held: problems.length === 0,
    });
  }
  return checks;
}

/** Leaves a store in the middle: killed once its first state is saved. */
export async function interrupted(task: Task, out: string): Promise<void> {
  for (let part = 0.3; part < 1; part += 0.1) {
    const { kill, finished } = start(task.args(out));
    await Promise.race([pause(part * task.milliseconds), finished]);
    kill();
    await finished;
    if (await readFile(join(out, 's.safetensors.partial.json')).catch(() => null)) return;
  }
  throw new Error(`found no moment in the middle of ${task.name}`);
}
