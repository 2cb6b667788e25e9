import type { PixelStep, Transform } from '../images/index.js';
import { brief } from '../words/index.js';
import type { ModelRecord } from './types.js';

/**
 * The transforms of models, for a footer: figures depend on them as much as on the model. Empty where none is known.
 */
export function seenThrough(models: readonly ModelRecord[]): string[] {
  const seen = models.flatMap(({ name, transform }) => (transform ? [`${name}: ${transformInWords(transform)}`] : []));
  return seen.length === 0 ? [] : [['transforms', ...new Set(seen)].join('\n    ')];
}

/** `'timm': shorter side 256 (bicubic), middle 224 x 224, mean 0.5, std 0.5`. */
export const transformInWords = ({ name, steps, scale, mean, std, channels }: Transform): string =>
  `'${name}': ${[...steps.map(stepInWords), ...scaleInWords(scale), `mean ${numbers(mean)}`, `std ${numbers(std)}`, ...(channels === 'bgr' ? ['BGR'] : [])].join(', ')}`;

/** A scale in words; nothing for the usual one, pixels from 0 to 1. */
const scaleInWords = (scale: number): string[] =>
  Math.abs(255 * scale - 1) < 1e-6 ? [] : scale === 1 ? ['pixels from 0 to 255'] : [`pixels times ${brief(scale)}`];

/** In what two transforms of one name differ, as the first and as the second have it: `mean 0.5`. Empty where they are the same. */
export function differences(a: Transform, b: Transform): { used: string[]; stated: string[] } {
  const parts = ({ steps, scale, mean, std, channels }: Transform): string[] => [
    steps.map(stepInWords).join(', '),
    `mean ${numbers(mean)}`,
    `std ${numbers(std)}`,
    `pixels times ${brief(scale)}`,
    (channels ?? 'rgb').toUpperCase(),
  ];
  const [used, stated] = [parts(a), parts(b)];
  const differs = (_: string, i: number): boolean => used[i] !== stated[i];
  return { used: used.filter(differs), stated: stated.filter(differs) };
}

function stepInWords(step: PixelStep): string {
  if (step.op === 'grey') return 'grey';
  if (step.op === 'centerCrop') return `middle ${step.size.join(' x ')}`;
  const size =
    typeof step.size === 'number'
      ? `shorter side ${step.size}`
      : `resized to ${step.fit === 'covers' ? 'cover ' : step.fit === 'within' ? 'lie within ' : ''}${step.size.join(' x ')}`;
  return `${size} (${step.interpolation})`;
}

/** Numbers of channels; one number where all are equal. */
export const numbers = (values: readonly number[]): string =>
  (values.every((value) => value === values[0]) ? values.slice(0, 1) : values).map(brief).join(', ');
