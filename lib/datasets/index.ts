/** datasets: each one streams examples from disk. */
export type { Dataset, InputTensor, Sample } from './types.js';
