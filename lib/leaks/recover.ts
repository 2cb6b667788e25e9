import type { NdArray } from 'ndarray';
import { count, FeatReconstructError, UsageError, type TaskOptions } from '../base/index.js';
import { applyLinearMap, composeLinearMaps, type Matrix } from '../fit/index.js';
import { toNdArray, toRowSource, type LinearMap, type RowSource, type RowsLike } from '../tensor/index.js';
import { describeCarried, namesOf, supportedSpace } from './carried.js';
import type { FacetCertificate } from './certificate.js';
import { examineOutputs, plain, type ExaminedRows, type Examination } from './examine.js';
import { unitDirection } from './facet.js';
import { blocks } from './graphs.js';
import { complement, findFacets, rectifiedRowsNeeded } from './rectified.js';
import { fitSphere, noSphere, sphereRowsEnough, sphereRowsNeeded, type SphereCertificate } from './sphere.js';
import { linearOutputs, whiten, type OutputSpace, type Whitened } from './whiten.js';

export interface RecoverOptions extends TaskOptions {
  /** What stands before the head: a normalisation (`sphere`) or features that are never negative (`rectified`). Default `auto`: both are tried. */
  kind?: 'auto' | 'sphere' | 'rectified';
  /** Seeds the starts of the search for rectified features. Default 0. */
  seed?: number;
  /**
   * Most rounds of starts for rectified features. Default 10; a round takes a start for each feature not found yet, and
   * 16 at least after one without a new one.
   */
  rounds?: number;
  /** Most seconds: what has its certificate by then is the result. Default: none. */
  seconds?: number;
  /** Ends the work with what has its certificate by then, where `signal` gives all of it up. */
  finish?: AbortSignal;
}

/** What of a recovery serialises to JSON: everything but the numbers themselves. */
export interface RecoveryReport {
  /** The kind whose certificate holds; null where none does. */
  kind: 'sphere' | 'rectified' | null;
  certified: boolean;
  /** What was found and what it means, for people. */
  sentence: string;
  /** Other things to know. */
  notes: string[];
  outputs: Examination;
  /** Directions that the outputs fill. */
  rank: number;
  /** Certified features; all of them with a sphere. */
  features: number;
  /** Whether the search was ended (`seconds`, `finish`) before it was through: there may be more. */
  cut: boolean;
  rows: {
    given: number;
    distinct: number;
    used: number;
    /** Distinct rows that a sphere of this rank needs, and that a search for rectified features needs at least. */
    neededSphere: number;
    neededRectified: number;
  };
  sphere: SphereCertificate | null;
  /** One a certified feature, in the order of the columns. */
  rectified: FacetCertificate[] | null;
  /** Steps of conjugate gradients, or descents made. */
  iterations: number;
  seconds: number;
}

/** Features recovered from outputs alone. */
export interface Recovery {
  report: RecoveryReport;
  /** (n, k), one row an output row given; null without a certificate. */
  features: NdArray<Float32Array> | null;
  /**
   * (n, rank − k): what is left when the certified features are taken out, in coordinates that no certificate fixes
   * (the affine class). Null where nothing is left or nothing is certified.
   */
  rest: NdArray<Float32Array> | null;
}

/**
 * Recovers a classifier's features from its outputs alone: no model, no weights, no features to fit on. Outputs are
 * logits, log-probabilities or probabilities (n, c) of a head with fewer features than classes. With a normalisation
 * right before the head the normalised features come back up to a rotation; features that are never negative and often
 * exactly zero come back one by one, up to order and positive scale. Nothing is handed out without its certificate.
 * Holds whitened rows in memory: 8 bytes x rows x rank, twice.
 * @throws FeatReconstructError for outputs that cannot be used (see `examineOutputs`), without a gap in their spectrum,
 * or with too few rows
 */
export async function recoverFeatures(outputs: RowsLike, options: RecoverOptions = {}): Promise<Recovery> {
  const { kind = 'auto' } = options;
  if (!['auto', 'sphere', 'rectified'].includes(kind)) {
    throw new UsageError(`Expected kind to be auto, sphere or rectified, found '${kind}'.`);
  }
  const started = performance.now();
  const finish = [
    options.finish ?? [],
    options.seconds === undefined ? [] : AbortSignal.timeout(options.seconds * 1000),
  ];
  const rows = toRowSource(outputs, 'the outputs');
  const seen = await examineOutputs(rows, options);
  // Refuses what is hidden before any arithmetic.
  linearOutputs(rows, seen);
  const { space, seen: kept, carried } = await supportedSpace(rows, seen, options);
  if (space.rank === null) {
    throw new FeatReconstructError(`Expected outputs of a head with fewer features than classes. ${space.reason}`);
  }
  const attempt = new Attempt(rows, kept, space, space.rank, {
    ...options,
    finish: AbortSignal.any(finish.flat()),
    onProgress: limited(options, started),
  });
  const recovery = await attempt.run(kind);
  if (carried) {
    recovery.report.notes.unshift(
      `${describeCarried(carried, seen.classes)} ${namesOf(carried.rows)} took no part, and what is written for ${carried.rows.length === 1 ? 'it' : 'them'} means nothing.`,
    );
  }
  recovery.report.seconds = (performance.now() - started) / 1000;
  return recovery;
}

