import { basename } from 'node:path';
import { FeatReconstructError, UsageError } from '../base/index.js';
import {
  float32ToFloat16,
  openNpy,
  openTensors,
  type NamedTensors,
  type StoredTensor,
  type TypedArray,
} from '../tensor/index.js';
import type { DatasetFormat } from './source.js';
import type { InputTensor, Sample } from './types.js';

/** Bytes that are read at once, unless one example is larger. */
const CHUNK = 1 << 20;

/** Labels are stored as int32, where a larger number would become another class. */
const MOST_LABEL = 2 ** 31 - 1;

/** What the main input may be called in a file with several tensors. */
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
 * Ready model inputs of any rank, examples along the first axis: from a `.npy` file, or from a safetensors or `.npz`
 * file with a single tensor, one called `inputs`, `input` or `x`, one that is named (`FILE.safetensors#name`), or one
 * for each of the model's inputs, by their names. Labels are from its tensor `labels` (n integers), if there is one.
 */
export const tensors: DatasetFormat = {
  name: 'tensors',
  forms: ['tensors:FILE.npy', 'tensors:FILE.npz', 'tensors:FILE.safetensors'],
  about: { what: 'ready inputs of a model' },
  async open({ rest }) {
    const { path, name } = parsePath(rest);
    const { inputs, labels } = await inspect(path, name);
    const [size] = inputs[0].shape;
    const rowsAtOnce = Math.max(1, Math.floor(CHUNK / (Math.max(...inputs.map(({ cols }) => cols)) * 8)));
    return {
      size,
      kind: 'tensors',
      async *blocks(start, stop) {
        const file = await openFile(path, name);
        try {
          for (let from = start; from < stop; from += rowsAtOnce) {
            const end = Math.min(from + rowsAtOnce, stop);
            const items = await Promise.all(file.inputs.map((each) => each.stored.readItems(from, end)));
            yield samplesOf(items, { path, from, end, inputs, labels });
          }
        } finally {
          await file.close();
        }
      },
    };
  },
};

/**
 * The inputs of a file, checked, and its labels; the file is closed again.
 * @throws FeatReconstructError where they do not fit
 */
async function inspect(path: string, name?: string) {
  const file = await openFile(path, name);
  try {
    const inputs = file.inputs.map(({ name: called, isMain, stored: { type, shape, cols } }) => ({
      name: called,
      isMain,
      shape,
      cols,
      type: checkInputs(called === undefined ? path : `'${called}' in ${path}`, type, shape),
    }));
    const [{ shape, name: first }] = inputs;
    const other = inputs.find((each) => each.shape[0] !== shape[0]);
    if (other) {
      throw new FeatReconstructError(
        `Expected the tensors of ${path} to hold the same examples along their first axis, found ${shape[0]} in '${first}' and ${other.shape[0]} in '${other.name}': keep the model's inputs alone, or name one as in tensors:${path}#${first}.`,
        { code: 'mismatch' },
      );
    }
    return { inputs, labels: await readLabels(file, path, shape[0]) };
  } finally {
    await file.close();
  }
}

interface Opened {
  /** One; or all, if the file has several tensors and none was named. */
  inputs: { name?: string; isMain: boolean; stored: StoredTensor }[];
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
    const stored = await openNpy(path);
    return { inputs: [{ isMain: true, stored }], close: () => stored.close() };
  }
  const file = await openTensors(path);
  try {
    const inputs = name === undefined ? inputsOf(file, path) : [{ isMain: true, stored: file.rows(name) }];
    return { inputs, labels: file.tensors.has('labels') ? file.rows('labels') : undefined, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * All tensors except labels. Of several, one with a name of `INPUT_NAMES` is the main one, for models with a single
 * input.
 */
function inputsOf(file: NamedTensors, path: string): Opened['inputs'] {
  const names = [...file.tensors.keys()].filter((name) => name !== 'labels');
  if (names.length === 0) {
    throw new UsageError(`${path} has no tensors but labels: expected the model's input, called inputs.`);
  }
  if (names.length === 1) return [{ isMain: true, stored: file.rows(names[0]) }];
  const main = INPUT_NAMES.find((name) => names.includes(name));
  const all = names.map((name) => ({ name, isMain: name === main, stored: file.rows(name) }));
  if (main === undefined) return all;
  // Other tensors beside it need not be inputs.
  const [rows] = file.tensors.get(main)!.shape;
  const isInput = ({ type, shape }: StoredTensor) => shape[0] === rows && [...INPUT_TYPES, 'bfloat16'].includes(type);
  return all.filter(({ isMain, stored }) => isMain || isInput(stored));
}

function checkInputs(what: string, type: string, shape: readonly number[]): InputTensor['type'] {
  if (shape.length === 0 || shape.includes(0)) {
    throw new FeatReconstructError(
      `${what} has a tensor of shape (${shape.join(', ')}), expected examples along the first axis, at least one.`,
    );
  }
  if (type === 'bfloat16') return 'float32'; // exactly, and no runtime here takes bfloat16
  if (INPUT_TYPES.includes(type)) return type as InputTensor['type'];
  throw new FeatReconstructError(
    `${what} is of type ${type}, expected one of ${INPUT_TYPES.join(', ')}: convert it first.`,
  );
}

async function readLabels({ labels }: Opened, path: string, size: number): Promise<ArrayLike<number> | undefined> {
  if (!labels) return undefined;
  if (labels.shape.length !== 1 || labels.rows !== size) {
    throw new FeatReconstructError(
      `The tensor labels in ${path} has shape (${labels.shape.join(', ')}), expected (${size}), one for each example.`,
    );
  }
  const values = await labels.read(0, labels.rows);
  const wrong = values.findIndex((value) => !Number.isInteger(value) || value < -1 || value > MOST_LABEL);
  if (wrong < 0) return values;
  throw new FeatReconstructError(
    `Label ${wrong} in ${path} is ${values[wrong]}, expected class indices: whole numbers from 0 to ${MOST_LABEL}, or -1 where there is none.`,
  );
}

/** Where the items of a block come from. */
interface BlockOfTensors {
  path: string;
  from: number;
  end: number;
  inputs: { name?: string; isMain: boolean; type: InputTensor['type']; shape: readonly number[] }[];
  labels?: ArrayLike<number>;
}

function* samplesOf(items: TypedArray[], block: BlockOfTensors): Generator<Sample> {
  const { path, from, end, inputs, labels } = block;
  const main = inputs.findIndex(({ isMain }) => isMain);
  for (let i = from; i < end; i++) {
    const tensors = inputs.map(({ type, shape }, k): InputTensor => {
      const width = items[k].length / (end - from);
      const values = items[k].slice((i - from) * width, (i - from + 1) * width);
      const data = type === 'float16' ? float32ToFloat16(values as Float32Array) : values;
      return { type, data: data as InputTensor['data'], dims: shape.slice(1) };
    });
    yield {
      id: `${basename(path)}/${String(i).padStart(5, '0')}`,
      label: labels ? labels[i] : -1,
      ...(main < 0 ? {} : { tensor: tensors[main] }),
      ...(inputs.length === 1
        ? {}
        : { tensors: Object.fromEntries(tensors.map((tensor, k) => [inputs[k].name!, tensor])) }),
    };
  }
}
