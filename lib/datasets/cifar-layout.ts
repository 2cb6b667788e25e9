import type { ByteFile } from '../bytes/index.js';

/** Bytes of the pixels of one CIFAR image: 3 channels of 32 x 32. */
export const PIXEL_BYTES = 3072;

/** Some records of a batch: the pixels of record i begin at `bytes[offset + i * stride]`, channel after channel. */
export interface CifarRecords {
  labels: ArrayLike<number>;
  bytes: Uint8Array;
  offset: number;
  stride: number;
}

/** One file of CIFAR images. */
export interface CifarBatch {
  readonly name: string;
  /** Images in it. */
  readonly size: number;
  /** `count` records from record `start` on. */
  read(start: number, count: number): Promise<CifarRecords>;
}

/** One published form of a CIFAR data set. */
export interface CifarLayout {
  /** The folder that the archive unpacks to. */
  readonly folder: string;
  readonly archive: string;
  /** Files of each split, in order. */
  readonly splits: Readonly<Record<'train' | 'test', readonly string[]>>;
  /** Images in each file of a split, as published. */
  readonly images: Readonly<Record<'train' | 'test', number>>;
  /** The file that names the classes. */
  readonly namesFile: string;
  /** Images in a file by its size alone, where that tells it. */
  imagesIn?(file: ByteFile): number;
  readBatch(file: ByteFile): Promise<CifarBatch>;
  readNames(file: ByteFile): Promise<string[]>;
}
