import type { ModelRecord, ResultRow } from '../results/index.js';
import { list, share } from '../words/index.js';
import { pairedDifference, type Difference, by, fitName } from '../results/index.js';
import { renderTable, type Column } from './table.js';

/** A pair of models read from the source's logits and, as the control, from its features, on the same test images. */
export interface Control {
  logits: ResultRow;
  features: ResultRow;
  /** Agreement from features less that from logits. */
  difference: Difference;
  /** The two maps are one, by theorem: the source's head keeps all of its features, and all images lie in the span. */
  same: boolean;
}

/** Every pair of two models that was read both ways, at the same alpha. */
export function controlsOf(rows: readonly ResultRow[], models: readonly ModelRecord[]): Control[] {
  const plain = rows.filter(
    ({ source, target, prior, sgd, observe }) =>
      source !== target && prior === null && sgd === null && observe === undefined,
  );
  return by(plain, ({ source, target, train, test, alpha }) =>
    JSON.stringify([source, target, train, test, alpha]),
  ).flatMap((group) => {
    const [logits, features] = (['logits', 'features'] as const).map((from) => group.find((row) => row.from === from));
    const difference = logits && features ? pairedDifference(features, logits) : null;
    if (!logits || !features || !difference) return [];
    const model = models.find(({ name }) => name === logits.source);
    const same =
      model !== undefined &&
      model.headRank === model.featureDim &&
      [logits, features].every(({ alpha, inSpanShare }) => alpha === 0 && inSpanShare === 1) &&
      logits.outcomes === features.outcomes;
    return [{ logits, features, difference, same }];
  });
}

/** `+1.23 (0.98 to 1.47)`. */
export const inPoints = ({ difference, interval: [low, high] }: Difference): string =>
  `${points(difference)} (${points(low)} to ${points(high)})`;

/** A difference of shares in points, with its sign: `+1.23`. */
export function points(value: number): string {
  const text = Math.abs(100 * value).toFixed(2);
  return Number(text) === 0 ? '0.00' : `${value > 0 ? '+' : '−'}${text}`;
}

const gainOf = ({ same, difference }: Control): string => (same ? '0, exact' : inPoints(difference));

/** What the column of differences means. */
export const controlNote =
  'Features less logits, in points of agreement, with Newcombe’s 95 % interval of paired proportions: both maps are judged on the same images, one by one.';

/** The columns of a table of controls, a pair a row. */
export const controlColumns: readonly Column<Control>[] = [
  { heading: 'source', cell: ({ logits }) => logits.source },
  { heading: 'target', cell: ({ logits }) => logits.target },
  { heading: 'fit', cell: ({ logits }) => fitName(logits) },
  { heading: 'from logits', align: 'right', cell: ({ logits }) => share(logits.agreement) },
  { heading: 'from features', align: 'right', cell: ({ features }) => share(features.agreement) },
  { heading: 'features less logits', align: 'right', cell: gainOf },
];

/** For a terminal: sources whose head keeps everything in one line, the pairs of the others as a table. */
export function renderControls(controls: readonly Control[]): string[] {
  const [same, other] = [controls.filter((each) => each.same), controls.filter((each) => !each.same)];
  const columns = controlColumns.filter(
    ({ heading }) => heading !== 'fit' || new Set(controls.map(({ logits }) => logits.alpha)).size > 1,
  );
  return [
    ...(other.length > 0 ? [`${controlNote}\n\n${renderTable(columns, other)}`] : []),
    ...(same.length > 0 ? [sameNote(same)] : []),
  ];
}

const sameNote = (same: readonly Control[]): string =>
  `From ${list([...new Set(same.map(({ logits }) => logits.source))])} logits and features give one and the same map, by theorem: the head keeps all of the features, so the difference is 0, exactly.`;

/** For a table of one pair: a line for each fit that was read both ways. */
export function controlLines(rows: readonly ResultRow[], models: readonly ModelRecord[]): string[] {
  const controls = controlsOf(rows, models);
  const several = controls.length > 1;
  return controls.map((control) =>
    control.same
      ? `features less logits: 0, exactly: the head keeps all of the features, so both maps are one`
      : `features less logits${several ? ` (${fitName(control.logits)})` : ''}: ${inPoints(control.difference)} points of agreement, on the same images (95 %, paired)`,
  );
}

/**
 * The note on experiments 4 and 5, whose logits are computed as W f + b of the stored features in float64, without the
 * rounding of the logits that models give.
 */
export function algebraNote(models: readonly Pick<ModelRecord, 'headError' | 'logitScale'>[]): string {
  const errors = models.flatMap(({ headError, logitScale }) =>
    headError !== null && logitScale ? headError / logitScale : [],
  );
  const size =
    errors.length === 0 ? '' : `, which are off by up to ${Math.max(...errors).toExponential(0)} of the largest`;
  return `“From logits” is computed here: logits are taken as W f + b of the features and heads, in float64, and not as the models rounded them${size}. A fit on the rounded logits (experiment 2) may turn over a few of 10,000 images.`;
}
