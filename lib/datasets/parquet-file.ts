import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { FeatReconstructError } from '../base/index.js';
import { openBytes, parquetBytes, parquetCompressors, parquetFault, parquetMetadata } from '../bytes/index.js';

/** Bytes at the end of a file that are read first: Parquet's metadata are there. */
const footerFirst = 2 ** 16;

/** A Parquet file, open until it is closed. */
export interface ParquetFile {
  readonly path: string;
  readonly metadata: FileMetaData;
  /** Rows of each of its groups, in order. */
  readonly groups: readonly number[];
  /**
   * Rows [start, stop) of some columns, as objects. Reads all groups that they are in: ask for one group at a time to
   * save memory.
   */
  read(columns: readonly string[], start: number, stop: number): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Opens a Parquet file and reads its metadata. @throws FeatReconstructError where it is not there or damaged */
export async function openParquet(path: string): Promise<ParquetFile> {
  const bytes = await openBytes(path);
  const file = parquetBytes(bytes);
  try {
    const metadata = await readMetadata(file, `'${path}'`);
    return {
      path,
      metadata,
      groups: metadata.row_groups.map((group) => Number(group.num_rows)),
      async read(columns, rowStart, rowEnd) {
        const { parquetReadObjects } = await import('hyparquet');
        const compressors = await parquetCompressors();
        try {
          // utf8: false, since bytes are text only where the file says so.
          const options = { file, metadata, compressors, rowStart, rowEnd, utf8: false, geoparquet: false };
          return await parquetReadObjects({ ...options, columns: [...columns] });
        } catch (error) {
          throw damaged(`'${path}'`, error);
        }
      },
      close: () => bytes.close(),
    };
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

/**
 * The metadata of a Parquet file.
 * @param name what errors call it
 * @throws FeatReconstructError where it is damaged
 */
export async function readMetadata(file: AsyncBuffer, name: string): Promise<FileMetaData> {
  try {
    return await parquetMetadata(file, { initialFetchSize: footerFirst, geoparquet: false });
  } catch (error) {
    throw damaged(name, error);
  }
}

const damaged = (name: string, error: unknown): FeatReconstructError =>
  error instanceof FeatReconstructError
    ? error
    : new FeatReconstructError(
        `Expected a whole Parquet file in ${name}, found that it cannot be read (${parquetFault(error)}): fetch it or write it again.`,
        { code: 'damaged', cause: error },
      );
