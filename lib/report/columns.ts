import { publishedFor, type ResultRow, onlyKnown, whyNotKnown, fitName } from '../results/index.js';
import { brief, count, none, rSquared, seconds, share, upToOne, type Term } from '../words/index.js';
import { intervalOf } from './exact.js';
import type { Column } from './table.js';

/** The columns of a table of fits that have something in them; all where there are no rows. */
export function columnsFor(experiment: number, rows: readonly ResultRow[]): Column<ResultRow>[] {
  const columns: (Column<ResultRow> | null)[] = [
    rows.some(({ observe }) => observe !== undefined)
      ? { heading: 'shown', cell: ({ observe = 'logits' }) => observe }
      : null,
    rows.some(({ reading }) => reading !== undefined)
      ? { heading: 'read', cell: ({ reading }) => (reading ? readings[reading.by] : none) }
      : null,
    { heading: 'fit', cell: fitName },
    rows.some(({ from }) => from === 'features') ? { heading: 'read from', cell: (row) => row.from } : null,
    {
      heading: 'agreement',
      align: 'right',
      cell: (row) => (whyNotKnown(row) === null ? agreementOf(row) : 'not known'),
    },
    { heading: '95 % interval', align: 'right', spare: 1, cell: intervalOf },
    rows.some(({ from }) => from === 'features')
      ? { heading: 'accuracy', align: 'right', cell: (row) => share(row.accuracy?.reconstructed ?? null) }
      : {
          heading: 'published',
          align: 'right',
          spare: 0.5,
          cell: (row) => share(publishedFor(experiment, row)?.agreement ?? null),
        },
    { heading: 'kappa', align: 'right', detail: true, cell: (row) => upToOne(row.kappa, 4) },
    { heading: 'in span', align: 'right', spare: 3, cell: (row) => share(row.inSpanShare, 1) },
    rows.some(({ inSpanShare }) => inSpanShare !== null && inSpanShare < 1)
      ? { heading: 'agreement there', align: 'right', spare: 2, cell: (row) => share(row.agreementInSpan) }
      : null,
    { heading: 'R²', align: 'right', cell: (row) => rSquared(row.r2) },
    { heading: 'R² row space', align: 'right', spare: 4, cell: (row) => rSquared(row.r2RowSpace) },
    { heading: 'MSE', align: 'right', detail: true, cell: (row) => brief(row.mse) },
    { heading: 'total/256', align: 'right', detail: true, cell: (row) => brief(row.mseTotal256) },
    // With a penalty no direction is cut.
    { heading: 'rank', align: 'right', detail: true, cell: (row) => (row.alpha ? none : count(row.rank)) },
    { heading: 'time to fit', align: 'right', detail: true, cell: (row) => seconds(row.seconds.fit) },
  ];
  const known = columns
    .filter((column) => column !== null)
    .map((column) =>
      column.heading === 'agreement' ? column : { ...column, cell: (row: ResultRow) => column.cell(onlyKnown(row)) },
    );
  return rows.length === 0 ? known : known.filter(({ cell }) => rows.some((row) => cell(row) !== none));
}

/** The columns of a table with all rows of a matrix: what identifies a pair, then those of a table of fits. */
export function matrixColumns(experiment: number): Column<ResultRow>[] {
  const fits = columnsFor(experiment, []);
  const ofFits = (heading: string): Column<ResultRow>[] => fits.filter((column) => column.heading === heading);
  return [
    { heading: 'source', cell: ({ source }) => source },
    { heading: 'target', cell: ({ target }) => target },
    ...ofFits('fit'),
    { heading: 'read from', cell: ({ from }) => from },
    ...ofFits('agreement'),
    ...ofFits('95 % interval'),
    { heading: 'raw', align: 'right', cell: ({ rawAgreement }) => share(rawAgreement) },
    { heading: 'kappa', align: 'right', cell: ({ kappa }) => upToOne(kappa, 4) },
    { heading: 'in span', align: 'right', cell: (row) => share(row.inSpanShare, 1) },
    { heading: 'R²', align: 'right', cell: ({ r2 }) => rSquared(r2) },
    { heading: 'R² row space', align: 'right', cell: ({ r2RowSpace }) => rSquared(r2RowSpace) },
    { heading: 'CKA', align: 'right', cell: ({ cka }) => upToOne(cka, 3) },
    { heading: 'rank', align: 'right', cell: ({ rank }) => count(rank) },
  ];
}

/** How probabilities were read. */
const readings = { plain: 'as shown', log: 'logarithms' };

/** A row's agreement as a cell; SGD that diverged has none. */
export const agreementOf = ({ agreement, sgd }: ResultRow): string =>
  agreement === null && sgd !== null ? 'diverged' : share(agreement);

/** The terms in a table that need an explanation. */
export function termsOf(columns: readonly Column<ResultRow>[], rows: readonly ResultRow[]): Term[] {
  const has = (heading: string): boolean => columns.some((column) => column.heading === heading);
  const terms: (Term | false)[] = [
    'features',
    has('agreement') && 'agreement',
    has('R²') && 'r2',
    has('in span') && 'span',
    has('R² row space') && 'row space',
    rows.some(({ prior }) => prior === 'head') && 'prior',
    rows.some(({ alpha, sgd }) => sgd === null && alpha !== null && alpha > 0) && 'ridge',
    rows.some(({ sgd }) => sgd !== null) && 'sgd',
    has('kappa') && 'kappa',
    has('MSE') && 'mse',
  ];
  return terms.filter((term) => term !== false);
}
