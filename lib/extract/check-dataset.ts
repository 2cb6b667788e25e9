import { FeatReconstructError, found, UsageError } from '../base/index.js';
import type { Dataset, InputTensor, Sample } from '../datasets/index.js';
import { checkImage } from '../images/index.js';

/** Refuses what is no data set, or an empty one. A data set may be the caller's own. */
export function checkDataset(dataset: Dataset): void {
  if (typeof dataset?.samples !== 'function' || typeof dataset.digest !== 'function') {
    throw new UsageError(
      `Expected a data set by name, such as 'folder:photos', or one that openDataset or datasetOf gave, found ${found(dataset)}: write the paths of images into a text file, one a line, and give 'list:FILE'; write ready inputs into a .npy file, and give 'tensors:FILE'; give the bytes of images to datasetOf.`,
    );
  }
  const { spec, size, kind } = dataset;
  if (typeof spec !== 'string' || (kind !== 'images' && kind !== 'tensors')) {
    throw new UsageError(
      `Expected a data set whose spec is a text and whose kind is 'images' or 'tensors', found spec ${found(spec)} and kind ${found(kind)}.`,
    );
  }
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new UsageError(`Expected the size of the data set ${spec} as a whole number, found ${found(size)}.`);
  }
  if (size > 0) return;
  throw new FeatReconstructError(`Expected at least one example in the data set ${spec}, found size 0.`, {
    code: 'too-few-rows',
  });
}

/** Refuses an example that the data set does not say it has, or one without content. */
export function checkSample(sample: Sample, position: number, { spec, size, kind }: Dataset): void {
  if (position >= size) {
    throw new FeatReconstructError(
      `Expected ${size} examples from ${spec}, as its size says, found more: correct its size, or end its samples there.`,
      { code: 'mismatch' },
    );
  }
  const { id, image, encoded, tensor, tensors, undecodable } = sample ?? {};
  const name = typeof id === 'string' ? id : `example ${position} of ${spec}`;
  if (typeof id !== 'string') {
    throw new FeatReconstructError(`Expected an id of ${name} as a text, found ${found(id)}.`);
  }
  const isThere = kind === 'images' ? image || encoded || undecodable : tensor || tensors;
  if (!isThere) {
    throw new FeatReconstructError(
      kind === 'images'
        ? `Expected '${name}' of ${spec} with image (pixels) or encoded (a file or its bytes), found neither.`
        : `Expected '${name}' of ${spec} with a tensor, found none.`,
    );
  }
  if (kind === 'images') {
    if (image) checkImage(image, name);
    return;
  }
  for (const each of [tensor, ...Object.values(tensors ?? {})]) if (each) checkTensor(each, name);
}

/** Refuses a data set that has ended before its size: the rows that are missing would not be missed. */
export function checkEnd(position: number, { spec, size }: Dataset): void {
  if (position >= size) return;
  throw new FeatReconstructError(
    `Expected ${size} examples from ${spec}, as its size says, found ${position}: it has changed while it was read, or its size is wrong.`,
    { code: 'mismatch' },
  );
}

function checkTensor({ data, dims }: InputTensor, name: string): void {
  const expected = Array.isArray(dims) ? dims.reduce((product, n) => product * n, 1) : NaN;
  if (data?.length === expected) return;
  throw new FeatReconstructError(
    `Expected ${expected} numbers in the tensor of '${name}' (${String(dims)}), found ${String(data?.length)}: dims are of one example, without the batch.`,
    { code: 'mismatch' },
  );
}
