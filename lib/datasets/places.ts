import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { count, FeatReconstructError, option, UsageError } from '../base/index.js';
import { fileOnDisk, indexTar, readRange, readWhole, statOrNone, unreadable } from '../bytes/index.js';
import { fetchPublished, wantedPublished, type Published } from '../hub/index.js';
import { isHidden } from './file-kinds.js';
import type { DatasetFormat, ExampleSource, OpenContext } from './source.js';

const HOME = 'http://places2.csail.mit.edu/download.html';
const FROM = 'http://data.csail.mit.edu/places/places365';
const LIST = 'places365_val.txt';
const CATEGORIES = 'categories_places365.txt';
const CLASSES = 365;

/** Bytes at most: the largest image has some 100 kB, the list of all validation images 1.2 MB. */
const MOST_OF_AN_IMAGE = 2 ** 26;
const MOST_OF_A_LIST = 2 ** 26;

const publishedImages: Published = {
  from: FROM,
  file: 'val_256.tar',
  size: 525_158_400,
  sum: { kind: 'md5', value: 'e27b17d8d44f4af9a78502beb927f808' },
};
/** Labels and names of the classes, for all splits. */
const publishedLists: Published = {
  from: FROM,
  file: 'filelist_places365-standard.tar',
  size: null,
  sum: { kind: 'md5', value: '35a0585fee1fa656440f3ab298f8479c' },
};

/** Where an image's bytes are: in a file of its own, or in a range of the archive. */
type Place = string | { offset: number; size: number };

/**
 * Places365's validation images, 256 pixels, Zhou et al. 2018: the folder `val_256` or the archive `val_256.tar`, which
 * is read by range and never unpacked; labels and order from `places365_val.txt`.
 */
export const places365: DatasetFormat = {
  name: 'places365',
  forms: ['places365:val'],
  about: { what: 'scenes, Zhou et al. 2018', images: { val: 36_500 }, classes: CLASSES },
  async wanted({ rest }, { dataDir }) {
    checkSplit(rest);
    return wantedPublished('places365:val', await missingFiles(dataDir), dataDir, hintOf(dataDir));
  },
  fetch: (_spec, context) => fetchMissing(context),
  async open({ rest }, context) {
    checkSplit(rest);
    const { dataDir } = context;
    // Without a consent the errors below say where it looked, which is more than "nothing is fetched".
    if (context.fetch.consent !== undefined) await fetchMissing(context);
    const { root, images } = await findImages(dataDir);
    const listed = parseList(await readLabels(root, dataDir, LIST), LIST);
    const missing = listed.filter(({ name }) => !images.has(name));
    if (missing.length > 0) {
      throw new FeatReconstructError(
        `${root} lacks ${missing.length} of the ${listed.length} images in ${LIST}, first ${missing[0].name}: unpack or download val_256.tar again.`,
        { code: 'not-found' },
      );
    }
    return placesSource(
      root,
      listed.map(({ name, number }) => ({ name, label: number, place: images.get(name)! })),
      await readCategories(root, dataDir),
    );
  },
};

function checkSplit(split: string): void {
  if (split === 'val') return;
  throw new UsageError(
    `places365 has no split '${split}': write places365:val, with a slice as in places365:val[0:1000].`,
  );
}

async function fetchMissing({ dataDir, fetch: options }: OpenContext): Promise<void> {
  await fetchPublished('places365:val', await missingFiles(dataDir), dataDir, options, hintOf(dataDir));
}

const hintOf = (dataDir: string): string =>
  `If it lies elsewhere than in ${dataDir}, name the folder that has it (${option('dataDir')} or FEATRECONSTRUCT_DATA).`;

/** The published files that are here neither packed nor unpacked. */
async function missingFiles(dataDir: string): Promise<Published[]> {
  const isThere = async (...names: string[]): Promise<boolean> => {
    for (const name of names) if (await statOrNone(join(dataDir, name))) return true;
    return false;
  };
  return [
    ...((await isThere('val_256', publishedImages.file)) ? [] : [publishedImages]),
    ...((await isThere(LIST, join('val_256', LIST), publishedLists.file)) ? [] : [publishedLists]),
  ];
}

