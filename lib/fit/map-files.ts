import type { NdArray } from 'ndarray';
import { FeatReconstructError } from '../base/index.js';
import { buildModel } from '../onnx/index.js';
import { denseData, readSafetensors, toNdArray, writeSafetensors, type LinearMap } from '../tensor/index.js';

const format = 'featreconstruct.linear-map';

/** A map with how it was found, as `fitLinearMap` and `fitSgd` return it. */
export type MapWithFit<F = object> = LinearMap & { fit?: F };

/**
 * Writes a map as safetensors: `weight` (out, in), `bias` (out), and the fit's record as metadata.
 * @throws FeatReconstructError when the file cannot be written
 */
export async function saveLinearMap(path: string, map: MapWithFit): Promise<void> {
  // Number arrays (a spectrum) would be written as objects with a key for every index.
  const fit = JSON.stringify(map.fit, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value as never) : value));
  await writeSafetensors(
    path,
    { weight: map.weight, bias: map.bias },
    { format, version: '1', ...(fit === undefined ? {} : { fit }) },
  );
}

/**
 * Reads a map that `saveLinearMap` wrote, or any safetensors file with a `weight` (out, in) and a `bias` (out) of floats.
 * @throws FeatReconstructError when the file is not such a map
 */
export async function loadLinearMap(path: string): Promise<MapWithFit> {
  const { tensors, metadata } = await readSafetensors(path);
  const { weight, bias } = tensors;
  if (!weight || !bias || weight.shape.length !== 2 || bias.shape.length !== 1 || bias.shape[0] !== weight.shape[0]) {
    const found = Object.entries(tensors).map(([name, { shape }]) => `${name} (${shape.join(', ')})`);
    throw new FeatReconstructError(
      `Expected a linear map in ${path}, a weight (out, in) and a bias (out), found ${found.join(', ') || 'no tensors'}.`,
    );
  }
  return {
    weight: floats(weight),
    bias: floats(bias),
    ...(metadata.fit === undefined ? {} : { fit: parseFit(metadata.fit, path) }),
  };
}

const floats = (array: NdArray) => toNdArray(denseData(array), array.shape) as LinearMap['weight'];

function parseFit(text: string, path: string): object {
  try {
    return JSON.parse(text) as object;
  } catch (cause) {
    throw new FeatReconstructError(
      `Expected the fit's record in ${path} to be JSON, found something else; fit again or remove that metadata.`,
      { cause },
    );
  }
}

/**
 * A map as an ONNX model of one Gemm: input `x` (n, in), output `y` (n, out), n open.
 * @param dtype of weights, input and output; default: as the map is
 */
export function linearMapToOnnx(map: LinearMap, dtype?: 'float32' | 'float64'): Uint8Array {
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
