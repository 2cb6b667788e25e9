import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contentDigests, openDataset, someLeftOut } from '../../lib/datasets/index.js';
import { decodeImage } from '../../lib/images/index.js';
import { withFolder } from './support.js';
import { coded, naming } from '../support/coded.js';

/**
 * Folders as phones, services and systems leave them: what is read of each, or the sentence that somebody gets.
 */

const decoded = fileURLToPath(new URL('../fixtures/images/decoded/', import.meta.url));
const jpeg = readFileSync(join(decoded, 'subsampling0.jpg'));
const png = readFileSync(join(decoded, 'rgb.png'));
const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1');
const film = Buffer.from('\0\0\0\x14ftypqt  ', 'latin1');

interface Outcome {
  size: number;
  labels: number[];
  classes?: readonly string[];
  leftOut?: string;
  bad: string[];
  notes: string;
  copies: number;
}

/** Fills a folder (`/` at the end for an empty one), reads all of it. */
async function outcome(
  files: Record<string, Buffer | string>,
  spec = (root: string) => `folder:${root}/p`,
): Promise<Outcome> {
  return withFolder(undefined, async (root) => {
    for (const [path, content] of Object.entries(files)) {
      const file = join(root, 'p', path);
      mkdirSync(path.endsWith('/') ? file : dirname(file), { recursive: true });
      if (typeof content === 'string' && content.startsWith('-> ')) symlinkSync(content.slice(3), file);
      else if (!path.endsWith('/')) writeFileSync(file, content);
    }
    const dataset = await openDataset(spec(root));
    const labels: number[] = [];
    const bad: string[] = [];
    for await (const { label, encoded, undecodable } of dataset.samples()) {
      labels.push(label);
      if (undecodable) bad.push(undecodable.message);
      else await decodeImage(encoded!).catch((error: Error) => bad.push(error.message));
    }
    const { examples } = await contentDigests(dataset);
    const { size, classNames: classes, leftOut, leftOutNames, notes } = dataset;
    return {
      ...{ size, labels, classes, bad },
      leftOut: leftOut && someLeftOut('it', leftOut, leftOutNames).message,
      notes: notes!.join(' '),
      copies: examples.length - new Set(examples).size,
    };
  });
}

const many = (count: number, name: (i: number) => string, content = jpeg): Record<string, Buffer> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [name(i), content]));

test("a phone's dump: live photos, films, edits; HEIC is counted with the command that converts it", async () => {
  const found = await outcome({
    ...{ 'DCIM/100APPLE/IMG_1.HEIC': heic, 'DCIM/100APPLE/IMG_1.MOV': film, 'DCIM/100APPLE/IMG_1.AAE': '<plist/>' },
    ...{ 'DCIM/100APPLE/IMG_2.JPG': jpeg, 'DCIM/101APPLE/IMG_3.PNG': png, 'DCIM/.thumbnails/1.jpg': jpeg },
  });
  expect(found).toMatchObject({ size: 2, bad: [] });
  expect(found.leftOut).toMatch(naming(1, '.heic', 'IMG_1.HEIC', 'mogrify', '*.heic'));
});

test('the same after the conversion: the HEIC beside its PNG is the same picture', async () => {
  const found = await outcome({ 'IMG_1.HEIC': heic, 'IMG_1.png': png, 'IMG_2.CR2': 'raw', 'IMG_2.JPG': jpeg });
  expect(found).toMatchObject({ size: 2, bad: [], leftOut: undefined });
  expect(found.notes).toMatch(/2 files \(\.heic, \.cr2\)/);
});

test("Google Takeout: a folder for each album, .json beside, '(1)' and '-edited'", async () => {
  const album = 'Takeout/Google Photos/Photos from 2019';
  const found = await outcome({
    ...{ [`${album}/IMG.jpg`]: jpeg, [`${album}/IMG.jpg.json`]: '{}', [`${album}/IMG(1).jpg`]: jpeg },
    ...{ [`${album}/IMG-edited.jpg`]: png, [`${album}/metadata.json`]: '{}', 'Takeout/archive_browser.html': '<html>' },
  });
  expect(found).toMatchObject({ size: 3, bad: [], leftOut: undefined, copies: 1 });
});

test('a folder from a Mac and from Windows: what systems leave beside is passed over', async () => {
  const found = await outcome({
    ...{ 'cat/1.jpg': jpeg, 'cat/._1.jpg': 'fork', 'cat/.DS_Store': 'x', 'dog/2.png': png, 'dog/Thumbs.db': 'x' },
    ...{ 'dog/desktop.ini': 'x', '__MACOSX/cat/._1.jpg': 'fork', '.Trashes/1.jpg': jpeg },
  });
  expect(found).toMatchObject({ size: 2, classes: ['cat', 'dog'], labels: [0, 1], bad: [], leftOut: undefined });
});

