import type { RowSource, RowsLike } from '../tensor/index.js';
import { describeCarried, describeShared, stackedNote, supportedSpace, type CarriedRows } from './carried.js';
import { some } from '../words/index.js';
import { plain, type Examination, type ExaminedRows, type OutputKind } from './examine.js';
import { count, NotShownError, type TaskOptions } from '../base/index.js';
import { lookAt, type Look } from './look.js';
import { findFacets, rectifiedRowsNeeded } from './rectified.js';
import { fitSphere, noSphere, sphereRowsEnough, sphereRowsNeeded } from './sphere.js';
import { hiddenIn, withoutZeros, type Usable } from './usable.js';
import { storedAs, whiten, type OutputSpace } from './whiten.js';

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
  /**
   * Least width of the layer before the head: the rank, or one more where that is a multiple of 8 and the rank is not. A
   * layer is wider where its features are tied to one another or some are never on.
   */
  hiddenWidth: number | null;
  /** Variance of the last direction kept over that of the first left out. */
  gap: number | null;
  /** Whether a normalised vector has nothing but linear maps between it and the outputs; null where these rows cannot show it. */
  normalised: boolean | null;
  /** Whether a feature was certified that is never negative and often zero; false behind a normalisation, null where it cannot be told. */
  rectified: boolean | null;
  /** Rows that alone carry directions of the space; they are left out of the rank. Absent where there are none. */
  carried?: CarriedRows;
  /** Why, in sentences. */
  reasons: string[];
}

/**
 * What a set of outputs (n, c) shows of the model that made them.
 * @throws FeatReconstructError for outputs that no classifier gives (see `examineOutputs`)
 */
export const fingerprint = async (outputs: RowsLike, options: FingerprintOptions = {}): Promise<Fingerprint> =>
  fingerprintOf(await lookAt(outputs, options), options);

/** The same of outputs that have been examined. */
export async function fingerprintOf(look: Look, options: FingerprintOptions = {}): Promise<Fingerprint> {
  const { rows, seen: examined } = look;
  const seen = plain(examined);
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
  if (examined.equalColumns.length > 0) {
    result.reasons.push(
      `Columns ${some(examined.equalColumns.map(([a, b]) => `${a} and ${b}`))} (counted from 0) are equal in every row: copies, or classes that the model does not tell apart.`,
    );
  }
  if (seen.clipped !== undefined) {
    result.reasons.push(
      `${(100 * seen.clipped).toFixed(1)} % of the values are equal to the largest or the smallest of all: they look clipped, and what was cut off no linear layer made.`,
    );
  }
  let usable: Usable;
  let space: OutputSpace;
  let kept: ExaminedRows;
  try {
    usable = withoutZeros(rows, examined);
    if (usable.note) result.reasons.push(usable.note);
    const supported =
      usable.rows === rows ? await look.space() : await supportedSpace(usable.rows, usable.seen, options);
    space = supported.space;
    kept = supported.seen;
    if (supported.carried) {
      result.carried = usable.inFile(supported.carried);
      result.reasons.push(`${describeCarried(result.carried, seen.classes)} The width is that of the others.`);
    }
    if (supported.shared) result.reasons.push(describeShared(usable.inFile(supported.shared)));
  } catch (error) {
    if (!(error instanceof NotShownError)) throw error;
    result.reasons.push(`The hidden width does not show. ${hiddenIn(seen)}`);
    return result;
  }
  const stacked = await stackedNote(usable.rows, usable.seen, space.rank, options);
  if (stacked) result.reasons.push(stacked);
  result.rank = space.rank;
  result.gap = space.gap;
  if (space.rank === null) {
    result.reasons.push(`The hidden width does not show. ${space.reason}`);
    return result;
  }
  result.hiddenWidth = widthOf(space.rank);
  result.reasons.push(
    `The outputs span exactly ${space.rank} dimensions; beyond them the variance drops by a factor of ${space.gap!.toExponential(0)}.`,
  );
  if (result.hiddenWidth !== space.rank) {
    result.reasons.push(
      `Layer widths are usually multiples of 8, so this one is taken as ${result.hiddenWidth}: a layer normalisation ties one direction to the others, or one feature is zero on all these images.`,
    );
  }
  if (options.features ?? true) await lookAtFeatures(result, kept, usable.rows, space, options);
  return result;
}

