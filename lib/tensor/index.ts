/**
 * tensor: ndarray at the border, dense row-major blocks inside; readers and writers of .npy and safetensors.
 *
 * Rows: `toRowSource` takes ndarrays, mathjs matrices, number[][] and stored rows alike; `sliceRows` gives a range of
 * them, `chooseRows` some of them, `joinRows` several sources as one.
 *
 * Arrays: `denseData` reads an ndarray and `toNdArray` makes one, both without a copy of what is dense already;
 * `toVector` reads class indices and the like; `toMathjs` makes a matrix of mathjs.
 *
 * Files: `openNpy`, `openNpz` and `openSafetensors` read ranges of files of any size (each tensor is a RowSource, and
 * `readItems` gives its items in their own number type); `createSafetensors` is a writer that can be resumed.
 */
export type { CutRows, FloatNdArray, LinearMap, RowsAbout, RowSource } from './types.js';
export { aboutFewer, aboutPlaced, placesOf } from './about.js';
export type { TypedArray } from './elements.js';
export { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16 } from './halves.js';
export { denseData, toNdArray } from './dense.js';
export type { AnyNdArray } from './dense.js';
export { isMathjsMatrix, toMathjs } from './mathjs.js';
export type { MathjsMatrix } from './mathjs.js';
export { isVectorLike, toVector } from './vectors.js';
export type { VectorLike } from './vectors.js';
export { chooseRows, isRowSource, joinRows, memoryRows, sliceRows, toRowSource } from './rows.js';
export type { RowsLike } from './rows.js';
export type { StoredTensor } from './stored.js';
export { openNpy, readNpy, writeNpy } from './npy.js';
export { openNpz } from './npz.js';
export { openTensors } from './named.js';
export type { NamedTensors } from './named.js';
export { openSafetensors, readSafetensors, writeSafetensors } from './safetensors.js';
export type { SafetensorsFile, SafetensorsInput } from './safetensors.js';
export { createSafetensors } from './safetensors-stream.js';
export type { SafetensorsWriter } from './safetensors-stream.js';
export { elementType, readSafetensorsHeader } from './safetensors-header.js';
export type { SafetensorsDtype, TensorEntry, TensorSpec } from './safetensors-header.js';
export { foreignArrays, foreignError } from './foreign-arrays.js';
export type { ForeignArrays } from './foreign-arrays.js';
export { splitName } from './split-name.js';
export { checkMap } from './check-map.js';
