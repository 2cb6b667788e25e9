import Papa from 'papaparse';
import type { ListForm } from '../words/index.js';
import { endingOf, kindOf } from './file-kinds.js';

/** A line of a list: an image's path as written, and its label if there is one. */
export interface ListRow {
  path: string;
  label?: string;
}

/** One way to read a list. */
export interface ListReading {
  rows: ListRow[];
  form: ListForm;
}

const pathNames =
  'path file filename file_name filepath file_path image image_path imagepath image_file image_name img img_path images fname name id'.split(
    ' ',
  );
const labelNames =
  'label labels class target category y label_id class_id class_index label_index target_id class_name classname label_name category_name'.split(
    ' ',
  );

/** Whether a text ends as the names of images do, read or not. */
const isImage = (text: string): boolean => kindOf(text.trim()) !== 'other';

/**
 * The ways to read a list, the likeliest first: lines of paths; Caffe's lines of a path and a label; a table with
 * commas, tabs or semicolons, as pandas writes it. The caller chooses the one whose paths exist.
 * @param lines without empty ones and comments
 */
export function readingsOf(lines: readonly string[]): ListReading[] {
  const tables = [',', '\t', ';'].flatMap((separator) => tableOf(lines, separator));
  const withHeader = tables.filter(({ header }) => header);
  // A table of one column has a header, too.
  const isHeader = lines.length > 1 && pathNames.includes(unquoted(lines[0]).toLowerCase());
  const paths = isHeader ? lines.slice(1) : lines;
  const plain: ListReading = { rows: paths.map((line) => ({ path: unquoted(line) })), form: { kind: 'paths' } };
  const spaced: ListReading = { rows: lines.map(pathAndLabel), form: { kind: 'paths-and-labels' } };
  const isPlain = paths.every((line) => isImage(unquoted(line)));
  const isSpaced = spaced.rows.some(({ label }) => label !== undefined);
  return [
    ...withHeader,
    ...(isPlain ? [plain] : []),
    ...(isSpaced ? [spaced] : []),
    ...tables.filter(({ header }) => !header),
    ...(isPlain ? [] : [plain]),
  ];
}

/** A text without the quotes around it. */
const unquoted = (line: string): string => {
  const [, inside] = /^\s*"((?:[^"]|"")*)"\s*$/.exec(line) ?? [];
  return inside === undefined ? line.trim() : inside.replaceAll('""', '"');
};

/**
 * Splits a line. Both parts may contain blanks: the path ends at the last ending of an image before a blank, else at
 * the last blank.
 */
function pathAndLabel(line: string): ListRow {
  const [, inside, behind] = /^\s*"((?:[^"]|"")*)"(?:\s+(.*\S))?\s*$/.exec(line) ?? [];
  if (inside !== undefined) return { path: inside.replaceAll('""', '"'), label: behind };
  const text = line.trim();
  if (isImage(text)) return { path: text };
  for (let at = text.length - 1; at > 0; at--) {
    if (/\s/.test(text[at]) && isImage(text.slice(0, at))) {
      return { path: text.slice(0, at).trimEnd(), label: unquoted(text.slice(at)) };
    }
  }
  const [, path, label] = /^(.*\S)\s+(\S+)$/s.exec(text) ?? [];
  return path === undefined ? { path: text } : { path, label };
}

/** The lines as a table with a column of paths; empty where they are none. */
function tableOf(lines: readonly string[], separator: string): (ListReading & { header: boolean })[] {
  const { data } = Papa.parse<string[]>(lines.join('\n'), { delimiter: separator, skipEmptyLines: true });
  const width = data[0]?.length ?? 0;
  if (width < 2 || data.some((row) => row.length !== width)) return [];
  const cells = data.map((row) => row.map((cell) => cell.trim()));
  const names = cells[0].map((cell) => cell.toLowerCase());
  const isHeader = !cells[0].some(isImage) && (cells.length > 1 || names.some((name) => pathNames.includes(name)));
  const body = isHeader ? cells.slice(1) : cells;
  const columns = names.map((name, column) => ({
    name,
    column,
    images: body.filter((row) => isImage(row[column])).length,
  }));
  const [best] = [...columns].sort((a, b) => b.images - a.images);
  const named = isHeader ? first(columns, pathNames) : undefined;
  // The column's name decides where no cell ends like an image.
  const path = best.images > 0 ? best : named;
  if (!path) return [];
  const others = columns.filter((each) => each !== path && !(isHeader && isIndex(each.name)));
  const label = (isHeader ? first(others, labelNames) : undefined) ?? (others.length === 1 ? others[0] : undefined);
  const called = ({ column }: { column: number }): string | number => (isHeader ? cells[0][column] : column + 1);
  return [
    {
      header: isHeader,
      rows: body.map((row) => ({ path: row[path.column], ...(label ? { label: row[label.column] } : {}) })),
      form: { kind: 'table', paths: called(path), labels: label ? called(label) : null, others: others.length },
    },
  ];
}

/** Whether a column has pandas' row numbers: it writes them without a name, and calls them so after reading that. */
const isIndex = (name: string): boolean => name === '' || /^(unnamed: \d+|index)$/.test(name);

/** Of the columns with a known name, the one whose name comes first among these. */
function first<Column extends { name: string }>(
  columns: readonly Column[],
  known: readonly string[],
): Column | undefined {
  const found = columns.filter(({ name }) => known.includes(name));
  return found.sort((a, b) => known.indexOf(a.name) - known.indexOf(b.name))[0];
}

/** The ending of a path if it is of an image that is not read; else undefined. */
export const unreadEnding = (path: string): string | undefined =>
  kindOf(path) === 'unread' ? endingOf(path) : undefined;
