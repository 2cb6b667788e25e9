import { dirname } from 'node:path';
import type { TaskOptions } from '../base/index.js';
import { lockFile, makeFolder, removeEmptyFolders, thisProcess, type Owner } from '../bytes/index.js';
import { hasLeftovers, readProgress, removeUnfinished } from './unfinished.js';

/**
 * Does a task as the only process that writes a store. While another process writes it, waits, and reports which process that is
 * and how far it has come.
 * @param task gets a check to make before it saves or finishes anything: it throws where this process is no longer the only one
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
    // Folders that were made for a store that was not written.
    await removeEmptyFolders(folder, made);
    throw error;
  }
  await lock.release();
}

/** Removes what a killed run left beside a finished store, unless somebody is at work there. */
export async function tidy(store: string): Promise<void> {
  if (!(await hasLeftovers(store))) return;
  // A folder that cannot be written, or another process at work, is no error of whoever reads the store.
  await asOnlyWriter(store, { signal: AbortSignal.timeout(500) }, () => removeUnfinished(store)).catch(() => {});
}

/** Which process writes the store, in a sentence. */
function whoHas(store: string, lock: string, holder: Owner | null): string {
  const { pid, host, machine } = holder ?? {};
  const where = machine === undefined || machine === thisProcess().machine ? '' : ` on ${host}`;
  const who = pid === undefined ? 'another process' : `process ${pid}${where}`;
  return `${store} is being written by ${who}: waiting to use its result. (If there is no such process, delete ${lock}.)`;
}
