import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isGone, thisProcess } from './owner.js';

/**
 * The ending of temporary files, `FILE.pPROCESS-START-MACHINE-RANDOM.tmp`. A process that is killed cannot remove its
 * own: by the name the next one knows that it may.
 */
const ending = /^\.p([0-9a-z]+)-([0-9a-z]*)-([0-9a-f]{8})-[0-9a-f]{8}\.tmp$/;
/** The ending in earlier versions. */
const formerEnding = /^\.[0-9a-f]{12}\.tmp$/;

/** Milliseconds: no file takes that long to write. */
const day = 24 * 3600 * 1000;

/** A name for what will become `file`, which no other process uses. */
export function temporaryName(file: string): string {
  const { machine, pid, start } = thisProcess();
  return `${file}.p${pid.toString(36)}-${start && BigInt(start).toString(36)}-${machine}-${randomBytes(4).toString('hex')}.tmp`;
}

/**
 * Removes the temporary files of `file` with one of `endings` behind its name, if their process is gone. Where that
 * cannot be told (another machine of a shared disk), if they are older than a day. Never fails.
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

/** @param rests what may be the temporary ending of the file at `place` */
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

/** A number of any size from base 36 to decimal digits. */
const decimal = (text: string): string =>
  [...text].reduce((sum, digit) => sum * 36n + BigInt(parseInt(digit, 36)), 0n).toString();
