import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { FeatReconstructError } from '../base/index.js';
import { fileError } from './files.js';
import { temporaryName } from './leavings.js';
import { isGone, thisProcess, type Owner } from './owner.js';

/**
 * The right to write a file: `FILE.lock` says which process has it. Node offers no locks of the system, which would end
 * with their process, so whoever finds a lock asks whether its process is gone. On proof of that it is broken at once;
 * where nothing can be proved (another machine of a shared disk, another container), when its file has not been touched
 * for two minutes.
 */
export interface FileLock {
  /** Whether another process had it first. */
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

/** Milliseconds, as all of these: how often a lock's file is touched while it is held. */
const touchEvery = 10_000;
/** Without a touch for this long, a process that cannot be asked counts as gone. */
const silentFor = 120_000;
/** Without content for this long, so does the maker of an empty lock: it needs less than a millisecond to write it. */
const unwrittenFor = 2000;
/** How often a waiting process looks. */
const lookEvery = 200;

interface Holder extends Owner {
  id: string;
}

/**
 * Waits until no other process writes the file, and keeps others from it until `release`.
 * @throws FeatReconstructError where the lock's file cannot be written; the signal's reason when it was aborted
 */
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
      // A lock without content is about to say whose it is.
      if (found.text !== '') await onWait?.(found.holder, file);
      await sleep(lookEvery, undefined, { signal });
    }
    waited = true;
  }
}

/**
 * Makes the lock as a hard link to a complete file: so it appears with its content or not at all, even if this process
 * is stopped in between.
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
      // A process that removes a dead lock may move ours aside for a moment (`remove`).
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

/** What a waiting process has seen of a lock, timed by its own clock: those of two machines need not agree. */
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
 * Removes the lock of a dead process. Another waiting process may have done so already and have made its own: so the
 * lock is moved aside and read first, and put back if it is not the dead one's.
 * @param text what the dead process's lock says
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
      // On disks without links it is renamed. If there is a new lock by now (EEXIST), its owner keeps it.
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