test('names with emoji, other forms of é, line ends, #, %, blanks, quotes', async () => {
  const names = [
    '😀.jpg',
    'e\u0301.jpg',
    'é.jpg',
    'a\nb.jpg',
    '#1.jpg',
    '100%.jpg',
    ' x .jpg',
    'it\'s "x".jpg',
    'a[0:1].jpg',
    'a?.jpg',
  ];
  const found = await outcome(Object.fromEntries(names.map((name) => [`p#1 100% é/${name}`, jpeg])));
  expect(found).toMatchObject({ size: names.length, bad: [], leftOut: undefined });
});

test('class folders that are empty, and 0 to 10 in the order of text', async () => {
  const classes = ['0', '1', '10', '2', '3', '4', '5', '6', '7', '8', '9'];
  const found = await outcome({ ...many(11, (i) => `${i}/x.jpg`), 'empty/': '' });
  expect(found.classes).toEqual(classes);
  expect(found.notes).toContain('0, 1, 10, 2, 3, …, 9');
});

test('train and val, each with classes: all read, no labels, and the folder that has them is named', async () => {
  const found = await outcome({ 'train/cat/1.jpg': jpeg, 'train/dog/2.jpg': png, 'val/cat/1.jpg': jpeg });
  expect(found).toMatchObject({ size: 3, classes: undefined, labels: [-1, -1, -1], copies: 1 });
  expect(found.notes).toMatch(naming('train', 'val', '/p/train'));
});

test('photographs at the top and in subfolders: all read, no labels', async () => {
  const found = await outcome({ '1.jpg': jpeg, 'holiday/2.jpg': png, 'holiday/deep/3.jpg': jpeg });
  expect(found).toMatchObject({ size: 3, labels: [-1, -1, -1], bad: [] });
  expect(found.notes).toMatch(/imagefolder:/);
});

test('a farm of links: to files, to folders, to itself, to nothing', async () => {
  const found = await outcome({
    ...{
      'all/1.jpg': jpeg,
      'a/one.jpg': '-> ../all/1.jpg',
      b: '-> all',
      'a/up': '-> ..',
      'a/gone.jpg': '-> nowhere.jpg',
    },
  });
  expect(found).toMatchObject({ classes: ['a', 'all', 'b'], bad: [] });
  expect(found.leftOut).toMatch(naming(1, "'a/", "gone.jpg'"));
});

test.each<[string, string, Buffer | string, RegExp]>([
  ['an empty file', 'x.jpg', '', naming('x.jpg', 'empty')],
  ['a download that broke off', 'x.jpg', jpeg.subarray(0, jpeg.length >> 1), naming('x.jpg', 'truncated')],
  ['a HEIC named .jpg', 'x.jpg', heic, naming('x.jpg', 'HEIC')],
  ['a web page named .jpg', 'x.jpg', '<!DOCTYPE html><html>', naming('x.jpg', 'web')],
  ['a pointer of Git LFS', 'x.png', 'version https://git-lfs.github.com/spec/v1\n', naming('x.png', 'lfs')],
  ['a film named .jpg', 'x.jpg', film, naming('x.jpg', 'film')],
])('%s is a bad image, named, with what it is', async (_, name, content, message) => {
  const found = await outcome({ 'good.jpg': jpeg, [name]: content });
  expect(found.size).toBe(2);
  expect(found.bad).toEqual([expect.stringMatching(message)]);
});

test('a PNG named .jpg, a JPEG named .png and .webp, capitals, .jfif: what a file is its bytes say', async () => {
  const found = await outcome({
    'a.jpg': png,
    'b.png': jpeg,
    'c.WEBP': jpeg,
    'd.JFIF': jpeg,
    'e.jpe': jpeg,
    'f.pgm': png,
  });
  expect(found).toMatchObject({ size: 6, bad: [], leftOut: undefined });
});

test('images without an ending stop with what to do', async () => {
  const found = await outcome({ 'a.jpg': jpeg, '0a1b2c': jpeg });
  expect(found.leftOut).toMatch(naming(1, "'0a1b2c'"));
});

test.each<[string, Record<string, Buffer | string>, Error]>([
  ['nothing in it', { 'sub/': '' }, coded('not-found', 'JPEG')],
  ['HEIC alone', { 'IMG_1.HEIC': heic, 'IMG_2.HEIC': heic }, coded('not-found', 2, '.heic', 'mogrify')],
  ['films and texts alone', { '1.mov': film, 'a.txt': 'x' }, coded('not-found', 'JPEG')],
])('%s: one sentence', async (_, files, message) => {
  await expect(outcome(files)).rejects.toThrow(message);
});

test('an archive beside the folder is told how it is given', async () => {
  await withFolder(undefined, async (root) => {
    cpSync(join(decoded, 'rgb.png'), join(root, 'photo.png'));
    await expect(openDataset(`folder:${root}/photo.png`)).rejects.toThrow(coded('not-found'));
  });
});
