import { evaluateAgreement, linearCka, procrustesError } from '../evaluate/index.js';
import {
  accumulateJoint,
  applyLinearMap,
  jointProblem,
  readJoint,
  pseudoInverse,
  solve,
  trainingSpan,
  type JointStatistics,
} from '../fit/index.js';
import { float64Providers } from '../runtime/index.js';
import type { Prior, ResultRow, SpectrumRecord } from '../results/index.js';
import type { Failure } from '../words/index.js';
import { exactness } from './exact.js';
import { checkSameImages, type Extracted, type Extraction, type Role } from './extraction.js';
import { judge } from './judge.js';
import { labelsFor } from './labels.js';
import type { RunOptions } from './options.js';
import { rawAgreement } from './raw.js';
import { failuresOf, resultRow, type Fit } from './result-row.js';
import { spectrumOf } from './spectra.js';

/** A fit of one pair (a cell of the matrix), and which pair. */
interface PairFit {
  source: number;
  target: number;
  from: 'logits' | 'features';
  fit: Fit;
  /** From the source's features to what the map reads; null where it reads the features. */
  read: Awaited<ReturnType<typeof jointProblem>>['read'];
}

/**
 * Experiment 4: every model to every model, from logits and, as the control, from features. Each model is extracted once;
 * one joint Gram of the features holds all the least-squares problems (lib/fit/joint.ts).
 */
export async function runAllPairs(
  roles: readonly Role[],
  datasets: { train: string; tests: readonly string[] },
  extraction: Extraction,
  options: RunOptions,
): Promise<{ rows: ResultRow[]; failures: Failure[]; spectra: SpectrumRecord[]; jointSeconds: number }> {
  const { signal, onProgress } = options;
  const train: Extracted[] = [];
  await extraction.all(roles, [datasets.train, ...datasets.tests]);
  for (const role of roles) train.push(await extraction.of(role, datasets.train));
  for (const { store } of train) checkSameImages(train[0].store, store);
  const models = train.map(({ store }) => ({
    name: store.provenance.model.name,
    features: store.features,
    head: store.head,
  }));

  const begun = performance.now();
  const joint = await accumulateJoint(models, {
    signal,
    onProgress,
    executionProviders: float64Providers(options.executionProviders),
  });
  const cells: PairFit[] = [];
  const total = 2 * models.length ** 2 + models.length;
  for (const source of models.keys()) {
    for (const from of ['logits', 'features'] as const) {
      signal?.throwIfAborted();
      cells.push(...(await fitCells(joint, source, [...models.keys()], from, options)));
      onProgress?.({ stage: 'solve', done: cells.length, total, unit: 'maps' });
    }
  }
  const jointSeconds = (performance.now() - begun) / 1000;
  for (const { fit } of cells) fit.seconds = jointSeconds / cells.length;

  const rows: ResultRow[] = [];
  const failures: Failure[] = [];
  const likeness = await likenessOf(joint, signal);
  for (const test of datasets.tests) {
    const held: Extracted[] = [];
    for (const role of roles) held.push(await extraction.of(role, test));
    for (const { store } of held) checkSameImages(held[0].store, store);
    const set = await extraction.labelling(test);
    const known = held.map(({ store }) => labelsFor(store, set, undefined));
    const overlap = await extraction.overlap(datasets.train, test);
    const reference = await referencesOf(held, options);
    for (const { source, target, from, fit, read } of cells) {
      const judging = performance.now();
      const [x, y] = [held[source].store, held[target].store];
      const sameModel = source === target;
      const X = readJoint(read, x.features);
      const { labels, warnings } = known[target];
      const evaluation = await judge({ fit, X, source: x, target: y, sameModel, labels }, options);
      const exact = await exactness(fit, from, evaluation, { target: y, sameModel });
      const row = resultRow(fit, evaluation, {
        ...(exact ? { exact } : {}),
        source: models[source].name,
        target: models[target].name,
        train: datasets.train,
        test,
        from,
        nTrain: train[source].store.rows,
        nTest: x.rows,
        overlap,
        ...reference[source][target],
        ...likeness[source][target],
        seconds: {
          extract: [...new Set([train[source], train[target], held[source], held[target]])].reduce(
            (sum, { seconds }) => sum + seconds,
            0,
          ),
          fit: fit.seconds,
          evaluate: (performance.now() - judging) / 1000,
        },
      });
      if (row.accuracy) row.warnings.push(...warnings);
      rows.push(row);
      failures.push(...failuresOf(row, evaluation));
    }
  }
  return { rows, failures, spectra: await jointSpectra(joint, datasets.train, options), jointSeconds };
}

