import { resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import type { TaskOptions } from '../base/index.js';
import { bytesOf, isObject, stateOf } from '../bytes/index.js';
import { type SafetensorsFile, type TensorSpec } from '../tensor/index.js';
import { rowsPerChecksum, checksumKind, damaged } from './store-layout.js';

/**
 * Checksums of a store's rows, block by block, so that what a disk, a copy or an editor changed is found before it is used.
 * CRC-32, since it has to find accidents, not forgeries, and takes little time beside a fit.
 */

/** The checksums of a tensor's rows so far. Plain data, since an unfinished store keeps it as JSON. */
interface RunningChecksum {
  rows: number;
  /** One for each whole block. */
  blocks: number[];
  /** That of the rows after them, which make no whole block yet. */
  open: number;
}

/** By name of the tensor. */
export type Checksums = Record<string, RunningChecksum>;

/** Adds a tensor's next rows to its checksums. */
export function addRows(sums: Checksums, name: string, rows: number, data: ArrayBufferView): void {
  const bytes = bytesOf(data);
  const sum = (sums[name] ??= { rows: 0, blocks: [], open: 0 });
  const width = bytes.length / rows;
  for (let done = 0; done < rows;) {
    const room = Math.min(rows - done, rowsPerChecksum - (sum.rows % rowsPerChecksum));
    sum.open = crc32(bytes.subarray(done * width, (done + room) * width), sum.open);
    sum.rows += room;
    done += room;
    if (sum.rows % rowsPerChecksum === 0) {
      sum.blocks.push(sum.open);
      sum.open = 0;
    }
  }
}

/** The numbers of the store's tensor of checksums. */
export function checksumList(sums: Checksums, tensors: readonly TensorSpec[], header: Uint8Array): Int32Array {
  const blocks = tensors.flatMap(({ name }) => {
    const { rows, blocks, open } = sums[name] ?? { rows: 0, blocks: [], open: 0 };
    return rows % rowsPerChecksum === 0 ? blocks : [...blocks, open];
  });
  return Int32Array.of(crc32(header), ...blocks);
}

/** Rows that are read at a time: at most 16 MiB, so that many columns take no more memory than few. */
const chunkRows = (cols: number): number => Math.max(1, Math.floor(2 ** 22 / Math.max(1, cols)));

/** The checksums of the first `rows` rows of some tensors of a file. */
export async function checksumsOf(
  file: SafetensorsFile,
  names: readonly { name: string; rows: number }[],
  { signal, onProgress, stage }: TaskOptions & { stage: string },
): Promise<Checksums> {
  const sums: Checksums = {};
  const total = names.reduce((sum, { rows }) => sum + rows, 0);
  let begun = performance.now();
  let before = 0;
  for (const { name, rows } of names) {
    const source = file.rows(name);
    const step = chunkRows(source.cols);
    for (let start = 0; start < rows; start += step) {
      signal?.throwIfAborted();
      const end = Math.min(rows, start + step);
      addRows(sums, name, end - start, await source.readItems(start, end));
      // Most stores are read before anybody wants to see progress.
      if (performance.now() - begun < 500) continue;
      onProgress?.({ stage, done: before + end, total, unit: 'rows' });
      begun = -Infinity;
    }
    before += rows;
  }
  return sums;
}

/**
 * Checks all of a finished store against its checksums.
 * @returns false for a store of a version that wrote none
 * @throws FeatReconstructError naming what is not as it was written
 */
export async function verifyStore(
  path: string,
  file: SafetensorsFile,
  tensors: readonly TensorSpec[],
  options: TaskOptions,
): Promise<boolean> {
  const [place, state] = [placeOf(path), await stateOf(path)];
  if (verified.get(place) === state) return true;
  const kind = file.metadata.checksums;
  if (kind === undefined && !file.tensors.has('checksums')) return false;
  const found = file.tensors.get('checksums');
  if (kind !== checksumKind || found?.dtype !== 'I32') throw damaged(path, 'what it says of its checksums');
  const kept = (await file.read('checksums')).data as Int32Array;
  if (kept[0] !== (crc32(file.header) | 0)) throw damaged(path, 'its header');
  const stage = `check ${path}`;
  const sums = await checksumsOf(
    file,
    tensors.map(({ name, shape }) => ({ name, rows: shape[0] })),
    { ...options, stage },
  );
  const expected = checksumList(sums, tensors, file.header);
  const at = expected.findIndex((sum, i) => sum !== kept[i]);
  if (at >= 0 || kept.length !== expected.length) throw damaged(path, whereIs(at - 1, tensors));
  verified.set(place, state);
  return true;
}

/** State of each store that this process has verified, so that `fit --x STORE --y STORE` does not read it all twice. */
const verified = new Map<string, string>();

const placeOf = (path: string): string => (isObject(path) ? path : resolve(path));

/** Notes that a store holds the bytes of one that was verified, so that what was uploaded is not read back. */
export async function noteVerified(path: string): Promise<void> {
  verified.set(placeOf(path), await stateOf(path));
}

/** The tensor and the rows of a block, in words. @param block its place among those of all tensors */
function whereIs(block: number, tensors: readonly TensorSpec[]): string {
  let first = 0;
  for (const { name, shape } of tensors) {
    const blocks = Math.ceil(shape[0] / rowsPerChecksum);
    if (block >= first && block < first + blocks) {
      const start = (block - first) * rowsPerChecksum;
      return `'${name}', rows ${start} to ${Math.min(shape[0], start + rowsPerChecksum)},`;
    }
    first += blocks;
  }
  return 'its checksums';
}
