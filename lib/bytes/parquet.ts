import type { Compressors } from 'hyparquet';

/**
 * What unpacks the pages of a Parquet file. hyparquet-compressors takes a page without values (all of a column are null) for
 * a damaged one, where it is packed with LZ4.
 */
export async function parquetCompressors(): Promise<Compressors> {
  const { compressors } = await import('hyparquet-compressors');
  const unpack =
    (name: 'LZ4' | 'LZ4_RAW') =>
    (input: Uint8Array, length: number): Uint8Array =>
      length === 0 ? new Uint8Array() : compressors[name]!(input, length);
  return { ...compressors, LZ4: unpack('LZ4'), LZ4_RAW: unpack('LZ4_RAW') };
}
