import { count } from '../base/index.js';

/** A number of images, variations of one counted once: `155 images in 16 variations each`. */
export const imageCount = (rows: number, variations = 1): string =>
  variations > 1
    ? `${count(Math.round(rows / variations))} images in ${count(variations)} variations each`
    : `${count(rows)} ${rows === 1 ? 'image' : 'images'}`;
