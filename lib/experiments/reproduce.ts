import type { TaskOptions } from '../base/index.js';
import { loadModel } from '../runtime/index.js';
import { fitSgd } from '../sgd/index.js';
import { toNdArray } from '../tensor/index.js';
import type { Results } from '../results/index.js';
import type { RunOptions } from './options.js';
import { datasetsOf, imagesOf, modelsOf, type PublishedRun } from './published-runs.js';
import { runAsked } from './run.js';

/** The published height and width, for Inception-v4 too, which was made for 299. */
const imageSize = 224;

/** How a published run is made: its transform for every model, its size, its recipe beside the exact fit. */
export const runPublished = ({ spec, sgd }: PublishedRun, options: RunOptions): Promise<Results> =>
  runAsked(spec, {
    ...options,
    transform: 'protocol',
    // A tower of texts has no size of images.
    ...(spec.experiment === 4 ? { model: { ...options.model, imageSize } } : {}),
    ...(sgd ? { sgd: {} } : {}),
  });

/** What some runs take on this machine. */
export interface Estimate {
  models: { name: string; images: number; imagesPerSecond: number }[];
  /** Of the models, of SGD, and both. The exact fits take seconds to minutes more. */
  seconds: { extract: number; sgd: number; all: number };
  /** Bytes of the activations that are kept. */
  bytes: number;
}

/** Images of a measured batch, and how often it is run after a first time. */
const [batch, repeats] = [16, 2];
/** Rows of a measured epoch of SGD. */
const rows = 1024;

/**
 * Measures a few batches of each model, and an epoch of SGD on a few rows. Stores that are there already are not
 * subtracted.
 */
export async function estimate(
  runs: readonly PublishedRun[],
  options: Pick<RunOptions, 'executionProviders' | 'model'> & TaskOptions,
): Promise<Estimate> {
  const models: Estimate['models'] = [];
  const widths = new Map<string, { d: number; c: number }>();
  let bytes = 0;
  for (const name of modelsOf(runs)) {
    options.signal?.throwIfAborted();
    const images = imagesFor(name, runs);
    if (images === 0) continue;
    const target = runs.find(({ spec }) => spec.experiment === 5 && spec.target === name) !== undefined;
    const { seconds, d, c } = await measure(name, target, options);
    widths.set(name, { d, c });
    models.push({ name, images, imagesPerSecond: batch / seconds });
    bytes += images * 4 * (target ? d : d + c);
  }
  let sgd = 0;
  for (const { spec, sgd: isFitted } of runs) {
    if (!isFitted) continue;
    const [source, target] = [widths.get(spec.source!)!, widths.get(spec.target ?? spec.source!)!];
    // Experiment 2 fits the target's own features from its own logits, too.
    const pairs = spec.target ? [[source, target] as const, [target, target] as const] : [[source, target] as const];
    for (const [from, to] of pairs) sgd += (await epochSeconds(from.c, to.d)) * epochs * (imagesOf(spec.train) / rows);
  }
  const extract = models.reduce((sum, { images, imagesPerSecond }) => sum + images / imagesPerSecond, 0);
  return { models, seconds: { extract, sgd, all: extract + sgd }, bytes };
}

/** Epochs of the published recipe. */
const epochs = 100;

/** Images that a model runs on; none for a tower of texts. */
function imagesFor(name: string, runs: readonly PublishedRun[]): number {
  const own = runs.filter(
    ({ spec }) => spec.source === name || spec.target === name || (spec.models?.includes(name) ?? false),
  );
  return datasetsOf(own).reduce((sum, spec) => sum + imagesOf(spec), 0);
}

/** Seconds of one batch, and the widths of features (d) and logits (c). */
async function measure(
  name: string,
  isTower: boolean,
  { executionProviders, model: how }: Pick<RunOptions, 'executionProviders' | 'model'>,
): Promise<{ seconds: number; d: number; c: number }> {
  const model = await loadModel(name, {
    ...how,
    executionProviders,
    imageSize,
    ...(isTower ? { output: 'features' } : {}),
  });
  try {
    const dims = [batch, 3, imageSize, imageSize];
    const images = { type: 'float32', data: new Float32Array(batch * 3 * imageSize * imageSize).fill(0.5), dims };
    await model.run(images);
    const begun = performance.now();
    for (let i = 0; i < repeats; i++) await model.run(images);
    return { seconds: (performance.now() - begun) / 1000 / repeats, d: model.featureDim, c: model.classCount };
  } finally {
    await model.release();
  }
}

async function epochSeconds(c: number, d: number): Promise<number> {
  const x = toNdArray(new Float32Array(rows * c).fill(1e-3), [rows, c]);
  const y = toNdArray(new Float32Array(rows * d), [rows, d]);
  const secondsOf = async (count: number): Promise<number> => {
    const begun = performance.now();
    await fitSgd(x, y, { epochs: count });
    return (performance.now() - begun) / 1000;
  };
  // The difference leaves out what is done once, before the first epoch.
  return Math.max(0, (await secondsOf(3)) - (await secondsOf(1))) / 2;
}
