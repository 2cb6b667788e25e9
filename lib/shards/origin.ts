import { count, FeatReconstructError } from '../base/index.js';
import { coveredBy, type Provenance } from '../extract/index.js';

/** Which model's rows, on which images, statistics are of. It is kept in their file; parts that are merged must agree in it. */
export interface Origin {
  x: Side;
  y: Side;
  /** As asked for, without the shard. */
  dataset: { spec: string; size: number };
  /** Positions of the images that were seen: ranges [start, end) in order, with a gap after each. */
  images: [start: number, end: number][];
  /** How many of these images were left out as bad. */
  skipped: number;
}

/** Where the rows of X or Y come from. */
export interface Side {
  tensor: Tensor;
  model: Provenance['model'];
  transform: Provenance['transform'];
  batchSize: number;
  provider: string;
}

/** The tensor of a store that is X or Y. */
export type Tensor = 'features' | 'logits';

/** The origin of statistics of two stores' rows. @param skipped bad images that were left out */
export function originOf(
  x: { provenance: Provenance; tensor: Tensor },
  y: { provenance: Provenance; tensor: Tensor },
  skipped: number,
): Origin {
  const { spec, size, start, end } = coveredBy(x.provenance);
  return { x: sideOf(x), y: sideOf(y), dataset: { spec, size }, images: [[start, end]], skipped };
}

const sideOf = ({
  provenance: { model, transform, batchSize, provider },
  tensor,
}: {
  provenance: Provenance;
  tensor: Tensor;
}): Side => ({ tensor, model, transform, batchSize, provider });

/** Images of the data set that were not seen, [start, end). */
export function missingOf({ images, dataset: { size } }: Origin): [number, number][] {
  const bounds = [0, ...images.flat(), size];
  return Array.from({ length: images.length + 1 }, (_, k): [number, number] => [
    bounds[2 * k],
    bounds[2 * k + 1],
  ]).filter(([start, end]) => start < end);
}

/** `4,096 to 8,191, 12,288 to 16,383` */
export const rangesInWords = (ranges: readonly [number, number][]): string =>
  ranges.map(([start, end]) => `${count(start)} to ${count(end - 1)}`).join(', ');

/** An origin with the file that it was read from. */
export interface OriginOfFile {
  path: string;
  origin: Origin;
}

/**
 * The origin of several parts together.
 * @throws FeatReconstructError naming a part of something else, and images that are in two of them
 */
export function joinOrigins(parts: readonly OriginOfFile[]): Origin {
  const [first] = parts;
  for (const part of parts) checkSameRows(first, part);
  const sorted = parts
    .flatMap(({ path, origin }) => origin.images.map(([start, end]) => ({ path, start, end })))
    .sort((a, b) => a.start - b.start);
  const images: [number, number][] = [];
  let last: (typeof sorted)[number] | undefined;
  for (const range of sorted) {
    if (last && range.start < last.end) {
      throw new FeatReconstructError(
        `Expected every image in one part, found ${count(range.start)} to ${count(Math.min(last.end, range.end) - 1)} in both ${last.path} and ${range.path}: leave one out.`,
        { code: 'mismatch' },
      );
    }
    if (last && range.start === last.end) images[images.length - 1][1] = range.end;
    else images.push([range.start, range.end]);
    last = range;
  }
  return { ...first.origin, images, skipped: parts.reduce((sum, { origin }) => sum + origin.skipped, 0) };
}

/** @throws FeatReconstructError where two origins are not of the same rows of the same data set */
export function checkSameRows(first: OriginOfFile, other: OriginOfFile): void {
  const differing = Object.entries(essence(first.origin)).filter(
    ([what, value]) => JSON.stringify(value) !== JSON.stringify(essence(other.origin)[what]),
  );
  if (differing.length === 0) return;
  throw new FeatReconstructError(
    `Expected statistics of one model and data set, found that ${other.path} is of others than ${first.path}; they differ in: ${differing.map(([what]) => what).join(', ')}.`,
    { code: 'mismatch' },
  );
}

/** What two origins must have in common, by what messages call it. Not the model's name, which is for people. */
function essence({ x, y, dataset }: Origin): Record<string, unknown> {
  const of = (name: string, { tensor, model, transform, batchSize, provider }: Side): Record<string, unknown> => ({
    [`${name}'s model`]: [model.digest, model.features, model.logits, model.precision],
    [`${name}'s tensor`]: tensor,
    [`${name}'s transform`]: transform && { ...transform, name: '' },
    [`${name}'s batch size`]: batchSize,
    [`${name}'s provider`]: provider,
  });
  return { ...of('X', x), ...of('Y', y), 'data set': [dataset.spec, dataset.size] };
}

/** An origin that was read from a file, checked field by field; null where it is none. */
export function readOrigin(about: unknown): Origin | null {
  const { x, y, dataset, images, skipped } = objectOf(about);
  const { spec, size } = objectOf(dataset);
  const isWhole =
    isSide(x) &&
    isSide(y) &&
    typeof spec === 'string' &&
    isNatural(size) &&
    isNatural(skipped) &&
    Array.isArray(images) &&
    images.every((range, k: number) => {
      const [start, end] = Array.isArray(range) ? (range as unknown[]) : [];
      const before = k === 0 ? -1 : (images as number[][])[k - 1][1];
      return isNatural(start) && isNatural(end) && before < start && start < end && end <= size;
    });
  return isWhole ? (about as Origin) : null;
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const isNatural = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isSide(value: unknown): boolean {
  const { tensor, model, batchSize, provider, transform } = objectOf(value);
  const { name, digest, features, logits, precision } = objectOf(model);
  return (
    (tensor === 'features' || tensor === 'logits') &&
    [name, digest, features, logits, precision, provider].every((each) => typeof each === 'string') &&
    isNatural(batchSize) &&
    typeof transform === 'object'
  );
}
