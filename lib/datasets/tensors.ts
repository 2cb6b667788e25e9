import { basename } from 'node:path';
import { FeatReconstructError, UsageError } from '../base/index.js';
import { float32ToFloat16, openNpy, openTensors, type StoredTensor, type TypedArray } from '../tensor/index.js';
import type { DatasetFormat } from './source.js';
import type { InputTensor, Sample } from './types.js';

/** Bytes that are read at once, where an example is no larger. */
const CHUNK = 1 << 20;

/** Labels are stored as int32, in which a larger one would be another class. */
const MOST_LABEL = 2 ** 31 - 1;

/** What a model's input may be called in a file that holds more than one tensor. */
const INPUT_NAMES = ['inputs', 'input', 'x'];

const INPUT_TYPES: readonly string[] = [
  'float32',
  'float64',
  'float16',
  'int32',
  'int64',
  'uint8',
  'int8',
  'bool',
] satisfies InputTensor['type'][];

/**
 * Ready model inputs, examples along the first axis, of any rank: a `.npy` file, or a safetensors or `.npz` file with one
 * tensor, one called `inputs`, `input` or `x`, or one that is named (`FILE.safetensors#name`); its tensor `labels` (n
 * integers) if there.
 */
export const tensors: DatasetFormat = {
  name: 'tensors',
  forms: ['tensors:FILE.npy', 'tensors:FILE.npz', 'tensors:FILE.safetensors'],
  async open({ rest }) {
    const { path, name } = parsePath(rest);
    const { inputs, inputType, labels } = await inspect(path, name);
    const [size, ...dims] = inputs.shape;
    const rowsAtOnce = Math.max(1, Math.floor(CHUNK / (inputs.cols * 8)));
    return {
      size,
      kind: 'tensors',
      async *blocks(start, stop) {
        const file = await openFile(path, name);
        try {
          for (let from = start; from < stop; from += rowsAtOnce) {
            const end = Math.min(from + rowsAtOnce, stop);
            const items = await file.inputs.readItems(from, end);
            yield samplesOf(items, { path, from, end, inputType, dims, labels });
          }
        } finally {
          await file.close();
        }
      },
    };
  },
};

/** What the file holds, checked, and its labels; the file is closed again. */
async function inspect(path: string, name?: string) {
  const file = await openFile(path, name);
  try {
    const { inputs } = file;
    return { inputs, inputType: checkInputs(path, inputs.type, inputs.shape), labels: await readLabels(file, path) };
  } finally {
    await file.close();
  }
}

interface Opened {
  inputs: StoredTensor;
  labels?: StoredTensor;
  close(): Promise<void>;
}

function parsePath(text: string): { path: string; name?: string } {
  if (/\.npy$/i.test(text)) return { path: text };
  const [, path, name] = /^(.*\.(?:safetensors|npz))(?:#(.+))?$/i.exec(text) ?? [];
  if (path) return { path, name };
  throw new UsageError(
    `tensors:${text} is no file that can be read: expected FILE.npy, FILE.npz, FILE.safetensors or FILE.safetensors#NAME.`,
  );
}

async function openFile(path: string, name?: string): Promise<Opened> {
  if (/\.npy$/i.test(path)) {
    const inputs = await openNpy(path);
    return { inputs, close: () => inputs.close() };
  }
  const file = await openTensors(path);
  try {
    const inputs = file.rows(name ?? nameOfInputs(path, [...file.tensors.keys()]));
    return { inputs, labels: file.tensors.has('labels') ? file.rows('labels') : undefined, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function nameOfInputs(path: string, names: string[]): string {
  const candidates = names.filter((name) => name !== 'labels');
  const found = candidates.length === 1 ? candidates[0] : INPUT_NAMES.find((name) => candidates.includes(name));
  if (found) return found;
  throw new UsageError(
    `${path} has ${candidates.length} tensors (${candidates.join(', ')}), none called ${INPUT_NAMES.join(' or ')}: name the model's input as in tensors:${path}#${candidates[0] ?? 'NAME'}.`,
  );
}

function checkInputs(path: string, type: string, shape: readonly number[]): InputTensor['type'] {
  if (shape.length === 0 || shape.includes(0)) {
    throw new FeatReconstructError(
      `${path} has a tensor of shape (${shape.join(', ')}), expected examples along the first axis, at least one.`,
    );
  }
  if (type === 'bfloat16') return 'float32'; // exactly, and no runtime here takes bfloat16
  if (INPUT_TYPES.includes(type)) return type as InputTensor['type'];
  throw new FeatReconstructError(
    `${path} is of type ${type}, expected one of ${INPUT_TYPES.join(', ')}: convert it first.`,
  );
}

async function readLabels({ inputs, labels }: Opened, path: string): Promise<ArrayLike<number> | undefined> {
  if (!labels) return undefined;
  if (labels.shape.length !== 1 || labels.rows !== inputs.shape[0]) {
    throw new FeatReconstructError(
      `The tensor labels in ${path} has shape (${labels.shape.join(', ')}), expected (${inputs.shape[0]}), one for each example.`,
    );
  }
  const values = await labels.read(0, labels.rows);
  const wrong = values.findIndex((value) => !Number.isInteger(value) || value < -1 || value > MOST_LABEL);
  if (wrong < 0) return values;
  throw new FeatReconstructError(
    `Label ${wrong} in ${path} is ${values[wrong]}, expected class indices: whole numbers from 0 to ${MOST_LABEL}, or -1 where there is none.`,
  );
}

interface BlockOfTensors {
  path: string;
  from: number;
  end: number;
  inputType: InputTensor['type'];
  dims: number[];
  labels?: ArrayLike<number>;
}

function* samplesOf(items: TypedArray, block: BlockOfTensors): Generator<Sample> {
  const width = items.length / (block.end - block.from);
  for (let i = block.from, at = 0; i < block.end; i++, at += width) {
    const values = items.slice(at, at + width);
    const data = block.inputType === 'float16' ? float32ToFloat16(values as Float32Array) : values;
    yield {
      id: `${basename(block.path)}/${String(i).padStart(5, '0')}`,
      label: block.labels ? block.labels[i] : -1,
      tensor: { type: block.inputType, data: data as InputTensor['data'], dims: block.dims },
    };
  }
}
