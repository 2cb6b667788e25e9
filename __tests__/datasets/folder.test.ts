import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { visible } from '../../lib/base/index.js';
import { leftOutInWords } from '../../lib/words/index.js';
import { openDataset, someLeftOut } from '../../lib/datasets/index.js';
import { decodeImage } from '../../lib/images/index.js';
import { all, withFolder } from './support.js';
import { coded, naming } from '../support/coded.js';

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
      expect(dataset.classNames).toEqual(['Zoo', 'a', 'a-b', 'b', 'É']);
      expect(samples.map(({ label }) => label)).toEqual([0, 2, 1, 1, 1, 3, 3, 4]);
      expect(dataset.leftOut).toBeUndefined();
      for (const { id, encoded } of samples) {
        expect(encoded!.file).toBe(join(root, id));
        expect(encoded!.name).toBe(join(root, id));
        expect(await readFile(encoded!.file as string, 'utf8')).toBe(id);
      }
    });
  });

  test.each([
    ["Jupyter's checkpoints", '.ipynb_checkpoints/x.jpg'],
    ['the files that macOS writes beside others', '._1.jpg'],
    ["what macOS's zip holds of those", '__MACOSX/x.jpg'],
    ["Windows' thumbnails", 'Thumbs.db'],
    ["Windows' bin", '$RECYCLE.BIN/S-1-5/x.jpg'],
    ["Windows' own folder", 'System Volume Information/x.jpg'],
    ["a Synology's thumbnails", '@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg'],
    ["a share's bin", '#recycle/x.jpg'],
    ['a repository', '.git/x.png'],
    ['a hidden picture', '.x.webp'],
    ["an editor's backups", 'x.jpg~'],
    ["ExifTool's backups", 'x.jpg_original'],
    ['what is no picture', 'labels.csv'],
    ['a folder of such', 'annotations/1.json'],
  ])('%s are no images and no classes, at any depth', async (_, path) => {
    await withFolder(undefined, async (root) => {
      const images = ['a/1.jpg', 'a/deep/2.jpg', 'z/3.jpg'];
      await fill(root, images);
      const clean = await (await openDataset(`folder:${root}`)).digest();
      await fill(
        root,
        ['', 'a/', 'a/deep/', 'm/', 'z/'].map((folder) => folder + path),
      );
      const dataset = await openDataset(`folder:${root}`);
      const samples = await all(dataset);
      expect(samples.map(({ id, label }) => [id, label])).toEqual(images.map((id) => [id, id[0] === 'a' ? 0 : 1]));
      expect([dataset.classNames, dataset.leftOut]).toEqual([['a', 'z'], undefined]);
      // Stores of the clean folder serve on.
      expect(await dataset.digest()).toBe(clean);
    });
  });

  test('JPEGs by all of their endings', async () => {
    await withFolder(undefined, async (root) => {
      const names = ['a.jpe', 'b.jfif', 'c.JFIF', 'd.jif', 'e.jfi', 'f.pjpeg', 'g.Jpg', 'h..jpg', 'i.tar.jpg'];
      await fill(root, names);
      expect((await all(await openDataset(`folder:${root}`))).map(({ id }) => id)).toEqual(names);
    });
  });

  test('what looks like an image and is not read is counted by ending, and keeps the numbers of classes', async () => {
    await withFolder(undefined, async (root) => {
      await fill(root, [
        'cover.avif',
        'a/1.jpg',
        'b/2.AVIF',
        'b/deep/3.avif',
        'b/4.heic',
        'c/5.gif',
        'c/6.svg',
        'c/7.CR2',
      ]);
      await writeFile(join(root, 'c', 'IMG_8'), Buffer.from('ffd8ffe000104a46494600', 'hex'));
      await writeFile(join(root, 'c', '9.jpg?w=200'), Buffer.from('89504e470d0a1a0a', 'hex'));
      // A backup is an image that is there twice, not one that is left out.
      await writeFile(join(root, 'c', '5.gif~'), 'GIF89a');
      await fill(root, ['c/Makefile', 'c/10.jpg.1', 'c/11.mp4']);
      const dataset = await openDataset(`folder:${root}`);
      expect(dataset.leftOut).toEqual({ '.avif': 3, 'no ending': 2, '.cr2': 1, '.heic': 1, '.svg': 1 });
      expect(Object.keys(dataset.leftOut!)[0]).toBe('.avif');
      expect(leftOutInWords(dataset.leftOut!)).toMatch(naming(8, 3, '.avif', 2));
      // b would be class 1 if its images were converted, and c comes after it.
      expect(dataset.classNames).toEqual(['a', 'b', 'c']);
      expect((await all(dataset)).map(({ id, label }) => [id, label])).toEqual([
        ['a/1.jpg', 0],
        ['c/5.gif', 2],
      ]);
    });
  });

  test("classes and images in the order of Python's sorted(), beyond U+FFFF too", async () => {
    await withFolder(undefined, async (root) => {
      const names = ['10', '9', 'Z', 'a', 'e\u0301', 'z', 'é', 'Ａ', '😀'];
      await fill(
        root,
        [...names].reverse().map((name) => `${name}/1.jpg`),
      );
      const dataset = await openDataset(`folder:${root}`);
      expect(dataset.classNames).toEqual(names);
      expect((await all(dataset)).map(({ id }) => id)).toEqual(names.map((name) => `${name}/1.jpg`));
    });
  });

  // Other systems refuse such names.
  const onLinux = process.platform === 'linux' ? test : test.skip;
  onLinux("names that are not UTF-8 are read, in the order of Python's sorted() and under Python's names", async () => {
    await withFolder(undefined, async (root) => {
      const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
      const within = (...names: string[]): Buffer =>
        Buffer.concat([Buffer.from(root), bytes(names.map((n) => `/${n}`).join(''))]);
      const utf8 = (text: string): string => Buffer.from(text).toString('latin1');
      // os.fsdecode of them, sorted by Python: caf é comes first as U+00E9, the lone byte as U+DCE9, then U+E000, U+1F600.
      const folders = [utf8('café'), 'caf\xe9', utf8('caf\ue000'), utf8('caf😀')];
      for (const folder of [...folders].reverse()) {
        await mkdir(within(folder));
        await writeFile(within(folder, 'a\xff.jpg'), folder);
      }
      await writeFile(within(folders[0], 'b.jpg'), 'b');
      await writeFile(within(folders[0], '\xfe.avif'), 'left out');
      const dataset = await openDataset(`folder:${root}`);
      expect(dataset.classNames).toEqual(['café', 'caf\udce9', 'caf\ue000', 'caf😀']);
      expect(dataset.leftOut).toEqual({ '.avif': 1 });
      const samples = await all(dataset);
      expect(samples.map(({ id, label }) => [id, label])).toEqual([
        ['café/a\udcff.jpg', 0],
        ['café/b.jpg', 0],
        ['caf\udce9/a\udcff.jpg', 1],
        ['caf\ue000/a\udcff.jpg', 2],
        ['caf😀/a\udcff.jpg', 3],
      ]);
      expect(visible(samples[2].id)).toBe('caf\\udce9/a\\udcff.jpg');
      expect(await dataset.digest()).toMatch(/^[0-9a-f]{64}$/);
      // What is not an image is said of the file that is there.
      await expect(decodeImage(samples[2].encoded!)).rejects.toThrow(coded('bad-image'));
    });
  });

  const onUnix = process.platform === 'win32' ? test.skip : test;
  onUnix('a pipe or a device for an image is refused before it is opened, and others are left alone', async () => {
    await withFolder(undefined, async (root) => {
      await fill(root, ['pipe/1.jpg', 'device/1.jpg', 'other/1.jpg']);
      execFileSync('mkfifo', [join(root, 'pipe', '2.jpg'), join(root, 'other', 'noise')]);
      await symlink('/dev/zero', join(root, 'device', '2.png'));
      for (const name of ['pipe', 'device'])
        await expect(openDataset(`folder:${root}/${name}`)).rejects.toThrow(coded('bad-input', '/2.'));
      expect((await openDataset(`folder:${root}/other`)).size).toBe(1);
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
      const dataset = await openDataset(`folder:${root}/photos`);
      expect([dataset.size, dataset.leftOut, dataset.leftOutNames]).toEqual([
        3,
        { 'broken link': 1 },
        ['b/dangling.jpg'],
      ]);
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
      await expect(dataset.digest()).rejects.toThrow(coded('not-found', 'a.jpg'));
      await fill(root, ['a.jpg']);
      expect(await dataset.digest()).toMatch(/^[0-9a-f]{64}$/);
    });
  });

  test.each([
    ['nothing there', [], 'missing', coded('not-found', 'missing')],
    ['a file', ['file.jpg'], 'file.jpg', coded('not-found', 'file.jpg')],
    ['no images', ['none/a/x.txt'], 'none', coded('not-found', 'none', 'JPEG')],
    ['hidden images alone', ['hidden/a/.x.jpg'], 'hidden', coded('not-found', 'hidden', 'JPEG')],
    [
      'unread images alone',
      ['web/a/x.heic', 'web/y.avif'],
      'web',
      coded('not-found', 1, '.avif', 1, '.heic', 'mogrify'),
    ],
  ])('%s is refused', async (_, paths, name, message) => {
    await withFolder(undefined, async (root) => {
      await fill(root, paths);
      await expect(openDataset(`folder:${join(root, name)}`)).rejects.toThrow(message);
    });
  });

  const layout = async (root: string, format = 'folder') => {
    const dataset = await openDataset(`${format}:${root}`);
    const labels = Object.fromEntries((await all(dataset)).map(({ id, label }) => [id, label]));
    return { labels, classes: dataset.classNames, notes: dataset.notes!, leftOut: dataset.leftOut };
  };

  test('images at the top and in subfolders: all of them, without labels, unless the folders are asked for as classes', async () => {
    await withFolder(undefined, async (root) => {
      await fill(root, ['b/1.jpg', 'x.jpg', 'a/deep/2.jpg', 'c/3.heic', 'y.heic']);
      const both = await layout(root);
      expect(both.labels).toEqual({ 'a/deep/2.jpg': -1, 'b/1.jpg': -1, 'x.jpg': -1 });
      expect(both.classes).toBeUndefined();
      expect(both.leftOut).toEqual({ '.heic': 2 });
      expect(both.notes[0]).toMatch(naming(1, 2, 3, 'imagefolder:'));
      const asked = await layout(root, 'imagefolder');
      // c keeps its number, and what lies at the top is passed over whatever it is.
      expect([asked.labels, asked.classes]).toEqual([{ 'a/deep/2.jpg': 0, 'b/1.jpg': 1 }, ['a', 'b', 'c']]);
      expect(asked.leftOut).toEqual({ '.heic': 1 });
      expect(asked.notes).toContainEqual(expect.stringMatching(naming(1, 'beside')));
    });
  });

  test.each([
    [['train', 'val'], true],
    [['Training', 'Test_Set', 'valid'], true],
    [['test'], true],
    [['train', 'boat'], false],
    [['trains', 'tests'], false],
  ])('subfolders that are splits are no classes: %j', async (names, splits) => {
    await withFolder(undefined, async (root) => {
      await fill(
        root,
        names.flatMap((name) => [`${name}/cat/1.jpg`, `${name}/dog/2.jpg`]),
      );
      const { classes, notes } = await layout(root);
      expect(classes === undefined).toBe(splits);
      expect(/split/.test(notes[0])).toBe(splits);
      expect((await layout(root, 'imagefolder')).classes).toEqual([...names].sort());
    });
  });

  test('imagefolder needs subfolders with images', async () => {
    await withFolder(undefined, async (root) => {
      await fill(root, ['x.jpg', 'empty/notes.txt']);
      await expect(openDataset(`imagefolder:${root}`)).rejects.toThrow(coded('not-found'));
    });
  });

  test('a file that is not read beside an image of its name is the same picture, in the same folder alone', async () => {
    await withFolder(undefined, async (root) => {
      await fill(root, [
        'IMG_1.HEIC',
        'img_1.png',
        'IMG_2.CR2',
        'IMG_2.JPG',
        'IMG_3.heic',
        'a/IMG_3.jpg',
        '4.tar.heic',
      ]);
      const { leftOut, notes } = await layout(root);
      expect(leftOut).toEqual({ '.heic': 2 });
      expect(notes).toContainEqual(expect.stringMatching(naming(2, '.heic', '.cr2')));
    });
  });

  test('what is left out is named with the command that converts it', async () => {
    await withFolder(undefined, async (root) => {
      await fill(root, ['a.jpg', ...[1, 2, 3, 4].map((i) => `IMG_${i}.HEIC`)]);
      const { leftOut, leftOutNames } = await openDataset(`folder:${root}`);
      const { message } = someLeftOut('folder:x', leftOut!, leftOutNames);
      expect(message).toMatch(naming(4, '.heic', 3, 'IMG_', '.HEIC'));
      expect(message).toMatch(naming('mogrify', '*.heic'));
    });
  });
});
