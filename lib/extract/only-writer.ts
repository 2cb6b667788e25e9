import { dirname } from 'node:path';
import type { TaskOptions } from '../base/index.js';
import { lockFile, makeFolder, removeEmptyFolders, thisProcess, type Owner } from '../bytes/index.js';
import { hasRests, readProgress, removeUnfinished } from './unfinished.js';

/**
 * Does a task as the only process that writes a store. While another one does, the task waits, says for whom, and shows
 * how far that one has come.
 * @param task is given what to ask before it vouches for anything: is this process still the only one?
 */
export async function asOnlyWriter(
  store: string,
  { signal, onProgress }: TaskOptions,
  task: (check: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const folder = dirname(store);
  const made = await makeFolder(folder);
  let isSaid = false;
  const lock = await lockFile(store, {
    signal,
    async onWait(holder, file) {
      const { next = 0, provenance } = (await readProgress(store).catch(() => null)) ?? {};
      const note = isSaid ? {} : { note: whoHas(store, file, holder) };
      isSaid = true;
      const total = provenance?.dataset.size ?? 1;
      onProgress?.({ stage: `wait for ${store}`, done: Math.min(next, total - 1), total, unit: 'images', ...note });
    },
  });
  try {
    await task(() => lock.check());
  } catch (error) {
    await lock.release();
    // Folders that were made for a store that came to nothing.
    await removeEmptyFolders(folder, made);
    throw error;
  }
  await lock.release();
}

/** Removes what a killed run left beside a finished store, unless somebody is at work there. */
export async function tidy(store: string): Promise<void> {
  if (!(await hasRests(store))) return;
  // A folder that cannot be written, or another process: nobody's error.
  await asOnlyWriter(store, { signal: AbortSignal.timeout(500) }, () => removeUnfinished(store)).catch(() => {});
}

function whoHas(store: string, lock: string, holder: Owner | null): string {
  const { pid, host, machine } = holder ?? {};
  const where = machine === undefined || machine === thisProcess().machine ? '' : ` on ${host}`;
  const who = pid === undefined ? 'another process' : `process ${pid}${where}`;
  return `${store} is being written by ${who}: waiting to use its result. (If there is no such process, delete ${lock}.)`;
}
