import type { NdArray } from 'ndarray';
import { count, evenlyOf, NotShownError, option, type TaskOptions, UsageError } from '../base/index.js';
import { applyLinearMap, composeLinearMaps } from '../fit/index.js';
import { blocks, rowsOf, type Matrix } from '../linalg/index.js';
import { toNdArray, type LinearMap, type RowSource, type RowsLike } from '../tensor/index.js';
import {
  assumptionsInWords,
  noWidthInWords,
  outputsNoteInWords,
  recoveryInWords,
  recoveryNoteInWords,
  type FailedTests,
  type OutputsNote,
  type RecoveryNote,
} from '../words/index.js';
import { makeEnding, type Ending } from './ending.js';
import { plain, type ExaminedRows, type Examination } from './examine.js';
import { unitDirection } from './facet.js';
import { forgetColumns } from './kept-columns.js';
import type { LeaveOut } from './left-out.js';
import { lookAt, type Look } from './look.js';
import { ofOneModel } from './one-model.js';
import type { RowParts } from './parts.js';
import {
  findFacets,
  rectifiedRowsNeeded,
  type CertifiedAs,
  type FunctionCertificate,
  type RectifiedFit,
  type TestResult,
} from './rectified.js';
import { complement } from './search.js';
import { fitSphere, noSphere, sphereRowsEnough, sphereRowsNeeded, type SphereCertificate } from './sphere.js';
import { linearOutputs, whiten, type OutputSpace, type Whitened } from './whiten.js';

export interface RecoverOptions extends TaskOptions, LeaveOut {
  /** What stands before the head: a normalisation (`sphere`) or features that are never negative (`rectified`). Default `auto`: both are tried. */
  kind?: 'auto' | 'sphere' | 'rectified' | undefined;
  /** Seeds the starts of the search for rectified features. Default 0. */
  seed?: number | undefined;
  /**
   * Most rounds of starts for rectified features. Default 10; a round takes a start for each feature not found yet, and
   * 16 at least after one without a new one.
   */
  rounds?: number | undefined;
  /** Most seconds: what has its certificate by then is the result. Default: none. */
  seconds?: number | undefined;
  /** Columns of few values that may say which model made which row, such as a version: features of several models at once are refused. */
  parts?: readonly RowParts[] | undefined;
  /** Ends the work with what has its certificate by then, where `signal` gives all of it up. */
  finish?: AbortSignal | undefined;
}

/** The part of a recovery that serialises to JSON: everything but the features themselves. */
export interface RecoveryReport {
  /** The kind of the features that are certified; null where none is. */
  kind: 'sphere' | 'rectified' | null;
  /** Whether any feature is certified as itself, or all of them up to a rotation. */
  certified: boolean;
  /** What was found and what it means, for people. */
  sentence: string;
  /** Other things to know. */
  notes: string[];
  outputs: Examination;
  /** Directions that the outputs fill. */
  rank: number;
  /** Features certified as themselves; all of them with a sphere. */
  features: number;
  /** Recovered functions of rectified features by what they are known as; absent with a sphere. */
  certifiedAs?: Record<CertifiedAs, number>;
  /** How many functions each group has, of which only the span is known. */
  groups?: number[];
  /** Whether each ridge that was looked at led to a function that was found, so that these show no other. */
  closed?: boolean;
  /** What the certificate takes for granted, since outputs alone cannot test it: sentences. */
  assumptions?: readonly string[];
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
  /** One a function, in the order of the columns of `features`, `groups` and `functions`. */
  rectified: FunctionCertificate[] | null;
  /** Steps of conjugate gradients, or descents made. */
  iterations: number;
  seconds: number;
}

/** Features recovered from outputs alone. */
export interface Recovery {
  report: RecoveryReport;
  /** (n, k), one row an output row given: what is certified as itself, null where nothing is. */
  features: NdArray<Float32Array> | null;
  /** (n, m): functions known as groups alone, group by group; null where none is. */
  groups: NdArray<Float32Array> | null;
  /** (n, l): functions that are proven and not told from what is no feature; null where there are none. */
  functions: NdArray<Float32Array> | null;
  /**
   * (n, rank − k): what is left when the features certified as themselves are taken out, in coordinates that no certificate fixes
   * (the affine class). Null where nothing is left or nothing is certified.
   */
  rest: NdArray<Float32Array> | null;
}

/**
 * Recovers a classifier's features from its outputs alone: no model, no weights, no features to fit on. Outputs are
 * logits, log-probabilities or probabilities (n, c) of a head with fewer features than classes. With a normalisation
 * right before the head the normalised features come back up to a rotation; features that are never negative and often
 * exactly zero come back one by one, up to order and positive scale. Nothing is handed out without its certificate.
 * Holds whitened rows in memory: 8 bytes x rows x rank, twice, and as much again at most in each of up to four threads (none
 * where that would be more than 1.5 GiB).
 * @throws FeatReconstructError for outputs that cannot be used (see `examineOutputs`)
 * @throws NotShownError for outputs of which most is hidden, without a gap in their spectrum, with too few rows, or of several models
 */
