import type { Progress } from '../base/index.js';
import type { Store } from '../extract/index.js';
import {
  accumulate,
  accumulateFolds,
  keepFifthOut,
  mergeStatistics,
  pseudoInverse,
  solve,
  statisticsOfFolds,
  trainingSpan,
  type Statistics,
} from '../fit/index.js';
import { fitSgd, type SgdOptions } from '../sgd/index.js';
import { float64Providers } from '../runtime/index.js';
import type { LinearMap } from '../tensor/index.js';
import type { CrossValidationRecord, ResultRow, SampleGroup, SpectrumRecord } from '../results/index.js';
import type { Failure } from '../words/index.js';
import { chooseAlpha, recordsOf, type Trial } from './choose-alpha.js';
import { intervalByImage } from './by-image.js';
import { exactness } from './exact.js';
import { checkSameImages, isSameRows, type Extracted, type Extraction } from './extraction.js';
import { judge } from './judge.js';
import type { RunOptions } from './options.js';
import { readOnce } from './kept-rows.js';
import { classesApart, labelsFor } from './labels.js';
import { rawAgreement } from './raw.js';
import { betterOf, leastRows, penaltiesFor, readersOf, scoreOf, triedOn, type Read, type Reader } from './readers.js';
import { readsOf, spanOfLogits } from './reading.js';
import { failuresOf, resultRow, type Fit } from './result-row.js';
import { sampleImages, type SampleSource } from './samples.js';
import { columnsTried, imagesPerPicked, shownOf, widest, type ShownLogits } from './shown.js';
import { spectrumOf } from './spectra.js';
import type { Training } from './training.js';

/** A pair on a data set. A source that is made of several models is a `Store` too. */
export interface Activations {
  source: Extracted;
  target: Extracted;
}

/**
 * One pair of models, fitted on one data set, judged on several.
 * @param activations of the pair on a test set
 */
export async function runPair(
  activations: (dataset: string) => Promise<Activations>,
  train: Training,
  datasets: { train: string; tests: readonly string[] },
  { extraction, classNames }: { extraction: Extraction; classNames: readonly string[] | undefined },
  options: RunOptions,
): Promise<JudgedFits & { spectrum: SpectrumRecord; crossValidations: CrossValidationRecord[] }> {
  const pair = { source: train.source.provenance.model.name, target: train.target.provenance.model.name };
  // Every interface reads the logits again.
  const again = (store: Store): Store => (options.observe ? readOnce(store) : store);
  const rows = train.rows && { ...train.rows, source: again(train.rows.source) };
  const fits = await fitPair({ ...train, rows }, options);
  const spectrum = await spectrumOf(train.statistics, {
    source: pair.source,
    from: 'logits',
    train: datasets.train,
    rcond: options.rcond,
    signal: options.signal,
  });
  const crossValidations = recordsOf(fits, { ...pair, train: datasets.train, from: 'logits' });
  const all: JudgedFits = { rows: [], failures: [], samples: [], errors: [] };
  for (const test of datasets.tests) {
    const held = await activations(test);
    const used = new Set([held.source, held.target]);
    const [shown, answers] = [again(held.source.store), held.target.store];
    const judged = await judgeFits(
      fits,
      { source: shown, target: held.source === held.target ? shown : answers },
      {
        train: datasets.train,
        test,
        nTrain: train.source.rows,
        overlap: await extraction.overlap(datasets.train, test),
        extractSeconds: train.seconds.extract + [...used].reduce((sum, { seconds }) => sum + seconds, 0),
        sampleSource: { count: options.samples ?? usualSamples, extraction, dataset: test, classNames },
      },
      options,
    );
    const apart =
      train.rows && classesApart({ train: datasets.train, test }, train.rows.target.labels, held.target.store.labels);
    if (apart) for (const row of judged.rows) row.warnings.push(apart);
    all.rows.push(...judged.rows);
    all.failures.push(...judged.failures);
    all.samples.push(...judged.samples);
    all.errors.push(...judged.errors);
  }
  return { ...all, spectrum, crossValidations };
}

/** Default of `samples`: images of each fit that are shown. */
export const usualSamples = 6;

/** What fits come to on test sets. */
export interface JudgedFits {
  rows: ResultRow[];
  failures: Failure[];
  samples: SampleGroup[];
  /** By row: the squared error of the features of each test image; null where there is no map. */
  errors: (Float64Array | null)[];
}

/** The reader of an interface and its penalty, where these were chosen before. */
export interface ChosenReading {
  by: 'plain' | 'log';
  alpha: number;
  /** R² of both ways on images that were kept out; null where there is one way only. */
  plain: number;
  log: number | null;
}

