import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openDataset } from '../../lib/datasets/index.js';
import { all, withFolder } from './support.js';
import { coded, naming } from '../support/coded.js';

const images = [
  'a.jpg',
  'sub/b.png',
  'my cat.jpg',
  'x.jpg 2.jpg',
  'a, b.jpg',
  '#1.jpg',
  'say "hi".webp',
  'noending',
  'ä.ppm',
  'cat/1.jpg',
  'dog/2.jpg',
];

async function listed(text: string | Buffer, name = 'list.txt') {
  return withFolder(undefined, async (root) => {
    for (const image of [...images, 'phone.heic']) {
      await mkdir(dirname(join(root, image)), { recursive: true });
      await writeFile(join(root, image), image);
    }
    await writeFile(join(root, name), text);
    const dataset = await openDataset(`list:${join(root, name)}`);
    const samples = await all(dataset);
    for (const { encoded } of samples) expect((encoded!.file as string).startsWith(root)).toBe(true);
    return {
      rows: samples.map(({ id, label }) => [id, label]),
      names: dataset.classNames,
      leftOut: dataset.leftOut,
      leftOutNames: dataset.leftOutNames,
      notes: dataset.notes!.join(' '),
      digest: await dataset.digest(),
    };
  });
}

const unlabelled = (...paths: string[]) => paths.map((path) => [path, -1]);

