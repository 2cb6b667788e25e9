/** A column of a text table: its heading, and its cell in each row. */
export interface Column<Row> {
  heading: string;
  /** Figures are set flush right so that their digits stand below each other. */
  align?: 'left' | 'right';
  cell: (row: Row) => string;
  /** A detail: folded in a page, shown with `--wide` in a terminal. */
  detail?: true;
  /** Where a terminal is too narrow, columns with the highest number go first; those without stay. */
  spare?: number;
}

/** Sets rows as a text table: aligned columns, two spaces apart, a rule below the headings. */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const widths = columns.map(({ heading }, i) => Math.max(heading.length, ...cells.map((line) => line[i].length)));
  const set = (line: readonly string[]): string =>
    line
      .map((text, i) => (columns[i].align === 'right' ? text.padStart(widths[i]) : text.padEnd(widths[i])))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [set(columns.map(({ heading }) => heading)), rule, ...cells.map(set)].join('\n');
}

/** The columns that fit a width: details are dropped first, then those with the highest `spare`. */
export function fitting<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): readonly Column<Row>[] {
  let kept = columns.filter(({ detail }) => !detail);
  const widthOf = (of: readonly Column<Row>[]): number =>
    of.reduce(
      (sum, { heading, cell }) => sum + 2 + Math.max(heading.length, ...rows.map((row) => cell(row).length)),
      -2,
    );
  while (widthOf(kept) > width) {
    const most = Math.max(...kept.map(({ spare = 0 }) => spare));
    if (most === 0) break;
    kept = kept.filter(({ spare = 0 }) => spare < most);
  }
  return kept;
}
