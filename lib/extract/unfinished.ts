import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { FeatReconstructError } from '../base/index.js';
import { isObject, isThere, removeLeavings, writeWhole } from '../bytes/index.js';
import type { SkippedImage } from './batches.js';
import type { Checksums } from './checksums.js';
import { readProvenance, type Provenance } from './provenance.js';

/** FILE.partial.json: how far the unfinished store FILE.partial beside it has come. */
export interface ProgressRecord {
  /** `storeKey` of the provenance. */
  key: string;
  provenance: Provenance;
  /** Threads of an operator. A store is continued with the same number, since another one may round differently. */
  threads: number;
  /** Position in the data set to continue from. */
  next: number;
  rows: number;
  skipped: SkippedImage[];
  /**
   * Of the rows so far: only a file with exactly these rows is continued. Null where a version without checksums began
   * the store.
   */
  checksums: Checksums | null;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Writes the record, whole or not at all, with its own SHA-256. */
export async function saveProgress(store: string, progress: ProgressRecord): Promise<void> {
  const text = JSON.stringify({ ...progress, sha256: sha256(JSON.stringify(progress)) });
  await writeWhole(`${store}.partial.json`, [Buffer.from(text)]);
}

/**
 * How far the unfinished store has come; null where there is none.
 * @throws FeatReconstructError where the file that says so is damaged
 */
export async function readProgress(store: string): Promise<ProgressRecord | null> {
  // Objects are made in another place (`workFile`).
  if (isObject(store)) return null;
  const file = `${store}.partial.json`;
  if (!(await isThere(`${store}.partial`)) || !(await isThere(file))) return null;
  const text = await readFile(file, 'utf8').catch(() => '');
  let found: (Partial<ProgressRecord> & { sha256?: string }) | null = null;
  try {
    found = JSON.parse(text) as Partial<ProgressRecord>;
  } catch {
    // Said below.
  }
  const { sha256: sum, ...rest } = found ?? {};
  const isFormer = sum === undefined && rest.checksums === undefined;
  if (!readProvenance(rest.provenance) || !(isFormer || sum === sha256(JSON.stringify(rest)))) {
    throw new FeatReconstructError(
      `Expected ${file} to say how far the unfinished store has come, found something else: the file is damaged; delete it to begin anew.`,
      { code: 'damaged' },
    );
  }
  return { ...(rest as ProgressRecord), checksums: rest.checksums ?? null };
}

/**
 * Removes an unfinished store, for a new one. Its record goes first: beside a new file it would count rows that are not there.
 */
export async function removeUnfinished(store: string): Promise<void> {
  await rm(`${store}.partial.json`, { force: true });
  await rm(`${store}.partial`, { force: true });
  await removeLeftovers(store);
}

/** Removes the temporary files that a killed run left beside a store, but not the unfinished store itself. */
export async function removeLeftovers(store: string): Promise<void> {
  await rm(`${store}.partial.short`, { force: true });
  await removeLeavings(store, ['', '.partial.json', '.lock']);
}

/** Whether there is a file beside a store that is needed only while it is written. */
export async function hasLeftovers(store: string): Promise<boolean> {
  const name = basename(store);
  const others = await readdir(dirname(store)).catch(() => []);
  const leftovers = ['.partial', '.partial.json', '.partial.short', '.lock'].map((ending) => name + ending);
  return others.some((other) => leftovers.includes(other) || (other.startsWith(`${name}.`) && other.endsWith('.tmp')));
}
