import { NotShownError, type TaskOptions } from '../base/index.js';
import { outputsNoteInWords, type OutputsNote } from '../words/index.js';
import { stackedNote } from './carried.js';
import type { Look } from './look.js';
import { severalModels, type RowParts } from './parts.js';

/**
 * What there is to say of whether one model made all rows, before its features are looked for: what outputs of several have in common
 * is no layer of one.
 * @param look of rows without zeros
 * @throws NotShownError (`no-gap`) where rows with different values of a column look like those of several models
 */
export async function ofOneModel(
  { rows, seen, space: find }: Look,
  columns: readonly RowParts[],
  options: TaskOptions = {},
): Promise<OutputsNote[]> {
  const { space, whole } = await find();
  const found = await severalModels(rows, seen, whole.rank, { columns, at: (row) => row }, options);
  const { several, open } = found;
  if (several) {
    const why = outputsNoteInWords({ kind: 'several-models', several, directions: whole.rank });
    throw new NotShownError(`Expected the outputs of one model. ${why}`, 'no-gap');
  }
  const stacked = await stackedNote(rows, seen, space.rank, options);
  return [
    ...(stacked ? [stacked] : []),
    ...(open && space.rank !== null
      ? [{ kind: 'models-not-told', column: open.column, values: open.values.length } as const]
      : []),
  ];
}