/** What is said of the directions that no certificate fixes. */
function others(left: number): string {
  if (left === 0) return '';
  return left === 1
    ? ' The other one is known up to an invertible map; images that switch it off would show it.'
    : ` The other ${left} are known up to an invertible map; images that switch them off would show them.`;
}

/** Progress that knows when `seconds` will be over; what still runs after that is not ended by it. */
function limited({ seconds, onProgress }: RecoverOptions, started: number): RecoverOptions['onProgress'] {
  if (seconds === undefined || !onProgress) return onProgress;
  return (progress) => {
    const secondsLeft = seconds - (performance.now() - started) / 1000;
    onProgress(secondsLeft > 0 ? { ...progress, secondsLeft } : progress);
  };
}

class Attempt {
  readonly #neededSphere: number;
  readonly #neededRectified: number;

  constructor(
    readonly rows: RowSource,
    readonly seen: ExaminedRows,
    readonly space: OutputSpace,
    readonly rank: number,
    readonly options: RecoverOptions,
  ) {
    this.#neededSphere = sphereRowsNeeded(rank);
    this.#neededRectified = rectifiedRowsNeeded(rank);
  }

  async run(kind: 'auto' | 'sphere' | 'rectified'): Promise<Recovery> {
    const distinct = this.seen.distinct.length;
    const sphere = kind !== 'rectified' && distinct >= this.#neededSphere;
    const rectified = kind !== 'sphere' && distinct >= this.#neededRectified;
    if (!sphere && !rectified) throw this.#tooFewRows(kind);
    let failed: SphereCertificate | null = null;
    if (sphere) {
      const recovery = await this.#sphere();
      if (recovery.report.certified || !rectified) return recovery;
      failed = recovery.report.sphere;
    }
    return this.#rectified(failed, kind === 'auto' && !sphere);
  }

