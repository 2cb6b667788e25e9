import { FeatReconstructError } from '../base/index.js';
import { some } from '../words/index.js';
import type { NotedRows } from './opened-rows.js';

/**
 * A file of outputs with its columns in the order of another one's, where both name the same ones; where their names have
 * nothing in common the columns are compared as they stand. A note says so.
 * @throws FeatReconstructError when some of the names are the same and some are not
 */
export function alignColumns(file: NotedRows, to: NotedRows): NotedRows {
  const [names, order] = [file.columns, to.columns];
  if (!names || !order || names.join('\n') === order.join('\n')) return file;
  const places = new Map(names.map((name, j) => [name, j]));
  const missing = order.filter((name) => !places.has(name));
  if (missing.length === order.length || places.size < names.length) {
    return { ...file, notes: [...file.notes, { kind: 'other-names', than: to.name }] };
  }
  if (missing.length > 0 || names.length !== order.length) {
    const more = names.filter((name) => !order.includes(name));
    const lists = [
      ...(missing.length > 0 ? [`${some(missing, 4)} missing`] : []),
      ...(more.length > 0 ? [`${some(more, 4)} too many`] : []),
    ];
    throw new FeatReconstructError(
      `Expected the columns of ${to.name} in ${file.name}, found ${lists.join(' and ')}; give both the same classes.`,
      { code: 'mismatch' },
    );
  }
  const from = Int32Array.from(order, (name) => places.get(name)!);
  const { rows } = file;
  return {
    ...file,
    columns: order,
    notes: [...file.notes, { kind: 'other-order', than: to.name }],
    rows: {
      ...rows,
      async read(start, end) {
        const data = await rows.read(start, end);
        const out = data.slice();
        for (let at = 0; at < data.length; at += from.length) {
          for (let j = 0; j < from.length; j++) out[at + j] = data[at + from[j]];
        }
        return out;
      },
    },
  };
}
