import { count, FeatReconstructError, type TaskOptions } from '../base/index.js';
import { toRowSource, type RowsLike } from '../tensor/index.js';
import { examineOutputs, type Examination, type ExaminedRows, type OutputKind } from './examine.js';
import { findFacets, rectifiedRowsNeeded } from './rectified.js';
import { fitSphere, noSphere, sphereRowsEnough, sphereRowsNeeded } from './sphere.js';
import { outputSpace, whiten, type OutputSpace } from './whiten.js';

export interface FingerprintOptions extends TaskOptions {
  /** Tries, where there are rows enough, whether a normalisation or rectified features stand before the head. Default true. */
  features?: boolean;
  /** Seeds the starts of the search for rectified features. Default 0. */
  seed?: number;
}

/** What outputs show of the model behind them. Plain: serialises to JSON. */
export interface Fingerprint {
  /** Images. */
  rows: number;
  classes: number;
  kind: OutputKind;
  /** More of the kind: decimals, values shown, number type, copies. */
  outputs: Examination;
  /** Directions that the outputs fill; null without a gap. */
  rank: number | null;
  /** Width of the layer before the head: the rank, or one more where that is a multiple of 8 and the rank is not. */
  hiddenWidth: number | null;
  /** Variance of the last direction kept over that of the first left out. */
  gap: number | null;
  /** Whether a normalised vector has nothing but linear maps between it and the outputs; null where these rows cannot show it. */
  normalised: boolean | null;
  /** Whether a feature was certified that is never negative and often zero; false behind a normalisation, null where it cannot be told. */
  rectified: boolean | null;
  /** Why, in sentences. */
  reasons: string[];
}

/**
 * What a set of outputs (n, c) shows of the model that made them.
 * @throws FeatReconstructError for outputs that no classifier gives (see `examineOutputs`)
 */
export async function fingerprint(outputs: RowsLike, options: FingerprintOptions = {}): Promise<Fingerprint> {
  const rows = toRowSource(outputs, 'the outputs');
  const { distinct, ...seen } = await examineOutputs(rows, options);
  const result: Fingerprint = {
    rows: seen.rows,
    classes: seen.classes,
    kind: seen.kind,
    outputs: seen,
    rank: null,
    hiddenWidth: null,
    gap: null,
    normalised: null,
    rectified: null,
    reasons: [describeKind(seen)],
  };
  if (seen.duplicates > 0) {
    result.reasons.push(
      `${count(seen.duplicates)} of ${count(seen.rows)} rows are copies of others; copies count once.`,
    );
  }
  let space: OutputSpace;
  try {
    space = await outputSpace(rows, seen, options);
  } catch (error) {
    if (!(error instanceof FeatReconstructError)) throw error;
    result.reasons.push(`The hidden width does not show. ${error.message}`);
    return result;
  }
  result.rank = space.rank;
  result.gap = space.gap;
  if (space.rank === null) {
    result.reasons.push(`The hidden width does not show. ${space.reason}`);
    return result;
  }
  result.hiddenWidth = widthOf(space.rank);
  result.reasons.push(
    `The outputs fill ${space.rank} directions and no more: the variance falls ${space.gap!.toExponential(0)} times behind them.`,
  );
  if (result.hiddenWidth !== space.rank) {
    result.reasons.push(
      `Layers are as wide as multiples of 8: ${result.hiddenWidth}, with one direction tied to the others (a layer normalisation ties one) or a feature that is zero on all these images.`,
    );
  }
  if (options.features ?? true) await lookAtFeatures(result, { ...seen, distinct }, rows, space, options);
  return result;
}

const widthOf = (rank: number): number => (rank % 8 === 7 ? rank + 1 : rank);

async function lookAtFeatures(
  result: Fingerprint,
  seen: ExaminedRows,
  rows: ReturnType<typeof toRowSource>,
  space: OutputSpace,
  options: FingerprintOptions,
): Promise<void> {
  const rank = space.rank!;
  const { distinct } = seen;
  const needed = sphereRowsNeeded(rank);
  if (distinct.length < needed) {
    result.reasons.push(
      `Whether a normalisation stands before the head takes ${count(needed)} distinct rows to see; ${count(distinct.length)} are here.`,
    );
  } else {
    const most = Math.min(distinct.length, sphereRowsEnough(rank));
    const keep = Int32Array.from({ length: most }, (_, i) => distinct[Math.floor((i * distinct.length) / most)]);
    const { certificate } = await fitSphere((await whiten(rows, seen, space, keep, options)).h, options);
    result.normalised = certificate.holds;
    result.reasons.push(
      certificate.holds
        ? `The outputs lie on an ellipsoid (residual ${certificate.residual.toExponential(1)}): a normalised vector with nothing but linear maps between it and the outputs. It stands right before the head unless a linear layer lies between.`
        : `No normalisation before the head shows: ${noSphere(certificate)}.`,
    );
    if (certificate.holds) {
      result.rectified = false;
      return;
    }
  }
  if (distinct.length < rectifiedRowsNeeded(rank)) {
    result.reasons.push(
      `Whether rectified features stand before the head takes ${count(rectifiedRowsNeeded(rank))} distinct rows at least; ${count(distinct.length)} are here.`,
    );
    return;
  }
  const whitened = await whiten(rows, seen, space, distinct, options);
  const fit = await findFacets(whitened, { ...options, rounds: 1, starts: 12, enough: 1, most: 1 });
  const { itself } = fit.certifiedAs;
  result.rectified = itself > 0 ? true : null;
  result.reasons.push(
    itself > 0
      ? `Rectified features show: one is never below zero and zero on ${count(fit.certificates[0].zeros)} of these images, and passes every test of a feature.`
      : fit.certificates.length > 0
        ? `Whether rectified features stand before the head cannot be told: a function of the outputs is never below zero and zero on ${count(fit.certificates[0].zeros)} images, but is not told from what is no feature. A whole search (recover) may say more.`
        : `No rectified feature was found in ${fit.starts} descents; more varied images might show one.`,
  );
}

function describeKind({ kind, scale, decimals, topk, precision, classes }: Examination): string {
  if (kind === 'truncated') return `The outputs are ${scale}, the top ${topk} of ${classes} alone.`;
  if (kind === 'rounded') return `The outputs are ${scale} rounded to ${decimals} decimals.`;
  return `The outputs are ${kind}${precision === 'float16' ? ' in float16' : ''}.`;
}
