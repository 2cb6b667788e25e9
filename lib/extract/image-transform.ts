import { option, UsageError } from '../base/index.js';
import type { Dataset } from '../datasets/index.js';
import {
  makeTransform,
  ownTransformKey,
  type Transform,
  type TransformChoice,
  type TransformName,
  type TransformSpec,
} from '../images/index.js';
import type { ModelDescription } from '../runtime/index.js';
import type { Provenance } from './provenance.js';

/** The transform of images where neither the caller nor the model states one. */
export type UnstatedTransform = Extract<TransformName, 'protocol' | 'imagenet'>;

/** The published experiments' data sets, and those that are drawn in their likeness. */
const publishedSets = /^(cifar|places365|synthetic)/;

/**
 * The transform of a data set's images where none is stated: that of the published experiments on their data sets, the usual one
 * of evaluations (`imagenet`) on anyone's photographs.
 */
export const unstatedTransform = (spec: string): UnstatedTransform =>
  publishedSets.test(spec) ? 'protocol' : 'imagenet';

/**
 * The transform of a model's images: the one that is asked for; else the model's own, where its files state one; else the
 * usual one for these images.
 * @throws UsageError for models that take no images, and for `model` where the files state none
 */
export function imageTransforms(
  model: ModelDescription,
  { spec }: Pick<Dataset, 'spec'>,
  { transform, unstated = unstatedTransform(spec) }: { transform?: TransformChoice; unstated?: UnstatedTransform },
): Pick<Provenance, 'transform' | 'ownTransform' | 'assumed'> {
  const { imageSize, layout, inputShape, otherInputs } = model;
  if (otherInputs) {
    throw new UsageError(
      `Model ${model.name} has ${otherInputs.length + 1} inputs ('${[model, ...otherInputs].map(({ inputName }) => inputName).join("', '")}'), and images are one: give ready inputs, one tensor for each under its name, with a 'tensors:FILE.npz' data set.`,
    );
  }
  if (layout === 'other' || !imageSize) {
    throw new UsageError(
      `Model ${model.name} takes no images: its input '${model.inputName}' has shape [${inputShape.map((dim) => (dim < 0 ? '?' : dim)).join(', ')}], an image model's is [n, 3, height, width] or [n, height, width, 3]. Give ready inputs with a 'tensors:FILE' data set.`,
    );
  }
  const reads = { channels: inputShape[layout === 'nchw' ? 1 : 3] === 1 ? 1 : 3, type: model.inputType } as const;
  const made = (asked: TransformSpec | TransformName): Transform => makeTransform(asked, imageSize, reads);
  const own = model.transform && made(model.transform);
  const stated = own ? { ownTransform: own } : {};
  if (transform === undefined) {
    if (own) return { transform: own, ...stated };
    // Images that have the input's size already are neither enlarged nor cut.
    const isOfThisSize = /^(cifar|synthetic)/.test(spec) && imageSize.every((side) => side === 32);
    const name = isOfThisSize ? 'protocol' : unstated;
    return { transform: made(name), ...(name === 'protocol' ? {} : { assumed: true }) };
  }
  if (transform === 'model') {
    if (own) return { transform: own, ...stated };
    throw new UsageError(
      `Expected the files of ${model.name} to state its transform ('${ownTransformKey}' in its metadata, as onnx/export.py writes it, or preprocessor_config.json beside it), found none that can be followed: give it by name and numbers, as in ${option("transform: { name: 'timm', mean: 0.5, std: 0.5 }", '--transform timm --mean 0.5 --std 0.5')}.`,
    );
  }
  if (typeof transform === 'string' || 'name' in transform) return { transform: made(transform), ...stated };
  // Only numbers were asked for: the steps before them are the model's, or assumed.
  const asked = { ...(model.transform ?? { name: unstated }), ...definedIn(transform) };
  return { transform: made(asked), ...stated, ...(own || unstated === 'protocol' ? {} : { assumed: true }) };
}

/** Without the fields that are undefined. */
const definedIn = <T extends object>(numbers: T): Partial<T> =>
  Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined)) as Partial<T>;
