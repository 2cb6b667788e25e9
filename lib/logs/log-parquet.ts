import { FeatReconstructError } from '../base/index.js';
import { openBytes, parquetBytes, parquetCompressors, parquetFault, parquetMetadata } from '../bytes/index.js';
import type { BadLines } from './bad-lines.js';
import { imagesOf, type LoggedImage } from './log-images.js';
import { LogRecords, type Gathered } from './log-records.js';
import type { Json } from './parse-json.js';

/**
 * Reads outputs from a Parquet file, as pandas, polars and Spark write it: a column a class, or lists in a column.
 * @throws FeatReconstructError when it is damaged, or no outputs are in it
 */
export async function readParquet(path: string, bad: BadLines): Promise<Gathered> {
  const { parquetRead } = await import('hyparquet');
  const compressors = await parquetCompressors();
  const bytes = await openBytes(path);
  const file = parquetBytes(bytes);
  const records = new LogRecords(path, bad);
  records.places = 'row';
  try {
    const metadata = await parquetMetadata(file);
    let rowStart = 0;
    // A group of rows at a time, column by column: an object for each row of a thousand classes would take gigabytes.
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      let rows: unknown[][] = [];
      await parquetRead({
        file,
        metadata,
        compressors,
        rowStart,
        rowEnd,
        onComplete: (found) => (rows = found),
      });
      const names = metadata.schema.length > 1 ? topNames(metadata.schema) : [];
      for (const row of rows) {
        const image = recordOf(names, row);
        records.add([image], image.kind === 'labels' ? objectOf(names, row) : null);
      }
      rowStart = rowEnd;
    }
  } catch (error) {
    if (error instanceof FeatReconstructError) throw error;
    throw new FeatReconstructError(
      `Expected a whole Parquet file in '${path}', found that it cannot be read (${parquetFault(error)}): write it again, or as CSV or .npy.`,
      { code: 'damaged', cause: error },
    );
  } finally {
    await bytes.close();
  }
  return records.finish();
}

/** Names of the columns at the top level: the others are parts of lists and structs. */
function topNames(schema: readonly { name: string; num_children?: number }[]): string[] {
  const names: string[] = [];
  let at = 1;
  const skip = (): void => {
    const children = schema[at++].num_children ?? 0;
    for (let k = 0; k < children; k++) skip();
  };
  while (at < schema.length) {
    names.push(schema[at].name);
    skip();
  }
  return names;
}

function recordOf(names: readonly string[], row: readonly unknown[]): LoggedImage {
  const plain = row.every((value) => typeof value === 'number' || value === null);
  if (plain) return { kind: 'fields', names: names as string[], values: row as (number | null)[] };
  return (
    imagesOf(objectOf(names, row))[0] ?? { kind: 'fields', names: names as string[], values: names.map(() => null) }
  );
}

const objectOf = (names: readonly string[], row: readonly unknown[]): { [name: string]: Json } =>
  Object.fromEntries(names.map((name, k) => [name, asJson(row[k])]));

/** A value as JSON has it: dates become text, whole numbers of 64 bits numbers, typed arrays lists. */
function asJson(value: unknown): Json {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, asJson(inner)]));
  }
  return (value ?? null) as Json;
}
