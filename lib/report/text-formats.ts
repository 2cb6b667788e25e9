import { option, UsageError, visible } from '../base/index.js';
import {
  definitionOf,
  publishedFor,
  type ResultRow,
  type Results,
  notKnownNotes,
  onlyKnown,
  whyNotKnown,
  noticesOf,
  fitLabel,
  fittedAndTested,
  groupRows,
  pairName,
  transformInWords,
  transformNotices,
} from '../results/index.js';
import { findingsInWords, list, noticeInWords, warningInWords } from '../words/index.js';
import { answerOf } from './answer.js';
import { auditTables } from './audit-markdown.js';
import { areAudits, auditedNames, besideInWords } from './audits-beside.js';
import { columnsFor } from './columns.js';
import { algebraNote, controlLines } from './control.js';
import { intervalNotes } from './exact.js';
import { splitNote } from './leaks-section.js';
import { facts, publishedNote } from './results.js';
import { withShownNames } from './shown-names.js';
import { toldApartColumns, toldApartOf, toldApartTitle } from './told-apart.js';

/** A result as Markdown: for an issue, a README, an appendix. */
export function renderMarkdown(found: Results): string {
  const results = withShownNames(found);
  const { experiment, question, rows, environment } = results;
  const log = results.leaks?.log;
  const audited = log?.name ?? (results.leaks ? (environment.models[0]?.name ?? 'a model') : null);
  const title = audited
    ? `What the outputs of ${audited} give away`
    : (definitionOf(experiment)?.title ?? `Experiment ${experiment}`);
  const blocks = [
    ...[`# ${text(title)}`, `_${text(audited ? audits : question)}_`, text(answerOf(results))],
    ...auditTables(results).map((block) =>
      typeof block === 'string'
        ? text(block)
        : [block.headings, block.headings.map(() => ':--'), ...block.rows.map((row) => row.map(text))]
            .map(line)
            .join('\n'),
    ),
  ];
  const notices = noticesOf(results);
  if (notices.length > 0) blocks.push(notices.map((notice) => `- ${text(noticeInWords(notice))}`).join('\n'));
  if (isAlgebra(experiment)) blocks.push(text(algebraNote(environment.models)));
  blocks.push(...splitNote(results).map(text));
  for (const group of groupRows(rows)) {
    const columns = columnsFor(experiment, group);
    const published = publishedFor(experiment, group[0]);
    blocks.push(
      `## ${text(pairName(group[0]))}`,
      text(`F${fittedAndTested(group[0]).slice(1)}; ${facts(group[0])}.`),
      [
        line(columns.map(({ heading }) => heading)),
        line(columns.map(({ align }) => (align === 'right' ? '--:' : ':--'))),
        ...group.map((row) => line(columns.map(({ cell }) => text(cell(row))))),
      ].join('\n'),
    );
    const notes = [...notKnownNotes(group), ...intervalNotes(group), ...controlLines(group, environment.models)];
    blocks.push(...notes.map((note) => text(`${note.charAt(0).toUpperCase()}${note.slice(1)}.`)));
    if (published) blocks.push(`${text(publishedNote(published))}.`);
  }
  if (environment.command !== null) blocks.push(`    ${environment.command.replace(/\s+/g, ' ')}`);
  return `${blocks.join('\n\n')}\n`;
}

/** Several results as Markdown: two audits begin with what is known of both side by side. */
export function renderMarkdownOfAll(found: readonly Results[]): string {
  const each = found.map(renderMarkdown).join('\n');
  const results = found.map(withShownNames);
  if (!areAudits(results)) return each;
  const names = auditedNames(results);
  const apart = toldApartOf(results);
  const blocks = [
    `# What the outputs of ${text(list(names))} give away`,
    ...besideInWords(results, names).map(text),
    ...(apart
      ? [
          `## ${toldApartTitle}`,
          [
            line(toldApartColumns.map(({ heading }) => heading)),
            line(toldApartColumns.map(({ align }) => (align === 'right' ? '--:' : ':--'))),
            ...apart.map((row) => line(toldApartColumns.map(({ cell }) => text(cell(row))))),
          ].join('\n'),
        ]
      : []),
  ];
  return `${blocks.join('\n\n')}\n\n${each}`;
}

/** The question of an audit. */
const audits = 'What do a model’s outputs give away of its features?';

/** Whether the logits of its fits are computed from features and heads. */
const isAlgebra = (experiment: number): boolean => definitionOf(experiment)?.computesLogits === true;

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/**
 * Escapes what Markdown or HTML would interpret, and what GitHub links or typesets by itself (addresses, mentions,
 * formulas), and keeps a text on one line.
 */
