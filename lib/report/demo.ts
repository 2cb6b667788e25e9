import type { ResultRow, Results } from '../experiments/index.js';
import { none, rSquared, share } from './figures.js';
import { renderTable, type Column } from './table.js';

/** One line of the demo's table: a pair of models on one test set, with each of its fits. */
interface Line {
  experiment: number;
  exact: ResultRow;
  prior?: ResultRow;
  sgd?: ResultRow;
  features?: ResultRow;
}

/** The demo's five experiments in one table: a line for each pair of models in 1, 2, 3 and 5, and 4 as a matrix. */
export function renderDemo(results: readonly Results[]): string {
  const lines = results.filter(({ experiment, leaks }) => experiment !== 4 && !leaks).flatMap(linesOf);
  const blocks = [renderTable(columns, lines)];
  for (const { experiment, rows } of results) if (experiment === 4) blocks.push(matrix(rows));
  for (const { leaks } of results) {
    if (leaks)
      blocks.push(['Audit, from the outputs alone:', ...leaks.verdict.sentences.map((text) => `* ${text}`)].join('\n'));
  }
  return blocks.join('\n\n');
}

function linesOf({ experiment, rows }: Results): Line[] {
  const pairs = new Map<string, ResultRow[]>();
  for (const row of rows) {
    const pair = `${row.source} ${row.target} ${row.test}`;
    pairs.set(pair, [...(pairs.get(pair) ?? []), row]);
  }
  return [...pairs.values()].map((of) => ({
    experiment,
    exact: of.find(({ prior, sgd, from }) => prior === null && sgd === null && from === 'logits')!,
    prior: of.find(({ prior }) => prior === 'head'),
    sgd: of.find(({ sgd }) => sgd !== null),
    features: of.find(({ from }) => from === 'features'),
  }));
}

const columns: Column<Line>[] = [
  { heading: '', cell: ({ experiment }) => String(experiment) },
  { heading: 'logits of', cell: ({ exact }) => exact.source },
  { heading: 'features of', cell: ({ exact }) => (exact.source === exact.target ? 'itself' : exact.target) },
  { heading: 'images', cell: ({ exact }) => exact.test.replace(/\[.*/, '') },
  { heading: 'agreement', align: 'right', cell: ({ exact }) => share(exact.agreement) },
  {
    heading: 'by SGD',
    align: 'right',
    cell: ({ sgd }) => (!sgd ? '' : sgd.agreement === null ? 'diverged' : share(sgd.agreement)),
  },
  { heading: 'with prior', align: 'right', cell: ({ prior }) => (prior ? share(prior.agreement) : '') },
  { heading: 'in span', align: 'right', cell: ({ exact }) => share(exact.inSpanShare, 1) },
  { heading: 'there', align: 'right', cell: ({ exact }) => share(exact.agreementInSpan) },
  { heading: 'R²', align: 'right', cell: ({ exact }) => rSquared(exact.r2) },
  { heading: 'accuracy', align: 'right', cell: ({ exact }) => accuracy(exact) },
];

/** The target's own accuracy, and what is left of it on reconstructed features. */
const accuracy = ({ accuracy: found }: ResultRow): string =>
  found ? `${share(found.original, 1)} → ${share(found.reconstructed, 1)}` : none;

function matrix(rows: readonly ResultRow[]): string {
  const cells = rows.filter(({ prior, from }) => prior === null && from === 'logits');
  const names = [...new Set(cells.map(({ source }) => source))];
  const of = (source: string, target: string): ResultRow | undefined =>
    cells.find((row) => row.source === source && row.target === target);
  return [
    "4  agreement, from every model's logits (down) to every model's features (across)",
    renderTable(
      [
        { heading: '', cell: (name: string) => name },
        ...names.map((target) => ({
          heading: target,
          align: 'right' as const,
          cell: (source: string) => share(of(source, target)?.agreement ?? null),
        })),
      ],
      names,
    ),
  ].join('\n\n');
}
