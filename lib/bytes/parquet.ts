import type { Compressors } from 'hyparquet';

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
