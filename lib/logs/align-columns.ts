import { FeatReconstructError } from '../base/index.js';
import { some, type LogNote } from '../words/index.js';
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
  const { mixed, notes } = mixedByOrder(file, order);
  return {
    ...file,
    columns: order,
    ...(mixed.length > 0 ? { mixed } : {}),
    notes: [...notes, { kind: 'other-order', than: to.name }],
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

/** In another order than another file's, places do not tell which of two classes of one name is which. */
function mixedByOrder(file: NotedRows, order: readonly string[]): { mixed: number[]; notes: LogNote[] } {
  const own = new Set((file.mixed ?? []).map((j) => file.columns![j]));
  const notes = file.notes.map((note): LogNote => {
    if (note.kind !== 'labels-twice') return note;
    for (const label of note.labels) own.add(label).add(`${label} (2)`);
    return { ...note, mixed: true };
  });
  return { mixed: order.flatMap((name, j) => (own.has(name) ? [j] : [])), notes };
}

/**
 * Files of outputs with the same columns. Logs of the best classes alone hardly ever name the same ones: they are aligned by the
 * names of all of them together.
 * @throws FeatReconstructError as `alignColumns` does
 */
export function alignAll(files: readonly NotedRows[]): NotedRows[] {
  const [first, ...others] = files;
  const isUnion = files.every(({ columns }) => columns !== null) && files.some(({ truncated }) => truncated);
  if (!isUnion) return [first, ...others.map((file) => alignColumns(file, first))];
  const union = [...new Set(files.flatMap(({ columns }) => columns!))];
  if (files.every(({ columns }) => columns!.length === union.length)) {
    return [first, ...others.map((file) => alignColumns(file, first))];
  }
  return files.map((file, i) => {
    const note: LogNote = { kind: 'classes-together', classes: union.length, than: files[i === 0 ? 1 : 0].name };
    return { ...widened(file, union), notes: [...file.notes, note] };
  });
}

/** A log of the best classes with more columns: as what it does not show, 0, or the least of the row where that is below. */
function widened(file: NotedRows, union: readonly string[]): NotedRows {
  const { rows, columns } = file;
  const place = new Map(union.map((name, j) => [name, j]));
  const mixed = file.mixed?.map((j) => place.get(columns![j])!).sort((a, b) => a - b);
  const to = Int32Array.from(columns!, (name) => place.get(name)!);
  const width = union.length;
  return {
    ...file,
    columns: [...union],
    ...(mixed ? { mixed } : {}),
    truncated: true,
    rows: {
      rows: rows.rows,
      cols: width,
      dtype: rows.dtype,
      ...(rows.about ? { about: rows.about } : {}),
      async read(start, end) {
        const data = await rows.read(start, end);
        const out =
          data instanceof Float64Array
            ? new Float64Array((end - start) * width)
            : new Float32Array((end - start) * width);
        for (let i = 0; i < end - start; i++) {
          const row = data.subarray(i * to.length, (i + 1) * to.length);
          const wide = out.subarray(i * width, (i + 1) * width);
          let least = 0;
          for (const value of row) if (value < least) least = value;
          wide.fill(least);
          for (let j = 0; j < to.length; j++) wide[to[j]] = row[j];
        }
        return out;
      },
    },
  };
}

/** The mixed columns of any of these files, whose columns are aligned. */
export const mixedOf = (files: readonly NotedRows[]): number[] =>
  [...new Set(files.flatMap(({ mixed }) => mixed ?? []))].sort((a, b) => a - b);
