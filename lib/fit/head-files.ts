import { FeatReconstructError } from '../base/index.js';
import {
  foreignArrays,
  openNpy,
  openTensors,
  splitName,
  toNdArray,
  type LinearMap,
  type ForeignArrays,
  type NamedTensors,
} from '../tensor/index.js';
import type { ModelNote } from '../words/index.js';
import { candidatesIn, type HeadCandidate, type HeadWidths } from './head-names.js';
import { loadLinearMap } from './map-files.js';

/** What is known of a head that is to be read. */
export interface HeadFileOptions {
  /** d, the width of the features. */
  features: number;
  /** c, where it is known. */
  classes?: number | undefined;
  /** A file with the bias (c), .npy, .npz or safetensors (`FILE#NAME`). Default: beside the weight, else 0. */
  bias?: string | undefined;
}

/** A head, and which arrays were taken for it, in sentences. */
export interface HeadFile {
  head: LinearMap;
  notes: string[];
}

/** The same with its notes as data, until somebody reads them. */
export interface NotedHead extends Omit<HeadFile, 'notes'> {
  notes: ModelNote[];
}

/** Reads a head as the `loadHead` of callers (`for-callers.ts`), with notes as data. */
export async function loadHead(text: string, options: HeadFileOptions): Promise<NotedHead> {
  const [path, prefix] = splitName(text);
  // What was saved by PyTorch may be called .npz, too.
  const byContent = endings[(await foreignArrays(path)) ?? 'npz'] ?? path;
  const other = otherKinds.find(([ending]) => ending.test(byContent));
  if (other) throw new FeatReconstructError(`Expected a head in a file of arrays, found '${path}': ${other[1]}`);
  if (/\.npy$/i.test(path)) return fromArray(path, options);
  const file = await openTensors(path);
  try {
    if (prefix === undefined && options.bias === undefined && !/\.npz$/i.test(path) && isMap(file)) {
      return { head: await loadLinearMap(path), notes: [] };
    }
    const chosen = choose(file, path, prefix, options);
    const weight = await floats(file, chosen.weight);
    const beside = chosen.bias === null ? null : await floats(file, chosen.bias);
    return await assemble(weight, chosen, { ...options, beside }, path);
  } finally {
    await file.close();
  }
}

/** The usual endings of files that are told by their content. */
const endings: Readonly<Partial<Record<ForeignArrays, string>>> = { torch: '.pt', pickle: '.pkl', hdf5: '.h5' };

/** Files that may hold heads and are not read, by their endings, with how to write one that is. */
const otherKinds: readonly [RegExp, string][] = [
  [
    /\.(pth|pt|bin|ckpt)$/i,
    "PyTorch's files are pickles, which are not read. In Python: from safetensors.torch import save_file; save_file(model.state_dict(), 'model.safetensors').",
  ],
  [
    /\.(joblib|pkl|pickle)$/i,
    "pickles are not read. In Python, for scikit-learn: numpy.savez('head.npz', coef_=model.coef_, intercept_=model.intercept_).",
  ],
  [
    /\.(h5|hdf5|keras)$/i,
    "Keras' files are not read. In Python: kernel, bias = model.layers[-1].get_weights(); numpy.savez('head.npz', kernel=kernel, bias=bias).",
  ],
  [
    /\.(csv|tsv|txt|json|jsonl|mat|rds|parquet)$/i,
    "write the weight as (classes, features) with its bias: numpy.savez('head.npz', weight=W, bias=b).",
  ],
];

/** Whether a file is a map of this library, or holds a weight (c, d) and a bias (c) and nothing else. */
const isMap = ({ tensors, metadata }: NamedTensors): boolean =>
  metadata.format === 'featreconstruct.linear-map' ||
  (tensors.size === 2 &&
    tensors.get('weight')?.shape.length === 2 &&
    tensors.get('bias')?.shape[0] === tensors.get('weight')?.shape[0]);

interface Floats {
  data: Float64Array | Float32Array;
  shape: readonly number[];
}

async function floats(file: NamedTensors, name: string): Promise<Floats> {
  const rows = file.rows(name);
  return { data: await rows.read(0, rows.rows), shape: rows.shape };
}

async function fromArray(path: string, options: HeadFileOptions): Promise<NotedHead> {
  const file = await openNpy(path);
  try {
    const { shape } = file;
    const [weight] = candidatesIn(new Map([['weight of the file', { shape }]]), options);
    if (!weight) throw noFit([['its array', shape]], options, path);
    const named: HeadCandidate = { ...weight, weight: 'the array', bias: null, sure: false };
    return await assemble({ data: await file.read(0, file.rows), shape }, named, { ...options, beside: null }, path);
  } finally {
    await file.close();
  }
}

