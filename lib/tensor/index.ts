/** tensor: ndarray at the border, dense row-major blocks inside; readers and writers of .npy and safetensors. */
export type { FloatNdArray, LinearMap, RowSource } from './types.js';
