import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openDataset } from '../../lib/datasets/index.js';
import { all, withFolder } from './support.js';

/** Files that say their own path: a folder data set does not decode. */
async function fill(root: string, paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), path);
  }
}

describe('folder', () => {
  test('class subfolders: labels by sorted name, files by sorted path, every ending, nothing else', async () => {
    await withFolder(undefined, async (root) => {
      const images = [
        'b/10.jpg',
        'b/9.JPEG',
        'a/deep/x.png',
        'a/Z.bmp',
        'a/a.gif',
        'a-b/i.tif',
        'É/j.TIFF',
        'Zoo/k.jpg',
      ];
      await fill(root, [...images, 'a/notes.txt', 'README.md', '.hidden/x.jpg', 'empty/none.csv', 'a/x.jpg.part']);
      const dataset = await openDataset(`folder:${root}`);
      const samples = await all(dataset);
      // sorted() of the paths in Python: '-' comes before '/', capitals before small letters
      const sorted = [
        'Zoo/k.jpg',
        'a-b/i.tif',
        'a/Z.bmp',
        'a/a.gif',
        'a/deep/x.png',
        'b/10.jpg',
        'b/9.JPEG',
        'É/j.TIFF',
      ];
      expect(samples.map(({ id }) => id)).toEqual(sorted);
      expect(dataset.classNames).toEqual(['Zoo', 'a', 'a-b', 'b', 'empty', 'É']);
      expect(samples.map(({ label }) => label)).toEqual([0, 2, 1, 1, 1, 3, 3, 5]);
      for (const { id, encoded } of samples) {
        expect(encoded!.file).toBe(join(root, id));
        expect(encoded!.name).toBe(join(root, id));
        expect(await readFile(encoded!.file as string, 'utf8')).toBe(id);
      }
    });
  });

  test('flat: no labels, no class names, slices', async () => {
    await withFolder(undefined, async (root) => {
      await fill(root, ['c.jpg', 'a.png', 'b.jpg', 'masks/readme.txt']);
      const dataset = await openDataset(`folder:${root}[1:]`);
      expect((await all(dataset)).map(({ id, label }) => [id, label])).toEqual([
        ['b.jpg', -1],
        ['c.jpg', -1],
      ]);
      expect(dataset.classNames).toBeUndefined();
    });
  });

  test('symbolic links are followed, a circle only once', async () => {
    await withFolder(undefined, async (root) => {
      await fill(root, ['store/one.jpg', 'photos/a/two.jpg']);
      await symlink(join(root, 'store', 'one.jpg'), join(root, 'photos', 'a', 'linked.jpg'));
      await symlink(join(root, 'store'), join(root, 'photos', 'b'));
      await symlink(join(root, 'photos', 'a'), join(root, 'photos', 'a', 'circle'));
      const samples = await all(await openDataset(`folder:${root}/photos`));
      expect(samples.map(({ id }) => id)).toEqual(['a/linked.jpg', 'a/two.jpg', 'b/one.jpg']);
      await symlink(join(root, 'gone.jpg'), join(root, 'photos', 'b', 'dangling.jpg'));
      await expect(openDataset(`folder:${root}/photos`)).rejects.toThrow(
        /dangling\.jpg is a link to a file that is not/,
      );
    });
  });

  test('the digest follows content, label and order, not names or places', async () => {
    await withFolder(undefined, async (root) => {
      const write = async (path: string, content: string) => {
        await fill(root, [path]);
        await writeFile(join(root, path), content);
      };
      const digest = async (path: string) => (await openDataset(`folder:${root}/${path}`)).digest();
      await write('one/a/1.jpg', 'x');
      await write('one/b/2.jpg', 'y');
      await write('two/c/3.jpg', 'x');
      await write('two/d/4.jpg', 'y');
      await write('swapped/a/1.jpg', 'y');
      await write('swapped/b/2.jpg', 'x');
      await write('labels/a/1.jpg', 'x');
      await write('labels/a/2.jpg', 'y');
      expect(await digest('one')).toBe(await digest('two'));
      expect(await digest('swapped')).not.toBe(await digest('one'));
      expect(await digest('labels')).not.toBe(await digest('one'));
    });
  });

  test('an image that goes away is named', async () => {
    await withFolder(undefined, async (root) => {
      await fill(root, ['a.jpg']);
      const dataset = await openDataset(`folder:${root}`);
      await rm(join(root, 'a.jpg'));
      await expect(dataset.digest()).rejects.toThrow(/a\.jpg cannot be read: it is not there \(any more\)/);
      await fill(root, ['a.jpg']);
      expect(await dataset.digest()).toMatch(/^[0-9a-f]{64}$/);
    });
  });

  test.each([
    ['nothing there', [], 'missing', /missing is not there: folder:.* needs a folder of images/],
    ['a file', ['file.jpg'], 'file.jpg', /file\.jpg is not a folder/],
    ['no images', ['none/a/x.txt'], 'none', /has no images \(JPEG, PNG, BMP, GIF or TIFF\)/],
    ['both kinds', ['both/x.jpg', 'both/a/y.jpg'], 'both', /has images of its own \(x\.jpg\) and others in subfolders/],
  ])('%s is refused', async (_, paths, name, message) => {
    await withFolder(undefined, async (root) => {
      await fill(root, paths);
      await expect(openDataset(`folder:${join(root, name)}`)).rejects.toThrow(message);
    });
  });
});
