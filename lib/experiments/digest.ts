import { createHash } from 'node:crypto';
import { bytesOf } from '../bytes/index.js';
import { type RowSource } from '../tensor/index.js';

/** SHA-256 (hex) of the numbers, whatever file they came from. */
export async function digestOf(source: RowSource): Promise<string> {
  const hash = createHash('sha256').update(`${source.rows} x ${source.cols}`);
  const step = Math.max(1, Math.floor(2 ** 22 / source.cols));
  for (let start = 0; start < source.rows; start += step) {
    const block = await source.read(start, Math.min(source.rows, start + step));
    hash.update(bytesOf(Float64Array.from(block)));
  }
  return hash.digest('hex');
}
