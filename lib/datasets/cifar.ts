import { join } from 'node:path';
import { FeatReconstructError, option, UsageError } from '../base/index.js';
import { fileOnDisk, readTarGz, statOrNone, type ByteFile } from '../bytes/index.js';
import { fetchPublished, wantedPublished, type Published } from '../hub/index.js';
import type { DatasetNote } from '../words/index.js';
import { binaryLayout } from './cifar-binary.js';
import { pythonLayout } from './cifar-python.js';
import type { CifarBatch, CifarLayout, CifarRecords } from './cifar-layout.js';
import type { DatasetFormat, ExampleSource, OpenContext, PartlyHere } from './source.js';
import type { DatasetSpec } from './spec.js';
import type { Sample } from './types.js';

const SIDE = 32;
/** Bytes of one channel of an image. */
const PLANE = SIDE * SIDE;

/** Records that are read at once: 1.5 MB. */
const CHUNK = 512;

const FROM = 'https://www.cs.toronto.edu/~kriz';
const HOME = 'https://www.cs.toronto.edu/~kriz/cifar.html';

const published10: Published = {
  from: FROM,
  file: 'cifar-10-binary.tar.gz',
  size: 170_052_171,
  sum: { kind: 'sha256', value: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd' },
};

const published100: Published = {
  from: FROM,
  file: 'cifar-100-binary.tar.gz',
  size: 168_513_733,
  sum: { kind: 'sha256', value: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec' },
};

/** The official archives of CIFAR-10, Krizhevsky 2009. */
export const cifar10 = cifarFormat('cifar10', 10, published10, [
  binaryLayout({
    folder: 'cifar-10-batches-bin',
    archive: 'cifar-10-binary.tar.gz',
    splits: { train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), test: ['test_batch.bin'] },
    images: { train: 10_000, test: 10_000 },
    namesFile: 'batches.meta.txt',
    labelBytes: 1,
  }),
  pythonLayout({
    folder: 'cifar-10-batches-py',
    archive: 'cifar-10-python.tar.gz',
    splits: { train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}`), test: ['test_batch'] },
    images: { train: 10_000, test: 10_000 },
    namesFile: 'batches.meta',
    labelsKey: 'labels',
    namesKey: 'label_names',
  }),
]);

/** The official archives of CIFAR-100, Krizhevsky 2009, with its 100 fine labels. */
export const cifar100 = cifarFormat('cifar100', 100, published100, [
  binaryLayout({
    folder: 'cifar-100-binary',
    archive: 'cifar-100-binary.tar.gz',
    splits: { train: ['train.bin'], test: ['test.bin'] },
    images: { train: 50_000, test: 10_000 },
    namesFile: 'fine_label_names.txt',
    labelBytes: 2,
  }),
  pythonLayout({
    folder: 'cifar-100-python',
    archive: 'cifar-100-python.tar.gz',
    splits: { train: ['train'], test: ['test'] },
    images: { train: 50_000, test: 10_000 },
    namesFile: 'meta',
    labelsKey: 'fine_labels',
    namesKey: 'fine_label_names',
  }),
]);

function cifarFormat(name: string, classes: number, published: Published, layouts: CifarLayout[]): DatasetFormat {
  const checkedSplit = (split: string): 'train' | 'test' => {
    if (split === 'train' || split === 'test') return split;
    throw new UsageError(
      `${name} has no split '${split}': write ${name}:train or ${name}:test, with a slice as in ${name}:test[0:1000].`,
    );
  };
  const fetchMissing = async ({ rest }: DatasetSpec, { dataDir, fetch: options }: OpenContext): Promise<void> => {
    const looked = await placesIfNone(layouts, dataDir);
    if (looked) await fetchPublished(`${name}:${rest}`, [published], dataDir, options, hintOf(looked));
  };
  return {
    name,
    forms: [`${name}:train`, `${name}:test`],
    about: { what: `photographs of 32 x 32 pixels, Krizhevsky 2009`, images: { train: 50_000, test: 10_000 }, classes },
    async wanted({ rest }, { dataDir }) {
      checkedSplit(rest);
      const looked = await placesIfNone(layouts, dataDir);
      return looked ? wantedPublished(`${name}:${rest}`, [published], dataDir, hintOf(looked)) : [];
    },
    partly: ({ rest }, { dataDir }) => partlyHere(layouts, checkedSplit(rest), dataDir),
    fetch: fetchMissing,
    async open(spec, context) {
      const split = checkedSplit(spec.rest);
      // Without a consent the error below says where it looked, which is more than "nothing is fetched".
      if (context.fetch.consent !== undefined) await fetchMissing(spec, context);
      const { layout, files } = await locate(`${name}:${split}`, layouts, split, context);
      const batches: CifarBatch[] = [];
      for (const file of layout.splits[split]) {
        if (files.has(file)) batches.push(await layout.readBatch(files.get(file)!));
      }
      const names = files.get(layout.namesFile);
      const source = cifarSource(`${name}:${split}`, classes, batches, names && (await layout.readNames(names)));
      return { ...source, notes: batches.flatMap((batch) => strangeSize(batch, layout.images[split])) };
    },
  };
}

/**
 * A note about a file of another size than published: cut at the end of a record it looks whole, or it was made smaller
 * on purpose.
 */
function strangeSize({ name, size }: CifarBatch, published: number): DatasetNote[] {
  return size === published ? [] : [{ kind: 'file-size', file: name, images: size, published }];
}

/** All places where the data set may be; null if there is something at one of them. */
async function placesIfNone(layouts: readonly CifarLayout[], dataDir: string): Promise<string[] | null> {
  const places = layouts.flatMap((layout) => placesOf(layout, dataDir).map(({ place }) => place));
  for (const place of places) if (await statOrNone(place)) return null;
  return places;
}

/** What an unpacked folder has of a split where that is not all; an archive is taken for whole. */
async function partlyHere(
  layouts: readonly CifarLayout[],
  split: 'train' | 'test',
  dataDir: string,
): Promise<PartlyHere | null> {
  let fullest: PartlyHere | null = null;
  for (const layout of layouts) {
    if (await statOrNone(join(dataDir, layout.archive))) return null;
    const place = join(dataDir, layout.folder);
    if (!(await statOrNone(place))) continue;
    const names = layout.splits[split];
    const files = await filesOfFolder(place, names);
    const published = layout.images[split];
    const imagesIn = (name: string): number => {
      const file = files.get(name);
      return file ? (layout.imagesIn?.(file) ?? published) : 0;
    };
    const missing = names.filter((name) => imagesIn(name) < published);
    if (missing.length === 0) return null;
    const images = names.reduce((sum, name) => sum + imagesIn(name), 0);
    if (!fullest || images > fullest.images) fullest = { images, missing, place };
  }
  return fullest;
}

const hintOf = (looked: readonly string[]): string =>
  `If it lies elsewhere than in ${looked.join(', ')}, name the folder that has it (${option('dataDir')} or FEATRECONSTRUCT_DATA).`;

/** One layout where it was found, and the files of it that are there. */
interface Found {
  layout: CifarLayout;
  place: string;
  files: Map<string, ByteFile>;
  missing: string[];
}

/**
 * The first layout in the data folder that has all files of the split; with `allowPartial` the fullest.
 * @throws FeatReconstructError for none
 */
async function locate(id: string, layouts: CifarLayout[], split: 'train' | 'test', context: OpenContext) {
  const looked: string[] = [];
  let fullest: Found | undefined;
  for (const layout of layouts) {
    for (const { place, read } of placesOf(layout, context.dataDir)) {
      looked.push(place);
      if (!(await statOrNone(place))) continue;
      const files = await read([...layout.splits[split], layout.namesFile]);
      const missing = layout.splits[split].filter((file) => !files.has(file));
      if (missing.length === 0) return { layout, files };
      if (!fullest || missing.length < fullest.missing.length) fullest = { layout, place, files, missing };
    }
  }
  if (!fullest) {
    throw new FeatReconstructError(
      `${id} was not found: expected one of ${looked.join(', ')}. Download ${layouts[0].archive} from ${HOME} into ${context.dataDir}, let it be fetched (${option('fetch: { consent: true }', '--yes')}), or name the folder that has it (${option('dataDir')} or FEATRECONSTRUCT_DATA).`,
      { code: 'not-found' },
    );
  }
  const there = fullest.layout.splits[split].length - fullest.missing.length;
  if (there > 0 && context.allowPartial) return fullest;
  const partly = there > 0 ? `, or give ${option('allowPartial')} to take the ${there} there` : '';
  throw new FeatReconstructError(
    `${fullest.place} lacks ${fullest.missing.join(', ')} of ${id}: take what is missing from ${fullest.layout.archive} (${HOME})${partly}.`,
    { code: 'not-found' },
  );
}

/** Where a layout may be in the data folder: unpacked, or as the official archive. */
function placesOf({ folder, archive }: CifarLayout, dataDir: string) {
  const path = join(dataDir, archive);
  return [
    { place: join(dataDir, folder), read: (names: string[]) => filesOfFolder(join(dataDir, folder), names) },
    { place: path, read: (names: string[]) => filesOfArchive(path, folder, names) },
  ];
}

async function filesOfFolder(folder: string, names: readonly string[]): Promise<Map<string, ByteFile>> {
  const files = new Map<string, ByteFile>();
  for (const name of names) {
    const file = await fileOnDisk(join(folder, name));
    if (file) files.set(name, file);
  }
  return files;
}

async function filesOfArchive(path: string, folder: string, names: string[]): Promise<Map<string, ByteFile>> {
  const members = await readTarGz(
    path,
    names.map((name) => `${folder}/${name}`),
  );
  return new Map([...members].map(([member, file]) => [member.slice(folder.length + 1), file]));
}

function cifarSource(id: string, classes: number, batches: CifarBatch[], classNames?: string[]): ExampleSource {
  return {
    size: batches.reduce((sum, batch) => sum + batch.size, 0),
    kind: 'images',
    classNames,
    async *blocks(start, stop) {
      let first = 0; // position of the batch's first image
      for (const batch of batches) {
        const end = Math.min(stop - first, batch.size);
        for (let from = Math.max(start - first, 0); from < end; from += CHUNK) {
          const records = await batch.read(from, Math.min(CHUNK, end - from));
          yield samplesOf(records, { id, classes, file: batch.name, from, first: first + from });
        }
        first += batch.size;
      }
    },
  };
}

/** Where the records of a block come from, for ids and errors: `from` counts in the file, `first` in the split. */
interface BlockPlace {
  id: string;
  classes: number;
  file: string;
  from: number;
  first: number;
}

function* samplesOf({ labels, bytes, offset, stride }: CifarRecords, block: BlockPlace): Generator<Sample> {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (!(label >= 0 && label < block.classes)) {
      throw new FeatReconstructError(
        `Record ${block.from + i} of ${block.file} has label ${label}, expected 0 to ${block.classes - 1}: the file is corrupted or not of this data set.`,
      );
    }
    yield {
      id: `${block.id}/${String(block.first + i).padStart(5, '0')}`,
      label,
      image: { width: SIDE, height: SIDE, data: interleave(bytes, offset + i * stride) },
    };
  }
}

/** Planar to interleaved. Each image has its own memory, so that sending one to a thread sends no others. */
function interleave(planes: Uint8Array, at: number): Uint8Array {
  const data = new Uint8Array(3 * PLANE);
  for (let from = at, to = 0; from < at + PLANE; from++) {
    data[to++] = planes[from];
    data[to++] = planes[from + PLANE];
    data[to++] = planes[from + 2 * PLANE];
  }
  return data;
}
