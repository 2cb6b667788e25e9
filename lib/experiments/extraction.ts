import { join } from 'node:path';
import { count, FeatReconstructError, visible } from '../base/index.js';
import { contentDigests, openDataset, type Dataset, type Sample } from '../datasets/index.js';
import {
  extractToStore,
  storeKey,
  streamActivations,
  type ActivationStream,
  type ExtractOptions,
  type Store,
  type UnstatedTransform,
} from '../extract/index.js';
import type { TransformChoice } from '../images/index.js';
import { varied } from '../leaks/index.js';
import { loadOptions, openModel, type Model, type ModelDescription, type ModelFile } from '../runtime/index.js';
import { inMemory } from './memory.js';
import type { RunOptions } from './options.js';
import { storeName } from './store-name.js';

/** A model in an experiment: its path, and how images become its input. */
export interface Role {
  path: string;
  transform?: TransformChoice;
  /** The transform that is taken where the model states none. */
  unstated?: UnstatedTransform;
  /** How the model is read, where that is not as the run's options say. */
  extract?: Pick<ExtractOptions, 'model' | 'logits'>;
}

/** A store, and the seconds that it took to make (next to none where it was there). */
export interface Extracted {
  store: Store;
  seconds: number;
}

/** The activations that an experiment needs: each model runs once over each data set, however often it is asked for. */
export class Extraction {
  private readonly found = new Map<string, Extracted>();
  private readonly datasets = new Map<string, Dataset>();
  private readonly models = new Map<string, ModelFile>();
  /** Models that a caller has in memory, by the names that stand for their paths. */
  private readonly inMemory = new Map<string, ModelFile>();

  constructor(private readonly options: RunOptions) {}

  /**
   * A model's activations on a data set.
   * @param variations of each image, the image itself first; 1 for the images as they are
   */
  async of(role: Role, dataset: string, variations = 1): Promise<Extracted> {
    const extracted = await this.extract(role, dataset, variations);
    if (this.options.stores !== null) await (await this.file(role)).release();
    return extracted;
  }

  /**
   * Extracts some models on some data sets. The data sets are opened before any model runs, and each model is loaded once
   * for all of them, one after the other. Without stores nothing is done before it is asked for.
   */
  async all(roles: readonly Role[], datasets: readonly string[]): Promise<void> {
    if (this.options.stores === null) return;
    for (const dataset of datasets) await this.open(dataset);
    await this.plan(roles, datasets);
    for (const role of roles) {
      for (const dataset of datasets) await this.extract(role, dataset, 1);
      await (await this.file(role)).release();
    }
  }

  /** Says how many images there are to run, and what their activations take on disk, before the first of them. */
  private async plan(roles: readonly Role[], datasets: readonly string[]): Promise<void> {
    const { onProgress, stores } = this.options;
    if (!onProgress || stores === null) return;
    const sizes = await Promise.all([...new Set(datasets)].map(async (spec) => (await this.open(spec)).size));
    const images = sizes.reduce((sum, size) => sum + size, 0);
    const described = await Promise.all(roles.map((role) => this.describe(role)));
    // Float32 each; stores of heads keep no logits, which makes this a little too much for some.
    const numbers = described.reduce((sum, { featureDim, classCount }) => sum + featureDim + classCount, 0);
    const total = images * roles.length;
    const models = roles.length === 1 ? '' : `, ${count(roles.length)} models on ${count(images)} images`;
    onProgress({
      ...{ stage: 'plan', done: 0, total, unit: 'images', planned: total },
      note: `${count(total)} images to run${models}; their activations take ${inBytes(4 * images * numbers)} in ${visible(stores ?? '')}, where later runs find them.`,
    });
  }

  /** What a model's file says. */
  async describe(role: Role): Promise<ModelDescription> {
    return (await this.file(role)).description;
  }

  private async extract(role: Role, dataset: string, variations: number): Promise<Extracted> {
    const id = JSON.stringify([role, dataset, variations]);
    let extracted = this.found.get(id);
    if (!extracted) {
      const begun = performance.now();
      const { stores } = this.options;
      const store =
        stores === null
          ? await inMemory(await this.load(role), await this.stream(role, dataset))
          : await extractToStore(
              await this.file(role),
              variations > 1 ? varied(await this.open(dataset), variations) : await this.open(dataset),
              (provenance) => join(stores, storeName(provenance, storeKey(provenance))),
              { ...this.options, transform: role.transform, unstated: role.unstated, ...role.extract },
            );
      extracted = { store, seconds: (performance.now() - begun) / 1000 };
      this.found.set(id, extracted);
    }
    return extracted;
  }

