/** A column of a text table: its heading and what stands in it. */
export interface Column<Row> {
  heading: string;
  /** Figures are set flush right so that their digits stand below each other. */
  align?: 'left' | 'right';
  cell: (row: Row) => string;
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
