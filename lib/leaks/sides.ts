import { NotShownError, type TaskOptions } from '../base/index.js';
import { chooseRows, type RowSource } from '../tensor/index.js';
import type { NoWidth } from '../words/index.js';
import { supportedSpace } from './carried.js';
import type { ExaminedRows } from './examine.js';
import { withNoise, type NoisySpace } from './in-span.js';
import { hiddenIn, withoutZeros } from './usable.js';
import { linearOutputs } from './whiten.js';

/** One of two sets of outputs that are compared. */
export interface Side extends NoisySpace {
  /** Why it shows no span; null where it shows one. */
  reason: NoWidth | null;
  /** Whether more rows would show one. */
  few: boolean;
  /** Rows that alone carry directions of the space, and how many. */
  carriers: ReadonlySet<number>;
  carriedDirections: number;
  /** Rows of the file that are left out, since with them the set fills every direction. */
  leftOut: number[];
  /** Position of a row in the file. */
  at(row: number): number;
}

/** A set with its span, or why it has none to compare. */
export async function sideOf(
  outputs: RowSource,
  examined: ExaminedRows,
  options: TaskOptions,
): Promise<Side | { hidden: NoWidth }> {
  try {
    const usable = withoutZeros(outputs, examined);
    const { distinct } = usable.seen;
    const rows = distinct.length === usable.rows.rows ? usable.rows : chooseRows(usable.rows, distinct);
    const own = Int32Array.from(distinct, (_, i) => i);
    const seen: ExaminedRows = { ...usable.seen, rows: distinct.length, duplicates: 0, distinct: own };
    const found = await supportedSpace(rows, seen, options);
    // The other set may show whether a row that alone carries a direction is of this head, so such rows stay where
    // there is room.
    const stays = found.whole.rank !== null || found.carried === null;
    const space = stays ? found.whole : found.space;
    const positions = stays ? own : found.seen.distinct;
    const at = (row: number): number => usable.at(distinct[row]);
    const side = await withNoise(
      {
        rows: linearOutputs(stays ? rows : chooseRows(rows, positions), seen, space.columns),
        space,
        most: seen.scale === 'logits' ? space.columns.length : space.columns.length - 1,
        stored: seen.noise,
      },
      options,
    );
    return {
      ...side,
      reason: space.reason,
      few: space.missing === 'too-few-rows',
      carriers: new Set(stays ? found.left : []),
      carriedDirections: stays ? (found.carried?.directions ?? 0) : 0,
      leftOut: stays ? [] : found.left.map(at),
      at: (row) => at(positions[row]),
    };
  } catch (error) {
    if (!(error instanceof NotShownError)) throw error;
    return { hidden: hiddenIn(examined) };
  }
}
