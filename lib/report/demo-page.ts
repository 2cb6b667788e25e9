import { wrap } from '../base/index.js';
import { type ModelRecord, type ResultRow, type Results } from '../results/index.js';
import { count, findingsInWords, Glossary, none, rSquared, share, warningInWords } from '../words/index.js';
import { agreementOf } from './columns.js';
import { withShownNames } from './shown-names.js';
import { renderTable, type Column } from './table.js';

/** Most columns of a line. */
const WIDTH = 80;
const INDENT = '   ';

/** A pair of models on one test set, with each of its fits. */
interface Line {
  exact: ResultRow;
  prior?: ResultRow;
  sgd?: ResultRow;
}

/**
 * The demo's results as text of at most 80 columns: each experiment under its number, with its question, its table and
 * what is to be seen in it.
 */
export function renderDemo(found: readonly Results[]): string {
  const results = found.map(withShownNames);
  const models = new Map(results.flatMap(({ environment }) => environment.models.map((model) => [model.name, model])));
  return results.flatMap((each) => sectionOf(each, models)).join('\n\n');
}

function sectionOf(results: Results, models: ReadonlyMap<string, ModelRecord>): string[] {
  if (results.leaks) {
    return [
      `Audit  What ${results.environment.models.map(({ name }) => short(name)).join()}'s outputs give away by themselves`,
      findingsInWords(results.leaks.verdict.findings, results.environment.command !== null)
        .map((text) => paragraph(text, ' * '))
        .join('\n'),
    ];
  }
  const lines = linesOf(results.rows);
  switch (results.experiment) {
    case 1:
      return [
        '1  Can features be read back from the logits of the same model?',
        table(ownColumns(models), lines),
        paragraph(ownNote(lines)),
      ];
    case 2:
      return [
        "2  And another model's features?",
        table(
          pairColumns,
          lines.filter(({ exact }) => exact.source !== exact.target),
        ),
        paragraph(acrossNote),
      ];
    case 3:
      return [
        '3  The same on images of another kind, smaller and more crowded',
        table(shiftColumns, lines),
        paragraph(spanNote),
      ];
    case 4:
      return ["4  Every model's logits (down) to every model's features (across): agreement", matrix(results.rows)];
    default:
      return [
        '5  From logits into the embeddings of an image tower, judged by class embeddings',
        table(pairColumns, lines),
        paragraph(warningInWords({ kind: 'made-tower' })),
      ];
  }
}

const acrossNote =
  "No linear map gives another model's features exactly. The one with the smallest error on the images fitted on need " +
  'not have the highest agreement on others.';

const spanNote =
  'In span: the share of images whose logits are in the span of the training logits; there: the agreement on them. Fitted ' +
  'on fewer images than the logits have directions, the data say nothing about the others, and a prior decides: the ' +
  "model's own head is one that is right everywhere.";

/** What the columns of the first table mean; the recipe's settings are those of the run. */
function ownNote(lines: readonly Line[]): string {
  const settings = lines.find(({ sgd }) => sgd)?.sgd?.sgd;
  return (
    `${new Glossary().firstUse(['agreement', 'r2']).join(' ')} By SGD: the published recipe` +
    (settings
      ? ` (${settings.epochs} epochs, batches of ${settings.batchSize}, rate ${settings.learningRate}, momentum ${settings.momentum})`
      : '') +
    ", beside exact least squares. Accuracy: the model's own, and on the features read back."
  );
}

function linesOf(rows: readonly ResultRow[]): Line[] {
  const pairs = new Map<string, ResultRow[]>();
  for (const row of rows) {
    const pair = JSON.stringify([row.source, row.target, row.train, row.test]);
    pairs.set(pair, [...(pairs.get(pair) ?? []), row]);
  }
  return [...pairs.values()].map((of) => ({
    exact: of.find(({ prior, sgd, from }) => prior === null && sgd === null && from === 'logits')!,
    prior: of.find(({ prior }) => prior === 'head'),
    sgd: of.find(({ sgd }) => sgd !== null),
  }));
}

const source: Column<Line> = { heading: 'model', cell: ({ exact }) => short(exact.source) };
const agreement: Column<Line> = { heading: 'agreement', align: 'right', cell: ({ exact }) => share(exact.agreement) };
const bySgd: Column<Line> = {
  heading: 'by SGD',
  align: 'right',
  cell: ({ sgd }) => (sgd ? agreementOf(sgd) : none),
};
const variance: Column<Line> = { heading: 'R²', align: 'right', cell: ({ exact }) => rSquared(exact.r2) };

/** The target's own accuracy, and what is left of it on reconstructed features. */
const accuracy: Column<Line> = {
  heading: 'accuracy',
  align: 'right',
  cell: ({ exact: { accuracy: found } }) =>
    found ? `${share(found.original, 1)} → ${share(found.reconstructed, 1)}` : none,
};

const ownColumns = (models: ReadonlyMap<string, ModelRecord>): Column<Line>[] => [
  source,
  { heading: 'features', align: 'right', cell: ({ exact }) => String(models.get(exact.target)!.featureDim) },
  { heading: 'logits', align: 'right', cell: ({ exact }) => String(models.get(exact.source)!.classCount) },
  agreement,
  bySgd,
  variance,
  accuracy,
];

const pairColumns: Column<Line>[] = [
  { heading: 'logits of', cell: ({ exact }) => short(exact.source) },
  { heading: 'features of', cell: ({ exact }) => short(exact.target) },
  agreement,
  bySgd,
  variance,
  accuracy,
];

const shiftColumns: Column<Line>[] = [
  source,
  { heading: 'fitted on', align: 'right', cell: ({ exact }) => count(exact.nTrain) },
  agreement,
  bySgd,
  { heading: 'in span', align: 'right', cell: ({ exact }) => share(exact.inSpanShare, 1) },
  { heading: 'there', align: 'right', cell: ({ exact }) => share(exact.agreementInSpan) },
  { heading: 'head as prior', align: 'right', cell: ({ prior }) => (prior ? share(prior.agreement) : none) },
];

function matrix(rows: readonly ResultRow[]): string {
  const cells = rows.filter(({ prior, from }) => prior === null && from === 'logits');
  const names = [...new Set(cells.map((row) => row.source))];
  const of = (from: string, to: string): ResultRow | undefined =>
    cells.find((row) => row.source === from && row.target === to);
  const columns: Column<string>[] = names.map((target) => ({
    heading: short(target),
    align: 'right',
    cell: (name) => share(of(name, target)?.agreement ?? null),
  }));
  return table([{ heading: '', cell: short }, ...columns], names);
}

/** `demo_resnet` is the `resnet` here. */
const short = (name: string): string => name.replace(/^demo_/, '');

const table = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string =>
  renderTable(columns, rows).replace(/^/gm, INDENT);

/** Wrapped, and set in from the left. */
const paragraph = (text: string, first = INDENT): string =>
  wrap(text, WIDTH - INDENT.length)
    .map((line, i) => (i === 0 ? first : INDENT) + line)
    .join('\n');
