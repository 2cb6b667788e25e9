import { statSync } from 'node:fs';
import { FeatReconstructError, UsageError, type TaskOptions } from '../base/index.js';
import { isStore, openStore } from '../extract/index.js';
import { loadHead, type HeadFile, type HeadFileOptions } from '../fit/index.js';
import { mayHoldArrays, openRows, type NotedRows } from '../logs/index.js';
import { describeModel, isModelName, type LoadModelOptions } from '../runtime/index.js';
import { openSafetensors, splitName, type RowSource, type StoredTensor } from '../tensor/index.js';
import { logNoteInWords, modelNoteInWords } from '../words/index.js';

/** Opens a head, with notes in sentences: the one of an .onnx model, of a store, a saved map, or arrays of a weight and a bias. */
export async function openHead(
  path: string,
  { model, ...known }: HeadFileOptions & { model?: LoadModelOptions },
  options: TaskOptions = {},
): Promise<HeadFile> {
  const isModel = isModelName(path) || isFolder(path);
  if (isModel || (await holdsStore(path))) {
    if (known.bias !== undefined) {
      throw new UsageError(`Expected --bias beside a --head of a weight alone, found ${path}, which has its own.`);
    }
    if (isModel) return { head: (await describeModel(path, model)).head, notes: [] };
    const store = await openStore(path, options);
    await store.close();
    return { head: store.head, notes: [] };
  }
  const { head, notes } = await loadHead(path, known);
  return { head, notes: notes.map(modelNoteInWords) };
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

async function holdsStore(text: string): Promise<boolean> {
  const [path] = splitName(text);
  if (/\.(npy|npz)$/i.test(path) || !(await mayHoldArrays(path))) return false;
  const file = await openSafetensors(path);
  await file.close();
  return isStore(file.metadata);
}

/** Notes on how a file was read, with its name. */
export const notesOf = ({ name, notes }: NotedRows): string[] =>
  notes.map((note) => `${name}: ${logNoteInWords(note)}`);

/**
 * Opens the original answers: logits as rows; class indices where the array has one dimension or the log only the best
 * classes.
 */
export async function openClasses(
  text: string,
  options: TaskOptions = {},
): Promise<{ y: RowSource | number[]; opened: NotedRows }> {
  const opened = await openRows(text, 'logits', options);
  const { rows, columns, byName, truncated } = opened;
  if (byName) {
    await opened.close();
    throw new FeatReconstructError(
      `Expected the outputs of '${text}' in the order of the head's classes, found labels whose order changes from row to row (${columns!.slice(0, 3).join(', ')}, …), so it is not known which class of the head each one is. Name them by number (0, 1, … or LABEL_0, LABEL_1, …).`,
      { code: 'mismatch' },
    );
  }
  if (truncated) return { y: await bestOf(rows), opened };
  if ((rows as Partial<StoredTensor>).shape?.length !== 1) return { y: rows, opened };
  return { y: Array.from(await rows.read(0, rows.rows)), opened };
}

/** The position of the largest number of each row. */
async function bestOf(source: RowSource): Promise<number[]> {
  const best: number[] = [];
  const step = Math.max(1, Math.floor(2 ** 22 / source.cols));
  for (let start = 0; start < source.rows; start += step) {
    const end = Math.min(source.rows, start + step);
    const block = await source.read(start, end);
    for (let i = 0; i < end - start; i++) {
      let place = 0;
      for (let j = 1; j < source.cols; j++) if (block[i * source.cols + j] > block[i * source.cols + place]) place = j;
      best.push(place);
    }
  }
  return best;
}
