/**
 * images: decode, crop, resize, normalise; presets.
 *
 * `decodePool` (off the main thread) and `decodeImage` decode files. `makeTransform` turns a preset into data,
 * `applyPixels` runs its pixel steps, and a `BatchWriter` normalises images into a model's input.
 */
export type {
  EncodedImage,
  Interpolation,
  CropOffset,
  PixelStep,
  RgbImage,
  Transform,
  TransformChoice,
  TransformName,
  TransformNumbers,
  TransformSpec,
} from './types.js';
export { checkImage } from './check-image.js';
export { decodeImage } from './decode.js';
export { formatsRead } from './kinds.js';
export { decodePool } from './pool.js';
export { interpolations, resize, resizedSize } from './resize.js';
export { centerCrop, roundHalfToEven } from './crop.js';
export { ownTransform, ownTransformKey, sameTransform } from './own-transform.js';
export { applyPixels, makeTransform, transformNames } from './transform.js';
export type { PixelInput } from './transform.js';
export { thumbnail } from './thumbnail.js';
export { BatchWriter } from './batch.js';
export { transformChoice } from './known-options.js';
