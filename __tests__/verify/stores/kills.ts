import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check } from '../check.js';
import { random } from './inputs.js';
import { contents, difference, pause, start, type Scene, type Task } from './scene.js';

/**
 * Kills every command again and again at random moments, then lets it come to its end. A killed one may leave what the
 * next goes on with, but no file under its own name that is not whole.
 */
export async function checkKills(scene: Scene, kills: number): Promise<Check[]> {
  const next = random(1);
  const checks: Check[] = [];
  for (const task of scene.tasks) {
    const share = Math.ceil(kills / scene.tasks.length);
    const problems: string[] = [];
    let [killed, ends] = [0, 0];
    while (killed < share && problems.length < 5) {
      const out = join(scene.folder, 'killed');
      await mkdir(out, { recursive: true });
      const inARow = Math.min(share - killed, 1 + Math.floor(5 * next()));
      for (let k = 0; k < inARow; k++) {
        await killAt(task, out, next() * task.milliseconds);
        killed++;
        const half = await halfWritten(task, out);
        if (half) problems.push(half);
      }
      const wrong = await difference(task, out, await start(task.args(out)).finished);
      if (wrong) problems.push(wrong);
      ends++;
      await rm(out, { recursive: true });
    }
    checks.push({
      subject: `${task.name}, killed at random moments`,
      bar: 'the next run ends with the same bytes, and leaves nothing',
      figure: problems.length === 0 ? `${killed} kills, ${ends} ends` : problems.join('; '),
      held: problems.length === 0,
    });
  }
  return checks;
}

async function killAt(task: Task, out: string, milliseconds: number): Promise<void> {
  const { kill, finished } = start(task.args(out));
  await Promise.race([pause(milliseconds), finished]);
  kill();
  await finished;
}

async function halfWritten({ expected }: Task, out: string): Promise<string | null> {
  for (const [name, text] of await contents(out)) {
    if (expected.has(name) && expected.get(name) !== text) return `${name} is half-written after a kill`;
  }
  return null;
}

/** Two writers of one store, the second some time after the first; and the first killed while the second waits. */
export async function checkWriters(scene: Scene, gaps: number): Promise<Check[]> {
  const checks: Check[] = [];
  for (const name of ['extract', 'run', 'accumulate']) {
    const task = scene.tasks.find((each) => each.name === name)!;
    for (const isKilled of [false, true]) {
      const problems: string[] = [];
      let waited = 0;
      for (let i = 0; i < gaps; i++) {
        const out = join(scene.folder, 'writers');
        await mkdir(out, { recursive: true });
        // Two `run`s share the stores alone.
        const [outA, outB] = name === 'run' ? [join(out, 'a'), join(out, 'b')] : [out, out];
        const shared = (at: string): string[] =>
          task.args(at).map((arg) => (arg === join(at, 'stores') ? join(out, 'stores') : arg));
        const first = start(shared(outA));
        await pause((i * task.milliseconds) / gaps);
        const second = start(shared(outB).filter((arg) => arg !== '--quiet'));
        await pause(0.4 * task.milliseconds);
        if (isKilled) first.kill();
        const [a, b] = [await first.finished, await second.finished];
        // On a busy machine the second may be through before the first begins: then the killed one was the last, and its lock is
        // for the next to take away.
        const isLast = [...(await contents(out))].some(
          ([file, text]) => file.endsWith('.lock') && text.includes(`"pid":${first.pid},`),
        );
        if (isKilled && isLast) await start(shared(outB)).finished;
        if (/is being written by process \d+/.test(b.stderr)) waited++;
        const found = await contents(out);
        const stores = [...task.expected].filter(([file]) => /\.(safetensors|stats)$/.test(file));
        const wrong = stores.find(([file, text]) => found.get(file) !== text);
        // A killed run's own folder is nobody's to tidy until the next run into it, which checkKills looks at.
        const ofKilled = (file: string): boolean => isKilled && name === 'run' && /^a[\\/].*\.tmp$/.test(file);
        const left = [...found.keys()].find((file) => /\.(lock|tmp|partial.*)$/.test(file) && !ofKilled(file));
        if (b.code !== 0 || (!isKilled && a.code !== 0))
          problems.push(`gap ${i}: exit codes ${a.code}, ${b.code}: ${b.stderr}`);
        else if (wrong || left) problems.push(`gap ${i}: ${wrong ? `${wrong[0]} has other bytes` : `${left} is left`}`);
        await rm(out, { recursive: true });
      }
      checks.push({
        subject: `two of ${name} on one store${isKilled ? ', the first killed' : ''}`,
        bar: `${gaps} gaps: the same bytes`,
        figure: problems.length === 0 ? `${gaps} of ${gaps}, ${waited} waited and said so` : problems.join('; '),
        held: problems.length === 0,
      });
    }
  }
  return checks;
}
