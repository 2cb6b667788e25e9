/** images: decode, crop, resize, normalise; presets. */
export type { EncodedImage, Interpolation, PixelStep, RgbImage, Transform, TransformSpec } from './types.js';
