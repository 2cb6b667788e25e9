import type { InFile, LogNote } from '../words/index.js';

/** What was left out, by number. */
type Counted = Extract<LogNote, { files?: readonly InFile[] }>;

const numbersOf = (note: Counted): readonly number[] =>
  'lines' in note ? note.lines : 'records' in note ? note.records : note.rows;

const isCounted = (note: LogNote): note is Counted =>
  note.kind === 'lines-without-scores' ||
  note.kind === 'records-without-numbers' ||
  note.kind === 'records-without-labels' ||
  note.kind === 'rows-without-classes' ||
  note.kind === 'bad-lines' ||
  note.kind === 'header-repeated';

/**
 * The notes of the files of a folder as those of one log: what is left out of any of them is counted together, and which file has how
 * many; what was taken is said as of the first.
 */
export function folderNotes(parts: readonly { file: string; notes: readonly LogNote[] }[]): LogNote[] {
  const [first] = parts;
  const said = first.notes
    .filter((note) => !isCounted(note))
    .map((note) => (note.kind === 'best-classes' ? together(note, parts) : note));
  const counted = parts.flatMap(({ notes }) => notes.filter(isCounted));
  const kinds = [...new Set(counted.map(({ kind }) => kind))];
  return [...said, ...kinds.map((kind) => ofAll(kind, parts)), ...mixedIn(parts)];
}

function ofAll(kind: Counted['kind'], parts: readonly { file: string; notes: readonly LogNote[] }[]): LogNote {
  const found = parts.flatMap(({ file, notes }) =>
    notes.flatMap((note) => (isCounted(note) && note.kind === kind ? [{ file, numbers: numbersOf(note) }] : [])),
  );
  const numbers = found.flatMap(({ numbers: of }) => of);
  const files = found.map(({ file, numbers: { length } }) => ({ file, many: length }));
  if (kind === 'rows-without-classes') return { kind, rows: numbers, files };
  if (kind === 'bad-lines') {
    const cut = parts.some(({ notes }) => notes.some((note) => note.kind === kind && note.cutShort));
    return { kind, lines: numbers, files, ...(cut ? { cutShort: true as const } : {}) };
  }
  return kind === 'lines-without-scores' || kind === 'header-repeated'
    ? { kind, lines: numbers, files }
    : { kind, records: numbers, files };
}

/** The least and the most classes that a row of any file lists. */
function together(
  note: Extract<LogNote, { kind: 'best-classes' }>,
  parts: readonly { notes: readonly LogNote[] }[],
): LogNote {
  const shown = parts.flatMap(({ notes }) => notes.flatMap((each) => (each.kind === 'best-classes' ? [each] : [])));
  return {
    ...note,
    classes: Math.max(...shown.map(({ classes }) => classes)),
    shown: [Math.min(...shown.map((each) => each.shown[0])), Math.max(...shown.map((each) => each.shown[1]))],
  };
}

/** What is said of two classes of one name in later files, where the first does not say it. */
function mixedIn([first, ...others]: readonly { notes: readonly LogNote[] }[]): LogNote[] {
  const isMixed = (note: LogNote): boolean => note.kind === 'labels-twice' && note.mixed;
  const note = first.notes.some(isMixed) ? undefined : others.flatMap(({ notes }) => notes).find(isMixed);
  return note ? [note] : [];
}
