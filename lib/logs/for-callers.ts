/** The rows of any file as callers of the library get them: with notes in sentences. */
import { checkOptions, optionsOf, taskNames } from '../base/index.js';
import { logNoteForCallers } from '../words/index.js';
import * as rows from './open-rows.js';
import type { OpenRowsOptions } from './open-rows.js';
import type { OpenedRows } from './opened-rows.js';

const known = optionsOf<OpenRowsOptions>({ ...taskNames, skipBadLines: true, columns: true });

/**
 * Opens rows (n, width) of any file that holds some: a .npy, a .npz, a store, a .safetensors (its tensor called `tensorName`, else its
 * only one; `FILE#NAME` names another), or a log as a web service, a spreadsheet or a script writes it: CSV, JSON, JSON Lines, each
 * compressed or not, Parquet, and a folder of such parts, or of the stores of all shards of a data set. `FILE[0:2000]` are
 * some of the rows, with bounds as in a data set's slice.
 * @param tensorName which tensor of a file that holds several
 * @throws FeatReconstructError when the file is missing, damaged, of another kind, or holds no such rows
 */
export async function openRows(
  text: string,
  tensorName: 'features' | 'logits' = 'logits',
  options: OpenRowsOptions = {},
): Promise<OpenedRows> {
  checkOptions(options, known, 'openRows');
  const opened = {
    ...(await rows.openRows(text, tensorName, {
      ...options,
      skipBadLines: options.skipBadLines ?? false,
      columns: options.columns ?? null,
    })),
  };
  delete opened.ids;
  delete opened.groups;
  return { ...opened, notes: opened.notes.map(logNoteForCallers) };
}
