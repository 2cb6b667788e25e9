import { interpolations, type Interpolation, type TransformSpec } from '../images/index.js';
import type { NotFollowed } from '../words/index.js';

/** What the config files beside a model state: transforms, and the values that transformers and timm both write. */

/** A transform that a file states, or why it cannot be followed. */
export type Followed = { transform: TransformSpec } | { why: NotFollowed };

/** Height and width, from `{ height, width }`, a list of two, or one number for both. */
export function sidesOf(size: unknown): [number, number] | null {
  const { height, width } = (size ?? {}) as { height?: unknown; width?: unknown };
  const sides = typeof size === 'number' ? [size, size] : Array.isArray(size) ? size : [height, width];
  const isSize = sides.length === 2 && sides.every((side) => Number.isInteger(side) && (side as number) > 0);
  return isSize ? [sides[0] as number, sides[1] as number] : null;
}

/** Three numbers, from a list of three or of one, or one number for all three. */
export function tripleOf(values: unknown): [number, number, number] | null {
  const list = typeof values === 'number' ? [values] : values;
  if (!Array.isArray(list) || !list.every((value) => Number.isFinite(value))) return null;
  const [r, g, b] = list.length === 1 ? [list[0], list[0], list[0]] : list;
  return list.length === 1 || list.length === 3 ? [r as number, g as number, b as number] : null;
}

/** Pillow's filters by number. */
const numbered: readonly Interpolation[] = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'];

/** A filter by Pillow's number, or by its name. */
export function filterOf(value: unknown): Interpolation | null {
  if (typeof value === 'number') return numbered[value] ?? null;
  return interpolations.find((name) => name === String(value).toLowerCase()) ?? null;
}
