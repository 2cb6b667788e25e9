import { FeatReconstructError } from '../base/index.js';
import { aboutPlaced } from '../tensor/index.js';
import { some, type LogNote, type WhichSet } from '../words/index.js';
import { matchNames, numbersOf, separateTwins } from './match-names.js';
import type { NotedRows } from './opened-rows.js';

/** What the columns of two files are matched by. */
export type MatchedBy =
  | { kind: 'names' }
  /** The places of the columns: these files (0: the first) name no classes, or number them. */
  | { kind: 'order'; unnamed: readonly WhichSet[] }
  /** Neither: both name their classes, and these names of the first and of the second have no partner. */
  | { kind: 'other-names'; unmatched: readonly [readonly string[], readonly string[]] }
  /** Neither: `set` has its columns in the order of their names, and the other file has none. */
  | { kind: 'sorted'; set: WhichSet };

interface Matched {
  file: NotedRows;
  by: MatchedBy;
}

/**
 * A file of outputs with its columns in the order of another one's, where both name the same ones, or where one names none. A
 * note says so.
 * @throws FeatReconstructError when both have names that are not the same, or when the order of one is that of its names
 */
export function alignColumns(file: NotedRows, to: NotedRows): NotedRows {
  const matched = match(file, to);
  switch (matched.by.kind) {
    case 'other-names':
      throw otherNames(file, to, matched.by.unmatched);
    case 'sorted': {
      const [sorted, other] = matched.by.set === 0 ? [to, file] : [file, to];
      // Models have their classes in the order of their names, too: folders of images do.
      if (!sorted.byName) return matched.file;
      throw new FeatReconstructError(
        `Expected names of the classes in ${other.name}, found none, while the columns of ${sorted.name} are in the order of their names: which is which does not show. Name the columns of both.`,
        { code: 'mismatch' },
      );
    }
    default:
      return matched.file;
  }
}

function otherNames(file: NotedRows, to: NotedRows, [missing, more]: readonly (readonly string[])[]): Error {
  const lists = [
    ...(missing.length > 0 ? [`${some(missing, 4)} missing`] : []),
    ...(more.length > 0 ? [`${some(more, 4)} too many`] : []),
  ];
  return new FeatReconstructError(
    `Expected the columns of ${to.name} in ${file.name}, found ${lists.join(' and ')}; give both the same classes.`,
    { code: 'mismatch' },
  );
}

/** A file of outputs with its columns matched to those of another one, which is the first of the two. */
function match(file: NotedRows, to: NotedRows): Matched {
  const [names, order] = [file.columns, to.columns];
  if (names && order) {
    if (names.join('\n') === order.join('\n')) return { file, by: { kind: 'names' } };
    const { from, unmatched } = matchNames(order, names);
    if (from) return { file: reordered(file, to, from), by: { kind: 'names' } };
    if (numbersOf(names) === null && numbersOf(order) === null) {
      return { file, by: { kind: 'other-names', unmatched } };
    }
  }
  const unnamed = ([to, file] as const).flatMap(({ columns }, i) => (isNamed(columns) ? [] : [i as WhichSet]));
  const set = [to, file].findIndex(({ columns, byName }) => isNamed(columns) && (byName || isSorted(columns!)));
  const notes: LogNote[] = names && order ? [...file.notes, { kind: 'other-names', than: to.name }] : file.notes;
  return {
    file: { ...file, notes },
    by: set >= 0 ? { kind: 'sorted', set: set as WhichSet } : { kind: 'order', unnamed },
  };
}

/** Names fewer than these may be in order by chance. */
const fewNames = 4;

const isSorted = (names: readonly string[]): boolean =>
  names.length >= fewNames && isInOrder(names.map((name) => name.toLowerCase()));

const isInOrder = (names: readonly string[]): boolean => names.every((name, j) => j === 0 || names[j - 1] <= name);

const isNamed = (columns: readonly string[] | null): boolean => columns !== null && numbersOf(columns) === null;

