import type { AsyncBuffer, Compressors, FileMetaData } from 'hyparquet';
import type { OpenBytes } from './byte-file.js';

/**
 * The functions that unpack the pages of a Parquet file. An empty LZ4 page (a column of nulls alone) is handled here,
 * since hyparquet-compressors takes it for a damaged one.
 */
export async function parquetCompressors(): Promise<Compressors> {
  const { compressors } = await import('hyparquet-compressors');
  const unpack =
    (name: 'LZ4' | 'LZ4_RAW') =>
    (input: Uint8Array, length: number): Uint8Array =>
      length === 0 ? new Uint8Array() : compressors[name]!(input, length);
  return { ...compressors, LZ4: unpack('LZ4'), LZ4_RAW: unpack('LZ4_RAW') };
}

/**
 * A file as hyparquet reads it. Of a damaged one it may give up on a column while others are being read; their errors would
 * come later, with nobody to hear them, which ends a Node process. Here they count as heard: the first is thrown anyway.
 */
export const parquetBytes = (bytes: OpenBytes): AsyncBuffer => ({
  byteLength: bytes.size,
  slice: (start, end = bytes.size) => heard(rangeOf(bytes, start, end)),
});

async function rangeOf(bytes: OpenBytes, start: number, end: number): Promise<ArrayBuffer> {
  if (!(start >= 0 && start <= end && end <= bytes.size)) throw new Error('it names bytes that it does not have');
  return (await bytes.read(start, end - start)).buffer;
}

/** A promise whose failure, and the failure of what follows from it by `then`, need nobody who hears it. */
function heard<T>(promise: Promise<T>): Promise<T> {
  const { then } = Promise.prototype;
  void then.call(promise, undefined, () => {});
  promise.then = ((...handlers: Parameters<typeof then>) =>
    heard(then.apply(promise, handlers) as Promise<unknown>)) as typeof promise.then;
  return promise;
}

/** What is wrong with a file, by what was thrown while it was read: a fault of the language says nothing to people. */
export const parquetFault = (error: unknown): string =>
  error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
    ? 'its contents do not follow the format'
    : (error as Error).message;

/**
 * A file's metadata, once they are known to hold what readers of a schema and of columns take for granted.
 * @param options of `parquetMetadataAsync`
 * @throws Error where they do not
 */
export async function parquetMetadata(
  file: AsyncBuffer,
  options: { initialFetchSize?: number; geoparquet?: boolean } = {},
): Promise<FileMetaData> {
  const { parquetMetadataAsync } = await import('hyparquet');
  const metadata = await parquetMetadataAsync(file, options);
  const { schema, row_groups: groups } = metadata;
  // Each element of the tree is a child of one, but for the root.
  const children = schema.reduce((sum, { num_children: count = 0 }) => sum + count, 0);
  const isTree =
    schema.length > 0 && children === schema.length - 1 && schema.every(({ name }) => typeof name === 'string');
  const isWhole = groups.every(
    ({ num_rows: rows, columns }) =>
      Number(rows) >= 0 &&
      Array.isArray(columns) &&
      columns.every(
        ({ meta_data: data }) => data && Array.isArray(data.path_in_schema) && Number(data.num_values) >= 0,
      ),
  );
  if (!isTree || !isWhole) throw new Error('its schema or its groups of rows are not whole');
  return metadata;
}