/** How an audit fits the maps of interfaces. */
export interface InterfaceFits {
  /** Rows that each image has, neighbours of one another. Default 1. */
  variations?: number;
  /** By interface: the reader that was chosen for it. */
  chosen?: ReadonlyMap<string, ChosenReading>;
  /** Where images are few for the numbers that are read: a penalty that does best on a fifth of the training images. */
  penalise?: boolean;
}

/** Where the rows of a test set come from. */
export interface TestContext {
  train: string;
  test: string;
  nTrain: number;
  overlap: number;
  extractSeconds: number;
  /** Where images to look at come from. */
  sampleSource: SampleSource;
}

/** Judges every fit on one test set. The stores are one and the same where source and target are one model. */
export async function judgeFits(
  fits: readonly Fit[],
  { source, target }: { source: Store; target: Store },
  { train, test, nTrain, overlap, extractSeconds, sampleSource }: TestContext,
  options: RunOptions,
): Promise<JudgedFits> {
  checkSameImages(source, target);
  const sameModel = isSameRows(source, target);
  const raw = sameModel ? 1 : await rawAgreement(source.logits, target.logits);
  const known = labelsFor(
    target,
    await sampleSource.extraction.labelling(sampleSource.dataset),
    sampleSource.classNames,
  );
  const judged: JudgedFits = { rows: [], failures: [], samples: [], errors: [] };
  for (const fit of fits) {
    const begun = performance.now();
    const X = fit.reads ? fit.reads(source) : source.logits;
    const evaluation = fit.diverged
      ? null
      : await judge({ fit, X, source, target, sameModel, labels: known.labels }, options);
    const exact = evaluation && (await exactness(fit, 'logits', evaluation, { target, sameModel }));
    const row = resultRow(fit, evaluation, {
      ...(exact ? { exact } : {}),
      source: source.provenance.model.name,
      target: target.provenance.model.name,
      train,
      test,
      from: 'logits',
      nTrain,
      nTest: source.rows,
      variations: sampleSource.variations,
      ...(options.observe ? { outputs: source.logits.cols } : {}),
      overlap,
      rawAgreement: raw,
      seconds: { extract: extractSeconds, fit: fit.seconds, evaluate: (performance.now() - begun) / 1000 },
    });
    if (evaluation && (sampleSource.variations ?? 1) > 1) {
      row.agreementInterval = intervalByImage(evaluation, target, sampleSource.variations!);
    }
    if (row.accuracy) row.warnings.push(...known.warnings);
    judged.rows.push(row);
    judged.errors.push(evaluation?.squaredErrors ?? null);
    if (!evaluation) continue;
    judged.failures.push(...failuresOf(row, evaluation));
    if (sampleSource.count === 0 || !isLookedAt(fit, fits)) continue;
    judged.samples.push({
      ...{ source: row.source, target: row.target, train, test, alpha: fit.alpha, sgd: fit.sgd !== null },
      images: await sampleImages({ map: fit.map, evaluation, X, target }, sampleSource),
    });
  }
  return judged;
}

/** Whether sample images are shown for a fit: for the first exact one on all of the logits, and for SGD. */
const isLookedAt = (fit: Fit, fits: readonly Fit[]): boolean =>
  fit.observe === undefined && fit.prior === null && (fit.sgd !== null || fit.alpha === fits[0].alpha);

/** All fits of a pair: on all of the logits or on what is shown of them, and by SGD. */
export async function fitPair(train: Training, options: RunOptions, how: InterfaceFits = {}): Promise<Fit[]> {
  const fits: Fit[] = [];
  for (const spec of options.observe ?? ['logits']) {
    const chosen = how.chosen?.get(spec);
    if (spec === 'logits') fits.push(...(await fitAll(train, options)));
    else if (chosen) fits.push(...(await fitChosen(train, spec, options, chosen)));
    else fits.push(...(await fitShown(train, spec, options, how)));
  }
  if (options.sgd && train.rows) fits.push(await fitBySgd(train, train.rows, options));
  return fits;
}

