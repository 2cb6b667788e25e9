import { FeatReconstructError } from '../base/index.js';
import { isThere } from '../bytes/index.js';
import { openSafetensors } from '../tensor/index.js';
import type { SkippedImage } from './batches.js';
import { differences, storeKey, type Provenance } from './provenance.js';
import { isStore, storedProvenance } from './store-layout.js';
import { readProgress } from './unfinished.js';

/** Provenance of the finished store at `path`; null where there is another file. */
async function provenanceAt(path: string): Promise<Provenance | null> {
  const file = await openSafetensors(path).catch((error: unknown) => {
    if (!(error instanceof FeatReconstructError)) throw error;
    throw new FeatReconstructError(`${error.message} If it was a store, delete it: this command makes it again.`, {
      cause: error,
    });
  });
  await file.close();
  return isStore(file.metadata) ? storedProvenance(path, file.metadata) : null;
}

/** Batch size of the store at `path`, finished or not: with another one it could be neither continued nor used again. */
export async function storedBatchSize(path: string): Promise<number | undefined> {
  const found = (await isThere(path)) ? await provenanceAt(path) : (await readProgress(path))?.provenance;
  return found?.batchSize;
}

/**
 * What is at `path`: a finished store of this provenance, an unfinished one, or null for nothing that can be continued.
 * @throws FeatReconstructError for a store of another provenance, and for a file that is no store
 */
export async function findStore(
  path: string,
  wanted: Provenance,
): Promise<'finished' | { threads: number; skipped: SkippedImage[] } | null> {
  if (await isThere(path)) {
    const found = await provenanceAt(path);
    if (!found) {
      throw new FeatReconstructError(
        `Expected ${path} to be a store or not to exist, found another file. Choose another name for the store.`,
      );
    }
    if (storeKey(found) !== storeKey(wanted)) throw mismatch(path, found, wanted);
    return 'finished';
  }
  const progress = await readProgress(path);
  if (!progress) return null;
  if (progress.key !== storeKey(wanted)) throw mismatch(`${path}.partial`, progress.provenance, wanted);
  return progress.checksums ? { threads: progress.threads, skipped: progress.skipped } : null;
}

function mismatch(path: string, found: Provenance, wanted: Provenance): FeatReconstructError {
  return new FeatReconstructError(
    `The store ${path} was written for another extraction; it differs in: ${differences(found, wanted)}. Choose another file or delete this one.`,
    { code: 'mismatch' },
  );
}
