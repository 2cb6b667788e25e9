import { UsageError } from './errors.js';
import { nearest } from './nearest.js';
import type { TaskOptions } from './progress.js';

/** The names of all options of a type, those of each member of a union. */
type NameOf<T> = T extends unknown ? keyof T & string : never;

/** What is known of an option's value: nothing, the options that it has in turn, or what looks at it and throws. */
export type Known = true | KnownOptions | ((value: unknown, of: string) => void);

/** Options by name. */
export type KnownOptions = Readonly<{ [name: string]: Known }>;

/** The options of a type; the compiler asks for each of them, and for no other. */
export const optionsOf = <T>(known: Readonly<Record<NameOf<T>, Known>>): KnownOptions => known;

/**
 * Refuses what no compiler has checked: options that are no object, and names that nobody reads, which would leave a default
 * in their place without a word. One that is undefined is not given.
 * @param of what the options are for, as the caller wrote it: `fitLinearMap`, `transform`
 * @throws UsageError with the name that was most likely meant
 */
export function checkOptions(options: unknown, known: KnownOptions, of: string): void {
  if (options === undefined) return;
  const names = Object.keys(known);
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new UsageError(`Expected options of ${of} as an object ({ ${names.join(', ')} }), found ${found(options)}.`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(known, name)) {
      const meant = nearest(name, names);
      throw new UsageError(
        `Expected options of ${of} among ${names.join(', ')}, found '${name}': ${meant ? `did you mean ${meant}?` : 'leave it out.'}`,
      );
    }
    const inside = known[name];
    if (typeof inside === 'function') inside(value, name);
    else if (inside !== true) checkOptions(value, inside, name);
  }
}

/** `signal` and `onProgress`, which every long function takes. */
export const taskNames = optionsOf<TaskOptions>({
  signal: (value, of) => {
    if (value instanceof AbortSignal || typeof (value as AbortSignal | null)?.throwIfAborted === 'function') return;
    throw new UsageError(
      `Expected ${of} as an AbortSignal, found ${found(value)}: give controller.signal, or AbortSignal.timeout(ms).`,
    );
  },
  onProgress: (value) => {
    if (typeof value === 'function') return;
    throw new UsageError(`Expected onProgress as a function, found ${found(value)}.`);
  },
}) as Record<keyof TaskOptions, Known>;

/** Refuses execution providers that are no list, such as one alone. */
export function checkProviderList(value: unknown): void {
  const isOne = (each: unknown): boolean =>
    typeof each === 'string' || typeof (each as { name?: unknown } | null)?.name === 'string';
  if (Array.isArray(value) && value.length > 0 && value.every(isOne)) return;
  throw new UsageError(`Expected executionProviders as a list, such as ['cuda'], found ${found(value)}.`);
}

/** The same of a text that may stand in place of an object of options: of a transform, its name. */
export const orText =
  (known: KnownOptions) =>
  (value: unknown, of: string): void => {
    if (typeof value !== 'string') checkOptions(value, known, of);
  };

/** The same of options by a name of the caller's. */
export const byName =
  (known: Known) =>
  (value: unknown, of: string): void => {
    for (const [name, each] of Object.entries((value ?? {}) as object) as [string, unknown][]) {
      if (each === undefined || known === true) continue;
      if (typeof known === 'function') known(each, `${of}.${name}`);
      else checkOptions(each, known, `${of}.${name}`);
    }
  };

type Check = (...args: readonly unknown[]) => void;

/**
 * A function as callers of the library get it: its arguments are looked at before anything else, for what a compiler would have
 * refused. Inside the library functions hand on options that others read.
 */
export const checkedCall = <F extends (...args: never[]) => unknown>(run: F, of: string, check: Check): F =>
  ((...args: unknown[]) => {
    checkAwaited(args, of);
    check(...args);
    return run(...(args as never[]));
  }) as unknown as F;

/** The same of a function that gives a promise, which then rejects. */
export const checkedTask = <F extends (...args: never[]) => Promise<unknown>>(run: F, of: string, check: Check): F =>
  (async (...args: unknown[]) => {
    checkAwaited(args, of);
    check(...args);
    return run(...(args as never[]));
  }) as unknown as F;

function checkAwaited(args: readonly unknown[], of: string): void {
  const at = args.findIndex(isPromise);
  if (at < 0) return;
  throw new UsageError(`Expected argument ${at + 1} of ${of} to be there, found a promise: await it first.`);
}

/** The check of a function whose options stand at this place of its arguments, from 0. */
export const optionsAt =
  (at: number, known: KnownOptions, of: string): Check =>
  (...args) =>
    checkOptions(args[at], known, of);

/** A function whose last argument is its options. */
export const withOptionsAt = <F extends (...args: never[]) => Promise<unknown>>(
  run: F,
  of: string,
  at: number,
  known: KnownOptions,
): F => checkedTask(run, of, optionsAt(at, known, of));

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