/** Fits on all of the logits, for one model also with its head as prior. */
async function fitAll(train: Training, options: RunOptions): Promise<Fit[]> {
  const { source, target, statistics, sameModel, seconds, folds, rows, read } = train;
  const begun = performance.now();
  const span = await trainingSpan(statistics, options);
  const known = { seconds: seconds.statistics + secondsSince(begun), span };
  // What is read of many classes is R f with the head's own singular values: R⁺ is the head's pseudo-inverse in these
  // coordinates.
  const priors = sameModel ? [null, await pseudoInverse(read ?? source.head)] : [null];
  const fits =
    folds && rows
      ? await solveChosen(
          statistics,
          { x: rows.x, y: rows.target.features, folds, head: target.head },
          priors,
          known,
          options,
        )
      : await solveAll(statistics, priors, known, options);
  return read ? fits.map((fit) => ({ ...fit, reads: readsOf(read) })) : fits;
}

const secondsSince = (begun: number): number => (performance.now() - begun) / 1000;

/**
 * Fits on what an interface shows of the logits: with a part hidden there is no span to be in, and no head to undo.
 * Probabilities are read in two ways; the one that does better on a fifth of the training images, after a fit on the
 * others, is kept.
 */
async function fitShown(
  train: Training,
  spec: string,
  options: RunOptions,
  { variations = 1, penalise }: InterfaceFits,
): Promise<Fit[]> {
  const [plain, log] = readersOf(spec);
  const enough = train.source.rows >= leastRows * variations;
  const columns = mostTried(train.source);
  const trial = { variations, columns, penalise };
  if (!enough || (!log && !penalise)) return [...(await fitRead(train, plain.spec, spec, options, null)).fits];
  // One after the other: the matrices of one are gone before those of the next are there.
  const asItStands = await fitRead(train, plain.spec, spec, options, trial);
  if (!log) return [...asItStands.fits];
  const byLogarithm = await fitRead(train, log.spec, spec, options, trial);
  const select = options.crossValidation?.select === 'agreement' ? 'agreement' : 'r2';
  const better = betterOf(asItStands, byLogarithm, select);
  if (columns === undefined) return better;
  const all = new Map<Reader['by'], readonly Fit[]>();
  for (const { by, spec: reader } of [plain, log]) {
    if (!better.some(({ reading }) => reading!.by === by)) continue;
    all.set(by, (await fitRead(train, reader, spec, options, null)).fits);
  }
  return better.map(({ seconds, reading }, i) => {
    const fit = all.get(reading!.by)![i];
    return { ...fit, seconds: seconds + fit.seconds, reading };
  });
}

/** Fits at the penalty and by the reader that were chosen on images which were kept out. */
async function fitChosen(
  train: Training,
  spec: string,
  options: RunOptions,
  { by, alpha, plain, log }: ChosenReading,
): Promise<Fit[]> {
  const reader = readersOf(spec).find((each) => each.by === by)!;
  const { fits } = await fitRead(train, reader.spec, spec, { ...options, alphas: [alpha] }, null);
  return log === null ? [...fits] : fits.map((fit) => ({ ...fit, reading: { by, select: 'r2', plain, log } }));
}

/** Most outputs that a way to read them is tried on, where that is fewer than a map of them reads. */
const mostTried = ({ rows, provenance }: Training['source']): number | undefined =>
  provenance.model.classCount > widest && rows > imagesPerPicked * columnsTried ? columnsTried : undefined;

/**
 * What `reader` reads of `spec`.
 * @param trial rows of one image and most outputs of very many, where the reader is to be scored on training images that are kept
 * out; else null
 */
async function fitRead(
  { source, target, rows }: Training,
  reader: string,
  spec: string,
  options: RunOptions,
  trial: { variations: number; columns?: number; penalise?: boolean } | null,
): Promise<Read> {
  const { signal, onProgress, executionProviders, crossValidation, alphas = [0], rcond } = options;
  const stage = `fit ${source.provenance.model.name} → ${target.provenance.model.name} (${reader})`;
  const begun = performance.now();
  const task = {
    executionProviders: float64Providers(executionProviders),
    signal,
    onProgress: (progress: Progress) => onProgress?.({ ...progress, stage }),
  };
  const {
    x,
    rows: some,
    ...shown
  } = await shownOf(rows!.source, reader, {
    rcond,
    ...trial,
    ...task,
  });
  const y = some ? some.of(rows!.target.features) : rows!.target.features;
  const done = (fits: readonly Fit[]): Promise<Fit[]> => Promise.all(fits.map((fit) => ofShown(fit, spec, shown)));
  if (crossValidation) {
    const folds = await accumulateFolds(x, y, { ...crossValidation, ...task });
    const statistics = mergeStatistics(...folds);
    const known = { seconds: secondsSince(begun) };
    const fits = await solveChosen(statistics, { x, y, folds, head: target.head }, [null], known, options);
    return { fits: await done(fits), scores: fits.map((fit) => scoreOf(fit.crossValidation!, statistics)) };
  }
  const parts = trial && (await statisticsOfFolds(x, y, keepFifthOut(y.rows, trial.variations), task));
  const statistics = parts ? mergeStatistics(...parts) : await accumulate(x, y, task);
  const penalties = parts && trial?.penalise ? penaltiesFor(parts[0]) : null;
  let scores = parts ? await triedOn(parts, penalties ?? alphas, { rcond, signal }) : [];
  let chosen = options;
  if (penalties) {
    const best = scores.indexOf(Math.max(...scores));
    [chosen, scores] = [{ ...options, alphas: [penalties[best]] }, [scores[best]]];
  }
  const fits = await solveAll(statistics, [null], { seconds: secondsSince(begun) }, chosen);
  return { fits: await done(fits), scores };
}

