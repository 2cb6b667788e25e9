import { FeatReconstructError } from '../base/index.js';
import type { TensorSpec } from '../tensor/index.js';
import type { SkippedImage } from './batches.js';
import { readProvenance, storeKey, type Provenance } from './provenance.js';

/** What a store's file consists of, for its writer and its readers. */

const format = 'featreconstruct store';

/** The metadata's entry on how checksums are made. A store without it is of a version that had no checksums. */
export const checksumKind = 'crc32 of every 4096 rows';
export const rowsPerChecksum = 4096;

/** The tensors of a store, but that of the checksums. */
export function storeTensors({ model, logits }: Provenance, rows: number): TensorSpec[] {
  const { featureDim: d, classCount: c } = model;
  return [
    { name: 'features', dtype: 'F32', shape: [rows, d] },
    ...(logits === 'stored' ? [{ name: 'logits', dtype: 'F32' as const, shape: [rows, c] }] : []),
    { name: 'labels', dtype: 'I32', shape: [rows] },
    { name: 'positions', dtype: 'I32', shape: [rows] },
    { name: 'head.weight', dtype: 'F32', shape: [c, d] },
    { name: 'head.bias', dtype: 'F32', shape: [c] },
  ];
}

/** The header's checksum, then those of each tensor's blocks. (Not U32, which PyTorch before 2.3 does not read.) */
export function checksumTensor(tensors: readonly TensorSpec[]): TensorSpec {
  const blocks = tensors.reduce((sum, { shape }) => sum + Math.ceil(shape[0] / rowsPerChecksum), 0);
  return { name: 'checksums', dtype: 'I32', shape: [1 + blocks] };
}

/** The metadata of a store. */
export function storeMetadata(provenance: Provenance, skipped: readonly SkippedImage[]): Record<string, string> {
  return {
    format,
    key: storeKey(provenance),
    checksums: checksumKind,
    provenance: JSON.stringify(provenance),
    ...(skipped.length > 0 ? { skipped: JSON.stringify(skipped) } : {}),
  };
}

/** Whether a file is a store by its metadata. Either entry is enough, so that a store is still told when one is damaged. */
export const isStore = (metadata: Readonly<Record<string, string>>): boolean =>
  metadata.format === format || metadata.checksums === checksumKind;

/** The provenance in a store's metadata. @throws FeatReconstructError where there is none */
export function storedProvenance(path: string, metadata: Readonly<Record<string, string>>): Provenance {
  const provenance = readProvenance(parsed(metadata.provenance));
  if (!provenance) throw damaged(path, 'what it says of where its rows come from');
  return provenance;
}

/** The list of skipped images in a store's metadata. @throws FeatReconstructError where it is no such list */
export function storedSkipped(path: string, metadata: Readonly<Record<string, string>>): SkippedImage[] {
  const list = metadata.skipped === undefined ? [] : parsed(metadata.skipped);
  const isImage = (each: Partial<SkippedImage> | null): boolean =>
    typeof each?.position === 'number' && typeof each.id === 'string' && typeof each.reason === 'string';
  if (!Array.isArray(list) || !list.every(isImage)) throw damaged(path, 'its list of images that were left out');
  return list as SkippedImage[];
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return null;
  }
}

/** @param what the part that is not as it was written */
export const damaged = (path: string, what: string): FeatReconstructError =>
  new FeatReconstructError(
    `Expected the store ${path} to hold what was written, found ${what} changed: the file is damaged. Delete it; the command that made it makes it again.`,
    { code: 'damaged' },
  );
