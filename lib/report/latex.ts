import { option, UsageError, visible } from '../base/index.js';
import { fittedAndTested, groupRows, pairName, publishedFor, type ResultRow, type Results } from '../results/index.js';
import { share } from '../words/index.js';
import { columnsFor } from './columns.js';
import { pairsOf } from './heatmap.js';
import { withShownNames } from './shown-names.js';
import { isMatrix } from './shown.js';

/**
 * A result's main table for a paper: booktabs, a caption that says what was fitted and tested on what.
 * @throws UsageError for a result without rows, as of a log
 */
export function renderLatex(found: Results): string {
  const results = withShownNames(found);
  if (results.rows.length === 0) {
    throw new UsageError(
      `Expected a result with rows for a table of LaTeX, found none: ${option('renderMarkdown and renderCsv', '--format md and csv')} have what an audit of a log found.`,
    );
  }
  const isAll = isMatrix(results);
  return isAll ? matrices(results) : fits(results);
}

function fits({ experiment, rows }: Results): string {
  const columns = columnsFor(experiment, rows).filter(
    ({ heading, detail, cell }) => !detail && !(heading === 'in span' && rows.every((row) => cell(row) === '100.0 %')),
  );
  const groups = groupRows(rows);
  const facts = [...new Set(rows.map(fittedAndTested))];
  // What all rows share stands in the caption.
  const about = (row: ResultRow): string => (facts.length > 1 ? `, ${fittedAndTested(row)}` : '');
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const body = groups.flatMap((group, i) => [
    ...(i > 0 ? ['\\addlinespace'] : []),
    `\\multicolumn{${columns.length}}{l}{\\textbf{${text(pairName(group[0]))}}${text(about(group[0]))}} \\\\`,
    ...group.map((row) => line(columns.map(({ cell }) => cell(row)))),
  ]);
  const across = groups.map((group) => pairName(group[0]) + about(group[0]));
  const published = rows.some((row) => publishedFor(experiment, row) !== null);
  return tableOf(
    columns.map(({ align }) => (align === 'right' ? 'r' : 'l')).join(''),
    columns.map(({ heading }) => heading),
    body,
    Math.max(widthOf([columns.map(({ heading }) => heading), ...cells]), ...across.map(({ length }) => length)),
    `${captionOf(rows)}${facts.length === 1 ? ` ${sentence(facts[0])}` : ''}${published ? ' Published: the figure of the original work, found by SGD, for the same model and data.' : ''}`,
    `experiment-${experiment}`,
  );
}

/** Experiment 4: agreement, sources down and targets across, a table for each test set. */
function matrices({ rows, experiment }: Results): string {
  const tests = [...new Set(rows.map(({ test }) => test))];
  return tests
    .map((test, i) => {
      const of = rows.filter((row) => row.test === test);
      const { names, pairs } = pairsOf(of);
      const cells = names.map((source) => [
        source,
        ...names.map((target) => {
          const pair = pairs.find((each) => each.source === source && each.target === target);
          return share(pair?.logits?.agreement ?? null, 1).replace(' %', '');
        }),
      ]);
      const headings = ['source \\ target', ...names];
      return tableOf(
        `l${'r'.repeat(names.length)}`,
        headings,
        cells.map(line),
        widthOf([headings, ...cells]),
        `Agreement in %: target’s features read from the source’s logits. ${sentence(fittedAndTested(of[0]))}`,
        `experiment-${experiment}${i > 0 ? `-${i + 1}` : ''}`,
      );
    })
    .join('\n');
}

const captionOf = (rows: readonly ResultRow[]): string =>
  'Agreement: share of test images on which the head gives the same class on the features read back as on the model’s own. R²: share of the variance of the features that is read back.' +
  (rows.some(({ exact }) => exact)
    ? ' Exact: 100 % by theorem, so that there is no interval.'
    : ' Intervals are Wilson’s, 95 %.');

const sentence = (part: string): string => `${part.charAt(0).toUpperCase()}${part.slice(1)}.`;

/** Characters that one column of a two-column page takes, at the size of a table. */
const columnWidth = 48;

/** How wide lines of cells are, in characters: the widest of each column, and the space between two. */
const widthOf = (lines: readonly (readonly string[])[]): number =>
  lines[0].map((_, i) => Math.max(...lines.map((cells) => cells[i].length)) + 2).reduce((a, b) => a + b, -2);

function tableOf(
  columns: string,
  headings: readonly string[],
  body: readonly string[],
  width: number,
  caption: string,
  label: string,
): string {
  // A table wider than one column of a two-column page stands across both.
  const star = width > columnWidth ? '*' : '';
  return `% Needs \\usepackage{booktabs}.
\\begin{table${star}}
  \\centering
  \\caption{${text(caption)}}
  \\label{tab:${label}}
  \\begin{tabular}{${columns}}
    \\toprule
    ${line(headings)}
    \\midrule
${body.map((each) => `    ${each}`).join('\n')}
    \\bottomrule
  \\end{tabular}
\\end{table${star}}
`;
}

const line = (cells: readonly string[]): string => `${cells.map(text).join(' & ')} \\\\`;

/** Escapes what LaTeX would interpret, and writes out signs that pdfLaTeX's usual fonts lack. */
const text = (value: string): string =>
  [...visible(value.replace(/\s+/g, ' '))]
    .map((character) => escapes[character] ?? character)
    .join('')
    .replace(/(\d) \\%/g, '$1\\,\\%');

const escapes: Record<string, string> = {
  ...{ '\\': '\\textbackslash{}', '&': '\\&', '%': '\\%', $: '\\$', '#': '\\#', _: '\\_', '{': '\\{', '}': '\\}' },
  ...{ '~': '\\textasciitilde{}', '^': '\\textasciicircum{}', '→': '$\\to$', '−': '$-$', '²': '$^2$', '–': '--' },
  ...{
    '’': "'",
    '‘': '`',
    '>': '$>$',
    '<': '$<$',
    '“': '``',
    '”': "''",
    α: '$\\alpha$',
    '·': '$\\cdot$',
    '…': '\\dots{}',
  },
};
