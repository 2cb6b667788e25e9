import { visible } from '../base/index.js';

/** Fields whose text is data and not a name; specs of data sets are made visible where they are shortened. */
const data = new Set(['picture', 'outcomes', 'train', 'test', 'dataset', 'spec']);

/**
 * A result with visible names (of images, models, tensors, columns): they come from files, and may hold characters that a
 * terminal or a page would act on. For what people read; CSV and results.json keep the names themselves.
 */
export function withShownNames<T>(value: T): T {
  if (typeof value === 'string') return visible(value) as T;
  if (Array.isArray(value)) return value.map(withShownNames) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => [key, data.has(key) ? item : withShownNames(item)]),
  ) as T;
}
