import type { RowSource, RowsLike } from '../tensor/index.js';
import type { OutputsNote } from '../words/index.js';
import { stackedNote, supportedSpace, type CarriedRows } from './carried.js';
import { plain, type Examination, type ExaminedRows, type OutputKind } from './examine.js';
import { evenlyOf, NotShownError, type TaskOptions } from '../base/index.js';
import type { LeaveOut } from './left-out.js';
import { lookAt, type Look } from './look.js';
import { findFacets, rectifiedRowsNeeded } from './rectified.js';
import { severalModels, widthOf, type RowParts, type SeveralModels } from './parts.js';
import { fitSphere, noSphere, sphereRowsEnough, sphereRowsNeeded } from './sphere.js';
import { hiddenIn, withoutZeros, type Usable } from './usable.js';
import { storedAs, whiten, type OutputSpace } from './whiten.js';

export interface FingerprintOptions extends TaskOptions, LeaveOut {
  /** Tries, where there are rows enough, whether a normalisation or rectified features stand before the head. Default true. */
  features?: boolean | undefined;
  /** Seeds the starts of the search for rectified features. Default 0. */
  seed?: number | undefined;
  /** Columns of few values that may say which model made which row, such as a version: no width of several models is given for one's. */
  parts?: readonly RowParts[] | undefined;
}

/** What outputs show of the model behind them. Plain: serialises to JSON. */
export interface Fingerprint {
  /** Images. */
  rows: number;
  classes: number;
  /** Present where there may be more classes: those of a log that has the best of each image alone. */
  atLeast?: true;
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
  /** Whether only linear maps lie between a normalised vector and the outputs; null where these rows cannot show it. */
  normalised: boolean | null;
  /** Whether a feature was certified that is never negative and often zero; false behind a normalisation, null where it cannot be told. */
  rectified: boolean | null;
  /** Rows that alone carry directions of the space; they are left out of the rank. Absent where there are none. */
  carried?: CarriedRows;
  /** Present where rows with different values of a column look like those of several models: no width is given then. */
  several?: SeveralModels;
  /** What was seen on the way, as data. `outputsNoteInWords` has the sentences; results of earlier versions have theirs. */
  reasons: OutputsNote[];
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
    reasons: [scaleOf(seen)],
  };
  if (seen.duplicates > 0) {
    result.reasons.push({ kind: 'copies', copies: seen.duplicates, rows: seen.rows });
  }
  if (examined.equalColumns.length > 0) {
    result.reasons.push({ kind: 'equal-columns', pairs: examined.equalColumns });
  }
  if (seen.clipped !== undefined) {
    result.reasons.push({ kind: 'clipped', share: seen.clipped });
  }
  let usable: Usable;
  let space: OutputSpace;
  let kept: ExaminedRows;
  let whole: number | null;
  try {
    usable = withoutZeros(rows, examined);
    if (usable.note) result.reasons.push(usable.note);
    const supported =
      usable.rows === rows ? await look.space() : await supportedSpace(usable.rows, usable.seen, options);
    space = supported.space;
    whole = supported.whole.rank;
    kept = supported.seen;
    if (supported.carried) {
      result.carried = usable.inFile(supported.carried);
      result.reasons.push({ kind: 'carried', carried: result.carried, classes: seen.classes });
    }
    if (supported.shared) {
      result.reasons.push({ kind: 'carried-together', carried: usable.inFile(supported.shared) });
    }
  } catch (error) {
    if (!(error instanceof NotShownError)) throw error;
    result.reasons.push({ kind: 'width-not-shown', why: hiddenIn(seen) });
    return result;
  }
  const columns = options.parts ?? [];
  const { several, open } = await severalModels(usable.rows, usable.seen, whole, { columns, at: usable.at }, options);
  if (several) {
    result.several = several;
    // What few rows carry is of the others as well where they are of another model.
    delete result.carried;
    const reasons = result.reasons.filter(({ kind }) => kind !== 'carried' && kind !== 'carried-together');
    return { ...result, reasons: [...reasons, { kind: 'several-models', several, directions: whole }] };
  }
  const stacked = await stackedNote(usable.rows, usable.seen, space.rank, options);
  if (stacked) result.reasons.push(stacked);
  result.rank = space.rank;
  result.gap = space.gap;
  if (space.rank === null) {
    result.reasons.push({ kind: 'width-not-shown', why: space.reason! });
    return result;
  }
  result.hiddenWidth = widthOf(space.rank);
  result.reasons.push({ kind: 'directions', rank: space.rank, gap: space.gap! });
  if (result.hiddenWidth !== space.rank) {
    result.reasons.push({ kind: 'multiple-of-8', width: result.hiddenWidth });
  }
  if (open) result.reasons.push({ kind: 'models-not-told', column: open.column, values: open.values.length });
  if (options.features ?? true) await lookAtFeatures(result, kept, usable.rows, space, options);
  return result;
}

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
    result.reasons.push({ kind: 'sphere-takes-rows', needed, rows: distinct.length });
  } else {
    const keep = evenlyOf(distinct, sphereRowsEnough(rank));
    const { certificate } = await fitSphere((await whiten(rows, seen, space, keep, options)).h, options);
    result.normalised = certificate.holds;
    result.reasons.push(
      certificate.holds
        ? { kind: 'sphere', residual: certificate.residual }
        : { kind: 'no-sphere', why: noSphere(certificate) },
    );
    if (certificate.holds) {
      result.rectified = false;
      return;
    }
  }
  const least = rectifiedRowsNeeded(rank);
  if (distinct.length < least) {
    result.reasons.push({ kind: 'rectified-takes-rows', needed: least, rows: distinct.length });
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
  const zeros = fit.certificates[0]?.zeros;
  result.reasons.push(
    itself > 0
      ? { kind: 'rectified', zeros, searched: isSearched }
      : fit.certificates.length > 0
        ? { kind: 'function-not-told', zeros }
        : { kind: 'no-rectified', descents: fit.starts },
  );
}

const scaleOf = (seen: Examination): OutputsNote => ({
  ...{ kind: 'scale', scale: seen.scale, shown: seen.kind, classes: seen.classes, topk: seen.topk },
  ...storedAs(seen),
});