/** The fits from one model to others, by the joint statistics: each alpha and, to itself, also with its head as prior. */
export async function fitCells(
  joint: JointStatistics,
  source: number,
  onto: readonly number[],
  from: 'logits' | 'features',
  { alphas = [0], rcond, signal }: RunOptions,
): Promise<PairFit[]> {
  const { read, statistics, targets } = await jointProblem(joint, source, from);
  const span = await trainingSpan(statistics, { rcond, signal });
  // What is read is R f with the head's own singular values: R⁺ is the head's pseudo-inverse in these coordinates.
  const head = read && onto.includes(source) ? await pseudoInverse(read) : undefined;
  const cells: PairFit[] = [];
  // One factorisation serves all targets of an alpha.
  for (const alpha of alphas) {
    for (const target of onto) {
      const priors: Prior[] = head && target === source ? [null, 'head'] : [null];
      for (const prior of priors) {
        const map = await solve(statistics, {
          alpha,
          rcond,
          signal,
          targets: targets[target],
          ...(prior === 'head' ? { prior: head } : {}),
        });
        const { rank, gap, condition, solver, warning } = map.fit;
        const fit = {
          map,
          prior,
          solver,
          alpha,
          rank,
          gap,
          condition,
          seconds: 0,
          span,
          warnings: warning ?? [],
          sgd: null,
          diverged: false,
        };
        cells.push({ source, target, from, fit, read });
      }
    }
  }
  return cells;
}

/** The spectra of what the maps of each source read. */
export async function jointSpectra(
  joint: JointStatistics,
  train: string,
  { rcond, signal }: RunOptions,
  sources: readonly number[] = [...joint.models.keys()],
): Promise<SpectrumRecord[]> {
  const spectra: SpectrumRecord[] = [];
  for (const i of sources) {
    for (const from of ['logits', 'features'] as const) {
      signal?.throwIfAborted();
      const { statistics } = await jointProblem(joint, i, from);
      spectra.push(await spectrumOf(statistics, { source: joint.models[i].name, from, train, rcond, signal }));
    }
  }
  return spectra;
}

/** For each pair: how alike the features are on the training images, whatever map is between them. */
export async function likenessOf(
  joint: JointStatistics,
  signal?: AbortSignal,
): Promise<Pick<ResultRow, 'cka' | 'procrustesError'>[][]> {
  const count = joint.models.length;
  const table: Pick<ResultRow, 'cka' | 'procrustesError'>[][] = Array.from({ length: count }, () => []);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      const blocks = { cross: joint.block(i, j), left: joint.block(i, i), right: joint.block(j, j) };
      table[i][j] = table[j][i] = { cka: linearCka(blocks), procrustesError: await procrustesError(blocks, signal) };
    }
  }
  return table;
}

/**
 * For each pair: the agreement of the models' own answers, and that with the target's head inverted, without any fit.
 */
async function referencesOf(
  held: readonly Extracted[],
  { signal }: RunOptions,
): Promise<Pick<ResultRow, 'rawAgreement' | 'pinvAgreement'>[][]> {
  const table: Pick<ResultRow, 'rawAgreement' | 'pinvAgreement'>[][] = [];
  const inverses = [];
  for (const { store } of held) inverses.push(await pseudoInverse(store.head));
  for (const { store: x } of held) {
    const line: Pick<ResultRow, 'rawAgreement' | 'pinvAgreement'>[] = [];
    for (const [j, { store: y }] of held.entries()) {
      const comparable = x.logits.cols === y.logits.cols;
      line.push({
        rawAgreement: x === y ? 1 : await rawAgreement(x.logits, y.logits),
        pinvAgreement: comparable
          ? (await evaluateAgreement(y.head, applyLinearMap(inverses[j], x.logits), y.logits, { topk: [], signal }))
              .agreement
          : null,
      });
    }
    table.push(line);
  }
  return table;
}
