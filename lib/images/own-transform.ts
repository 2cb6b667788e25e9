import { FeatReconstructError, UsageError } from '../base/index.js';
import { makeTransform } from './transform.js';
import type { Transform, TransformSpec } from './types.js';

/** The key under which a model's file may state its own transform, in ONNX's free metadata. */
export const ownTransformKey = 'featreconstruct.transform';

const options = ['name', 'mean', 'std', 'cropPct', 'interpolation', 'channels', 'steps', 'scale'];

/**
 * The transform that a model's file states, as `onnx/export.py` writes it: a {@link TransformSpec} in JSON.
 * @param metadata the file's own entries, by name
 * @returns null where the file states none
 * @throws FeatReconstructError where the statement cannot be understood: another transform would give wrong results
 */
export function ownTransform(metadata: ReadonlyMap<string, string>): TransformSpec | null {
  const text = metadata.get(ownTransformKey);
  if (text === undefined) return null;
  try {
    const spec = JSON.parse(text) as TransformSpec;
    const unknown = Object.keys(spec).find((key) => !options.includes(key));
    if (unknown !== undefined) throw new UsageError(`'${unknown}' is none of ${options.join(', ')}.`);
    makeTransform(spec, [224, 224]);
    return spec;
  } catch (error) {
    throw new FeatReconstructError(
      `Expected a transform under '${ownTransformKey}' in the model's metadata, such as {"name":"timm","mean":[0.5,0.5,0.5],"std":[0.5,0.5,0.5],"cropPct":0.9}, found ${text.slice(0, 200)}: ${(error as Error).message.replace(/\.?$/, '.')} Correct it or take it out.`,
      { cause: error },
    );
  }
}

/** Whether two transforms make the same input, whatever their names. */
export function sameTransform(a: Transform, b: Transform): boolean {
  const numbers = ({ steps, scale, mean, std, channels }: Transform): string =>
    JSON.stringify([steps, scale, mean, std, channels ?? 'rgb']);
  return numbers(a) === numbers(b);
}
