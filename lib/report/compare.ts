import {
  publishedFor,
  type ResultRow,
  type Results,
  onlyKnown,
  pairedDifference,
  by,
  fitName,
  pairName,
  readBy,
} from '../results/index.js';
import { none, share, shortSpec } from '../words/index.js';
import { mostShown } from './shown.js';
import { markup, type Markup } from './html.js';
import { table } from './html-table.js';
import { inPoints, points } from './control.js';
import type { Column } from './table.js';

/** The same fit of the same pair in two results or more. */
interface Line {
  row: ResultRow;
  /** The row of each result, in their order; undefined where a result has none. */
  of: (ResultRow | undefined)[];
}

/**
 * Several results of one experiment side by side, fit by fit, compared with the first of them; null where no two are of the
 * same experiment, since then no fits are the same.
 */
export function comparison(found: readonly Results[]): Markup | null {
  const kinds = by(found, ({ experiment, leaks }) => (leaks ? 'audit' : String(experiment))).filter(
    (group) => group.length > 1,
  );
  if (kinds.length === 0) return null;
  const note =
    'Differences are later less first, in points, with Newcombe’s 95 % interval of paired proportions: both are of the same test images, one by one. Where the images differ, or a result is of a version that kept no outcomes, no interval is given.';
  return markup`<section><h2>Side by side</h2>
    ${kinds.map((results) => {
      const lines = linesOf(results);
      return lines.length === 0
        ? markup`<p>No fit of the same kind and pair on the same test set stands in two of these results.</p>`
        : markup`<p class="note">${note}</p>
          ${table(columnsOf(found, results, lines), [{ heading: null, rows: lines.slice(0, mostShown) }], { label: 'Results side by side' })}`;
    })}
  </section>`;
}

/**
 * The fits that two results or more have: of the same models, test set and kind. Training sets and transforms may differ,
 * and so may alpha, unless a result has several.
 */
function linesOf(results: readonly Results[]): Line[] {
  const rows = results.flatMap((each, result) => each.rows.map((row) => ({ row: onlyKnown(row), result })));
  const kind = ({ row: { source, target, test, from, observe, prior, sgd } }: { row: ResultRow }): string =>
    JSON.stringify([source, target, test, from, observe, prior, sgd !== null]);
  const grids = new Set(
    by(rows, (each) => `${each.result} ${kind(each)}`)
      .filter((group) => group.length > 1)
      .map(([first]) => kind(first)),
  );
  return by(rows, (each) => (grids.has(kind(each)) ? `${each.row.alpha} ${kind(each)}` : kind(each)))
    .map((group) => ({
      row: group[0].row,
      of: results.map((_, result) => group.find((each) => each.result === result)?.row),
    }))
    .filter(({ of }) => of.filter(Boolean).length > 1);
}

/** The names of a fit in the results; one name where all have the same. */
const fitsOf = ({ row, of }: Line): string =>
  [...new Set(of.flatMap((each) => (each ? [fitName(each)] : [])))].join(' / ') + readBy(row);

function columnsOf(found: readonly Results[], results: readonly Results[], lines: readonly Line[]): Column<Line>[] {
  const published = (row: ResultRow): number | null => publishedFor(results[0].experiment, row)?.agreement ?? null;
  const names = results.map((each) => `result ${found.indexOf(each) + 1}`);
  return [
    { heading: 'models', cell: ({ row }) => pairName(row) },
    { heading: 'tested on', cell: ({ row }) => shortSpec(row.test) },
    { heading: 'fit', cell: fitsOf },
    ...(lines.some(({ row }) => published(row) !== null)
      ? [{ heading: 'published', align: 'right' as const, cell: ({ row }: Line) => share(published(row)) }]
      : []),
    ...names.flatMap((name, i): Column<Line>[] => [
      { heading: name, align: 'right', cell: ({ of }) => share(of[i]?.agreement ?? null) },
      ...(i === 0
        ? []
        : [
            {
              heading: `less first (95 %)`,
              align: 'right' as const,
              cell: ({ of }: Line) => differenceOf(results, of, i),
            },
          ]),
    ]),
  ];
}

function differenceOf(results: readonly Results[], of: Line['of'], i: number): string {
  const [first, later] = [of[0], of[i]];
  if (!first || !later || first.agreement === null || later.agreement === null) return none;
  const sameImages = digestOf(results[0], first.test) === digestOf(results[i], later.test);
  const paired = sameImages ? pairedDifference(later, first) : null;
  return paired ? inPoints(paired) : points(later.agreement - first.agreement);
}

const digestOf = ({ environment }: Results, test: string): string | undefined =>
  environment.datasets.find(({ spec }) => spec === test)?.digest;
