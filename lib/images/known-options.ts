import { checkOptions, optionsOf, orText } from '../base/index.js';
import type { PixelInput } from './transform.js';
import type { TransformSpec } from './types.js';

const transformOptions = optionsOf<TransformSpec>({
  ...{
    name: true,
    mean: true,
    std: true,
    cropPct: true,
    interpolation: true,
    channels: true,
    steps: true,
    scale: true,
  },
});

/** A transform as it is asked for: a name, or options. */
export const transformChoice = orText(transformOptions);

const inputOptions = optionsOf<PixelInput>({ channels: true, type: true });

/** The arguments of `makeTransform`. */
export function checkTransformArguments(spec: unknown, _: unknown, input: unknown): void {
  transformChoice(spec, 'transform');
  checkOptions(input, inputOptions, 'makeTransform');
}