export async function recoverFeatures(outputs: RowsLike, options: RecoverOptions = {}): Promise<Recovery> {
  const { signal, onProgress, parts = [] } = options;
  return recoverFrom(
    () => lookAt(outputs, options),
    options,
    (look) => ofOneModel(look, parts, { signal, onProgress }),
  );
}

/**
 * The same, of a look that is taken once the options are checked.
 * @param check what is known of the rows before a search; null where somebody has asked already
 */
export async function recoverFrom(
  look: () => Promise<Look>,
  options: RecoverOptions = {},
  check: ((look: Look) => Promise<OutputsNote[]>) | null = null,
): Promise<Recovery> {
  const { kind = 'auto' } = options;
  if (!['auto', 'sphere', 'rectified'].includes(kind)) {
    throw new UsageError(`Expected ${option('kind')} to be auto, sphere or rectified, found '${kind}'.`);
  }
  const { seconds } = options;
  if (seconds !== undefined && !(seconds >= 0)) {
    throw new UsageError(`Expected ${option('seconds', '--minutes')} to be a number, 0 or above, found ${seconds}.`);
  }
  const started = performance.now();
  const ending = (share: number): Ending =>
    makeEnding([options.finish], started + 1000 * (seconds ?? Infinity) * share);
  const looked = await look();
  const { rows, seen } = looked;
  // Refuses what is hidden before any arithmetic.
  linearOutputs(rows, seen);
  const { space, seen: kept, carried } = await looked.space();
  const models = check ? (await check(looked)).map(outputsNoteInWords) : [];
  if (space.rank === null) {
    const expected =
      space.missing === 'too-few-rows'
        ? 'Expected more distinct rows.'
        : 'Expected outputs of a head with fewer features than classes.';
    throw new NotShownError([expected, noWidthInWords(space.reason!), ...models].join(' '), space.missing!);
  }
  const attempt = new Attempt(rows, kept, space, space.rank, {
    ...options,
    finish: ending(1),
    finishSearch: ending(searchShare),
    onProgress: limited(options, started),
  });
  const recovery = await attempt.run(kind);
  recovery.report.notes.unshift(...models);
  if (carried) {
    recovery.report.notes.unshift(recoveryNoteInWords({ kind: 'carried', carried, classes: seen.classes }));
  }
  recovery.report.seconds = (performance.now() - started) / 1000;
  return recovery;
}

/** Share of the given seconds that the search has: the rest is for the tests of what it found. */
const searchShare = 0.6;

const nothing = { features: null, groups: null, functions: null, rest: null };

/** How many functions did not pass which test. */
function failedTests(certificates: readonly FunctionCertificate[]): FailedTests {
  const fail = (test: keyof FunctionCertificate['tests'], as: TestResult): number =>
    certificates.filter(({ tests }) => tests[test] === as).length;
  return {
    dependent: fail('independence', 'failed'),
    mixed: fail('independence', 'not tested'),
    mirrored: fail('mirror', 'failed'),
    openRidge: fail('ridges', 'failed'),
    noRidge: fail('ridges', 'not tested'),
  };
}

/** How far the search has come by its own measure, and what kept functions from being features. */
function closing({ certificates, closed }: RectifiedFit): RecoveryNote[] {
  const others = certificates.filter(({ certifiedAs }) => certifiedAs === 'function');
  const bare = certificates.filter(
    ({ certifiedAs, tests }) => certifiedAs === 'itself' && tests.ridges === 'not tested',
  );
  const skipped = bare.filter(({ ridges }) => ridges.skipped).length;
  const added = certificates.reduce((sum, { ridges }) => sum + ridges.added, 0);
  return [
    ...(others.length > 0 ? [{ kind: 'no-features' as const, failed: failedTests(others) }] : []),
    ...(added > 0 ? [{ kind: 'found-by-ridges' as const, functions: added }] : []),
    ...(bare.length > 0 ? [{ kind: 'without-ridge' as const, features: bare.length, skipped }] : []),
    ...(closed ? [{ kind: 'closed' as const }] : []),
  ];
}

/** Progress that knows when `seconds` will be over; what still runs after that is not ended by it. */
function limited({ seconds, onProgress }: RecoverOptions, started: number): RecoverOptions['onProgress'] {
  if (seconds === undefined || !onProgress) return onProgress;
  return (progress) => {
    const secondsLeft = seconds - (performance.now() - started) / 1000;
    onProgress(secondsLeft > 0 ? { ...progress, secondsLeft } : progress);
  };
}

/** Options whose time limits have become endings. */
type Limited = Omit<RecoverOptions, 'finish' | 'seconds'> & { finish: Ending; finishSearch: Ending };

