import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { FeatReconstructError, UsageError } from '../base/index.js';
import { fileError, upTo, writeRange } from '../bytes/index.js';
import { elementCount, elementSize } from './elements.js';
import { elementType, encodeElements, layOut } from './safetensors-header.js';
import type { TensorEntry, TensorSpec } from './safetensors-header.js';

/** A safetensors file of a known layout that is filled row by row, in any order. */
export interface SafetensorsWriter {
  /** The bytes of the header with its length: for checksums. */
  readonly header: Uint8Array;
  /**
   * Writes whole rows (items along the first axis) from `firstRow` on. F16 takes float32 and rounds it.
   * @throws UsageError for an unknown tensor, rows that are not whole or out of range, or a conversion that is not
   *   offered
   */
  writeRows(name: string, firstRow: number, data: ArrayBufferView): Promise<void>;
  /** Waits until what was written is on disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Creates a safetensors file of the full size and returns a writer for its rows. Its bytes depend on the layout, the
 * metadata and the data alone, so a resumed file is bit-identical to one written in one go; rows never written are 0.
 * It is written in place: the caller gives it its final name when it is complete.
 * @param options.resume open the existing file instead, after checking that it has this very layout
 * @throws FeatReconstructError when the file cannot be written, or is of another layout
 */
export async function createSafetensors(
  path: string,
  layout: readonly TensorSpec[],
  metadata: Record<string, string> = {},
  options: { resume?: boolean } = {},
): Promise<SafetensorsWriter> {
  const { bytes, entries, size } = layOut(layout, metadata);
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, options.resume ? 'r+' : 'w');
    if (options.resume) await checkHeader(handle, path, bytes, size);
    else {
      await writeRange(handle, path, bytes, 0);
      await handle.truncate(size);
    }
  } catch (error) {
    await handle?.close();
    throw fileError(error, path, options.resume ? 'read' : 'write');
  }
  return writer(handle, path, bytes, entries);
}

/** @throws FeatReconstructError where the file's header or size is not that of the layout */
async function checkHeader(handle: FileHandle, path: string, expected: Uint8Array, size: number): Promise<void> {
  const found = await upTo(handle, 0, expected.length);
  const { size: length } = await handle.stat();
  if (found.equals(expected) && length === size) return;
  throw new FeatReconstructError(
    `Expected '${path}' to be the unfinished file of this very layout, found another layout: delete it or choose another path.`,
    { code: 'mismatch' },
  );
}

function writer(
  handle: FileHandle,
  path: string,
  header: Uint8Array,
  entries: readonly TensorEntry[],
): SafetensorsWriter {
  return {
    header,
    async writeRows(name, firstRow, data) {
      const entry = entries.find((candidate) => candidate.name === name);
      if (!entry) throw new UsageError(`Expected a tensor of the layout of '${path}', found '${name}'.`);
      const bytes = encodeElements(data, entry.dtype, name);
      const rowBytes = elementCount(entry.shape.slice(1), name) * elementSize(elementType(entry.dtype));
      const start = firstRow * rowBytes;
      if (bytes.byteLength % rowBytes !== 0 || start < 0 || start + bytes.byteLength > entry.byteLength) {
        throw new UsageError(
          `Expected whole rows of ${rowBytes} bytes within the ${entry.shape[0]} rows of '${name}', found ${bytes.byteLength} bytes at row ${firstRow}.`,
        );
      }
      await writeRange(handle, path, bytes, entry.offset + start);
    },
    async sync() {
      try {
        await handle.datasync();
      } catch (error) {
        throw fileError(error, path, 'write');
      }
    },
    close: () => handle.close(),
  };
}
