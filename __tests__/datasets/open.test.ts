import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { defaultDataDir, openDataset } from '../../lib/datasets/index.js';
import { all, fixture, withFolder } from './support.js';
import { coded, naming } from '../support/coded.js';

const dataDir = fixture('cifar', 'binary');
const labels = async (spec: string) => (await all(await openDataset(spec, { dataDir }))).map(({ label }) => label);

describe('slices', () => {
  test.each([
    ['[0:4]', [0, 4]],
    ['[4:]', [4, 10]],
    ['[:3]', [0, 3]],
    ['[-3:]', [7, 10]],
    ['[:-3]', [0, 7]],
    ['[-4:-1]', [6, 9]],
    ['[2:-2]', [2, 8]],
    ['[:]', [0, 10]],
    ['[-10:10]', [0, 10]],
  ])('%s takes what Python takes', async (slice, [start, stop]) => {
    const whole = await labels('cifar10:train');
    const dataset = await openDataset(`cifar10:train${slice}`, { dataDir });
    expect(await labels(`cifar10:train${slice}`)).toEqual(whole.slice(start, stop));
    expect(dataset.size).toBe(stop - start);
    expect(dataset.spec).toBe(`cifar10:train${slice}`);
    expect((await all(dataset))[0].id).toBe(`cifar10:train/${String(start).padStart(5, '0')}`);
  });

  test.each(['[0:11]', '[11:]', '[-11:]', '[:-11]'])('%s reaches outside', async (slice) => {
    await expect(openDataset(`cifar10:train${slice}`, { dataDir })).rejects.toThrow(
      coded('usage', slice, 'outside', 'cifar10:train', 10, -10, 10),
    );
  });

  test.each(['[3:3]', '[5:2]', '[10:]', '[:0]', '[-2:-4]'])('%s is empty', async (slice) => {
    await expect(openDataset(`cifar10:train${slice}`, { dataDir })).rejects.toThrow(coded('usage', 'empty', 10));
  });

  test.each(['[3]', '[1:5:2]', '[a:b]'])('%s is not one', async (slice) => {
    await expect(openDataset(`cifar10:train${slice}`, { dataDir })).rejects.toThrow(
      coded('usage', `'train${slice}'`, 'cifar10:train', 'cifar10:test', 'cifar10:test[0:1000]'),
    );
  });
});

describe('samples', () => {
  test('start where they are asked to, also past the end, and can be read again and at once', async () => {
    const dataset = await openDataset('cifar10:train[1:9]', { dataDir });
    const whole = await all(dataset);
    expect(await all(dataset, { start: 5 })).toEqual(whole.slice(5));
    expect(await all(dataset, { start: 8 })).toEqual([]);
    expect(await Promise.all([all(dataset), all(dataset)])).toEqual([whole, whole]);
    for await (const sample of dataset.samples()) {
      expect(sample).toEqual(whole[0]);
      break;
    }
  });

  test('stop on the signal with its reason', async () => {
    const dataset = await openDataset('cifar10:train', { dataDir });
    const controller = new AbortController();
    const seen: string[] = [];
    const reading = async () => {
      for await (const { id } of dataset.samples({ signal: controller.signal })) {
        seen.push(id);
        if (seen.length === 3) controller.abort(new Error('enough'));
      }
    };
    await expect(reading()).rejects.toThrow('enough');
    expect(seen).toHaveLength(3);
  });

  test('are not to be had from a closed data set', async () => {
    const dataset = await openDataset('cifar10:train', { dataDir });
    await dataset.close();
    await expect(all(dataset)).rejects.toThrow(coded('unavailable', 'cifar10:train'));
  });
});

describe('specs', () => {
  test.each([
    ['cifra10:train', naming("'cifra10'", 'cifar10?', 'cifar10:train', 'folder:PATH')],
    ['photos[0:10]', naming("'photos[0:10]'", 'NAME:WHAT', 'folder:photos')],
    ['photos', naming('folder:photos', 'archive')],
    ['photos[0:10]', naming('folder:photos[0:10]')],
    ['rows.npz', naming('tensors:rows.npz')],
    ['train.csv', naming('list:train.csv')],
    ['CIFAR100:train', naming('cifar100?')],
    ['imagenet:val', naming("'imagenet'", 'imagefolder?')],
    ['cifar10', naming('NAME:WHAT')],
    ['cifar10:', naming('NAME:WHAT')],
    ['cifar10:valid', naming('cifar10', "'valid'")],
    ['places365:train', naming('places365', "'train'")],
  ])('%s is refused', async (spec, message) => {
    await expect(openDataset(spec, { dataDir })).rejects.toMatchObject({
      name: 'UsageError',
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });
});

describe('defaultDataDir', () => {
  const names = ['FEATRECONSTRUCT_DATA', 'XDG_CACHE_HOME'];
  const before = names.map((name) => process.env[name]);
  afterEach(() => {
    names.forEach((name, i) => {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    });
  });

  test('is FEATRECONSTRUCT_DATA, which openDataset then uses', async () => {
    process.env.FEATRECONSTRUCT_DATA = dataDir;
    expect(defaultDataDir()).toBe(dataDir);
    expect((await openDataset('cifar10:test')).size).toBe(2);
  });

  (process.platform === 'linux' ? test : test.skip)("is else a cache folder, by Linux' convention", () => {
    delete process.env.FEATRECONSTRUCT_DATA;
    process.env.XDG_CACHE_HOME = '/caches';
    expect(defaultDataDir()).toBe('/caches/featreconstruct');
    delete process.env.XDG_CACHE_HOME;
    expect(defaultDataDir()).toBe(join(homedir(), '.cache', 'featreconstruct'));
  });
});

test('a file where the folder of a data set should be is a missing batch', async () => {
  await withFolder(undefined, async (folder) => {
    await mkdir(join(folder, 'cifar-10-batches-bin'));
    await expect(openDataset('cifar10:test', { dataDir: folder })).rejects.toThrow(
      coded('not-found', 'test_batch.bin'),
    );
  });
});