/**
 * A fit of what is read as one of what is shown. The fit's own warnings, on a gap that hidden outputs never have, are
 * dropped.
 */
async function ofShown(
  fit: Fit,
  spec: string,
  { reads, lift, warnings }: Omit<ShownLogits, 'x' | 'rows'>,
): Promise<Fit> {
  const begun = performance.now();
  const map = await lift(fit.map);
  return { ...fit, map, seconds: fit.seconds + secondsSince(begun), observe: spec, reads, warnings };
}

/** Each prior at the alpha that cross-validation finds best for it. */
async function solveChosen(
  statistics: Statistics,
  trial: Omit<Trial, 'prior'>,
  priors: readonly (LinearMap | null)[],
  known: Pick<Fit, 'seconds' | 'span'>,
  options: RunOptions,
): Promise<Fit[]> {
  const fits: Fit[] = [];
  for (const prior of priors) {
    const begun = performance.now();
    const crossValidation = await chooseAlpha({ ...trial, prior }, options);
    const seconds = known.seconds + secondsSince(begun);
    const [fit] = await solveAll(
      statistics,
      [prior],
      { ...known, seconds },
      { ...options, alphas: [crossValidation.alpha] },
    );
    fits.push({ ...fit, crossValidation });
  }
  return fits;
}

/** Each alpha with each prior, on the same statistics. */
async function solveAll(
  statistics: Statistics,
  priors: readonly (LinearMap | null)[],
  { seconds, span }: Pick<Fit, 'seconds' | 'span'>,
  { alphas = [0], rcond, signal }: RunOptions,
): Promise<Fit[]> {
  const fits: Fit[] = [];
  for (const alpha of alphas) {
    for (const prior of priors) {
      const solving = performance.now();
      const map = await solve(statistics, { alpha, rcond, signal, ...(prior ? { prior } : {}) });
      const { rank, gap, condition, solver, warning } = map.fit;
      fits.push({
        map,
        prior: prior && 'head',
        solver,
        alpha,
        rank,
        gap,
        condition,
        seconds: seconds + secondsSince(solving),
        span,
        warnings: warning ?? [],
        sgd: null,
        diverged: false,
      });
    }
  }
  return fits;
}

/** The name of an SGD fit: with settings of its own it is not the published recipe. */
const nameOf = (settings: SgdOptions): string =>
  Object.values(settings).some(Boolean) ? 'SGD' : 'SGD, the published recipe';

/** Fits by SGD on all of the logits. */
async function fitBySgd(
  { source, target, statistics, read }: Training,
  rows: NonNullable<Training['rows']>,
  options: RunOptions,
): Promise<Fit> {
  const { signal, onProgress } = options;
  // SGD reads the logits themselves, whatever the exact fits read.
  const filled = await trainingSpan(statistics, options);
  const span = read ? await spanOfLogits(filled, read, source.head) : filled;
  const solving = performance.now();
  const stage = `fit ${source.provenance.model.name} → ${target.provenance.model.name} by ${nameOf(options.sgd ?? {})}`;
  const map = await fitSgd(rows.source.logits, rows.target.features, {
    ...options.sgd,
    executionProviders: float64Providers(options.executionProviders),
    signal,
    onProgress: (progress) => onProgress?.({ ...progress, stage }),
  });
  const { diverged, note, epochs, batchSize, learningRate, momentum, shuffle } = map.fit;
  return {
    map,
    prior: null,
    solver: 'sgd',
    alpha: null,
    rank: null,
    gap: null,
    condition: null,
    seconds: (performance.now() - solving) / 1000,
    span,
    warnings: note === null ? [] : [note],
    sgd: { epochs, batchSize, learningRate, momentum, shuffle },
    diverged,
  };
}