/** The one pair of a file that is named, or that may be the head. */
function choose(
  { tensors }: NamedTensors,
  path: string,
  prefix: string | undefined,
  widths: HeadWidths,
): HeadCandidate {
  const all = candidatesIn(tensors, widths);
  const wanted = prefix?.replace(/\.$/, '');
  const some =
    wanted === undefined ? all : all.filter(({ weight, prefix: stem }) => weight === wanted || stem === wanted);
  const usual = some.filter(({ isHead }) => isHead);
  const best = some.length === 1 ? some : usual;
  if (best.length === 1) return best[0];
  if (some.length === 0) {
    const asked = [...tensors].filter(([name]) => wanted === undefined || name.startsWith(wanted));
    const matrices = asked.filter(([, { shape }]) => shape.length >= 2);
    throw noFit(
      (matrices.length > 0 ? matrices : [...tensors]).slice(-8).map(([name, { shape }]) => [name, shape]),
      widths,
      path,
    );
  }
  const names = (usual.length > 0 ? usual : some).slice(0, 12).map(({ prefix: stem }) => stem);
  throw new FeatReconstructError(
    `Expected one linear layer ${inWords(widths)} in '${path}', found ${some.length}: ${names.join(', ')}. Name one as '${path}#${names[0]}'.`,
    { code: 'ambiguous' },
  );
}

/** The head of a weight, transposed where it is (d, c), and its bias. */
async function assemble(
  { data, shape }: Floats,
  { weight, turned, sure, bias: biasName }: HeadCandidate,
  { features, bias: biasFile, beside }: HeadFileOptions & { beside: Floats | null },
  path: string,
): Promise<NotedHead> {
  const c = turned ? shape[1] : shape[0];
  if (c === features && !sure) {
    throw new FeatReconstructError(
      `Expected to see which way round the weight in '${path}' is, found it square (${c}, ${c}). Give its side a name: numpy.savez('head.npz', weight=W, bias=b) where its rows are classes (PyTorch), kernel=W where they are features (Keras).`,
      { code: 'ambiguous' },
    );
  }
  const matrix = turned ? transposed(data, features, c) : data;
  const found = biasFile === undefined ? beside : await readBias(biasFile);
  if (found && found.data.length !== c) {
    throw new FeatReconstructError(
      `Expected a bias of ${c} numbers, one a class, in '${biasFile ?? path}', found shape (${found.shape.join(', ')}): it is of another layer.`,
      { code: 'mismatch' },
    );
  }
  const note: ModelNote = {
    ...{ kind: 'head-of-arrays', file: path, weight },
    shape: turned ? [features, c] : [c, features],
    transposed: turned,
    bias: biasFile ?? biasName,
  };
  return {
    head: {
      weight: toNdArray(matrix, [c, features]) as LinearMap['weight'],
      bias: toNdArray(found ? found.data : new Float64Array(c), [c]) as LinearMap['bias'],
    },
    notes: [note],
  };
}

async function readBias(text: string): Promise<Floats> {
  const [path, name] = splitName(text);
  if (/\.npy$/i.test(path)) {
    const file = await openNpy(path);
    try {
      return { data: await file.read(0, file.rows), shape: file.shape };
    } finally {
      await file.close();
    }
  }
  const file = await openTensors(path);
  try {
    const names = [...file.tensors.keys()];
    const wanted = name ?? (names.length === 1 ? names[0] : names.find((key) => /^(bias|b|intercept_)$/.test(key)));
    if (wanted === undefined) {
      throw new FeatReconstructError(
        `Expected one bias in '${path}', found ${names.join(', ')}. Name it as ${path}#NAME.`,
        { code: 'ambiguous' },
      );
    }
    return await floats(file, wanted);
  } finally {
    await file.close();
  }
}

function transposed(data: Float32Array | Float64Array, rows: number, cols: number): Float32Array | Float64Array {
  const out = data.slice();
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[j * rows + i] = data[i * cols + j];
  return out;
}

const inWords = ({ features, classes }: HeadWidths): string =>
  `from ${features} features${classes === undefined ? '' : ` to ${classes} classes`}`;

const noFit = (found: [string, readonly number[]][], widths: HeadWidths, path: string): FeatReconstructError =>
  new FeatReconstructError(
    `Expected the weight of a linear layer ${inWords(widths)} in '${path}', found ${found.map(([name, shape]) => `${name} (${shape.join(', ')})`).join(', ')}: it is of another model, or the features are.`,
    { code: 'mismatch' },
  );
