import { UsageError } from '../base/index.js';

/** A data set's spec, taken apart: `cifar100:train[0:5000]` → `cifar100`, `train`, `[0:5000]`. */
export interface DatasetSpec {
  /** As asked for. */
  text: string;
  /** What stands before the colon: `cifar100`. */
  name: string;
  /** What stands between the colon and the slice: a split, a folder, a file. */
  rest: string;
  /** The slice and its bounds, undefined where left out. Absent without a slice. */
  slice?: { text: string; start?: number; stop?: number };
  /** What is read of the slice: the first `size`, `size` at random, or one of several shards. */
  part?: PartSpec;
}

export type PartSpec = { text: string } & (
  | {
      size: number;
      /** Of a sample; undefined for the first `size`. */
      seed?: number;
      shard?: undefined;
    }
  | { shard: Shard }
);

/** One of `count` pieces of a data set, the first of which is 1. */
export interface Shard {
  index: number;
  count: number;
}

const shape =
  /^([^:[]*):(.*?)(\[(-?\d*):(-?\d*)\])?(\[(?:limit:(\d+)|sample:(\d+)(?:,seed:(\d+))?|shard:(\d+)\/(\d+))\])?$/s;

/**
 * Takes `NAME:REST[START:STOP]` apart, also with `[limit:N]`, `[sample:N,seed:S]` or `[shard:I/N]` behind it.
 * @throws UsageError when there is no colon or nothing after it, or a slice or part is malformed
 */
export function parseSpec(text: string): DatasetSpec {
  // No name has a bracket: in `photos[0:10]` the colon belongs to the slice, and `folder:` is missing.
  const match = shape.exec(text);
  if (!match || match[2] === '') {
    throw new UsageError(
      `'${text}' is not a data set: expected NAME:WHAT, such as ${example(text)} or cifar10:test[0:1000].`,
    );
  }
  const [, name, rest, slice, start, stop, part, limit, sample, seed, index, count] = match;
  const isWrong = index === undefined ? Number(limit ?? sample) < 1 : !(+index >= 1 && +index <= +count);
  if (/\[(limit|sample|shard)\b[^\]]*\]$/.test(rest) || (part && isWrong)) {
    throw new UsageError(
      `'${text}' takes a part that cannot be read: write [limit:N], [sample:N,seed:S] or [shard:I/N] with whole numbers, N and I from 1, I at most N, behind any slice.`,
    );
  }
  const spec: DatasetSpec = { text, name, rest };
  if (index !== undefined) spec.part = { text: part, shard: { index: +index, count: +count } };
  else if (part)
    spec.part = { text: part, size: Number(limit ?? sample), ...(sample ? { seed: Number(seed ?? 0) } : {}) };
  if (!slice) return spec;
  if (start === '-' || stop === '-') {
    throw new UsageError(`The slice ${slice} of '${text}' has a bound that is no number: write [START:STOP].`);
  }
  return { ...spec, slice: { text: slice, start: bound(start), stop: bound(stop) } };
}

/** What may be meant by a text without a name, for the error: most often it is a path. */
function example(text: string): string {
  const [path, more] = /^([^[:]+)(\[.*)?$/s.exec(text)?.slice(1) ?? [];
  if (path === undefined || /^(cifar|synthetic|places)/i.test(path)) return 'cifar100:train, folder:photos';
  const name = /\.(npy|npz|safetensors)$/i.test(path)
    ? 'tensors'
    : /\.(txt|csv|tsv|lst)$/i.test(path)
      ? 'list'
      : 'folder';
  return `${name}:${path}${more ?? ''} for ${name === 'folder' ? 'a folder or an archive of images' : name === 'list' ? 'a list of images' : 'ready inputs'}, cifar100:train`;
}

const bound = (digits: string): number | undefined => (digits === '' ? undefined : Number(digits));

/**
 * The positions that a spec's slice takes of a data set of `size` examples, [start, stop). Negative bounds count from
 * the end, as in Python; unlike in Python, bounds outside the data set and empty slices are errors.
 */
export function resolveSlice(spec: DatasetSpec, size: number): [start: number, stop: number] {
  if (!spec.slice) return [0, size];
  const fromEnd = (value: number) => (value < 0 ? value + size : value);
  const start = fromEnd(spec.slice.start ?? 0);
  const stop = fromEnd(spec.slice.stop ?? size);
  if (start < 0 || start > size || stop < 0 || stop > size) {
    throw new UsageError(
      `The slice ${spec.slice.text} reaches outside ${spec.name}:${spec.rest}, which has ${size} examples: bounds run from ${-size} to ${size}.`,
    );
  }
  if (start >= stop) {
    throw new UsageError(
      `The slice ${spec.slice.text} of ${spec.name}:${spec.rest} is empty: of its ${size} examples it takes those from ${start} up to ${stop}.`,
    );
  }
  return [start, stop];
}
