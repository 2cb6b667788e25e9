import { createHash } from 'node:crypto';
import { FeatReconstructError } from '../base/index.js';
import { evaluateMap } from '../evaluate/index.js';
import type { Store } from '../extract/index.js';
import { float64Providers } from '../runtime/index.js';
import {
  accumulateJoint,
  applyLinearMap,
  jointProblem,
  readJoint,
  type CrossValidation,
  type JointStatistics,
} from '../fit/index.js';
import { denseData } from '../tensor/index.js';
import type { CrossValidationRecord, ResultRow, SpectrumRecord, ZeroShotRecord } from '../results/index.js';
import type { RowWarning } from '../words/index.js';
import { fitCells, jointSpectra, likenessOf } from './all-pairs.js';
import { chooseAlpha, recordsOf } from './choose-alpha.js';
import { asWords } from './class-names.js';
import { checkSameImages, type Extracted, type Extraction, type Role } from './extraction.js';
import { ofFolders, type KnownLabels, type Labelled } from './labels.js';
import type { RunOptions } from './options.js';
import { rawAgreement } from './raw.js';
import { resultRow } from './result-row.js';
import { strangerNotice } from './zero-shot-checks.js';
import { zeroShotHead, type ZeroShotHead, type ZeroShotSource } from './zero-shot-head.js';

/**
 * Experiment 5: a classifier's logits, and as the control its features, to the embeddings of an image tower, judged by a
 * zero-shot head. Both maps come from one pass over the features. The one from features is what "Text-to-Concept" does
 * (Moayeri et al., ICML 2023, arXiv 2305.06386).
 */
export async function runZeroShot(
  { source, target, zeroShot }: { source: Role; target: Role; zeroShot: ZeroShotSource },
  datasets: { train: string; tests: readonly string[] },
  extraction: Extraction,
  options: RunOptions,
): Promise<{
  rows: ResultRow[];
  stores: Store[];
  zeroShot: ZeroShotRecord;
  spectra: SpectrumRecord[];
  crossValidations: CrossValidationRecord[];
  jointSeconds: number;
}> {
  const { signal, onProgress, stores, model, executionProviders, topk = [5] } = options;
  const head = await zeroShotHead(zeroShot, {
    signal,
    onProgress,
    stores: stores ?? undefined,
    model,
    executionProviders,
  });
  for (const test of datasets.tests) checkOrder(head, (await extraction.labelling(test)).classNames, test);
  // Only embeddings are stored, so that they serve any prompts.
  const tower: Role = {
    ...target,
    extract: { model: { ...(target.extract?.model ?? model), output: 'features' }, logits: 'head' },
  };
  const activations = async (dataset: string): Promise<{ x: Extracted; y: Extracted }> => {
    const x = await extraction.of(source, dataset);
    const embedded = await extraction.of(tower, dataset);
    checkSameImages(x.store, embedded.store);
    return { x, y: { ...embedded, store: withHead(embedded.store, head) } };
  };

  await extraction.all([source, tower], [datasets.train, ...datasets.tests]);
  const train = await activations(datasets.train);
  const notices = await headNotices(head, train.y.store);
  const used = [train.x.store, train.y.store];
  const models = used.map((store) => ({
    name: store.provenance.model.name,
    features: store.features,
    head: store.head,
  }));
  const begun = performance.now();
  const joint = await accumulateJoint(models, {
    signal,
    onProgress,
    executionProviders: float64Providers(executionProviders),
  });
  const cells = [];
  const crossValidations: CrossValidationRecord[] = [];
  for (const from of ['logits', 'features'] as const) {
    const chosen = options.crossValidation && (await choose(joint, from, used[0], used[1], options));
    const fitted = await fitCells(joint, 0, [1], from, chosen ? { ...options, alphas: [chosen.alpha] } : options);
    for (const cell of fitted) cells.push({ ...cell, fit: { ...cell.fit, crossValidation: chosen } });
    const pair = { source: models[0].name, target: models[1].name, train: datasets.train, from };
    crossValidations.push(
      ...recordsOf(
        cells.filter((cell) => cell.from === from).map(({ fit }) => fit),
        pair,
      ),
    );
  }
  const jointSeconds = (performance.now() - begun) / 1000;
  const likeness = (await likenessOf(joint))[0][1];

  const rows: ResultRow[] = [];
  for (const test of datasets.tests) {
    const held = test === datasets.train ? train : await activations(test);
    const [x, y] = [held.x.store, held.y.store];
    used.push(x, y);
    const { labels, warnings } = zeroShotLabels(y, await extraction.labelling(test), head);
    const raw = await rawAgreement(x.logits, y.logits);
    const overlap = await extraction.overlap(datasets.train, test);
    for (const { fit, read, from } of cells) {
      const judging = performance.now();
      const evaluation = await evaluateMap(
        {
          head,
          map: fit.map,
          X: readJoint(read, x.features),
          Y: y.features,
          Z: y.logits,
          span: fit.span,
          labels,
          topk: topk.filter((k) => k <= y.logits.cols),
        },
        {
          signal,
          onProgress: (progress) => onProgress?.({ ...progress, stage: `evaluate from ${from} on ${test}` }),
        },
      );
      const row = resultRow(fit, evaluation, {
        source: models[0].name,
        target: models[1].name,
        train: datasets.train,
        test,
        from,
        nTrain: train.x.store.rows,
        nTest: x.rows,
        overlap,
        rawAgreement: raw,
        ...likeness,
        seconds: {
          extract: [...new Set([train, held])].reduce((sum, each) => sum + each.x.seconds + each.y.seconds, 0),
          fit: jointSeconds / cells.length,
          evaluate: (performance.now() - judging) / 1000,
        },
      });
      rows.push({ ...row, warnings: [...notices, ...row.warnings, ...(row.accuracy ? warnings : [])] });
    }
  }
  const spectra = await jointSpectra(joint, datasets.train, options, [0]);
  return { rows, stores: used, zeroShot: recordOf(head), spectra, crossValidations, jointSeconds };
}

