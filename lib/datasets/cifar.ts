import { join } from 'node:path';
import { FeatReconstructError, UsageError } from '../base/index.js';
import { fileOnDisk, type ByteFile } from './byteFile.js';
import { binaryLayout } from './cifarBinary.js';
import type { CifarBatch, CifarLayout } from './cifarLayout.js';
import type { DatasetFormat, ExampleSource, OpenContext } from './source.js';
import type { Sample } from './types.js';

const SIDE = 32;
/** Bytes of one channel of an image. */
const PLANE = SIDE * SIDE;

/** Records that are read at once: 1.5 MB. */
const CHUNK = 512;

const HOME = 'https://www.cs.toronto.edu/~kriz/cifar.html';

/** The official archives of CIFAR-10, Krizhevsky 2009. */
export const cifar10 = cifarFormat('cifar10', 10, [
  binaryLayout({
    folder: 'cifar-10-batches-bin',
    archive: 'cifar-10-binary.tar.gz',
    splits: { train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), test: ['test_batch.bin'] },
    namesFile: 'batches.meta.txt',
    labelBytes: 1,
  }),
]);

/** The official archives of CIFAR-100, Krizhevsky 2009, with its 100 fine labels. */
export const cifar100 = cifarFormat('cifar100', 100, [
  binaryLayout({
    folder: 'cifar-100-binary',
    archive: 'cifar-100-binary.tar.gz',
    splits: { train: ['train.bin'], test: ['test.bin'] },
    namesFile: 'fine_label_names.txt',
    labelBytes: 2,
  }),
]);

function cifarFormat(name: string, classes: number, layouts: CifarLayout[]): DatasetFormat {
  return {
    name,
    forms: [`${name}:train`, `${name}:test`],
    async open({ rest: split }, context) {
      if (split !== 'train' && split !== 'test') {
        throw new UsageError(
          `${name} has no split '${split}': write ${name}:train or ${name}:test, with a slice as in ${name}:test[0:1000].`,
        );
      }
      const { layout, files } = await locate(`${name}:${split}`, layouts, split, context);
      const batches: CifarBatch[] = [];
      for (const file of layout.splits[split]) {
        if (files.has(file)) batches.push(await layout.readBatch(files.get(file)!));
      }
      const names = files.get(layout.namesFile);
      return cifarSource(`${name}:${split}`, classes, batches, names && (await layout.readNames(names)));
    },
  };
}

/** The first layout in the data folder that has all files of the split, or with `allowPartial` some of them. */
async function locate(id: string, layouts: CifarLayout[], split: 'train' | 'test', context: OpenContext) {
  const looked: string[] = [];
  let partial: { layout: CifarLayout; place: string; files: Map<string, ByteFile>; missing: string[] } | undefined;
  for (const layout of layouts) {
    const wanted = layout.splits[split];
    for (const { place, read } of placesOf(layout, context.dataDir)) {
      looked.push(place);
      const files = await read([...wanted, layout.namesFile]);
      const missing = wanted.filter((file) => !files.has(file));
      if (missing.length === 0) return { layout, files };
      if (missing.length < wanted.length) partial ??= { layout, place, files, missing };
    }
  }
  if (partial && context.allowPartial) return partial;
  if (partial) {
    const there = partial.layout.splits[split].length - partial.missing.length;
    throw new FeatReconstructError(
      `${partial.place} lacks ${partial.missing.join(', ')} of ${id}: add what is missing from ${partial.layout.archive} (${HOME}), or pass allowPartial (--allow-partial) to take the ${there} there.`,
    );
  }
  throw new FeatReconstructError(
    `${id} was not found: expected one of ${looked.join(', ')}. Download ${layouts[0].archive} from ${HOME} into ${context.dataDir}, or name the folder that has it (dataDir, --data-dir or FEATRECONSTRUCT_DATA).`,
  );
}

/** Where a layout may lie in the data folder: unpacked, or as the official archive. */
function placesOf(layout: CifarLayout, dataDir: string) {
  const folder = join(dataDir, layout.folder);
  return [{ place: folder, read: (names: string[]) => filesOfFolder(folder, names) }];
}

async function filesOfFolder(folder: string, names: readonly string[]): Promise<Map<string, ByteFile>> {
  const files = new Map<string, ByteFile>();
  for (const name of names) {
    const file = await fileOnDisk(join(folder, name));
    if (file) files.set(name, file);
  }
  return files;
}

function cifarSource(id: string, classes: number, batches: CifarBatch[], classNames?: string[]): ExampleSource {
  return {
    size: batches.reduce((sum, batch) => sum + batch.size, 0),
    kind: 'images',
    classNames,
    async *samples(start, stop) {
      let first = 0; // position of the batch's first image
      for (const batch of batches) {
        const end = Math.min(stop - first, batch.size);
        for (let from = Math.max(start - first, 0); from < end; from += CHUNK) {
          yield* chunk(id, classes, batch, first, from, Math.min(CHUNK, end - from));
        }
        first += batch.size;
      }
    },
  };
}

async function* chunk(id: string, classes: number, batch: CifarBatch, first: number, from: number, count: number) {
  const { labels, bytes, offset, stride } = await batch.read(from, count);
  for (let i = 0; i < count; i++) {
    const label = labels[i];
    if (!(label < classes)) {
      throw new FeatReconstructError(
        `Record ${from + i} of ${batch.name} has label ${label}, expected 0 to ${classes - 1}: the file is corrupted or not of this data set.`,
      );
    }
    const sample: Sample = {
      id: `${id}/${String(first + from + i).padStart(5, '0')}`,
      label,
      image: { width: SIDE, height: SIDE, data: interleave(bytes, offset + i * stride) },
    };
    yield sample;
  }
}

/** Planar to interleaved. A copy of its own for each image, so that handing one to a thread sends no others. */
function interleave(bytes: Uint8Array, at: number): Uint8Array {
  const data = new Uint8Array(3 * PLANE);
  for (let i = 0, to = 0; i < PLANE; i++, to += 3) {
    data[to] = bytes[at + i];
    data[to + 1] = bytes[at + PLANE + i];
    data[to + 2] = bytes[at + 2 * PLANE + i];
  }
  return data;
}
