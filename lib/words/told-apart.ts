/** Whether outsiders tell two models apart by the answers to the same images: data, and its sentence. */
import { count } from '../base/index.js';
import { published } from './audit-table.js';
import { parseObserve, showsLabel } from './observe-spec.js';

/** On how many images two models show something else, by what is published. */
export interface ToldApart {
  /** As `observe` reads it. */
  observe: string;
  /** Images that both models were asked about. */
  images: number;
  /** How many of these got other numbers, or where the label alone is shown another class. */
  differ: number;
}

/** Whether noise is added to what is shown, anew for each answer. */
export const isNoisy = (observe: string): boolean => parseObserve(observe).steps.some(({ step }) => step === 'noise');

/** Why what is noisy is not among the answers. */
export const noiseLeftOut =
  'Noise is left out of this: it makes other numbers of every answer, of one model as well, and so tells nothing.';

/** What differs where something does. */
export const differsBy = ({ observe }: Pick<ToldApart, 'observe'>): string =>
  showsLabel(parseObserve(observe).steps) ? 'another class' : 'other numbers';

/**
 * Whether outsiders tell two models apart by the answers to the same images. An "answer" is the model's first class
 * everywhere else: other numbers are named as such.
 * @param found by what is published; null where the models have different numbers of outputs
 */
export function toldApartInWords(found: readonly ToldApart[] | null): string {
  if (found === null)
    return 'The models have different numbers of outputs: whoever sees all of them, or the classes that are named, sees that these are two models.';
  if (found.length === 0 || found[0].images === 0)
    return 'No image was seen by both models, so that what they show cannot be compared.';
  const [{ images }] = found;
  const of = ({ observe, differ }: ToldApart): string =>
    `${differsBy({ observe })} in ${count(differ)} of ${count(images)} cases as ${published(observe)}`;
  const different = found.filter(({ differ }) => differ > 0).sort((a, b) => b.differ - a.differ);
  if (different.length === 0)
    return `Both models show the same for the same image in all ${count(images)} cases, whatever is published: by these images nobody tells one from the other.`;
  const [most, least] = [different[0], different[different.length - 1]];
  const same = found.filter(({ differ }) => differ === 0).map(({ observe }) => published(observe));
  const ends = most === least ? of(most) : `${of(most)}, and still ${of(least)}`;
  const blind = same.length === 0 ? '' : ` Not by ${same.join('; ')}: there both show the same.`;
  return `The same image gets ${ends}: whoever asks both about the same images sees that these are two models.${blind}`;
}
