import { count, FeatReconstructError } from '../base/index.js';
import { differences, storeKey, type Provenance } from './provenance.js';

/** A store, and where its rows come from. */
interface StoredShard {
  path: string;
  provenance: Provenance;
}

/** The data set that a store is a shard of, and the images in it that the store covers, [start, end). */
interface Covered {
  /** As asked for, without the shard. */
  spec: string;
  size: number;
  start: number;
  end: number;
}

/** Which images of its data set a store covers: all of them where it is no shard. */
export function coveredBy({ dataset: { spec, size, part } }: Provenance): Covered {
  if (!part?.shard) return { spec, size, start: 0, end: size };
  const { start } = part.shard;
  return { spec: wholeSpec(spec), size: part.of, start, end: start + size };
}

const wholeSpec = (spec: string): string => spec.replace(/\[shard:\d+\/\d+\]$/, '');

/**
 * The shards of one data set in its order.
 * @throws FeatReconstructError naming a shard of another extraction, one that is there twice, and images that are missing
 */
export function orderShards<Shard extends StoredShard>(shards: readonly Shard[]): Shard[] {
  const [first] = shards;
  for (const shard of shards) checkSameExtraction(first, shard);
  const sorted = shards
    .map((shard) => ({ shard, covered: coveredBy(shard.provenance) }))
    .sort((a, b) => a.covered.start - b.covered.start || a.covered.end - b.covered.end);
  const gaps: string[] = [];
  let end = 0;
  for (const [k, { shard, covered }] of sorted.entries()) {
    if (covered.start < end) {
      throw new FeatReconstructError(
        `Expected every shard once, found images ${count(covered.start)} to ${count(Math.min(end, covered.end) - 1)} in both ${sorted[k - 1].shard.path} and ${shard.path}: leave one out.`,
        { code: 'mismatch' },
      );
    }
    if (covered.start > end) gaps.push(`${count(end)} to ${count(covered.start - 1)}`);
    ({ end } = covered);
  }
  const { size, spec } = sorted[0].covered;
  if (end < size) gaps.push(`${count(end)} to ${count(size - 1)}`);
  if (gaps.length > 0) {
    throw new FeatReconstructError(
      `Expected all ${count(size)} images of ${spec}, found none of ${gaps.join(', ')} in ${shards.length === 1 ? shards[0].path : `these ${count(shards.length)} shards`}: extract what is missing, or give its store as well.`,
      { code: 'mismatch' },
    );
  }
  return sorted.map(({ shard }) => shard);
}

/** @throws FeatReconstructError where two stores are not of one model, data set and way of extraction */
function checkSameExtraction(first: StoredShard, other: StoredShard): void {
  const [a, b] = [first, other].map(({ provenance }) => ({ ...coveredBy(provenance), provenance }));
  const withoutShard = (provenance: Provenance): Provenance => ({
    ...provenance,
    dataset: { ...provenance.dataset, digest: '', size: 0 },
  });
  const [wanted, found] = [withoutShard(a.provenance), withoutShard(b.provenance)];
  const isSameSet = a.spec === b.spec && a.size === b.size;
  const isSameWay = storeKey(wanted) === storeKey(found);
  if (isSameSet && isSameWay) return;
  const what = isSameWay
    ? `images (${b.spec}, ${count(b.size)} of them, not ${a.spec}, ${count(a.size)})`
    : differences(found, wanted);
  throw new FeatReconstructError(
    `Expected shards of one extraction, found that ${other.path} is of another one than ${first.path}; it differs in: ${what}.`,
    { code: 'mismatch' },
  );
}
