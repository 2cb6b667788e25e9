import { count } from '../base/index.js';
import { imageCount } from './image-count.js';

/**
 * Why a fit kept fewer directions than it could have, for a reader who knows that a model has 192 features and sees a rank
 * of 191. Null where it kept all.
 * @param rank directions of the logits that vary
 * @param most directions that a head of these widths can show
 * @param n rows of the fit
 * @param variations rows that each image has
 */
export function rankNote(rank: number, most: number, n: number, variations = 1): string | null {
  if (rank >= most || rank === 0) return null;
  if (rank === n - 1)
    return `rank ${count(rank)} of ${count(most)}: ${imageCount(n, variations)} ${n === 1 ? 'shows' : 'show'} no more; more images would`;
  const missing = most - rank;
  const why =
    missing === 1
      ? 'a LayerNorm before the head ties one feature to the others, and a feature that never changes takes one away'
      : 'features that never change on these images, or always together';
  return `rank ${count(rank)} of ${count(most)}: ${missing === 1 ? 'one direction of the features does' : `${count(missing)} directions of the features do`} not vary (${why})`;
}
