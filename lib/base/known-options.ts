import { UsageError } from './errors.js';
import { nearest } from './nearest.js';

/** The names of all options of a type, those of each member of a union. */
type NameOf<T> = T extends unknown ? keyof T & string : never;

/** The names of a type's options as a list; the compiler asks for each of them, and for no other. */
export const optionNames = <T>(names: Readonly<Record<NameOf<T>, true>>): readonly string[] => Object.keys(names);

/**
 * Refuses what no compiler has checked: options that are no object, and names that nobody reads, which would leave a default
 * in their place without a word. One that is undefined is not given.
 * @param of what the options are for, as the caller wrote it: `fitLinearMap`, `transform`
 * @throws UsageError with the name that was most likely meant
 */
export function checkOptions(options: unknown, known: readonly string[], of: string): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new UsageError(
      `Expected options of ${of} as an object (${known.join(', ')}), found ${found(options)}: write { ${known[0]}: … }.`,
    );
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name)) continue;
    const meant = nearest(name, known);
    throw new UsageError(
      `Expected options of ${of} among ${known.join(', ')}, found '${name}'${meant ? `: did you mean ${meant}?` : ': leave it out.'}`,
    );
  }
}

/** A value of any type in a few words of a message: `'85mm'`, `5`, `null`, `an array`, `a promise: await it first`. */
export function found(value: unknown): string {
  if (typeof value === 'string') return value.length > 60 ? `'${value.slice(0, 60)}…'` : `'${value}'`;
  if (Array.isArray(value)) return 'an array';
  if (isPromise(value)) return 'a promise: await it first';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

export const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