/** A file with its columns as another one has them. @param from by column of the other its place in the file */
function reordered(file: NotedRows, to: NotedRows, from: Int32Array): NotedRows {
  const { rows } = file;
  const inPlace = from.every((j, k) => j === k);
  const alike = from.findIndex((j, k) => file.columns![j] !== to.columns![k]);
  const note: LogNote =
    alike >= 0
      ? { kind: 'alike-names', than: to.name, one: file.columns![from[alike]], other: to.columns![alike] }
      : { kind: 'other-order', than: to.name };
  const { mixed, notes } = inPlace
    ? { mixed: [...(file.mixed ?? [])], notes: file.notes }
    : mixedByOrder(file, to, from);
  return {
    ...file,
    columns: to.columns,
    ...(mixed.length > 0 ? { mixed } : {}),
    notes: [...notes, note],
    rows: inPlace
      ? rows
      : {
          ...rows,
          ...(rows.about?.listed ? aboutPlaced(rows, inverse(from)) : {}),
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

const inverse = (from: Int32Array): Int32Array => {
  const to = new Int32Array(from.length);
  from.forEach((j, k) => (to[j] = k));
  return to;
};

/** In another order than another file's, places do not tell which of two classes of one name is which. */
function mixedByOrder(file: NotedRows, to: NotedRows, from: Int32Array): { mixed: number[]; notes: LogNote[] } {
  const names = file.columns!;
  const own = new Set([...(file.mixed ?? []), ...separateTwins(names).twins].map((j) => names[j]));
  const notes = file.notes.map((note): LogNote => {
    if (note.kind !== 'labels-twice') return note;
    for (const label of note.labels) own.add(label).add(`${label} (2)`);
    return { ...note, mixed: true };
  });
  const theirs = new Set(separateTwins(to.columns!).twins);
  return {
    mixed: Array.from(from.keys()).filter((k) => own.has(names[from[k]]) || theirs.has(k)),
    notes,
  };
}

/**
 * Two files of outputs with the same columns, and what these were matched by. Where that is neither names nor order the columns
 * stand as they are. Logs of the best classes alone hardly ever name the same ones: they are aligned by the names of both together.
 * @throws FeatReconstructError where both have names, and not as many
 */
export function alignPair(first: NotedRows, second: NotedRows): { files: [NotedRows, NotedRows]; by: MatchedBy } {
  if (isUnion([first, second])) {
    const together = unionOf([first, second]);
    if (together) return { files: together.files as [NotedRows, NotedRows], by: together.by };
  }
  const { file, by } = match(second, first);
  if (by.kind === 'other-names' && first.rows.cols !== second.rows.cols) {
    throw otherNames(second, first, by.unmatched);
  }
  return { files: [first, file], by };
}

const isUnion = (files: readonly NotedRows[]): boolean =>
  files.every(({ columns }) => columns !== null) && files.some(({ truncated }) => truncated);

/** Logs with the classes of all of them together; null where all have the same. */
function unionOf(files: readonly NotedRows[]): { files: NotedRows[]; by: MatchedBy } | null {
  const [{ columns: first }] = files;
  // By key the name that the first file with it has.
  const called = new Map<string, string>();
  let apart: MatchedBy = { kind: 'names' };
  const renamed = files.map(({ columns }, i) => {
    const { keys, unmatched } = matchNames(first!, columns!);
    const known = new Map(keys[0].map((key, j) => [key, first![j]]));
    const own = i === 0 ? first! : keys[1].map((key, j) => known.get(key) ?? columns![j]);
    if (i > 0 && unmatched[0].length === first!.length) apart = { kind: 'other-names', unmatched };
    for (const name of own) called.set(name, name);
    return own;
  });
  const union = [...called.keys()];
  if (files.every(({ columns }) => columns!.length === union.length)) return null;
  const widest = files.map((file, i): NotedRows => {
    const note: LogNote = { kind: 'classes-together', classes: union.length, than: files[i === 0 ? 1 : 0].name };
    return { ...widened({ ...file, columns: renamed[i] }, union), notes: [...file.notes, note] };
  });
  return { files: widest, by: apart };
}

/**
 * Files of outputs with the same columns. Logs of the best classes alone hardly ever name the same ones: they are aligned by the
 * names of all of them together.
 * @throws FeatReconstructError as `alignColumns` does
 */
export function alignAll(files: readonly NotedRows[]): NotedRows[] {
  const [first, ...others] = files;
  const together = isUnion(files) ? unionOf(files) : null;
  return together?.files ?? [first, ...others.map((file) => alignColumns(file, first))];
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
      ...aboutPlaced(rows, to),
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
