import type { MapEvaluation } from '../evaluate/index.js';
import type { CrossValidation, Span } from '../fit/index.js';
import { whyUnknown, type Failure, type NotKnown, type RowWarning, type Warning } from '../words/index.js';
import type { LinearMap } from '../tensor/index.js';
import { rowWarnings, encodeOutcomes } from '../results/index.js';
import type { Prior, ResultRow } from '../results/index.js';
import type { Reads } from './reading.js';

/** One fitted map with what is needed to judge it. */
export interface Fit {
  map: LinearMap;
  prior: Prior;
  solver: string;
  alpha: number | null;
  rank: number | null;
  gap: number | null;
  condition: number | null;
  seconds: number;
  /** The span of the training logits; absent where a part of them was hidden. */
  span?: Span;
  /** What was shown of the logits, where that was not all. */
  observe?: string;
  /** How what was shown is read, where there is more than one way. */
  reading?: ResultRow['reading'];
  /** What the map reads of the source, where that is not its logits. */
  reads?: Reads;
  /** How alpha was chosen, where it was. */
  crossValidation?: CrossValidation;
  /** About the fit itself. */
  warnings: Warning[];
  sgd: ResultRow['sgd'];
  /** SGD only: it ended in NaN, there is no map to judge. */
  diverged: boolean;
}

type RowContext = Pick<
  ResultRow,
  | 'source'
  | 'target'
  | 'train'
  | 'test'
  | 'from'
  | 'nTrain'
  | 'nTest'
  | 'variations'
  | 'overlap'
  | 'rawAgreement'
  | 'seconds'
> & {
  /** A sweep or an audit: numbers that a map reads. Its rows are of what outputs give away. */
  outputs?: number;
} & Pick<ResultRow, 'exact'> &
  Partial<Pick<ResultRow, 'pinvAgreement' | 'cka' | 'procrustesError'>>;

/** Puts a fit and its evaluation into one row of results. */
export function resultRow(fit: Fit, evaluation: MapEvaluation | null, context: RowContext): ResultRow {
  const { agreement, reconstruction, span } = evaluation ?? {};
  const row: ResultRow = {
    source: context.source,
    target: context.target,
    train: context.train,
    test: context.test,
    from: context.from,
    ...(fit.observe === undefined ? {} : { observe: fit.observe }),
    ...(fit.reading === undefined ? {} : { reading: fit.reading }),
    nTrain: context.nTrain,
    nTest: context.nTest,
    ...((context.variations ?? 1) > 1 ? { variations: context.variations } : {}),
    overlap: context.overlap,
    agreed: agreement?.agreed ?? null,
    agreement: agreement?.agreement ?? null,
    outcomes: evaluation ? encodeOutcomes(evaluation.originalClass, evaluation.reconstructedClass) : null,
    agreementInterval: agreement?.interval ?? null,
    ...(context.exact ? { exact: context.exact } : {}),
    topkAgreement: agreement?.topk ?? {},
    inSpanShare: span?.share ?? null,
    agreementInSpan: span?.agreement ?? null,
    agreementByMargin: evaluation?.agreementByMargin ?? [],
    kappa: agreement?.kappa ?? null,
    majorityShare: agreement?.majorityShare ?? null,
    distinctClasses: agreement?.distinctClasses ?? null,
    ties: agreement?.ties ?? null,
    rawAgreement: context.rawAgreement,
    pinvAgreement: context.pinvAgreement ?? null,
    cka: context.cka ?? null,
    procrustesError: context.procrustesError ?? null,
    accuracy: evaluation?.accuracy ?? null,
    mse: reconstruction?.mse ?? null,
    mseTotal256: reconstruction?.mseTotal256 ?? null,
    mseTotal16: reconstruction?.mseTotal16 ?? null,
    variance: reconstruction?.variance ?? null,
    r2: reconstruction?.r2 ?? null,
    r2RowSpace: reconstruction?.r2RowSpace ?? null,
    r2NullSpace: reconstruction?.r2NullSpace ?? null,
    r2PerFeature: reconstruction?.r2PerFeature ?? null,
    rank: fit.rank,
    gap: fit.gap,
    condition: fit.condition,
    alpha: fit.alpha,
    prior: fit.prior,
    solver: fit.solver,
    sgd: fit.sgd,
    seconds: context.seconds,
    warnings: [],
  };
  const notKnown = context.outputs === undefined ? null : whyRowIsUnknown(row, context.outputs);
  if (notKnown !== null) row.notKnown = notKnown;
  row.warnings = [...fit.warnings, ...choiceWarnings(fit, row), ...rowWarnings(row)];
  return row;
}

/** The warnings of cross-validation on its choice. */
function choiceWarnings({ crossValidation, prior }: Fit, { source, target, from }: ResultRow): RowWarning[] {
  if (!crossValidation?.warning) return [];
  return [{ kind: 'choice', source, target, from, prior, found: crossValidation.warning }];
}

/**
 * Why a row does not say what an interface gives away; null where it does, and for SGD and fits with a prior, which
 * read none.
 */
function whyRowIsUnknown(row: ResultRow, outputs: number): NotKnown | null {
  const { observe = 'logits', r2, nTrain, variations = 1, prior, alpha } = row;
  if (prior !== null || r2 === null || alpha === null) return null;
  return whyUnknown({ observe, r2, fitted: Math.floor(nTrain / variations), penalised: alpha > 0 }, outputs);
}

/**
 * A model's own image inside the span, with a top-2 margin that rounding cannot explain, must keep its class: least
 * squares reproduces a model's own logits exactly there. Where it does not, a tap, a head or a solver is wrong.
 */
export function failuresOf(row: ResultRow, { violations }: MapEvaluation): Failure[] {
  if (
    row.source !== row.target ||
    row.from !== 'logits' ||
    row.observe !== undefined ||
    row.solver === 'sgd' ||
    row.alpha !== 0
  )
    return [];
  if (violations.length === 0) return [];
  const { row: first, margin } = violations[0];
  return [{ kind: 'class-changed', model: row.source, test: row.test, images: violations.length, row: first, margin }];
}
