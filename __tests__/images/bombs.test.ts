import { jest } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import zlib from 'node:zlib';
import { applyPixels, decodeImage, decodePool, makeTransform } from '../../lib/images/index.js';
import { bombs, png, zeros } from './bombs.js';
import { fixtures } from './pattern.js';
import { coded, naming } from '../support/coded.js';

const made = fileURLToPath(new URL('decoded/', fixtures));
const all = bombs(readFileSync(`${made}subsampling0.jpg`), readFileSync(`${made}progressive.jpg`));

test.each(all.filter(({ image }) => !image).map(({ name, bytes }) => [name, bytes] as const))(
  '%s is refused by its header',
  async (name, bytes) => {
    const start = process.cpuUsage();
    await expect(decodeImage({ name, file: bytes })).rejects.toThrow(coded('bad-image', name));
    // Of this process, which others on the machine do not lengthen; it is a few milliseconds.
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(1);
  },
);

test.each([
  [
    'Pillow',
    [
      'width.png',
      'square.png',
      'canvas.gif',
      'frame.gif',
      'sizes.bmp',
      'promise.tif',
      'size.jpg',
      'canvas.webp',
      'lossless.webp',
      'sizes.ppm',
    ],
  ],
  ['more', ['more-in-strip.tif']],
  [
    'promises',
    all.map(({ name }) => name).filter((name) => /^promise-|^promise\.(png|jpg)|large-frame|same-/.test(name)),
  ],
  ['scans', ['many-scans.jpg']],
])('the error says why: %s', async (why, names) => {
  for (const name of names) {
    const { bytes } = all.find((bomb) => bomb.name === name)!;
    await expect(decodeImage({ name, file: bytes })).rejects.toThrow(coded('bad-image', name, why));
  }
});

test('text, profiles and data behind the last row are not unfolded', async () => {
  const start = process.cpuUsage();
  for (const name of ['text.png', 'profile.png', 'more-data.png']) {
    const { bytes } = all.find((bomb) => bomb.name === name)!;
    expect((await decodeImage({ name, file: bytes })).width).toBe(4);
  }
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(1);
});

// A process of its own for each, whose memory can be told.
test.each(['largest.png', 'jumps.bmp', 'largest.tif'])(
  '%s, the largest that is read, in 1.5 GB',
  (name) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'bomb-'));
    const file = path.join(folder, name);
    writeFileSync(file, all.find((bomb) => bomb.name === name)!.bytes);
    const images = pathToFileURL(path.join(process.cwd(), 'dist', 'images', 'index.js')).href;
    const script = `const { decodeImage } = await import('${images}');
    const { width } = await decodeImage({ name: 'bomb', file: process.argv[1] });
    console.log(width, process.resourceUsage().maxRSS / 1e6);`;
    try {
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, file], {
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      const [width, gigabytes] = stdout.split(' ').map(Number);
      expect(width).toBe(13_377);
      expect(gigabytes).toBeLessThan(1.5);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  120_000,
);

test.each([
  ['imagenet', 2_000_000, 1],
  ['upsample', 1, 20_000_000],
] as const)('%s refuses to blow up an image of %i x %i', (name, width, height) => {
  const image = { width, height, data: new Uint8Array(3 * width * height) };
  expect(() => applyPixels(makeTransform(name, [224, 224]), image)).toThrow('narrow');
});

describe('decodePool', () => {
  const transform = makeTransform('protocol', [32, 32]);
  const good = { name: 'good', file: `${made}rgb.png` };
  // Takes seconds: more than it is given here.
  const slow = { name: 'slow.png', file: all.find(({ name }) => name === 'bits.png')!.bytes };

  test('an image that takes too long is a bad one; those behind it are decoded all the same', async () => {
    const pool = decodePool({ transform, threads: 1, seconds: 0.2 });
    const jobs = [good, slow, good, slow, good].map((encoded) => pool.decode(encoded));
    const results = await Promise.allSettled(jobs);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(String((results[1] as PromiseRejectedResult).reason)).toMatch(naming("'slow.png'", '0.2'));
    await pool.close();
  }, 60_000);

  test('a thread that this one kept waiting has not taken too long', async () => {
    const pool = decodePool({ transform, threads: 1, seconds: 0.2 });
    await pool.decode(good);
    const jobs = Array.from({ length: 8 }, () => pool.decode(good));
    // As a model does that runs.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
    expect((await Promise.allSettled(jobs)).every(({ status }) => status === 'fulfilled')).toBe(true);
    await pool.close();
  }, 60_000);

  test('an image that cannot be resized is named', async () => {
    const pool = decodePool({ transform: makeTransform('imagenet', [224, 224]) });
    const file = png(2_000_000, 1, 1, 0, zeros(250_001));
    await expect(pool.decode({ name: 'row.png', file })).rejects.toThrow(coded('bad-image', "'row.png'"));
    await pool.close();
  });
});

test('the stream of a large PNG is closed when its rows cannot be decoded', async () => {
  const closed = jest.spyOn(zlib.Inflate.prototype, '_destroy');
  const file = png(2400, 2400, 8, 2, zlib.deflateSync(Buffer.alloc(2400 * 7201, 9)));
  await expect(decodeImage({ name: 'filter.png', file })).rejects.toThrow(coded('bad-image', 'filter 9'));
  expect(closed).toHaveBeenCalledTimes(1);
  closed.mockRestore();
});
