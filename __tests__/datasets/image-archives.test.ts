import { openDataset } from '../../lib/datasets/index.js';
import { decodeImage } from '../../lib/images/index.js';
import { all, fixture } from './support.js';
import { coded } from '../support/coded.js';

// __tests__/goldens/image_archives.py makes them.
const spec = (name: string, format = 'folder'): string => `${format}:${fixture('images', name)}`;

const whole = [
  ['cat/1.png', 0],
  ['cat/deep/3.png', 0],
  ['dog/2.png', 1],
  ['dog/é.png', 1],
];
/** The first pixel of each, in that order. */
const colors = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [9, 9, 9],
];

async function pixels(name: string): Promise<number[][]> {
  const samples = await all(await openDataset(spec(name)));
  const images = await Promise.all(samples.map(({ encoded }) => decodeImage(encoded!)));
  return images.map(({ data }) => Array.from(data.subarray(0, 3)));
}

describe('an archive of images is read as if it were unpacked', () => {
  test.each([
    ['deflated', 'deflated.zip'],
    ['stored', 'stored.zip'],
    ['inside a folder that they all lie in', 'wrapped.zip'],
    ['with sizes of 64 bits', 'zip64.zip'],
    ['behind a program', 'behind-a-program.zip'],
    ['with paths that lead out, of which none is written', 'paths.zip'],
    ['with a name twice, of which the last counts', 'again.zip'],
    ['by names with backslashes', 'backslashes.zip'],
    ['in a tar', 'plain.tar'],
    ["in GNU's tar", 'gnu.tar'],
    ['in a gzipped tar inside a folder', 'wrapped.tar.gz'],
    ['in a tar with paths that lead out', 'paths.tar'],
    ['in a tar with absolute paths', 'absolute.tar'],
    ['in a tar with a name twice', 'again.tar'],
  ])('%s', async (_, name) => {
    const dataset = await openDataset(spec(name));
    expect((await all(dataset)).map(({ id, label }) => [id, label])).toEqual(whole);
    expect([dataset.classNames, dataset.leftOut]).toEqual([['cat', 'dog'], undefined]);
    expect(await pixels(name)).toEqual(colors);
    // Stores of one serve for all.
    expect(await dataset.digest()).toBe(await (await openDataset(spec('stored.zip'))).digest());
  });

  test('slices, and passes one after the other', async () => {
    for (const name of ['deflated.zip', 'plain.tar', 'wrapped.tar.gz']) {
      const dataset = await openDataset(`${spec(name)}[1:3]`);
      for (let pass = 0; pass < 2; pass++) {
        expect((await all(dataset)).map(({ id }) => id)).toEqual(['cat/deep/3.png', 'dog/2.png']);
      }
    }
  });

  test.each(['links.tar', 'links.tgz'])(
    'links in it are what they lead to, broken ones bad images: %s',
    async (name) => {
      const samples = await all(await openDataset(spec(name)));
      const linked = samples.filter(({ id }) => /[4-8]\.png/.test(id));
      expect(linked.map(({ id, undecodable }) => [id, undecodable?.message.includes('link to what is not')])).toEqual([
        ['dog/4.png', undefined],
        ['dog/5.png', undefined],
        ['dog/6.png', undefined],
        ['dog/7.png', true],
        ['dog/8.png', true],
      ]);
      for (const { encoded } of linked.slice(0, 3)) {
        expect(Array.from((await decodeImage(encoded!)).data.subarray(0, 3))).toEqual([255, 0, 0]);
      }
    },
  );

  test('names of old tools stay apart', async () => {
    expect((await all(await openDataset(spec('old-names.zip')))).map(({ id }) => id)).toEqual(['\x82.png', '\x8a.png']);
  });

  test.each(['damaged.zip', 'bomb.zip', 'bzip2.zip'])(
    'an image that does not unpack is a bad one: %s',
    async (name) => {
      const samples = await all(await openDataset(spec(name)));
      expect(samples.length).toBe(4);
      expect(samples.some(({ undecodable }) => undecodable)).toBe(true);
      for (const { undecodable } of samples) if (undecodable) expect(undecodable.message).toMatch(/\.png'/);
    },
  );

  test.each([
    ['encrypted.zip', coded('bad-input', 'encrypted.zip', 'png', 'password')],
    ['cut.zip', coded('damaged', 'cut.zip')],
    ['empty.zip', coded('not-found', 'empty.zip')],
    ['none.zip', coded('not-found', 'none.zip')],
    ['plain.tar.xz', coded('bad-input', 'plain.tar.xz')],
    ['cut.tar', coded('damaged', 'cut.tar', 'short')],
    ['cut.tar.gz', coded('damaged', 'cut.tar.gz', 'short')],
  ])('%s is refused', async (name, message) => {
    await expect(openDataset(spec(name))).rejects.toThrow(message);
  });
});