describe('list', () => {
  test.each<[string, string | Buffer, unknown[], string[]?]>([
    ['paths alone, in their order', 'sub/b.png\na.jpg\n', unlabelled('sub/b.png', 'a.jpg')],
    ['twice the same', 'a.jpg\na.jpg\n', unlabelled('a.jpg', 'a.jpg')],
    [
      'no line end at the end, empty lines, blanks around',
      '\n a.jpg \n\n\tsub/b.png',
      unlabelled('a.jpg', 'sub/b.png'),
    ],
    ['the line ends of other systems and a mark', '\ufeffa.jpg\r\nsub/b.png\r\n', unlabelled('a.jpg', 'sub/b.png')],
    ['old line ends', 'a.jpg\rsub/b.png\r', unlabelled('a.jpg', 'sub/b.png')],
    [
      'UTF-16 as PowerShell writes it',
      Buffer.from('\ufeffa.jpg\r\nä.ppm\r\n', 'utf16le'),
      unlabelled('a.jpg', 'ä.ppm'),
    ],
    ['comments, and a name that begins as one', '# mine\n#1.jpg\na.jpg\n  # end\n', unlabelled('#1.jpg', 'a.jpg')],
    ['paths with blanks', 'my cat.jpg\nx.jpg 2.jpg', unlabelled('my cat.jpg', 'x.jpg 2.jpg')],
    ['paths with commas', 'a, b.jpg\na.jpg', unlabelled('a, b.jpg', 'a.jpg')],
    ['a path with a comma alone', 'a, b.jpg', unlabelled('a, b.jpg')],
    ['paths in quotes', '"my cat.jpg"\n"say ""hi"".webp"', unlabelled('my cat.jpg', 'say "hi".webp')],
    ['backslashes', 'sub\\b.png\ncat\\1.jpg', unlabelled('sub\\b.png', 'cat\\1.jpg')],
    [
      'paths that begin with a slash, as Places365 writes them',
      '/cat/1.jpg 3\n/dog/2.jpg 0',
      [
        ['/cat/1.jpg', 3],
        ['/dog/2.jpg', 0],
      ],
    ],
    [
      "Caffe's",
      'a.jpg 3\nsub/b.png 0\n',
      [
        ['a.jpg', 3],
        ['sub/b.png', 0],
      ],
    ],
    [
      "Caffe's with blanks in names and tabs",
      'my cat.jpg 3\nx.jpg 2.jpg\t5\n"my cat.jpg"  1',
      [
        ['my cat.jpg', 3],
        ['x.jpg 2.jpg', 5],
        ['my cat.jpg', 1],
      ],
    ],
    [
      'files without an ending',
      'noending 4\na.jpg 1',
      [
        ['noending', 4],
        ['a.jpg', 1],
      ],
    ],
    [
      'names of classes',
      'a.jpg tabby cat\nsub/b.png Zebra\nmy cat.jpg tabby cat',
      [
        ['a.jpg', 1],
        ['sub/b.png', 0],
        ['my cat.jpg', 1],
      ],
      ['Zebra', 'tabby cat'],
    ],
    [
      'a table with a header',
      'path,label\na.jpg,cat\n"a, b.jpg",dog\n',
      [
        ['a.jpg', 0],
        ['a, b.jpg', 1],
      ],
      ['cat', 'dog'],
    ],
    [
      "pandas' with the rows' numbers",
      ',filename,label\n0,a.jpg,7\n1,my cat.jpg,2\n',
      [
        ['a.jpg', 7],
        ['my cat.jpg', 2],
      ],
    ],
    [
      "pandas' with missing labels, which makes fractions of them",
      'filename,label\na.jpg,7.0\nmy cat.jpg,\n',
      [
        ['a.jpg', 7],
        ['my cat.jpg', -1],
      ],
    ],
    [
      'the label first, and other columns',
      'Split,Label,Image\ntrain,dog,a.jpg\ntest,cat,sub/b.png\n',
      [
        ['a.jpg', 1],
        ['sub/b.png', 0],
      ],
      ['cat', 'dog'],
    ],
    [
      'a table without a header',
      'a.jpg,3\nsub/b.png,1\n',
      [
        ['a.jpg', 3],
        ['sub/b.png', 1],
      ],
    ],
    [
      'the label first without a header',
      'cat,a.jpg\ndog,sub/b.png\n',
      [
        ['a.jpg', 0],
        ['sub/b.png', 1],
      ],
      ['cat', 'dog'],
    ],
    [
      'semicolons, as German spreadsheets write them',
      'sep=;\nDatei;Label\na.jpg;3\nä.ppm;1\n',
      [
        ['a.jpg', 3],
        ['ä.ppm', 1],
      ],
    ],
    [
      'tabs',
      'image\tclass\na.jpg\tcat\nmy cat.jpg\tdog\n',
      [
        ['a.jpg', 0],
        ['my cat.jpg', 1],
      ],
      ['cat', 'dog'],
    ],
    ['a header of one column', 'image\na.jpg\nsub/b.png\n', unlabelled('a.jpg', 'sub/b.png')],
    [
      'of 10 classes by numbers in text order',
      'a.jpg 10\nsub/b.png 9',
      [
        ['a.jpg', 10],
        ['sub/b.png', 9],
      ],
    ],
    // Named one by one, Jest would take the last for a callback.
  ])('%s', async (...[, text, rows, names]) => {
    const found = await listed(text);
    expect(found.rows).toEqual(rows);
    expect(found.names).toEqual(names);
    expect(found.leftOut).toBeUndefined();
  });

  test('what is not there and what is not read is counted and named, and changes no number', async () => {
    const found = await listed('gone.jpg ant\na.jpg cat\nphone.heic bee\nalso gone.png dog\n');
    expect(found.rows).toEqual([['a.jpg', 2]]);
    expect(found.names).toEqual(['ant', 'bee', 'cat', 'dog']);
    expect(found.leftOut).toEqual({ missing: 2, '.heic': 1 });
    expect(found.leftOutNames).toEqual(['gone.jpg', 'phone.heic', 'also gone.png']);
  });

  test('what was taken is said; columns of which none is called label are none', async () => {
    const unlike = await listed('file,w,h\na.jpg,3,4\nsub/b.png,5,6\n');
    expect(unlike.rows).toEqual(unlabelled('a.jpg', 'sub/b.png'));
    expect(unlike.notes).toMatch(naming(2, 'table', 'labels'));
    expect((await listed('a.jpg 1\nsub/b.png\n')).notes).toMatch(naming(1, 'without'));
    expect((await listed('x,path,y\n0,a.jpg,1\n')).notes).toMatch(naming("'path'", "'y'"));
  });

  test('the digest is that of the same images with the same labels in a folder', async () => {
    const byList = (await listed('cat/1.jpg cat\ndog/2.jpg dog\n')).digest;
    await withFolder(undefined, async (root) => {
      for (const image of ['cat/1.jpg', 'dog/2.jpg']) {
        await mkdir(dirname(join(root, image)));
        await writeFile(join(root, image), image);
      }
      expect(await (await openDataset(`folder:${root}`)).digest()).toBe(byList);
    });
  });

  test.each<[string, string | Buffer, RegExp | Error]>([
    ['nothing', '', coded('not-found', 'images')],
    ['comments alone', '# a\n', coded('not-found', 'images')],
    ['paths from elsewhere', 'data/x.jpg 1\ndata/y.jpg 2\n', coded('bad-input', 2, "'data/x.jpg'")],
    ['prose', 'Dear all,\nhere they are\n', coded('bad-input', 2)],
    ['several labels', 'a.jpg 0 1 0\nsub/b.png 1 0 0\n', coded('bad-input', "'0 1 0'", "'a.jpg'")],
    ['fractions', 'a.jpg 0.5\nsub/b.png 1\n', /label '0\.5' for 'a\.jpg'/],
    ['negative classes', 'a.jpg -2\n', /label '-2'/],
    ['an image', Buffer.from('89504e470d0a1a0a0000000d', 'hex'), coded('bad-input', 'text')],
  ])('%s is refused', async (_, text, message) => {
    await expect(listed(text)).rejects.toThrow(message);
  });

  test('a list that is not there, a folder, a link to nothing', async () => {
    await withFolder(undefined, async (root) => {
      await symlink(join(root, 'gone'), join(root, 'link.jpg'));
      await writeFile(join(root, 'list.txt'), 'link.jpg\n');
      await expect(openDataset(`list:${root}/none.txt`)).rejects.toThrow(coded('not-found', 'none.txt'));
      await expect(openDataset(`list:${root}`)).rejects.toThrow(coded('not-found', root));
      await expect(openDataset(`list:${root}/list.txt`)).rejects.toThrow(coded('bad-input', 'image'));
    });
  });
});
