import { cifar10, cifar100 } from './cifar.js';
import { folder, imageFolder } from './folder.js';
import { hubData } from './hub-data.js';
import { list } from './list.js';
import { parquet } from './parquet.js';
import { places365 } from './places.js';
import type { DatasetFormat } from './source.js';
import { synthetic, syntheticShift } from './synthetic.js';
import { tensors } from './tensors.js';

/** Every kind of data set. A new one is a file beside these and a line here. */
export const formats: readonly DatasetFormat[] = [
  cifar10,
  cifar100,
  places365,
  folder,
  imageFolder,
  list,
  tensors,
  parquet,
  hubData,
  synthetic,
  syntheticShift,
];

/** Their names, which stand before the colon of a spec. */
export const formatNames: readonly string[] = formats.map(({ name }) => name);
