import { FeatReconstructError } from '../base/index.js';
import type { TensorSpec } from '../tensor/index.js';
import type { SkippedImage } from './batches.js';
import { readProvenance, storeKey, type Provenance } from './provenance.js';

/** What a store's file is made of; both who writes it and who reads it go by this. */

const format = 'featreconstruct store';

/** Of the rows of every tensor, and how they are summed; a store without this entry is of a version that had none. */
export const checksumKind = 'crc32 of every 4096 rows';
export const rowsPerChecksum = 4096;

/** The tensors of a store, without that of the checksums. */
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

export function storeMetadata(provenance: Provenance, skipped: readonly SkippedImage[]): Record<string, string> {
  return {
    format,
    key: storeKey(provenance),
    checksums: checksumKind,
    provenance: JSON.stringify(provenance),
    ...(skipped.length > 0 ? { skipped: JSON.stringify(skipped) } : {}),
  };
}

/** Whether a file's metadata say that it is one of ours: either entry will do, so that one that is damaged does not hide it. */
export const isStore = (metadata: Readonly<Record<string, string>>): boolean =>
  metadata.format === format || metadata.checksums === checksumKind;

/** @throws FeatReconstructError where the file does not say where its rows come from */
export function storedProvenance(path: string, metadata: Readonly<Record<string, string>>): Provenance {
  const provenance = readProvenance(parsed(metadata.provenance));
  if (!provenance) throw damaged(path, 'what it says of where its rows come from');
  return provenance;
}

/** @throws FeatReconstructError where the list is none */
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

export const damaged = (path: string, what: string): FeatReconstructError =>
  new FeatReconstructError(
    `Expected the store ${path} to hold what was written, found ${what} changed: the file is damaged. Delete it; the command that made it makes it again.`,
    { code: 'damaged' },
  );
