import { blockRows, count, uniform, UsageError } from '../base/index.js';
import type { PartSpec, Shard } from './spec.js';

/**
 * The positions in [start, stop) that are read, ascending: all of [from, to), or one by one. A sample is drawn without
 * replacement, all samples of its size being equally likely (Knuth's selection sampling), and is the same everywhere
 * for the same seed. A sample that is no smaller than the whole is the whole.
 * @throws UsageError where there are more shards than blocks
 */
export function positionsOf(part: PartSpec | undefined, start: number, stop: number): Int32Array | [number, number] {
  if (part?.shard) return shardOf(part.shard, start, stop);
  if (!part || part.size >= stop - start) return [start, stop];
  if (part.seed === undefined) return [start, start + part.size];
  const random = uniform(part.seed);
  const chosen = new Int32Array(part.size);
  for (let position = start, found = 0; found < part.size; position++) {
    if (random() * (stop - position) < part.size - found) chosen[found++] = position;
  }
  return chosen;
}

/**
 * Shards consist of whole blocks, about equally many, so that their statistics merge to those of one run, bit by bit.
 * @throws UsageError where there are more shards than blocks
 */
function shardOf({ index, count: shards }: Shard, start: number, stop: number): [number, number] {
  const blocks = Math.ceil((stop - start) / blockRows);
  if (shards > blocks) {
    throw new UsageError(
      `Expected at most ${count(blocks)} ${blocks === 1 ? 'shard' : 'shards'} of ${count(stop - start)} images, found ${count(shards)}: shards are cut at multiples of ${count(blockRows)} images, so that their statistics are those of one run to the bit. Take fewer.`,
    );
  }
  const cut = (shard: number): number => Math.min(stop, start + Math.floor((shard * blocks) / shards) * blockRows);
  return [cut(index - 1), cut(index)];
}

/** Chosen positions that are no farther apart than this are read in one go, with those between them. */
const gap = 8;

/** Chosen positions in groups that are each read in one go, [start, stop). */
export function* stretches(chosen: Int32Array): Generator<{ start: number; stop: number; chosen: Int32Array }> {
  for (let from = 0; from < chosen.length;) {
    let to = from + 1;
    while (to < chosen.length && chosen[to] - chosen[to - 1] <= gap) to++;
    yield { start: chosen[from], stop: chosen[to - 1] + 1, chosen: chosen.subarray(from, to) };
    from = to;
  }
}
