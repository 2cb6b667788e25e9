import type { ChoiceWarning, OutputsNote, Warning } from '../words/index.js';
import { rowWarnings } from './row-warnings.js';
import type { CrossValidationRecord, ResultKind, ResultRow, Results } from './types.js';

/**
 * Results of schema 1, in which warnings, failed checks and reasons were sentences. They are read in two steps: the shape is
 * changed before a file is checked (a sentence becomes `{ kind: 'text', text }`), and sentences that data say as well are
 * recognised afterwards. The patterns below are those of that schema, whose texts no longer change.
 */

type Fields = Record<string, unknown>;
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A sentence as a warning. Values of other types stay as they are, for the check to refuse. */
const asText = (value: unknown): unknown => (typeof value === 'string' ? { kind: 'text', text: value } : value);
const each = (value: unknown, change: (item: unknown) => unknown): unknown =>
  Array.isArray(value) ? value.map(change) : value;

/** A file of schema 1, not checked yet, in the shape of schema 2. */
export function fromSchema1(value: Fields): Fields {
  const { rows, crossValidations, failures, leaks } = value;
  return {
    ...value,
    schema: 2,
    kind: kindOf(value),
    rows: each(rows, (row) =>
      isObject(row)
        ? {
            ...row,
            ...('warnings' in row ? { warnings: each(row.warnings, asText) } : {}),
            ...('notKnown' in row ? { notKnown: asText(row.notKnown) } : {}),
          }
        : row,
    ),
    ...(crossValidations === undefined
      ? {}
      : {
          crossValidations: each(crossValidations, (record) =>
            isObject(record) && typeof record.warning === 'string'
              ? { ...record, warning: [asText(record.warning)] }
              : record,
          ),
        }),
    failures: each(failures, asText),
    ...(isObject(leaks) ? { leaks: leaksOf(leaks) } : {}),
  };
}

function leaksOf(leaks: Fields): Fields {
  const { verdict, reason } = leaks;
  const changed = 'reason' in leaks ? { ...leaks, reason: asText(reason) } : leaks;
  if (!isObject(verdict)) return changed;
  const { sentences, ...rest } = verdict;
  return { ...changed, verdict: { ...rest, ...('sentences' in verdict ? { findings: each(sentences, asText) } : {}) } };
}

function kindOf({ leaks, rows }: Fields): ResultKind {
  if (isObject(leaks)) return isObject(leaks.log) ? 'log' : 'audit';
  const all = Array.isArray(rows) ? rows.filter(isObject) : [];
  if (all.some(({ observe }) => typeof observe === 'string')) return 'sweep';
  const isArrays = all.length > 0 && all.every(({ test }) => typeof test === 'string' && test.startsWith('rows:'));
  return isArrays ? 'evaluation' : 'experiment';
}

/** Reasons of a fingerprint as data: early files of schema 2 have them as sentences. */
export function withNotes(results: Results): Results {
  const { leaks } = results;
  if (!leaks) return results;
  const reasons = (leaks.fingerprint.reasons as (OutputsNote | string)[]).map((reason): OutputsNote =>
    typeof reason === 'string' ? { kind: 'text', text: reason } : reason,
  );
  return { ...results, leaks: { ...leaks, fingerprint: { ...leaks.fingerprint, reasons } } };
}

/** Replaces sentences of schema 1 by the data that say the same. The file has been checked before. */
export const recognised = (results: Results): Results => ({
  ...results,
  rows: results.rows.map((row) => ({ ...row, warnings: row.warnings.map((warning) => toldBy(row, warning)) })),
  ...(results.crossValidations ? { crossValidations: results.crossValidations.map(withEdge) } : {}),
});

const patterns: readonly [Warning['kind'], RegExp][] = [
  ['collapse', /one class: agreement is then easy\. Kappa counts that out/],
  ['outside-span', / the span of the training .*: there the data say nothing, and the smallest map is taken\.$/],
  ['not-held-out', / images of .* are in .* too: they were not held out\.$/],
];

function toldBy(row: ResultRow, warning: Warning): Warning {
  if (warning.kind !== 'text') return warning;
  const kind = patterns.find(([, pattern]) => pattern.test(warning.text))?.[0];
  return rowWarnings(row).find((each) => each.kind === kind) ?? warning;
}

const edge = /^The best alpha, (\S+), is the (largest|smallest) of the grid: [^.]*\./;

/** Recognises a choice at an edge of the grid, which a chart marks. */
function withEdge(record: CrossValidationRecord): CrossValidationRecord {
  const [first] = record.warning ?? [];
  const found = first?.kind === 'text' ? edge.exec(first.text) : null;
  if (first?.kind !== 'text' || !found) return record;
  const rest = first.text.slice(found[0].length).trim();
  const warning: ChoiceWarning[] = [
    { kind: 'edge-of-grid', alpha: Number(found[1]), edge: found[2] as 'largest' | 'smallest' },
    ...(rest === '' ? [] : [{ kind: 'text' as const, text: rest }]),
  ];
  return { ...record, warning };
}
