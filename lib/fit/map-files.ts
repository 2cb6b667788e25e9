import { createHash } from 'node:crypto';
import type { NdArray } from 'ndarray';
import { FeatReconstructError, type TaskOptions } from '../base/index.js';
import { buildModel } from '../onnx/index.js';
import { bytesOf } from '../bytes/index.js';
import {
  checkMap,
  denseData,
  foreignArrays,
  openTensors,
  toNdArray,
  writeSafetensors,
  type AnyNdArray,
  type LinearMap,
} from '../tensor/index.js';
import type { FitInfo } from './types.js';

const format = 'featreconstruct.linear-map';
/** What weight and bias are called: here, by hand, by scikit-learn, and by Keras and Flax, whose kernel is (in, out). */
const names: readonly (readonly [string, string])[] = [
  ['weight', 'bias'],
  ['W', 'b'],
  ['coef_', 'intercept_'],
  ['kernel', 'bias'],
];
/** The metadata's entry with the checksum of the file. Named so that no other tool's metadata is taken for it. */
const checksum = 'featreconstruct.sha256';

/**
 * A fit's record as a file holds it. JSON has neither typed arrays nor infinities (which become null), and the record of another
 * solver or version may lack any field.
 */
export interface StoredFit extends Partial<Omit<FitInfo, 'solver' | 'condition' | 'spectrum'>> {
  solver?: FitInfo['solver'] | 'sgd';
  condition?: number | null;
  /** Eigenvalues of the Gram, descending (p). */
  spectrum?: number[];
}

/** A map with how it was found, as `fitLinearMap` and `fitSgd` return it. */
export type MapWithFit<F = object> = LinearMap & { fit?: F };

/**
 * Writes a map as safetensors: `weight` (out, in), `bias` (out), and the fit's record as metadata.
 * @param options `signal`: gives up an upload to object storage
 * @throws FeatReconstructError when the file cannot be written
 */
export async function saveLinearMap(
  path: string,
  map: MapWithFit,
  options: Pick<TaskOptions, 'signal'> = {},
): Promise<void> {
  checkMap(map);
  // JSON.stringify writes a typed array (a spectrum) as an object with a key for every index.
  const fit = JSON.stringify(map.fit, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value as never) : value));
  const tensors = { weight: map.weight, bias: map.bias };
  const metadata = { format, version: '2', ...(fit === undefined ? {} : { fit }) };
  await writeSafetensors(path, tensors, { ...metadata, [checksum]: sumOf(tensors, metadata) }, options);
}

