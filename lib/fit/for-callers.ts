/** Heads of files as callers of the library get them: with notes in sentences. */
import { modelNoteInWords } from '../words/index.js';
import * as files from './head-files.js';

/**
 * Reads a head from arrays as Python programs write them: a weight (c, d) or (d, c) in a .npy; a weight with its bias in a
 * .npz; a state dict of a whole network in safetensors, from which the one pair that fits the widths is taken
 * (`fc.weight` and `fc.bias`, `classifier.…`, `head.…`), or the one that is named as `FILE#PREFIX`.
 * @throws FeatReconstructError where no pair fits, or more than one; where a square weight may be either way round; and for files
 *   of other kinds, with what to do
 */
export async function loadHead(text: string, options: files.HeadFileOptions): Promise<files.HeadFile> {
  const { head, notes } = await files.loadHead(text, options);
  return { head, notes: notes.map(modelNoteInWords) };
}
