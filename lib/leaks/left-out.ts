import { UsageError, type TaskOptions } from '../base/index.js';
import type { RowSource } from '../tensor/index.js';
import { onlyColumns } from './kept-columns.js';

/** Columns of outputs that no head made. */
export interface LeaveOut {
  /**
   * Columns, counted from 0, that are no output of one class, such as the `mixed` ones of `openRows`. They count where outputs are
   * told to be probabilities, and nowhere else: after the logarithm they are no linear function of the features, and would pass for
   * further directions. Default none.
   */
  leaveOut?: readonly number[] | undefined;
}

/** Outputs with the columns that a space is found from: all but those left out. */
export function withoutColumns(outputs: RowSource, leaveOut: readonly number[] = []): RowSource {
  if (leaveOut.length === 0) return outputs;
  const bad = leaveOut.find((column) => !(Number.isInteger(column) && column >= 0 && column < outputs.cols));
  if (bad !== undefined) {
    throw new UsageError(
      `Expected leaveOut to hold columns from 0 to ${outputs.cols - 1}, found ${bad}; count the columns of the outputs from 0.`,
    );
  }
  const out = new Set(leaveOut);
  const kept = Int32Array.from(Array.from({ length: outputs.cols }, (_, j) => j).filter((j) => !out.has(j)));
  if (kept.length < 2) {
    throw new UsageError(`Expected leaveOut to leave at least 2 columns, found that it leaves ${kept.length}.`);
  }
  return onlyColumns(outputs, kept);
}

export type ExamineOptions = TaskOptions & LeaveOut;