/** SHA-256 (hex) of the numbers, their types and shapes, and the other metadata. */
function sumOf(tensors: Record<string, AnyNdArray>, metadata: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256');
  const sorted = <T>(entries: Iterable<[string, T]>): [string, T][] =>
    [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  hash.update(JSON.stringify(sorted(Object.entries(metadata).filter(([name]) => name !== checksum))));
  for (const [name, array] of sorted(Object.entries(tensors))) {
    const data = denseData(array);
    hash.update(JSON.stringify([name, data.BYTES_PER_ELEMENT, array.shape])).update(bytesOf(data));
  }
  return hash.digest('hex');
}

/**
 * Reads a map that `saveLinearMap` wrote, or any safetensors or .npz file with a `weight` (out, in) and a `bias` (out) of floats (`W` and
 * `b`, `coef_` and `intercept_`), or a `kernel` (in, out) with its `bias`.
 * @throws FeatReconstructError when the file is not such a map, or is damaged
 */
export async function loadLinearMap(path: string): Promise<MapWithFit<StoredFit>> {
  const foreign = /\.npz$/i.test(path) ? null : await foreignArrays(path);
  if (foreign === 'npy') {
    throw new FeatReconstructError(
      `Expected a linear map in '${path}', a weight (out, in) and a bias (out), found one array of NumPy: write both, as numpy.savez('map.npz', weight=W, bias=b).`,
    );
  }
  const file = await openTensors(path);
  try {
    const { tensors: found, metadata } = file;
    const [weight, bias] = names.find((pair) => pair.every((name) => found.has(name))) ?? names[0];
    const turned = weight === 'kernel';
    const [weightShape, biasShape] = [found.get(weight)?.shape, found.get(bias)?.shape];
    const isMatrix = weightShape?.length === 2 && biasShape?.length === 1;
    if (!isMatrix || biasShape[0] !== weightShape[turned ? 1 : 0]) {
      const shapes = [...found].slice(0, 8).map(([name, { shape }]) => `${name} (${shape.join(', ')})`);
      const isTransposed = isMatrix && biasShape[0] === weightShape[turned ? 0 : 1];
      throw new FeatReconstructError(
        `Expected a linear map in ${path}, a weight (out, in) and a bias (out)${turned ? ' or a kernel (in, out)' : ''}, found ${shapes.join(', ') || 'no tensors'}: ${
          isTransposed
            ? `the ${weight} is the other way round. Write ${turned ? 'weight' : 'kernel'}=${weight}, bias=${bias}.`
            : "in Python: numpy.savez('map.npz', weight=W, bias=b)."
        }`,
      );
    }
    // Nothing else is read, since the file may hold a whole network.
    const tensors = { weight: await file.read(weight), bias: await file.read(bias) };
    // Maps of version 1 have no checksum, nor have those of other tools.
    const isSummed = metadata[checksum] !== undefined || (metadata.format === format && metadata.version !== '1');
    if (isSummed && metadata[checksum] !== sumOf(tensors, metadata)) {
      throw new FeatReconstructError(
        `Expected ${path} to hold the map that was written, found other numbers or another record: the file is damaged. Delete it and fit again.`,
        { code: 'damaged' },
      );
    }
    return {
      weight: turned ? transposed(floats(tensors.weight)) : floats(tensors.weight),
      bias: floats(tensors.bias),
      ...(metadata.fit === undefined ? {} : { fit: parseFit(metadata.fit, path) }),
    };
  } finally {
    await file.close();
  }
}

function floats(array: NdArray): LinearMap['weight'] {
  const data: ArrayLike<number> = denseData(array);
  const isFloat = data instanceof Float32Array || data instanceof Float64Array;
  return toNdArray(isFloat ? data : Float64Array.from(data, Number), array.shape) as LinearMap['weight'];
}

/** (n, m) of (m, n), in its own memory. */
function transposed(array: LinearMap['weight']): LinearMap['weight'] {
  const turned = array.transpose(1, 0);
  return toNdArray(denseData(turned), turned.shape) as LinearMap['weight'];
}

function parseFit(text: string, path: string): StoredFit {
  try {
    return JSON.parse(text) as StoredFit;
  } catch (cause) {
    throw new FeatReconstructError(
      `Expected the fit's record in ${path} to be JSON, found something else; fit again or remove that metadata.`,
      { code: 'damaged', cause },
    );
  }
}

/**
 * A map as an ONNX model of one Gemm: input `x` (n, in), output `y` (n, out), n open.
 * @param dtype of weights, input and output; default: as the map is
 */
export function linearMapToOnnx(map: LinearMap, dtype?: 'float32' | 'float64'): Uint8Array {
  checkMap(map);
  const [out, width] = map.weight.shape;
  const type = dtype ?? (map.weight.data instanceof Float64Array ? 'float64' : 'float32');
  const FloatArray = type === 'float64' ? Float64Array : Float32Array;
  return buildModel({
    inputs: [{ name: 'x', type, dims: ['n', width] }],
    outputs: [{ name: 'y', type, dims: ['n', out] }],
    nodes: [{ op: 'Gemm', inputs: ['x', 'weight', 'bias'], outputs: ['y'], attributes: { transB: { int: 1 } } }],
    constants: [
      { name: 'weight', type, dims: [out, width], data: FloatArray.from(denseData(map.weight)) },
      { name: 'bias', type, dims: [out], data: FloatArray.from(denseData(map.bias)) },
    ],
  });
}
