import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { FeatReconstructError } from '../base/index.js';
import { fileError } from './files.js';
import { temporaryName } from './leavings.js';
import { isGone, thisProcess, type Owner } from './owner.js';

/**
 * One writer a file: `FILE.lock` says which process it is. Node has no lock of the system's, which a killed process
 * would lose by itself, so that whoever finds the file asks whether that process is gone. A lock is broken on proof of
 * that, at once; where there is none to be had (another machine of a shared disk, another container) when its file has
 * not been touched for two minutes.
 */
export interface FileLock {
  /** Another process had it first. */
  readonly waited: boolean;
  /** @throws FeatReconstructError when another process broke the lock, taking this one for dead */
  check(): Promise<void>;
  release(): Promise<void>;
}

export interface LockOptions {
  signal?: AbortSignal;
  /** Called while another process has the lock. */
  onWait?: (holder: Owner | null, file: string) => Promise<void> | void;
}

const touchEvery = 10_000;
const silentFor = 120_000;
/** Where a lock is made in place, less than a millisecond lies between the file and its content. */
const unwrittenFor = 2000;
const lookEvery = 200;

interface Holder extends Owner {
  id: string;
}

/** Waits until no other process writes the file, and keeps others from it until `release`. */
export async function lockFile(written: string, { signal, onWait }: LockOptions = {}): Promise<FileLock> {
  const file = `${written}.lock`;
  const id = randomUUID();
  const content = JSON.stringify({ id, ...thisProcess() });
  const watch = new Watch(file);
  let waited = false;
  for (;;) {
    signal?.throwIfAborted();
    const found = await watch.look();
    if (found === 'none') {
      if (await create(file, content)) return held(file, id, waited);
    } else if (found.isDead) await remove(file, found.text);
    else {
      // Whose a lock without content is will be known in a moment.
      if (found.text !== '') await onWait?.(found.holder, file);
      await sleep(lookEvery, undefined, { signal });
    }
    waited = true;
  }
}

/**
 * A second name for a file that is whole: the lock is there with its content or not at all, so that a process that is
 * stopped at that moment keeps what it has.
 * @returns false where another process was quicker
 */
async function create(file: string, content: string): Promise<boolean> {
  const whole = temporaryName(file);
  try {
    await writeFile(whole, content, { flag: 'wx' });
    const failure = await link(whole, file).catch((error: NodeJS.ErrnoException) => error);
    if (!failure) return true;
    // Some disks have no links.
    return failure.code === 'EEXIST' ? false : await createInPlace(file, content);
  } catch (error) {
    throw fileError(error, file, 'write');
  } finally {
    await rm(whole, { force: true }).catch(() => {});
  }
}

async function createInPlace(file: string, content: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    try {
      await handle.writeFile(content);
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function held(file: string, id: string, waited: boolean): FileLock {
  // Shows other machines that this process is at work.
  const timer = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => {}), touchEvery);
  timer.unref();
  const isOurs = async (): Promise<boolean> => parse(await textOf(file))?.id === id;
  return {
    waited,
    async check() {
      if (await isOurs()) return;
      // One that looks for a dead one's lock moves ours aside for a moment.
      await sleep(100);
      if (await isOurs()) return;
      throw new FeatReconstructError(
        `Expected ${file} to be this process's own, found that it was removed or that another process took it over: two must not write one file. Run again to go on with what is there.`,
        { code: 'in-use' },
      );
    },
    async release() {
      clearInterval(timer);
      if (await isOurs()) await rm(file, { force: true }).catch(() => {});
    },
  };
}

/** What one waiting process has seen of a lock. By its own clock: those of two machines need not agree. */
class Watch {
  private seen = '';
  private since = 0;

  constructor(private readonly file: string) {}

  async look(): Promise<'none' | { text: string; holder: Holder | null; isDead: boolean }> {
    const [text, touched] = [await textOf(this.file), await stat(this.file).catch(() => null)];
    if (text === null || touched === null) return 'none';
    const state = `${touched.mtimeMs} ${text}`;
    if (state !== this.seen) [this.seen, this.since] = [state, performance.now()];
    const holder = parse(text);
    const silent = performance.now() - this.since;
    const isDead = holder ? (isGone(holder) ?? silent > silentFor) : silent > unwrittenFor;
    return { text, holder, isDead };
  }
}

/**
 * Takes a dead process's lock away. Another waiting process may have done so first and have made its own: so it is
 * moved aside, looked at, and put back where it is not the dead one's.
 */
async function remove(file: string, text: string): Promise<void> {
  const aside = temporaryName(file);
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw fileError(error, file, 'write');
  }
  if ((await textOf(aside)) !== text) {
    await link(aside, file).catch(async (error: NodeJS.ErrnoException) => {
      // Some disks have no links. If there is a new lock by now, its owner keeps it.
      if (error.code !== 'EEXIST') await rename(aside, file).catch(() => {});
    });
  }
  await rm(aside, { force: true }).catch(() => {});
}

const textOf = (file: string): Promise<string | null> => readFile(file, 'utf8').catch(() => null);

function parse(text: string | null): Holder | null {
  try {
    const value = JSON.parse(text ?? '') as Partial<Holder> | null;
    const isHolder =
      Number.isSafeInteger(value?.pid) &&
      value!.pid! > 0 &&
      [value?.id, value?.host, value?.machine, value?.start].every((each) => typeof each === 'string');
    return isHolder ? (value as Holder) : null;
  } catch {
    return null;
  }
}
