import {
  definitions,
  publishedFor,
  type PublishedFigure,
  type ResultRow,
  type Results,
  notKnownNotes,
  rowsShown,
  leftOutNotes,
  assumedTransforms,
  otherTransforms,
  spreading,
  unstatedTransforms,
  rankNoteOf,
  seenThrough,
  fittedAndTested,
} from '../results/index.js';
import { classesNamed, count, distinctWarnings, failureInWords, seconds, share } from '../words/index.js';
import { columnsFor } from './columns.js';
import { algebraNote, controlLines, controlsOf, renderControls } from './control.js';
import { intervalNotes } from './exact.js';
import { renderMatrices } from './matrix.js';
import { withShownNames } from './shown-names.js';
import { renderTable } from './table.js';

/** An experiment's answer as text for a terminal: a table for each pair and data set, the published figure beside ours. */
export function renderResults(found: Results): string {
  const results = withShownNames(found);
  const definition = definitions.find(({ id }) => id === results.experiment);
  if (definition?.pairs === 'all') return renderAllPairs(results, definition.title);
  const groups = new Map<string, ResultRow[]>();
  for (const row of results.rows) {
    const heading = `${row.source} → ${row.target}   ${fittedAndTested(row)}`;
    groups.set(heading, [...(groups.get(heading) ?? []), row]);
  }
  const blocks = [`Experiment ${results.experiment} · ${definition?.title ?? ''}`, results.question];
  blocks.push(...seenThrough(results.environment.models), ...leftOut(results));
  for (const [heading, rows] of groups) {
    const shown = rowsShown(rows);
    blocks.push(`${heading}\n${facts(rows[0])}\n\n${renderTable(columnsFor(results.experiment, shown), shown)}`);
    const published = publishedFor(results.experiment, rows[0]);
    const notes = distinctWarnings(rows).map((text) => `! ${text}`);
    const rank = rankNoteOf(rows, results.environment.models);
    if (rank) notes.unshift(rank);
    notes.unshift(
      ...notKnownNotes(rows, shown),
      ...intervalNotes(rows),
      ...controlLines(rows, results.environment.models),
    );
    if (published) notes.unshift(publishedNote(published));
    if (notes.length > 0) blocks.push(notes.join('\n'));
  }
  if (definition?.pairs === 'zero-shot') blocks.push(algebraNote(results.environment.models));
  blocks.push(...transformNotes(results));
  for (const failure of results.failures) blocks.push(`FAILED CHECK: ${failureInWords(failure)}`);
  return blocks.join('\n\n');
}

const leftOut = ({ environment }: Pick<Results, 'environment'>): string[] =>
  leftOutNotes(environment.datasets).map((text) => `! ${text}`);

const transformNotes = ({ rows, environment: { models } }: Pick<Results, 'rows' | 'environment'>): string[] =>
  [
    ...spreading(rows, models),
    ...otherTransforms(models),
    ...assumedTransforms(models),
    ...unstatedTransforms(models),
  ].map((text) => `! ${text}`);

export function publishedNote({ source, target, train, test, mseTotal, accuracy, weights }: PublishedFigure): string {
  if (accuracy !== undefined) {
    return `published: zero-shot accuracy of ${target} with the weights ${weights} on ${test} ${share(accuracy)}, through its own transform; the experiment itself was never finished`;
  }
  return (
    `published: ${source} → ${target}, ${train} → ${test}, by SGD` +
    (mseTotal === null ? '' : `; "MSE total" ${mseTotal}`)
  );
}

/** Experiment 4: matrices for each test set, since a table for each of its pairs would be read by nobody. */
function renderAllPairs({ experiment, question, rows, failures, environment }: Results, title: string): string {
  const blocks = [
    ...[`Experiment ${experiment} · ${title}`, question],
    ...seenThrough(environment.models),
    ...leftOut({ environment }),
  ];
  for (const test of new Set(rows.map((row) => row.test))) {
    const of = rows.filter((row) => row.test === test);
    blocks.push(fittedAndTested(of[0]), renderMatrices(of), ...renderControls(controlsOf(of, environment.models)));
  }
  blocks.push(algebraNote(environment.models));
  if (environment.jointSeconds !== null) {
    blocks.push(`${count(rows.length)} rows; the joint Gram and all maps took ${seconds(environment.jointSeconds)}`);
  }
  blocks.push(...distinctWarnings(rows).map((text) => `! ${text}`));
  blocks.push(...transformNotes({ rows, environment }));
  blocks.push(...failures.map((failure) => `FAILED CHECK: ${failureInWords(failure)}`));
  return blocks.join('\n\n');
}

/** What is the same for all fits of a pair. */
export function facts(row: ResultRow): string {
  const own = row.accuracy ? `, accuracy of the model itself ${share(row.accuracy.original)}` : '';
  const raw =
    row.source === row.target || row.rawAgreement === null
      ? ''
      : `, the models agree of themselves on ${share(row.rawAgreement)}`;
  return `${classesNamed(row.distinctClasses)}, the most frequent ${share(row.majorityShare, 1)}${own}${raw}`;
}
