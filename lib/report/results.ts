import { wrap } from '../base/index.js';
import {
  by,
  definitionOf,
  pairName,
  publishedFor,
  type PublishedFigure,
  type ResultRow,
  type Results,
  notKnownNotes,
  rowsShown,
  leftOutNotices,
  modelNotices,
  rankNoteOf,
  seenThrough,
  fittedAndTested,
} from '../results/index.js';
import {
  classesNamed,
  count,
  distinctWarnings,
  failureInWords,
  Glossary,
  noticeInWords,
  seconds,
  share,
} from '../words/index.js';
import { answerOf } from './answer.js';
import { columnsFor, termsOf } from './columns.js';
import { algebraNote, controlLines, controlsOf, renderControls } from './control.js';
import { intervalNotes } from './exact.js';
import { renderMatrices } from './matrix.js';
import { withShownNames } from './shown-names.js';
import { fitting, renderTable } from './table.js';
import { isMatrix } from './shown.js';

/** How wide a terminal is, and how much is to be shown. */
export interface TerminalOptions {
  /** Most characters of a line: text is wrapped, and the columns that matter least are left out. Default: no limit. */
  width?: number;
  /** Every column, every matrix, transforms and ranks too. Default: true. */
  wide?: boolean;
}

/**
 * An experiment's answer as text for a terminal: the answer in a sentence, a table for each pair and data set with the published
 * figure beside ours, what its words mean, and what to know before relying on it.
 */
export function renderResults(found: Results, { width = Infinity, wide = true }: TerminalOptions = {}): string {
  const results = withShownNames(found);
  const { experiment, rows, environment } = results;
  const page = { width, wide, glossary: new Glossary(), wrapped: (text: string) => wrap(text, width).join('\n') };
  const blocks = results.leaks ? [] : [page.wrapped(answerOf(results))];
  blocks.push(...(isMatrix(results) ? allPairs(results, page) : fits(results, page)));
  if (wide) blocks.push(...seenThrough(environment.models));
  if (!isMatrix(results) && definitionOf(experiment)?.computesLogits)
    blocks.push(page.wrapped(algebraNote(environment.models)));
  const warnings = [
    ...leftOutNotices(environment.datasets).map(noticeInWords),
    ...distinctWarnings(rows),
    ...modelNotices(rows, environment.models).map(noticeInWords),
  ];
  // Each once, however many tables it concerns.
  if (warnings.length > 0) blocks.push([...new Set(warnings)].map((text) => hanging('! ', text, width)).join('\n'));
  // Several fits may fail in the same words.
  const failures = new Set(results.failures.map(failureInWords));
  for (const failure of failures) blocks.push(page.wrapped(`FAILED CHECK: ${failure}`));
  return blocks.join('\n\n');
}

interface Terminal extends Required<TerminalOptions> {
  glossary: Glossary;
  wrapped: (text: string) => string;
}

/** Text wrapped after a mark, its further lines indented as far as the mark is wide. */
const hanging = (mark: string, text: string, width: number): string =>
  mark + wrap(text, width - mark.length).join(`\n${' '.repeat(mark.length)}`);

/** Experiments 1 to 3 and 5: a table for each pair and data set. */
function fits({ experiment, rows, environment }: Results, { width, wide, glossary, wrapped }: Terminal): string[] {
  const groups = by(rows, (row) => `${pairName(row)} ${fittedAndTested(row)}`);
  const said = new Set<string>();
  return groups.flatMap((group) => {
    const shown = rowsShown(group);
    const all = columnsFor(experiment, shown);
    const columns = wide ? all : fitting(all, shown, width);
    const published = publishedFor(experiment, group[0]);
    const rank = wide ? rankNoteOf(group, environment.models) : null;
    const notes = [
      ...(published ? [publishedNote(published)] : []),
      ...notKnownNotes(group, shown),
      ...intervalNotes(group),
      ...controlLines(group, environment.models),
      ...(rank ? [rank] : []),
      ...glossary.firstUse(termsOf(columns, shown)),
    ].filter((text) => !said.has(text) && said.add(text));
    return [
      `${wrapped(`${pairName(group[0])}   ${fittedAndTested(group[0])}`)}\n${wrapped(facts(group[0]))}\n\n${renderTable(columns, shown)}`,
      ...(notes.length > 0 ? [notes.map((text) => hanging('', text, width)).join('\n')] : []),
    ];
  });
}

/** Where a published figure comes from, in words. */
export function publishedNote({ source, target, train, test, mseTotal, accuracy, weights }: PublishedFigure): string {
  if (accuracy !== undefined) {
    return `published: zero-shot accuracy of ${target} with the weights ${weights} on ${test} ${share(accuracy)}, through its own transform; the experiment itself was never finished`;
  }
  return (
    `published: ${source} → ${target}, ${train} → ${test}, by SGD` +
    (mseTotal === null ? '' : `; "MSE total" ${mseTotal}`)
  );
}

/** Experiment 4: matrices for each test set, since nobody would read a table for each of its pairs. */
function allPairs({ rows, environment }: Results, { width, wide, glossary, wrapped }: Terminal): string[] {
  const blocks = [...new Set(rows.map((row) => row.test))].flatMap((test) => {
    const of = rows.filter((row) => row.test === test);
    return [
      wrapped(fittedAndTested(of[0])),
      renderMatrices(of, { width, wide }),
      ...(wide ? renderControls(controlsOf(of, environment.models)) : []),
    ];
  });
  blocks.push(
    ...glossary.firstUse(wide ? ['features', 'agreement', 'r2', 'cka'] : ['features', 'agreement']).map(wrapped),
  );
  if (wide) blocks.push(algebraNote(environment.models));
  if (wide && environment.jointSeconds !== null) {
    blocks.push(`${count(rows.length)} rows; the joint Gram and all maps took ${seconds(environment.jointSeconds)}`);
  }
  return blocks;
}

/** The facts that all fits of a pair share. */
export function facts(row: ResultRow): string {
  const own = row.accuracy ? `, accuracy of the model itself ${share(row.accuracy.original)}` : '';
  const raw =
    row.source === row.target || row.rawAgreement === null
      ? ''
      : `, the models’ own answers agree on ${share(row.rawAgreement)}`;
  return `${classesNamed(row.distinctClasses)}, the most frequent ${share(row.majorityShare, 1)}${own}${raw}`;
}
