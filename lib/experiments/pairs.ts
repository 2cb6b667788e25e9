import { fitSgd, pseudoInverse, solve, trainingSpan } from '../fit/index.js';
import { float64Providers } from '../runtime/index.js';
import { checkSameImages, type Extraction, type Role } from './extraction.js';
import { judge } from './judge.js';
import type { RunOptions } from './options.js';
import { rawAgreement } from './raw.js';
import { failuresOf, resultRow, type Fit } from './rows.js';
import { spectrumOf } from './spectra.js';
import type { Training } from './training.js';
import type { ResultRow, SpectrumRecord } from './types.js';

/** Experiments 1 to 3: one pair of models, fitted on one data set, judged on several. */
export async function runPair(
  source: Role,
  target: Role,
  train: Training,
  datasets: { train: string; tests: readonly string[] },
  extraction: Extraction,
  options: RunOptions,
): Promise<{ rows: ResultRow[]; failures: string[]; spectrum: SpectrumRecord }> {
  const { sameModel } = train;
  const fits = await fitPair(train, options);
  const spectrum = spectrumOf(train.statistics, {
    source: train.source.provenance.model.name,
    from: 'logits',
    train: datasets.train,
    rcond: options.rcond,
  });
  const rows: ResultRow[] = [];
  const failures: string[] = [];
  for (const test of datasets.tests) {
    const held = { source: await extraction.of(source, test), target: await extraction.of(target, test) };
    const used = new Set([held.source, held.target]);
    const extract = train.seconds.extract + [...used].reduce((sum, { seconds }) => sum + seconds, 0);
    const [x, y] = [held.source.store, held.target.store];
    checkSameImages(x, y);
    const overlap = await extraction.overlap(datasets.train, test);
    const raw = sameModel ? 1 : await rawAgreement(x.logits, y.logits);
    for (const fit of fits) {
      const begun = performance.now();
      const evaluation = fit.diverged
        ? null
        : await judge({ fit, X: x.logits, source: x, target: y, sameModel }, options);
      const row = resultRow(fit, evaluation, {
        source: train.source.provenance.model.name,
        target: train.target.provenance.model.name,
        train: datasets.train,
        test,
        from: 'logits',
        nTrain: train.source.rows,
        nTest: x.rows,
        overlap,
        rawAgreement: raw,
        seconds: { extract, fit: fit.seconds, evaluate: (performance.now() - begun) / 1000 },
      });
      rows.push(row);
      if (evaluation) failures.push(...failuresOf(row, evaluation));
    }
  }
  return { rows, failures, spectrum };
}

/** All fits of a pair on the same statistics: each alpha without a prior and, for one model, with its head as prior; SGD. */
async function fitPair(train: Training, options: RunOptions): Promise<Fit[]> {
  const { source, statistics, sameModel } = train;
  const { signal, onProgress, alphas = [0], rcond } = options;
  const span = await trainingSpan(statistics, { rcond });
  const fits: Fit[] = [];
  for (const alpha of alphas) {
    for (const prior of sameModel ? ([null, 'head'] as const) : ([null] as const)) {
      const solving = performance.now();
      const map = await solve(statistics, {
        alpha,
        rcond,
        ...(prior === 'head' ? { prior: await pseudoInverse(source.head) } : {}),
      });
      const { rank, gap, condition, solver, warning } = map.fit;
      fits.push({
        map,
        prior,
        solver,
        alpha,
        rank,
        gap,
        condition,
        seconds: train.seconds.statistics + (performance.now() - solving) / 1000,
        span,
        warnings: warning === null ? [] : [warning],
        sgd: null,
        diverged: false,
      });
    }
  }
  if (options.sgd && train.rows) {
    const solving = performance.now();
    const stage = `fit ${source.provenance.model.name} → ${train.target.provenance.model.name} by SGD`;
    const map = await fitSgd(train.rows.logits, train.rows.features, {
      ...options.sgd,
      executionProviders: float64Providers(options.model?.executionProviders),
      signal,
      onProgress: (progress) => onProgress?.({ ...progress, stage }),
    });
    const { diverged, note, epochs, batchSize, learningRate, momentum, shuffle } = map.fit;
    fits.push({
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
    });
  }
  return fits;
}
