import { toRowSource, type RowSource, type RowsLike } from '../tensor/index.js';
import { supportedSpace, type SupportedSpace } from './carried.js';
import { examineOutputs, type ExaminedRows } from './examine.js';
import { keepColumns } from './kept-columns.js';
import { withoutColumns, type ExamineOptions } from './left-out.js';
import { evenColumns } from './whiten.js';

/**
 * Outputs that have been examined. Several questions about them share one look, so that they are read and decomposed
 * once.
 */
export interface Look {
  /** Without the columns that are left out. */
  rows: RowSource;
  /** Of all columns. */
  seen: ExaminedRows;
  /** The space that they fill, found when it is first asked for. */
  space(): Promise<SupportedSpace>;
}

/** Examines outputs (n, c). @throws FeatReconstructError see `examineOutputs` */
export async function lookAt(outputs: RowsLike, options: ExamineOptions = {}): Promise<Look> {
  const given = toRowSource(outputs, 'the outputs');
  const read = keepColumns(given, evenColumns(given.cols));
  const rows = withoutColumns(read, options.leaveOut);
  // Whether a row sums to one shows in all of it.
  const seen = await examineOutputs(read, options);
  let space: Promise<SupportedSpace> | null = null;
  return { rows, seen, space: () => (space ??= supportedSpace(rows, seen, options)) };
}