/** One search for features in rows whose space is known: a sphere first, then rectified features. */
class Attempt {
  readonly #neededSphere: number;
  readonly #neededRectified: number;

  constructor(
    readonly rows: RowSource,
    readonly seen: ExaminedRows,
    readonly space: OutputSpace,
    readonly rank: number,
    readonly options: Limited,
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

  #tooFewRows(kind: 'auto' | 'sphere' | 'rectified'): NotShownError {
    const { rows, duplicates, distinct } = this.seen;
    const needed = [
      ...(kind !== 'rectified' ? [`${count(this.#neededSphere)} for features behind a normalisation`] : []),
      ...(kind !== 'sphere' ? [`${count(this.#neededRectified)} at the very least for rectified ones`] : []),
    ];
    const copies = duplicates > 0 ? ` (${count(rows)} rows, ${count(duplicates)} of them copies of others)` : '';
    return new NotShownError(
      `Expected more distinct rows, found ${count(distinct.length)}${copies}: with outputs that fill ${this.rank} directions it takes ${needed.join(', ')}. Give the outputs of more images, or of more variations of these (${option('varied', 'extract --vary N')}).`,
      'too-few-rows',
    );
  }

  async #sphere(): Promise<Recovery> {
    const keep = evenlyOf(this.seen.distinct, sphereRowsEnough(this.rank));
    const whitened = await whiten(this.rows, this.seen, this.space, keep, this.options);
    const { certificate, map } = await fitSphere(whitened.h, this.options);
    const report = this.#report(certificate.iterations, keep.length);
    report.sphere = certificate;
    if (!certificate.holds || !map) {
      const why = noSphere(certificate);
      report.sentence = recoveryInWords({ kind: 'no-sphere', why, rows: this.seen.rows, rank: this.rank });
      return { report, ...nothing };
    }
    report.kind = 'sphere';
    report.certified = true;
    report.features = this.rank;
    report.assumptions = assumptionsInWords('sphere');
    const { expectedR2, residual, rowsHeldOut } = certificate;
    report.sentence = recoveryInWords({ kind: 'sphere', expectedR2, residual, rowsHeldOut });
    return { report, ...nothing, features: await this.#apply(map, whitened) };
  }

  async #rectified(sphere: SphereCertificate | null, sphereSkipped: boolean): Promise<Recovery> {
    const whitened = await whiten(this.rows, this.seen, this.space, this.seen.distinct, this.options);
    forgetColumns(this.rows);
    const fit = await findFacets(whitened, this.options);
    const report = this.#report(fit.starts, this.seen.distinct.length);
    report.sphere = sphere;
    report.rectified = fit.certificates;
    report.certifiedAs = fit.certifiedAs;
    report.groups = fit.groups;
    report.closed = fit.closed;
    report.cut = fit.cut;
    const { itself, group, function: others } = fit.certifiedAs;
    const notes: RecoveryNote[] = fit.cut ? [{ kind: 'stopped', descents: fit.starts }] : [];
    if (itself + group === 0) {
      report.sentence = recoveryInWords({
        ...{ kind: 'no-rectified', rank: this.rank, functions: others, cut: fit.cut },
        ...{ failed: failedTests(fit.certificates), noSphere: sphere && noSphere(sphere) },
        sphereTakes: sphereSkipped ? this.#neededSphere : null,
      });
      report.notes.push(...notes.map(recoveryNoteInWords));
      return { report, ...nothing };
    }
    report.kind = itself > 0 ? 'rectified' : null;
    report.certified = itself > 0;
    report.features = itself;
    report.assumptions = assumptionsInWords('rectified');
    report.sentence = recoveryInWords({
      ...{ kind: 'rectified', rank: this.rank, itself, groups: fit.groups, functions: others },
      ...(fit.cut ? { cut: true as const } : {}),
      ...(itself > 0 ? { zeros: [fit.certificates[itself - 1].zeros, fit.certificates[0].zeros] } : {}),
    });
    notes.push(...closing(fit));
    if (sphereSkipped) notes.push({ kind: 'sphere-not-tried', needed: this.#neededSphere });
    report.notes.push(...notes.map(recoveryNoteInWords));
    const { facets } = fit;
    const part = async (from: number, to: number): Promise<NdArray<Float32Array> | null> =>
      to > from ? this.#apply(facetsMap(rowsOf(facets, from, to)), whitened) : null;
    return {
      report,
      features: await part(0, itself),
      groups: await part(itself, itself + group),
      functions: await part(itself + group, facets.rows),
      rest: itself > 0 && itself < this.rank ? await this.#apply(restMap(rowsOf(facets, 0, itself)), whitened) : null,
    };
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
          ? [recoveryNoteInWords({ kind: 'copies', copies: outputs.duplicates, rows: outputs.rows })]
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
