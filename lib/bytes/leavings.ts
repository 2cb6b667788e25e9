import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isGone, thisProcess } from './owner.js';

/**
 * Files under a temporary name, `FILE.PROCESS-START-MACHINE-RANDOM.tmp`: a process that is killed cannot remove its own,
 * and the name tells the next one that it may.
 */
const ending = /^\.p([0-9a-z]+)-([0-9a-z]*)-([0-9a-f]{8})-[0-9a-f]{8}\.tmp$/;
/** As versions before named them. */
const formerEnding = /^\.[0-9a-f]{12}\.tmp$/;

/** Longer than the writing of any file takes. */
const day = 24 * 3600 * 1000;

/** A name for what will become `file`, that of this process alone. */
export function temporaryName(file: string): string {
  const { machine, pid, start } = thisProcess();
  return `${file}.p${pid.toString(36)}-${start && BigInt(start).toString(36)}-${machine}-${randomBytes(4).toString('hex')}.tmp`;
}

/**
 * Removes the temporary files beside `file`, and beside `file` with one of `endings`, whose process is gone. Where that
 * cannot be told (another machine of a shared disk), those of a day ago.
 */
export async function removeLeavings(file: string, endings: readonly string[] = ['']): Promise<void> {
  const folder = path.dirname(file);
  const names = await readdir(folder).catch(() => []);
  const whole = endings.map((each) => path.basename(file) + each);
  for (const name of names) {
    if (!name.endsWith('.tmp')) continue;
    const rests = whole.filter((each) => name.startsWith(each)).map((each) => name.slice(each.length));
    const place = path.join(folder, name);
    // A failure to clean up is nobody's error.
    if (await anyIsStale(rests, place)) await rm(place, { force: true }).catch(() => {});
  }
}

async function anyIsStale(rests: readonly string[], place: string): Promise<boolean> {
  for (const rest of rests) {
    const [, pid, start, machine] = ending.exec(rest) ?? [];
    const gone = pid
      ? isGone({ pid: parseInt(pid, 36), start: start && decimal(start), machine })
      : formerEnding.test(rest)
        ? null
        : false;
    if (gone === false) continue;
    if (gone) return true;
    const found = await stat(place).catch(() => null);
    if (found && Date.now() - found.mtimeMs > day) return true;
  }
  return false;
}

/** Digits to the base 36 as decimal ones, without a limit. */
const decimal = (text: string): string =>
  [...text].reduce((sum, digit) => sum * 36n + BigInt(parseInt(digit, 36)), 0n).toString();