const text = (value: string): string =>
  visible(value.replace(/\s+/g, ' '))
    .replace(/[\\`*_{}[\]<>|#~&$@]/g, (character) => `\\${character}`)
    .replace(/:(?=\/\/)|(?<=www)\./gi, (character) => `\\${character}`)
    // Otherwise the text would begin a list.
    .replace(/^ ?(\d*)([-+.)])(?= )/, '$1\\$2');

/**
 * All rows of all results as CSV (RFC 4180): unrounded figures, shares between 0 and 1, nothing where a figure is null or
 * says nothing (`notKnown` has the reason). A cell is one number or one text: an interval has two columns, `agreementLow` and
 * `agreementHigh`, tenths of images by margin ten, objects are spread (`seconds.fit`). The outcome of each image is in
 * results.json alone. `transform` is how images became the models' inputs.
 * A result without rows, as of a log, has one line: what its outputs show.
 * @throws UsageError for results that have neither
 * @param names what the column `result` calls each result, such as its folder; default: its number
 */
export function renderCsv(results: readonly Results[], names: readonly string[] = []): string {
  const lines = results.flatMap(({ experiment, rows, leaks, environment }, i) => {
    const name = names[i] ?? i + 1;
    if (rows.length === 0)
      return leaks ? [flat({ result: name, ...shownAlone(leaks, environment.command !== null) })] : [];
    return rows.map((row) => {
      const { warnings, ...figures } = plain(row);
      const models = environment.models.filter(({ name }) => name === row.source || name === row.target);
      const told = [...warnings, ...transformNotices(models).map(noticeInWords)].join(' | ');
      return flat({
        ...{ result: name, experiment, fit: fitLabel(row), ...figures, warnings: told },
        ...{ transform: transformsOf(models), ...keptOut(row, leaks) },
      });
    });
  });
  if (lines.length === 0) {
    throw new UsageError(
      `Expected results with figures for CSV, found none with a row: ${option('renderReport', '`report` without --format')} makes the page, which says what was found.`,
    );
  }
  const all = [...new Set(lines.flatMap((each) => Object.keys(each)))];
  // What is null in one row and spread in another has no column of its own.
  const columns = all.filter((name) => !all.some((other) => other.startsWith(`${name}.`)));
  return [columns, ...lines.map((each) => columns.map((name) => field(each[name])))]
    .map((cells) => `${cells.join(',')}\r\n`)
    .join('');
}

/** What outputs show alone, as cells: of a log there is nothing else. */
function shownAlone({ fingerprint, recovery, verdict, log }: NonNullable<Results['leaks']>, flags: boolean): object {
  const { rows, classes, kind, rank, hiddenWidth, gap, normalised, rectified } = fingerprint;
  return {
    log: log?.name ?? null,
    outputs: { rows, classes, kind, rank, gap, leastWidth: hiddenWidth, normalised, rectified },
    recovered: recovery?.certified
      ? { kind: recovery.kind, features: recovery.features, stopped: recovery.cut, seconds: recovery.seconds }
      : { kind: null },
    level: verdict.level,
    findings: findingsInWords(verdict.findings, flags),
  };
}

/** The transform of a row's models: one where they share it, else one for each. */
function transformsOf(models: Results['environment']['models']): string | null {
  const known = models.flatMap(({ name, transform }) =>
    transform ? [{ name, text: transformInWords(transform) }] : [],
  );
  const texts = [...new Set(known.map(({ text: each }) => each))];
  return texts.length <= 1 ? (texts[0] ?? null) : known.map(({ name, text: each }) => `${name}: ${each}`).join(' | ');
}

/** The figures of a row as cells; its warnings are sentences, for whoever opens the table. */
function plain(row: ResultRow): Record<string, unknown> & { warnings: string[] } {
  const reason = whyNotKnown(row);
  const { agreementInterval, agreementByMargin, warnings, sgd, ...rest } = onlyKnown(row);
  // Of what is exact nothing was estimated.
  const [agreementLow, agreementHigh] = rest.exact === undefined ? (agreementInterval ?? []) : [];
  return {
    ...Object.fromEntries(
      Object.entries({ ...rest, ...(reason === null ? {} : { notKnown: reason }) }).flatMap(([key, value]) =>
        key === 'outcomes'
          ? []
          : key === 'agreement'
            ? [
                [key, value],
                ['agreementLow', agreementLow],
                ['agreementHigh', agreementHigh],
              ]
            : [[key, value]],
      ),
    ),
    ...Object.fromEntries(agreementByMargin.map(({ agreement }, i) => [`agreementByMargin.${i + 1}`, agreement])),
    // `false`, the data's own order, is not a seed.
    sgd: sgd === null ? null : { ...sgd, shuffle: sgd.shuffle === false ? null : sgd.shuffle },
    warnings: warnings.map(warningInWords),
  };
}

/** What an audit read off the interface of a row, and what that costs: over all splits, while the row is of one. */
function keptOut({ observe = 'logits', prior }: ResultRow, leaks: Results['leaks']): object {
  const found = prior === null ? leaks?.interfaces?.find((each) => each.observe === observe) : undefined;
  if (!found) return {};
  const { read, cost } = found;
  const [low, high] = read?.interval ?? [null, null];
  const isKnown = read !== null && read.kind !== 'not-shown';
  const apart = leaks?.toldApart?.answers?.find((each) => each.observe === observe);
  return {
    readOff: { kind: read?.kind ?? null, r2: isKnown ? read.r2 : null, low, high },
    sameTop: cost.sameTop,
    ...(apart ? { toldApart: { differ: apart.differ, images: apart.images } } : {}),
  };
}

/** Nested fields as one level, their names joined by points. */
function flat(value: object, before = ''): Record<string, unknown> {
  const entries = Object.entries(value).map(([key, item]: [string, unknown]): Record<string, unknown> => {
    const name = before + key;
    const isObject = typeof item === 'object' && item !== null && !Array.isArray(item);
    return isObject ? flat(item, `${name}.`) : { [name]: item };
  });
  return Object.assign({}, ...entries) as Record<string, unknown>;
}

/** A cell of CSV. An apostrophe marks a text that a spreadsheet would take for a formula. */
function field(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = Array.isArray(value) ? value.join(' | ') : (value as string);
  const written = text.replace(/^(?=[=+\-@\t\r])/, "'");
  return /[",\r\n]/.test(written) ? `"${written.replaceAll('"', '""')}"` : written;
}