  /** The rows of a model as they come, to be read once. */
  async stream(role: Role, dataset: string): Promise<ActivationStream> {
    return streamActivations(await this.load(role), await this.open(dataset), {
      ...this.options,
      transform: role.transform,
      unstated: role.unstated,
    });
  }

  /** Loaded once, for streams over several data sets. */
  async load(role: Role): Promise<Model> {
    return (await this.file(role)).load();
  }

  /** Takes a model that has no path. @returns what stands for its path in a role */
  async given(model: Uint8Array | Model): Promise<string> {
    const path = `memory:${this.inMemory.size}`;
    const file = 'run' in model ? fileOfLoaded(model) : await openModel(model, loadOptions(this.options));
    this.inMemory.set(path, file);
    return path;
  }

  /** Read and hashed once for each way to read it. */
  private async file({ path, extract }: Role): Promise<ModelFile> {
    const given = this.inMemory.get(path);
    if (given) return given;
    const { model, executionProviders } = this.options;
    const options = loadOptions({ model: extract?.model ?? model, executionProviders });
    const id = JSON.stringify([path, options]);
    const file = this.models.get(id) ?? (await openModel(path, options));
    this.models.set(id, file);
    return file;
  }

  /** How many images of the test set are in the training set too, by content. */
  async overlap(train: string, test: string): Promise<number> {
    const known = new Set(await this.contents(train));
    return (await this.contents(test)).filter((digest) => known.has(digest)).length;
  }

  /** The digest of each image's content, in order. */
  async contents(dataset: string): Promise<readonly string[]> {
    return (await contentDigests(await this.open(dataset))).examples;
  }

  /** What the data set says of its labels. */
  async labelling(dataset: string): Promise<Pick<Dataset, 'spec' | 'classNames' | 'classesAre'>> {
    return this.open(dataset);
  }

  /** Whether a data set holds images or tensors. */
  async kindOf(dataset: string): Promise<Dataset['kind']> {
    return (await this.open(dataset)).kind;
  }

  /** One example, by its place in the data set. */
  async example(dataset: string, position: number): Promise<Sample> {
    const samples = (await this.open(dataset)).samples({ start: position });
    for await (const sample of samples) return sample;
    throw new RangeError(`Expected an example at ${position} of ${dataset}, found its end.`);
  }

  /** Opened once, so that it is digested once. */
  private async open(spec: string): Promise<Dataset> {
    const dataset = this.datasets.get(spec) ?? (await openDataset(spec, this.options.dataset));
    this.datasets.set(spec, dataset);
    return dataset;
  }

  get stores(): Store[] {
    return [...this.found.values()].map(({ store }) => store);
  }

  async close(): Promise<void> {
    for (const { store } of this.found.values()) await store.close();
    for (const model of [...this.models.values(), ...this.inMemory.values()]) await model.release();
    for (const dataset of this.datasets.values()) await dataset.close();
  }
}

/** A model that the caller has loaded, and will release. */
const fileOfLoaded = (model: Model): ModelFile => ({
  description: model,
  load: () => Promise.resolve(model),
  release: () => Promise.resolve(),
});

/** 12,800,000 → `13 MB`. */
const inBytes = (bytes: number): string =>
  bytes < 1e9 ? `${count(Math.max(1, Math.round(bytes / 1e6)))} MB` : `${(bytes / 1e9).toFixed(1)} GB`;

/**
 * Whether two stores hold one model's activations on the same images, by what decides their numbers and not by their
 * files.
 */
export const isSameRows = (a: Pick<Store, 'provenance'>, b: Pick<Store, 'provenance'>): boolean =>
  a === b || storeKey(a.provenance) === storeKey(b.provenance);

type Images = Pick<Store, 'rows' | 'positions' | 'provenance'>;

/** @throws FeatReconstructError when two stores do not hold the same images in the same order */
export function checkSameImages(source: Images, target: Images): void {
  const same =
    source.rows === target.rows && source.positions.every((position, row) => position === target.positions[row]);
  if (same) return;
  const what = ({ rows, provenance }: Images): string =>
    `${rows} of ${provenance.dataset.spec} for ${provenance.model.name}`;
  throw new FeatReconstructError(
    `Expected the same images for both models, found ${what(source)} and ${what(target)}. Delete both stores and run again.`,
    { code: 'mismatch' },
  );
}