const widthOf = (rank: number): number => (rank % 8 === 7 ? rank + 1 : rank);

/** Directions up to which all functions are looked for, as `recoverFeatures` does. */
const mostSearched = 32;

async function lookAtFeatures(
  result: Fingerprint,
  seen: ExaminedRows,
  rows: RowSource,
  space: OutputSpace,
  options: FingerprintOptions,
): Promise<void> {
  const rank = space.rank!;
  const { distinct } = seen;
  const needed = sphereRowsNeeded(rank);
  if (distinct.length < needed) {
    result.reasons.push(
      `To see whether a normalisation stands before the head takes ${count(needed)} distinct rows; there are ${count(distinct.length)}.`,
    );
  } else {
    const most = Math.min(distinct.length, sphereRowsEnough(rank));
    const keep = Int32Array.from({ length: most }, (_, i) => distinct[Math.floor((i * distinct.length) / most)]);
    const { certificate } = await fitSphere((await whiten(rows, seen, space, keep, options)).h, options);
    result.normalised = certificate.holds;
    result.reasons.push(
      certificate.holds
        ? `The outputs lie on an ellipsoid (residual ${certificate.residual.toExponential(1)}): a normalised vector with nothing but linear maps between it and the outputs. It stands right before the head unless a linear layer is between the two.`
        : `No normalisation before the head shows: ${noSphere(certificate)}.`,
    );
    if (certificate.holds) {
      result.rectified = false;
      return;
    }
  }
  if (distinct.length < rectifiedRowsNeeded(rank)) {
    result.reasons.push(
      `To see whether rectified features stand before the head takes at least ${count(rectifiedRowsNeeded(rank))} distinct rows; there are ${count(distinct.length)}.`,
    );
    return;
  }
  const whitened = await whiten(rows, seen, space, distinct, options);
  // Data that no layer made (mixed images, images at many brightnesses) may have more functions than directions, which
  // refutes all of them, and shows once they are found. In wide layers a search for all of them takes too long here.
  const few = { rounds: 1, starts: 12, enough: 1, most: 2 };
  const isSearched = rank <= mostSearched;
  const fit = await findFacets(whitened, { ...options, ...(isSearched ? {} : few) });
  const { itself } = fit.certifiedAs;
  result.rectified = itself > 0 ? true : null;
  result.reasons.push(
    itself > 0
      ? `There are rectified features: one is never below zero, is zero on ${count(fit.certificates[0].zeros)} of these images, and passes every test of a feature${isSearched ? '' : ' that does not need all the others (recover runs those too)'}.`
      : fit.certificates.length > 0
        ? `It is not known whether rectified features stand before the head: a function of the outputs is never below zero and is zero on ${count(fit.certificates[0].zeros)} images, but it need not be a feature. A full search (recover) may say more.`
        : `No rectified feature was found in ${fit.starts} descents; more varied images might show one.`,
  );
}

function describeKind(seen: Examination): string {
  const { kind, decimals, topk, precision, classes, storage, percent } = seen;
  const scale = percent ? 'percentages (probabilities times 100)' : seen.scale;
  if (kind === 'truncated') return `The outputs are ${scale}, only the top ${topk} of ${classes}.`;
  if (storage) return `The outputs are ${scale}. ${storedAs(seen)}.`;
  if (kind === 'rounded') return `The outputs are ${scale} rounded to ${decimals} decimals.`;
  return `The outputs are ${scale}${precision === 'float16' ? ' in float16' : ''}.`;
}