/**
 * The penalty, chosen on what the maps read: its singular values are those of the logits, and so the penalty is the
 * same.
 */
async function choose(
  joint: JointStatistics,
  from: 'logits' | 'features',
  source: Store,
  target: Store,
  options: RunOptions,
): Promise<CrossValidation> {
  const { read } = await jointProblem(joint, 0, from);
  const x = readJoint(read, source.features);
  return chooseAlpha({ x, y: target.features, head: target.head, prior: null }, options);
}

/** An image tower's store as a classifier's: the zero-shot head, and logits that are computed when they are read. */
function withHead(store: Store, head: ZeroShotHead): Store {
  const [classCount, width] = head.weight.shape;
  const { provenance, features } = store;
  if (width !== features.cols) {
    const turned = classCount === features.cols ? ' The file seems to hold (d, c): save its transpose.' : '';
    throw new FeatReconstructError(
      `Expected class embeddings as wide as the ${features.cols} of ${provenance.model.name}, found ${width}: give the text half of the same model, one row a class.${turned}`,
      { code: 'mismatch' },
    );
  }
  return {
    ...store,
    head,
    logits: applyLinearMap(head, features),
    provenance: { ...provenance, model: { ...provenance.model, classCount } },
  };
}

/** What is unusual about the class embeddings, alone and beside the embeddings of the training images. */
async function headNotices({ weight, notices }: ZeroShotHead, { features, provenance }: Store): Promise<RowWarning[]> {
  const stranger = await strangerNotice(Float64Array.from(denseData(weight)), features, provenance.model.name);
  return stranger === null ? [...notices] : [...notices, stranger];
}

/** Labels count as classes of the head where the data set has as many of them; folders by their names, where those are known. */
function zeroShotLabels(
  { labels, provenance }: Store,
  { spec, classNames: names, classesAre }: Labelled & { spec: string },
  { weight, classNames }: ZeroShotHead,
): KnownLabels {
  const classes = weight.shape[0];
  if (names && classesAre === 'folders') {
    const { name } = provenance.model;
    return ofFolders(labels, { spec, folders: names }, { name, classes, names: classNames ?? undefined });
  }
  const most = labels.reduce((highest, label) => Math.max(highest, label), -1);
  return { labels: (names ? names.length === classes : most < classes) ? labels : undefined, warnings: [] };
}

/**
 * Compares class names with those of a data set, where there are as many.
 * @throws FeatReconstructError (`mismatch`) where a class has another place in the head than in the data set
 */
function checkOrder({ classNames }: ZeroShotHead, names: readonly string[] | undefined, dataset: string): void {
  if (!classNames || names?.length !== classNames.length) return;
  const words = classNames.map((name) => asWords(name).toLowerCase());
  for (const [label, name] of names.entries()) {
    const place = words.indexOf(asWords(name).toLowerCase());
    if (place < 0 || place === label) continue;
    throw new FeatReconstructError(
      `Expected the class names in the order of the labels of ${dataset}, found '${name}' at ${place} instead of ${label} (counted from 0): sort them as the data set does.`,
      { code: 'mismatch' },
    );
  }
}

function recordOf({ weight, classNames, templates, textModel }: ZeroShotHead): ZeroShotRecord {
  const { buffer, byteOffset, byteLength } = denseData(weight);
  const digest = createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');
  return { classNames, templates, textModel, digest };
}
