import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyPixels, decodeImage, decodePool, makeTransform } from '../../lib/images/index.js';
import { readSafetensors } from '../../lib/tensor/index.js';
import { fixtures } from './pattern.js';
import { coded } from '../support/coded.js';

const folder = fileURLToPath(new URL('decoded/', fixtures));
const names = readdirSync(folder).sort();
const { tensors } = await readSafetensors(fileURLToPath(new URL('decoded.safetensors', fixtures)));

describe('decodeImage', () => {
  test.each(names)('has the pixels of Pillow: %s', async (name) => {
    const image = await decodeImage({ name, file: path.join(folder, name) });
    const [height, width] = tensors[name].shape;
    expect([image.height, image.width]).toEqual([height, width]);
    const expected = tensors[name].data as unknown as Uint8Array;
    expect(image.data.length).toBe(expected.length);
    expect(Buffer.from(image.data).equals(Buffer.from(expected))).toBe(true);
  });

  test('bytes are taken as well as paths, also as a view into something larger', async () => {
    const file = readFileSync(path.join(folder, 'rgb.png'));
    const within = new Uint8Array(file.length + 11);
    within.set(file, 5);
    const image = await decodeImage({ name: 'member', file: within.subarray(5, 5 + file.length) });
    expect(Array.from(image.data)).toEqual(Array.from(tensors['rgb.png'].data as unknown as Uint8Array));
  });

  // What is left of a file that is cut: half of it, all but 20 bytes, and (JPEG) all but its end marker.
  const cuts = names.flatMap((name) => {
    const file = readFileSync(path.join(folder, name));
    // Of an animation the first frame counts, and that is whole without the end.
    const lengths = [
      file.length >> 1,
      ...(name === 'animated.gif' ? [] : [file.length - 20]),
      ...(name.endsWith('.jpg') ? [file.length - 2] : []),
    ];
    return lengths.map((length) => [name, length, file] as const);
  });
  test.each(cuts)('a file cut short is a bad image, named: %s at %i bytes', async (name, length, file) => {
    await expect(decodeImage({ name, file: file.subarray(0, length) })).rejects.toThrow(coded('bad-image', name));
  });

  test('one bad image does not spoil those decoded beside it', async () => {
    const good = readFileSync(path.join(folder, 'subsampling0.jpg'));
    const jobs = Array.from({ length: 12 }, (_, i) => {
      const bad = [good.subarray(0, good.length - 30), good.subarray(0, 40)][i % 4];
      return decodeImage({ name: `image ${i}`, file: bad ?? good });
    });
    const results = await Promise.allSettled(jobs);
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual(jobs.map((_, i) => i % 4 >= 2));
  });

  test.each([
    ['text', Buffer.from('hello, I am no image'), coded('bad-image', 'something')],
    ['nothing', Buffer.alloc(0), coded('bad-image', 'empty')],
    ['a JPEG marker alone', Buffer.from([0xff, 0xd8, 0xff]), coded('bad-image')],
    ['noise after a PNG signature', Buffer.from('\x89PNG\r\n\x1a\nnoise', 'latin1'), coded('bad-image')],
    ['noise after a GIF signature', Buffer.from('GIF89anoise', 'latin1'), coded('bad-image')],
    ['noise after a BMP signature', Buffer.from('BMnoise', 'latin1'), coded('bad-image')],
    ['noise after a TIFF signature', Buffer.from('II*\0noise', 'latin1'), coded('bad-image')],
  ])('%s is refused', async (name, file, message) => {
    await expect(decodeImage({ name, file })).rejects.toThrow(message);
    await expect(decodeImage({ name, file })).rejects.toThrow(
      expect.objectContaining({ name: 'FeatReconstructError' }),
    );
  });

  test('a missing file is named', async () => {
    await expect(decodeImage({ name: 'a/b.jpg', file: '/nowhere/a/b.jpg' })).rejects.toThrow("'a/b.jpg'");
  });
});

describe('decodePool', () => {
  const transform = makeTransform('protocol', [32, 32]);
  const encoded = (name: string) => ({ name, file: path.join(folder, name) });

  test('gives what decodeImage and applyPixels give, in any order asked for', async () => {
    const pool = decodePool({ transform, threads: 2 });
    const images = await Promise.all(names.map((name) => pool.decode(encoded(name))));
    for (const [i, name] of names.entries()) {
      const expected = applyPixels(transform, await decodeImage(encoded(name)));
      expect(Array.from(images[i].data)).toEqual(Array.from(expected.data));
    }
    await pool.close();
  });

  test('names bad images and goes on; bytes stay the caller’s', async () => {
    const pool = decodePool({ transform });
    const file = readFileSync(path.join(folder, 'grey.jpg'));
    await expect(pool.decode({ name: 'half', file: file.subarray(0, file.length >> 1) })).rejects.toThrow("'half'");
    expect((await pool.decode({ name: 'whole', file })).width).toBe(32);
    expect(file.length).toBeGreaterThan(0);
    await pool.close();
  });

  test('closing rejects what is under way and what comes later', async () => {
    const pool = decodePool({ transform, threads: 1 });
    const late = expect(pool.decode(encoded('rgb.png'))).rejects.toThrow('closed');
    await pool.close();
    await late;
    await expect(pool.decode(encoded('rgb.png'))).rejects.toThrow('closed');
  });
});

const data = process.env.FEATRECONSTRUCT_DATA;
(data ? describe : describe.skip)('720 photographs (needs FEATRECONSTRUCT_DATA)', () => {
  test('decode to the pixels of Pillow', async () => {
    const scenes = path.join(data!, 'scenes');
    const hash = createHash('sha256');
    const classes = readdirSync(scenes, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const name of classes.map((entry) => entry.name).sort()) {
      for (const file of readdirSync(path.join(scenes, name)).sort()) {
        hash.update((await decodeImage({ name: file, file: path.join(scenes, name, file) })).data);
      }
    }
    // SHA-256 over Image.open(file).convert('RGB').tobytes() of all, by class and file name.
    expect(hash.digest('hex')).toBe('3ef9024157f8e3610fdbc73213c3497fa0c842d5bd328c82549ecfbbcc724068');
  });
});