  #tooFewRows(kind: 'auto' | 'sphere' | 'rectified'): FeatReconstructError {
    const { rows, duplicates, distinct } = this.seen;
    const needed = [
      ...(kind !== 'rectified' ? [`${count(this.#neededSphere)} for features behind a normalisation`] : []),
      ...(kind !== 'sphere' ? [`${count(this.#neededRectified)} at the very least for rectified ones`] : []),
    ];
    const copies = duplicates > 0 ? ` (${count(rows)} rows, ${count(duplicates)} of them copies of others)` : '';
    return new FeatReconstructError(
      `Expected more distinct rows, found ${count(distinct.length)}${copies}: with outputs that fill ${this.rank} directions it takes ${needed.join(', ')}. Give the outputs of more images, or of more variations of these (extract --vary N).`,
    );
  }

  async #sphere(): Promise<Recovery> {
    const keep = evenly(this.seen.distinct, sphereRowsEnough(this.rank));
    const whitened = await whiten(this.rows, this.seen, this.space, keep, this.options);
    const { certificate, map } = await fitSphere(whitened.h, this.options);
    const report = this.#report(certificate.iterations, keep.length);
    report.sphere = certificate;
    if (!certificate.holds || !map) {
      report.sentence = `No certificate: ${noSphere(certificate)}, so that no normalisation before the head is shown; ${count(this.seen.rows)} rows may also be too few or too coarse. What is known is the affine class: the ${this.rank} features up to an invertible map.`;
      return { report, features: null, rest: null };
    }
    report.kind = 'sphere';
    report.certified = true;
    report.features = this.rank;
    report.sentence = `The outputs give away the normalised features up to a rotation: distances, angles and nearest neighbours among the images are the model's own (expected R² ${roundDown(certificate.expectedR2)}, residual ${digits(certificate.residual)} on ${count(certificate.rowsHeldOut)} rows kept out of the fit).`;
    return { report, features: await this.#apply(map, whitened), rest: null };
  }

  async #rectified(sphere: SphereCertificate | null, sphereSkipped: boolean): Promise<Recovery> {
    const whitened = await whiten(this.rows, this.seen, this.space, this.seen.distinct, this.options);
    const fit = await findFacets(whitened, this.options);
    const report = this.#report(fit.starts, this.seen.distinct.length);
    report.sphere = sphere;
    report.rectified = fit.certificates;
    report.cut = fit.cut;
    const found = fit.facets.rows;
    if (fit.cut) {
      report.notes.push(
        `The search was ended before it was through, after ${fit.starts} descents: with more time it may find more features.`,
      );
    }
    if (fit.ambiguous > 0) {
      report.notes.push(
        `${fit.ambiguous} more never go below zero and are often zero, but are not told from one another: one may be a rectified sum of others. They are left out.`,
      );
    }
    const skipped = sphereSkipped
      ? ` Whether a normalisation stands before the head could not be tried: that takes ${count(this.#neededSphere)} distinct rows.`
      : '';
    if (found === 0 && fit.cut) {
      report.sentence = `No certificate: the search for rectified features was ended before it found one.${skipped} What is known is the affine class: the ${this.rank} features up to an invertible map.`;
      return { report, features: null, rest: null };
    }
    if (found === 0) {
      report.sentence = `No certificate: no feature is zero on enough of these images${sphere ? `, and ${noSphere(sphere)}, so neither rectified features nor a normalisation show (a mean over positions, SiLU or GELU before the head leave neither)` : ', so that no rectified ones show'}.${skipped} What is known is the affine class: the ${this.rank} features up to an invertible map.`;
      return { report, features: null, rest: null };
    }
    report.kind = 'rectified';
    report.certified = true;
    report.features = found;
    report.sentence = `The outputs give away ${found === this.rank ? `all ${found}` : `${found} of ${this.rank}`} features one by one, up to order and scale: each is zero on ${count(fit.certificates[found - 1].zeros)} to ${count(fit.certificates[0].zeros)} images, as hardly anything but a feature is.${others(this.rank - found)}`;
    if (skipped) report.notes.push(skipped.trim());
    const features = await this.#apply(facetsMap(fit.facets), whitened);
    const rest = found < this.rank ? await this.#apply(restMap(fit.facets), whitened) : null;
    return { report, features, rest };
  }

  #report(iterations: number, used: number): RecoveryReport {
    const { distinct } = this.seen;
    const outputs = plain(this.seen);
    return {
      kind: null,
      certified: false,
      sentence: '',
      notes:
        outputs.duplicates > 0
          ? [`${count(outputs.duplicates)} of ${count(outputs.rows)} rows are copies of others and were used once.`]
          : [],
      outputs,
      rank: this.rank,
      features: 0,
      cut: false,
      rows: {
        given: outputs.rows,
        distinct: distinct.length,
        used,
        neededSphere: this.#neededSphere,
        neededRectified: this.#neededRectified,
      },
      sphere: null,
      rectified: null,
      iterations,
      seconds: 0,
    };
  }

  /** A map from whitened outputs, for every row given. */
  async #apply(map: LinearMap, { map: whitening }: Whitened): Promise<NdArray<Float32Array>> {
    const whole = await composeLinearMaps(map, whitening);
    const source = applyLinearMap(whole, linearOutputs(this.rows, this.seen, this.space.columns));
    const out = new Float32Array(source.rows * source.cols);
    for (const [start, end] of blocks(source.rows, source.cols))
      out.set(await source.read(start, end), start * source.cols);
    return toNdArray(out, [source.rows, source.cols]);
  }
}

/** At most so many of the positions, spread evenly, in order. */
function evenly(positions: Int32Array, most: number): Int32Array {
  if (positions.length <= most) return positions;
  return Int32Array.from({ length: most }, (_, i) => positions[Math.floor((i * positions.length) / most)]);
}

function facetsMap(facets: Matrix): LinearMap {
  const r = facets.cols - 1;
  const weight = new Float64Array(facets.rows * r);
  const bias = new Float64Array(facets.rows);
  for (let i = 0; i < facets.rows; i++) {
    weight.set(facets.data.subarray(i * facets.cols, i * facets.cols + r), i * r);
    bias[i] = facets.data[i * facets.cols + r];
  }
  return { weight: toNdArray(weight, [facets.rows, r]), bias: toNdArray(bias, [facets.rows]) };
}

/** Directions orthogonal to those of the facets: with them, all that the outputs show. */
function restMap(facets: Matrix): LinearMap {
  const [k, r] = [facets.rows, facets.cols - 1];
  const directions = Array.from({ length: k }, (_, i) =>
    unitDirection(facets.data.subarray(i * (r + 1), (i + 1) * (r + 1))),
  );
  const { data, rows } = complement(directions, r);
  return { weight: toNdArray(data, [rows, r]), bias: toNdArray(new Float64Array(rows), [rows]) };
}

const digits = (x: number): string => x.toExponential(1);

/** As many nines as are there, not one more: 0.9999999 of 0.99999998. */
function roundDown(r2: number): string {
  const nines = Math.max(2, Math.min(10, Math.floor(-Math.log10(Math.max(1 - r2, 1e-10)))));
  return (Math.floor(r2 * 10 ** nines) / 10 ** nines).toFixed(nines);
}