async function findImages(dataDir: string): Promise<{ root: string; images: Map<string, Place> }> {
  const folder = join(dataDir, 'val_256');
  if ((await statOrNone(folder))?.isDirectory()) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(unreadable(folder));
    const images = new Map<string, Place>();
    for (const entry of entries) {
      const file = join(folder, entry.name);
      const there = entry.isSymbolicLink() ? await statOrNone(file) : entry;
      if (there?.isFile()) images.set(entry.name, file);
    }
    return { root: folder, images };
  }
  const archive = join(dataDir, 'val_256.tar');
  if (await statOrNone(archive)) {
    const all = await indexTar(archive);
    const entries = all.filter(({ name }) => !name.split('/').some(isHidden));
    const large = entries.find(({ size }) => size > MOST_OF_AN_IMAGE);
    if (large) {
      throw new FeatReconstructError(
        `${archive} has ${count(large.size)} bytes for ${large.name}, more than an image of 256 pixels can have: it is corrupted, so download it again.`,
        { code: 'too-large' },
      );
    }
    return { root: archive, images: new Map(entries.map((entry) => [basename(entry.name), entry])) };
  }
  throw new FeatReconstructError(
    `places365:val was not found: expected ${folder} or ${archive}. Download val_256.tar and ${LIST} from ${HOME} into ${dataDir}, let them be fetched (${option('fetch: { consent: true }', '--yes')}), or name the folder that has them (${option('dataDir')} or FEATRECONSTRUCT_DATA).`,
    { code: 'not-found' },
  );
}

/**
 * A list of Places365: from beside the images, from among them, or from the archive of lists; undefined when there is
 * none.
 */
async function readIfThere(root: string, dataDir: string, name: string): Promise<string | undefined> {
  for (const path of [join(dataDir, name), join(root, name)]) {
    const file = await fileOnDisk(path);
    if (file) return new TextDecoder().decode(await readWhole(file, MOST_OF_A_LIST));
  }
  const archive = join(dataDir, publishedLists.file);
  if (!(await statOrNone(archive))) return undefined;
  const entry = (await indexTar(archive)).find((each) => basename(each.name) === name && each.size <= MOST_OF_A_LIST);
  return entry && new TextDecoder().decode(await readRange(archive, entry.offset, entry.size));
}

async function readLabels(root: string, dataDir: string, name: string): Promise<string> {
  const text = await readIfThere(root, dataDir, name);
  if (text !== undefined) return text;
  throw new FeatReconstructError(
    `${join(dataDir, name)} is missing, which has the labels of ${root}: take it from filelist_places365-standard.tar (${HOME}).`,
    { code: 'not-found' },
  );
}

async function readCategories(root: string, dataDir: string): Promise<string[] | undefined> {
  const text = await readIfThere(root, dataDir, CATEGORIES);
  if (text === undefined) return undefined;
  const names: string[] = [];
  for (const { name, number } of parseList(text, CATEGORIES)) names[number] = name.replace(/^\/.\//, '');
  return names;
}

/** Lines of a name and a class number: `Places365_val_00000001.jpg 165`. */
function parseList(text: string, file: string): { name: string; number: number }[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter(Boolean).map((line) => {
    const [, name, digits] = /^(\S+)\s+(\d+)$/.exec(line) ?? [];
    if (!name || Number(digits) >= CLASSES) {
      throw new FeatReconstructError(
        `${file} has the line '${line}', expected a name and a class from 0 to ${CLASSES - 1}.`,
      );
    }
    return { name, number: Number(digits) };
  });
}

function placesSource(
  root: string,
  images: { name: string; label: number; place: Place }[],
  classNames?: string[],
): ExampleSource {
  return {
    size: images.length,
    kind: 'images',
    classNames,
    async *blocks(start, stop) {
      for (const { name, label, place } of images.slice(start, stop)) {
        const file = typeof place === 'string' ? place : await readRange(root, place.offset, place.size);
        yield [{ id: `val_256/${name}`, label, encoded: { name: join(root, name), file } }];
      }
    },
  };
}
