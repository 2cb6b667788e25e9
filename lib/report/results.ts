import {
  definitions,
  publishedFor,
  shortSpec,
  type PublishedFigure,
  type ResultRow,
  type Results,
} from '../experiments/index.js';
import { brief, count, none, rSquared, seconds, share } from './figures.js';
import { renderMatrices } from './matrix.js';
import { renderTable, type Column } from './table.js';

/** An experiment's answer as text for a terminal: a table for each pair and data set, the published figure beside ours. */
export function renderResults(results: Results): string {
  const definition = definitions.find(({ id }) => id === results.experiment);
  if (definition?.pairs === 'all') return renderAllPairs(results, definition.title);
  const groups = new Map<string, ResultRow[]>();
  for (const row of results.rows) {
    const heading = `${row.source} → ${row.target}   fitted on ${shortSpec(row.train)} (${count(row.nTrain)}), tested on ${shortSpec(row.test)} (${count(row.nTest)})`;
    groups.set(heading, [...(groups.get(heading) ?? []), row]);
  }
  const blocks = [`Experiment ${results.experiment} · ${definition?.title ?? ''}`, results.question];
  for (const [heading, rows] of groups) {
    blocks.push(`${heading}\n${facts(rows[0])}\n\n${renderTable(columnsFor(results.experiment, rows), rows)}`);
    const published = publishedFor(results.experiment, rows[0]);
    const notes = [...new Set(rows.flatMap(({ warnings }) => warnings))].map((text) => `! ${text}`);
    if (published) notes.unshift(publishedNote(published));
    if (notes.length > 0) blocks.push(notes.join('\n'));
  }
  for (const failure of results.failures) blocks.push(`FAILED CHECK: ${failure}`);
  return blocks.join('\n\n');
}

function publishedNote({ source, target, train, test, mseTotal, accuracy }: PublishedFigure): string {
  if (accuracy !== undefined) {
    return `published: zero-shot accuracy of ${target} on ${test} ${share(accuracy)}, through its own transform; ${source} → ${target} was never finished`;
  }
  return (
    `published: ${source} → ${target}, ${train} → ${test}, by SGD` +
    (mseTotal === null ? '' : `; "MSE total" ${mseTotal}`)
  );
}

/** Experiment 4: matrices for each test set, since a table for each of its pairs would be read by nobody. */
function renderAllPairs({ experiment, question, rows, failures, environment }: Results, title: string): string {
  const blocks = [`Experiment ${experiment} · ${title}`, question];
  for (const test of new Set(rows.map((row) => row.test))) {
    const of = rows.filter((row) => row.test === test);
    const [{ train, nTrain, nTest }] = of;
    blocks.push(
      `fitted on ${shortSpec(train)} (${count(nTrain)}), tested on ${shortSpec(test)} (${count(nTest)})`,
      renderMatrices(of),
    );
  }
  if (environment.jointSeconds !== null) {
    blocks.push(`${count(rows.length)} rows; the joint Gram and all maps took ${seconds(environment.jointSeconds)}`);
  }
  blocks.push(...new Set(rows.flatMap(({ warnings }) => warnings).map((text) => `! ${text}`)));
  blocks.push(...failures.map((failure) => `FAILED CHECK: ${failure}`));
  return blocks.join('\n\n');
}

/** What is the same for all fits of a pair. */
function facts(row: ResultRow): string {
  const own = row.accuracy ? `, accuracy of the model itself ${share(row.accuracy.original)}` : '';
  const raw =
    row.source === row.target || row.rawAgreement === null
      ? ''
      : `, the models agree of themselves on ${share(row.rawAgreement)}`;
  return `${count(row.distinctClasses)} classes named, the most frequent ${share(row.majorityShare, 1)}${own}${raw}`;
}

function columnsFor(experiment: number, rows: readonly ResultRow[]): Column<ResultRow>[] {
  const columns: (Column<ResultRow> | null)[] = [
    { heading: 'fit', cell: fitName },
    rows.some(({ from }) => from === 'features') ? { heading: 'read from', cell: (row) => row.from } : null,
    { heading: 'agreement', align: 'right', cell: (row) => share(row.agreement) },
    {
      heading: '95 % interval',
      align: 'right',
      cell: ({ agreementInterval: interval }) =>
        interval ? `${share(interval[0]).slice(0, -2)} – ${share(interval[1])}` : none,
    },
    rows.some(({ from }) => from === 'features')
      ? { heading: 'accuracy', align: 'right', cell: (row) => share(row.accuracy?.reconstructed ?? null) }
      : {
          heading: 'published',
          align: 'right',
          cell: (row) => share(publishedFor(experiment, row)?.agreement ?? null),
        },
    { heading: 'kappa', align: 'right', cell: (row) => (row.kappa === null ? none : row.kappa.toFixed(4)) },
    { heading: 'in span', align: 'right', cell: (row) => share(row.inSpanShare, 1) },
    rows.some(({ inSpanShare }) => inSpanShare !== null && inSpanShare < 1)
      ? { heading: 'agreement there', align: 'right', cell: (row) => share(row.agreementInSpan) }
      : null,
    { heading: 'R²', align: 'right', cell: (row) => rSquared(row.r2) },
    { heading: 'R² row space', align: 'right', cell: (row) => rSquared(row.r2RowSpace) },
    { heading: 'MSE', align: 'right', cell: (row) => brief(row.mse) },
    { heading: 'total/256', align: 'right', cell: (row) => brief(row.mseTotal256) },
    { heading: 'rank', align: 'right', cell: (row) => count(row.rank) },
    { heading: 'time to fit', align: 'right', cell: (row) => seconds(row.seconds.fit) },
  ];
  return columns.filter((column) => column !== null);
}

function fitName({ sgd, prior, alpha }: ResultRow): string {
  if (sgd) return `SGD, ${count(sgd.epochs)} epochs`;
  const ridge = alpha ? `ridge α = ${brief(alpha)}` : 'least squares';
  return prior === 'head' ? `${ridge}, head as prior` : ridge;
}
