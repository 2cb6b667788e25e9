import { checkOptions, FeatReconstructError, found, optionsOf, UsageError } from '../base/index.js';
import { checkImage, type RgbImage } from '../images/index.js';
import { contentDigests } from './digest.js';
import type { Dataset, Sample } from './types.js';

/** An image that a program has in memory: the bytes of its file, or its pixels. */
export interface GivenImage {
  /** What messages call it, and its `id`. */
  name: string;
  /** A file as it was uploaded: JPEG, PNG, WebP, … */
  bytes?: Uint8Array | ArrayBuffer | undefined;
  pixels?: RgbImage | undefined;
  /** Class index. Default −1: none. */
  label?: number | undefined;
}

/** Options of {@link datasetOf}. */
export interface GivenImagesOptions {
  /** What messages and stores call the data set. Default `images`. */
  name?: string | undefined;
  /** Names by label. */
  classNames?: readonly string[] | undefined;
}

/**
 * A data set of images in memory, such as uploads, for `extractFeatures` and `extractToStore`. Its digest is of their content, so that
 * a store of the same images is used again. The bytes are not copied: do not change them while the data set is used.
 * @throws UsageError for what is no such image; FeatReconstructError (`too-few-rows`) for none
 */
export function datasetOf(images: readonly GivenImage[], options: GivenImagesOptions = {}): Dataset {
  checkOptions(options, optionsOf<GivenImagesOptions>({ name: true, classNames: true }), 'datasetOf');
  if (!Array.isArray(images)) {
    throw new UsageError(`Expected a list of images for datasetOf, found ${found(images)}: give [{ name, bytes }].`);
  }
  if (images.length === 0) {
    throw new FeatReconstructError('Expected at least one image for datasetOf, found none.', { code: 'too-few-rows' });
  }
  const { name: spec = 'images', classNames } = options;
  const samples = images.map(sampleOf);
  const dataset: Dataset = {
    spec,
    size: samples.length,
    kind: 'images',
    ...(classNames ? { classNames } : {}),
    digest: async (task) => (await contentDigests(dataset, task)).digest,
    async *samples({ start = 0, signal } = {}) {
      for (const sample of samples.slice(start)) {
        signal?.throwIfAborted();
        yield sample;
      }
    },
    close: async () => undefined,
  };
  return dataset;
}

const known = optionsOf<GivenImage>({ name: true, bytes: true, pixels: true, label: true });

function sampleOf(given: GivenImage, i: number): Sample {
  checkOptions(given ?? null, known, `image ${i} of datasetOf`);
  const { name, bytes, pixels, label = -1 } = given;
  if (typeof name !== 'string' || name === '') {
    throw new UsageError(`Expected a name of image ${i} for datasetOf, found ${found(name)}.`);
  }
  if (!Number.isInteger(label) || label < -1 || label >= 2 ** 31) {
    throw new UsageError(
      `Expected the label of '${name}' as a class index from 0, or -1 for none, found ${found(label)}.`,
    );
  }
  if (pixels !== undefined && bytes !== undefined) {
    throw new UsageError(`Expected the bytes of '${name}' or its pixels for datasetOf, found both: give one of them.`);
  }
  if (pixels !== undefined) {
    checkImage(pixels, name);
    return { id: name, label, image: pixels };
  }
  const file = bytes instanceof Uint8Array ? bytes : isBuffer(bytes) ? new Uint8Array(bytes) : undefined;
  if (!file) {
    throw new UsageError(
      `Expected the bytes of '${name}' as a Uint8Array or an ArrayBuffer, or its pixels, found ${found(bytes)}: of a Blob they are await blob.arrayBuffer().`,
    );
  }
  return { id: name, label, encoded: { name, file } };
}

/** Of another realm, too: an ArrayBuffer of a worker or of a framework's fetch. */
const isBuffer = (bytes: unknown): bytes is ArrayBuffer =>
  Object.prototype.toString.call(bytes) === '[object ArrayBuffer]';
