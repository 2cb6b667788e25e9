import { option, UsageError } from '../base/index.js';
import { interpolations } from './resize.js';
import type { TransformSpec } from './types.js';

const isSide = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
const isPair = (value: unknown): boolean => Array.isArray(value) && value.length === 2 && value.every(isSide);

/**
 * Checks the values of a spec, which a caller or a model's file may have written.
 * @throws UsageError for numbers out of range, unknown filters and malformed steps
 */
export function checkSpec({ name, mean, std, cropPct, interpolation, channels, steps, scale }: TransformSpec): void {
  const isTriple = (values: number | readonly number[], least = -Infinity): boolean => {
    const list = typeof values === 'number' ? [values, values, values] : values;
    return Array.isArray(list) && list.length === 3 && list.every((value) => Number.isFinite(value) && value > least);
  };
  if (mean !== undefined && !isTriple(mean)) {
    throw new UsageError(`Expected ${option('mean')} of three numbers, or one for all three, found ${String(mean)}.`);
  }
  if (std !== undefined && !isTriple(std, 0)) {
    throw new UsageError(
      `Expected ${option('std')} of three numbers above 0, or one for all three, found ${String(std)}.`,
    );
  }
  if (cropPct !== undefined && !(cropPct > 0 && cropPct <= 1)) {
    throw new UsageError(`Expected ${option('cropPct')} above 0 and up to 1 (such as 0.875), found ${cropPct}.`);
  }
  if (interpolation !== undefined && !interpolations.includes(interpolation)) {
    throw new UsageError(
      `Expected ${option('interpolation')} of ${interpolations.join(', ')}, found '${String(interpolation)}'.`,
    );
  }
  if (channels !== undefined && !['rgb', 'bgr'].includes(channels)) {
    throw new UsageError(`Expected ${option('channels')} of rgb, bgr, found '${String(channels)}'.`);
  }
  if (name !== 'steps' && (steps !== undefined || scale !== undefined)) {
    throw new UsageError(`Expected steps and a scale with the transform 'steps' alone, found '${name}'.`);
  }
  if (scale !== undefined && !(Number.isFinite(scale) && scale > 0)) {
    throw new UsageError(`Expected a scale above 0, found ${String(scale)}.`);
  }
  const wrong = steps?.find((step) => !isStep(step as unknown));
  if (name === 'steps' && (steps === undefined || !Array.isArray(steps) || wrong !== undefined)) {
    throw new UsageError(
      `Expected steps such as {"op":"resize","size":[224,224],"interpolation":"bicubic"}, found ${JSON.stringify(wrong ?? null)}.`,
    );
  }
}

function isStep(step: unknown): boolean {
  const { op, size, interpolation, fit, as, offset, fill } = (step ?? {}) as Record<string, unknown>;
  if (op === 'centerCrop') {
    const isFill =
      fill === undefined ||
      (Array.isArray(fill) && fill.length === 3 && fill.every((v) => Number.isInteger(v) && v >= 0 && v <= 255));
    return isPair(size) && [undefined, 'floor', 'floorAll'].includes(offset as 'floor' | undefined) && isFill;
  }
  if (op !== 'resize' || !interpolations.includes(interpolation as 'box')) return false;
  if (as !== undefined && as !== 'torchvision') return false;
  return fit === undefined
    ? isSide(size) || isPair(size)
    : isPair(size) && ['covers', 'within'].includes(fit as string);
}
