import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentDigests, openDataset } from '../../lib/datasets/index.js';
import { all, fixture, fixtureJson, withFolder } from './support.js';
import { coded, naming } from '../support/coded.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const layouts = ['binary', 'binary-archive', 'python', 'python-archive'];
const splits = ['cifar10:train', 'cifar10:test', 'cifar100:train', 'cifar100:test'];

describe('CIFAR in every published layout', () => {
  for (const layout of layouts) {
    test.each(splits)(`${layout}: %s has NumPy's labels, pixels and class names`, async (split) => {
      const expected = (await fixtureJson('cifar.json'))[split];
      const dataset = await openDataset(split, { dataDir: fixture('cifar', layout) });
      const samples = await all(dataset);
      expect(dataset.size).toBe(expected.labels.length);
      expect(samples.map(({ label }) => label)).toEqual(expected.labels);
      expect(samples.map(({ image }) => sha256(image!.data))).toEqual(expected.sha256);
      expect(samples.every(({ image }) => image!.width === 32 && image!.height === 32)).toBe(true);
      expect(samples[1].id).toBe(`${split}/00001`);
      expect(dataset.classNames).toEqual(expected.classNames);
    });
  }

  test.each(layouts)('%s: a slice has the records of its places', async (layout) => {
    const options = { dataDir: fixture('cifar', layout) };
    const whole = await all(await openDataset('cifar100:train', options));
    const part = await all(await openDataset('cifar100:train[1:3]', options));
    expect(part).toEqual(whole.slice(1, 3));
    expect(part[0].image).not.toEqual(whole[0].image);
  });

  test('a file with fewer images than were published, as one that was cut where a record ends, is said', async () => {
    for (const layout of layouts) {
      const { notes } = await openDataset('cifar10:train', { dataDir: fixture('cifar', layout) });
      expect(notes).toHaveLength(5);
      expect(notes![1]).toMatch(naming('data_batch_2', 2, '10,000'));
      const fine = await openDataset('cifar100:train', { dataDir: fixture('cifar', layout) });
      expect(fine.notes).toEqual([expect.stringMatching(/expected 50,000/)]);
    }
    await withFolder(undefined, async (dataDir) => {
      await mkdir(join(dataDir, 'cifar-10-batches-bin'));
      const file = join(dataDir, 'cifar-10-batches-bin', 'test_batch.bin');
      await writeFile(file, new Uint8Array(0));
      await truncate(file, 10_000 * 3073);
      expect((await openDataset('cifar10:test', { dataDir })).notes).toBeUndefined();
      await truncate(file, 10_001 * 3073);
      expect((await openDataset('cifar10:test', { dataDir })).notes![0]).toMatch(naming('10,001'));
    });
  });

  test.each(splits)('the digest of %s is the same from all of them', async (split) => {
    const digests = await Promise.all(
      layouts.map(async (layout) => (await openDataset(split, { dataDir: fixture('cifar', layout) })).digest()),
    );
    expect(new Set(digests).size).toBe(1);
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  test('an unpacked folder is preferred to an archive, and a complete archive to an incomplete folder', async () => {
    await withFolder('cifar/binary', async (dataDir) => {
      const archive = 'cifar-10-binary.tar.gz';
      await writeFile(join(dataDir, archive), 'not read');
      expect((await openDataset('cifar10:train', { dataDir })).size).toBe(10);
      await rm(join(dataDir, 'cifar-10-batches-bin', 'data_batch_2.bin'));
      await writeFile(join(dataDir, archive), await readFile(fixture('cifar', 'binary-archive', archive)));
      expect((await openDataset('cifar10:train', { dataDir })).size).toBe(10);
    });
  });
});

describe('contentDigests', () => {
  test('sees equal images in different splits and ignores their labels', async () => {
    await withFolder('cifar/binary', async (dataDir) => {
      const batch = join(dataDir, 'cifar-10-batches-bin', 'test_batch.bin');
      const record = (await readFile(join(dataDir, 'cifar-10-batches-bin', 'data_batch_2.bin'))).subarray(0, 3073);
      const relabelled = Uint8Array.from(record);
      relabelled[0] = 9 - record[0];
      await writeFile(batch, relabelled);
      const train = await openDataset('cifar10:train', { dataDir });
      const test = await openDataset('cifar10:test', { dataDir });
      const { digest, examples } = await contentDigests(test);
      expect((await contentDigests(train)).examples.indexOf(examples[0])).toBe(2);
      await writeFile(batch, record);
      const same = await openDataset('cifar10:test', { dataDir });
      expect((await contentDigests(same)).examples).toEqual(examples);
      expect(await same.digest()).not.toBe(digest);
      expect(await same.digest()).toBe(await (await openDataset('cifar10:train[2:3]', { dataDir })).digest());
    });
  });

  test('shares its pass over the files with digest()', async () => {
    await withFolder('cifar/binary', async (dataDir) => {
      const dataset = await openDataset('cifar10:test', { dataDir });
      const { digest } = await contentDigests(dataset);
      await rm(dataDir, { recursive: true });
      expect(await dataset.digest()).toBe(digest);
    });
  });
});

describe('CIFAR that is not as it should be', () => {
  const folder = 'cifar-10-batches-bin';

  test('a missing batch is named, unless some are enough', async () => {
    await withFolder('cifar/binary', async (dataDir) => {
      await rm(join(dataDir, folder, 'data_batch_2.bin'));
      await rm(join(dataDir, folder, 'data_batch_5.bin'));
      await expect(openDataset('cifar10:train', { dataDir })).rejects.toThrow(
        coded(
          'not-found',
          'data_batch_2.bin',
          'data_batch_5.bin',
          'cifar10:train',
          'cifar-10-binary.tar.gz',
          'allowPartial',
          '3',
        ),
      );
      const { labels, sha256: digests } = (await fixtureJson('cifar.json'))['cifar10:train'];
      const samples = await all(await openDataset('cifar10:train', { dataDir, allowPartial: true }));
      const there = [0, 1, 4, 5, 6, 7];
      expect(samples.map(({ label }) => label)).toEqual(there.map((i) => labels[i]));
      expect(samples.map(({ image }) => sha256(image!.data))).toEqual(there.map((i) => digests[i]));
    });
  });

  test('partial does not mean none', async () => {
    await withFolder('cifar/binary', async (dataDir) => {
      await rm(join(dataDir, folder, 'test_batch.bin'));
      await expect(openDataset('cifar10:test', { dataDir, allowPartial: true })).rejects.toThrow(
        coded('not-found', 'test_batch.bin', 'cifar10:test', 'cifar-10-binary.tar.gz'),
      );
    });
  });

  test('an empty data folder: where it looked and what to get', async () => {
    await withFolder(undefined, async (dataDir) => {
      await expect(openDataset('cifar100:test', { dataDir })).rejects.toThrow(
        coded(
          ...(['not-found', 'cifar100:test', 'cifar-100-binary,', 'cifar-100-binary.tar.gz'] as const),
          ...['cifar-100-python,', 'cifar-100-python.tar.gz', 'cifar-100-binary.tar.gz', 'https://'],
        ),
      );
    });
  });

  test.each([
    ['a file cut short', 6145],
    ['an empty file', 0],
  ])('%s', async (_, size) => {
    await withFolder('cifar/binary', async (dataDir) => {
      await truncate(join(dataDir, folder, 'test_batch.bin'), size);
      await expect(openDataset('cifar10:test', { dataDir })).rejects.toThrow(
        coded('damaged', 'test_batch.bin', size, '3073'),
      );
    });
  });

  test('a label that the data set does not have', async () => {
    await withFolder('cifar/binary', async (dataDir) => {
      const record = new Uint8Array(3073);
      record[0] = 10;
      await appendFile(join(dataDir, folder, 'test_batch.bin'), record);
      const dataset = await openDataset('cifar10:test', { dataDir });
      await expect(all(dataset)).rejects.toThrow(coded('bad-input', '2', 'test_batch.bin', '10', '0', '9'));
      expect(await all(await openDataset('cifar10:test[:2]', { dataDir }))).toHaveLength(2);
    });
  });

  test('a file that shrinks while it is open', async () => {
    await withFolder('cifar/binary', async (dataDir) => {
      const dataset = await openDataset('cifar10:test', { dataDir });
      await truncate(join(dataDir, folder, 'test_batch.bin'), 5000);
      await expect(all(dataset)).rejects.toThrow(coded('damaged', 'test_batch.bin', '5000', '6146'));
      await rm(join(dataDir, folder, 'test_batch.bin'));
      await expect(all(dataset)).rejects.toThrow(coded('not-found', 'test_batch.bin'));
    });
  });

  test('an archive cut short at any place, or with a flipped bit', async () => {
    await withFolder('cifar/binary-archive', async (dataDir) => {
      const path = join(dataDir, 'cifar-10-binary.tar.gz');
      const bytes = await readFile(path);
      for (const length of [0, 1, 9, 300, 4000, bytes.length - 9, bytes.length - 1]) {
        await writeFile(path, bytes.subarray(0, length));
        await expect(openDataset('cifar10:train', { dataDir })).rejects.toThrow(
          coded('damaged', 'cifar-10-binary.tar.gz'),
        );
      }
      for (const at of [0, 2000, bytes.length - 6]) {
        const flipped = Uint8Array.from(bytes);
        flipped[at] ^= 0x10;
        await writeFile(path, flipped);
        await expect(openDataset('cifar10:train', { dataDir })).rejects.toThrow(
          coded('damaged', 'cifar-10-binary.tar.gz'),
        );
      }
    });
  });

  test('a python batch that holds something else', async () => {
    await withFolder('cifar/python', async (dataDir) => {
      const batch = join(dataDir, 'cifar-10-batches-py', 'test_batch');
      const whole = await readFile(batch);
      for (const [content, message] of [
        [await readFile(fixture('pickles', 'hostile')), coded('bad-input', 'test_batch', "'posix.system'")],
        [await readFile(fixture('pickles', 'list')), coded('bad-input', 'test_batch', 'dictionary')],
        [await readFile(fixture('pickles', 'numpy-float')), coded('bad-input', 'test_batch', "'data'")],
        [whole.subarray(0, 4000), coded('damaged', 'test_batch', 4000)],
        [await readFile(join(dataDir, 'cifar-10-batches-py', 'batches.meta')), coded('bad-input', "'data'")],
      ] as const) {
        await writeFile(batch, content);
        await expect(openDataset('cifar10:test', { dataDir })).rejects.toThrow(message);
      }
      // Columns first, as NumPy writes a transposed array.
      await writeFile(batch, await readFile(fixture('pickles', 'numpy-fortran')));
      const samples = await all(await openDataset('cifar10:test', { dataDir }));
      await writeFile(batch, await readFile(fixture('pickles', 'numpy-protocol3')));
      const [first] = await all(await openDataset('cifar10:test[:1]', { dataDir }));
      expect(samples.map(({ label }) => label)).toEqual([1, 2, 3]);
      expect(sha256(samples[0].image!.data)).toBe(sha256(first.image!.data));
      for (const [slice, label] of [
        ['[1:2]', '-2'],
        ['[2:3]', '1099511627776'],
      ]) {
        const wrong = all(await openDataset(`cifar10:test${slice}`, { dataDir }));
        await expect(wrong).rejects.toThrow(coded('bad-input', 'test_batch', label, 0, 9));
      }
    });
  });

  test('files that promise much are refused at once', async () => {
    await withFolder('cifar/python', async (dataDir) => {
      const meta = join(dataDir, 'cifar-10-batches-py', 'batches.meta');
      // Lists of two of the one before, 40 deep: their text would have 2^40 letters.
      const list = (i: number): string => (i < 0 ? '' : `]q${String.fromCharCode(i)}`);
      const letters = Array.from({ length: 40 }, (_, i) => {
        const before = i === 0 ? 'X\x01\0\0\0a' : `h${String.fromCharCode(i - 1)}`;
        return `${list(i)}${before}a${before}a`;
      });
      const nested = `\x80\x02${letters.join('')}}X\x0b\0\0\0label_namesh\x27s.`;
      await writeFile(meta, Buffer.from(nested, 'latin1'));
      await expect(openDataset('cifar10:test', { dataDir })).rejects.toThrow(coded('bad-input', 'strings'));
      await truncate(join(dataDir, 'cifar-10-batches-py', 'test_batch'), 9e9); // a sparse file
      await expect(openDataset('cifar10:test', { dataDir })).rejects.toThrow(
        coded('damaged', 'test_batch', '9,000,000,000'),
      );
    });
  });
});
