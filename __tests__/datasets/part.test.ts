import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset } from '../../lib/datasets/index.js';
import { positionsOf } from '../../lib/datasets/part.js';
import { varied } from '../../lib/leaks/index.js';
import { all, withFolder } from './support.js';

const ids = async (spec: string, start = 0): Promise<string[]> =>
  (await all(await openDataset(spec), { start })).map(({ id }) => id);

describe('a part of a data set', () => {
  test('the first so many, behind a slice too, and all of those where there are fewer', async () => {
    const whole = await ids('synthetic:test[0:50]');
    expect(await ids('synthetic:test[limit:5]')).toEqual(whole.slice(0, 5));
    expect(await ids('synthetic:test[10:50][limit:5]')).toEqual(whole.slice(10, 15));
    const dataset = await openDataset('synthetic:test[0:50][limit:80]');
    expect([dataset.size, dataset.part]).toEqual([50, undefined]);
    expect((await openDataset('synthetic:test[0:50][limit:20]')).part).toEqual({ of: 50 });
  });

  test('a sample: in the order of the data set, the same for a seed, another for another', async () => {
    const whole = await ids('synthetic:test[100:300]');
    const dataset = await openDataset('synthetic:test[100:300][sample:40,seed:7]');
    const sample = (await all(dataset)).map(({ id }) => id);
    expect([dataset.size, dataset.part, new Set(sample).size]).toEqual([40, { of: 200, seed: 7 }, 40]);
    expect(sample).toEqual(whole.filter((id) => sample.includes(id)));
    expect(await ids('synthetic:test[100:300][sample:40,seed:7]')).toEqual(sample);
    expect(await ids('synthetic:test[100:300][sample:40,seed:8]')).not.toEqual(sample);
    expect(await ids('synthetic:test[100:300][sample:40]')).toEqual(
      await ids('synthetic:test[100:300][sample:40,seed:0]'),
    );
    // A run that was stopped goes on anywhere.
    for (const start of [0, 1, 17, 39, 40]) {
      expect(await ids('synthetic:test[100:300][sample:40,seed:7]', start)).toEqual(sample.slice(start));
    }
  });

  test('labels and contents are those of the whole, and the digest is that of the part', async () => {
    const whole = await all(await openDataset('synthetic:test[0:200]'));
    const dataset = await openDataset('synthetic:test[0:200][sample:20,seed:1]');
    for (const sample of await all(dataset)) expect(sample).toEqual(whole.find(({ id }) => id === sample.id));
    const digests = ['', '[sample:20,seed:1]', '[sample:20,seed:2]', '[limit:20]'].map(async (part) =>
      (await openDataset(`synthetic:test[0:200]${part}`)).digest(),
    );
    expect(new Set(await Promise.all(digests)).size).toBe(4);
    expect(varied(dataset, 2).part).toEqual({ of: 200, seed: 1 });
  });

  test('every example is as likely as any other', () => {
    const drawn = new Array<number>(20).fill(0);
    for (let seed = 0; seed < 4000; seed++) {
      for (const position of positionsOf({ text: '', size: 5, seed }, 100, 120)) drawn[position - 100]++;
    }
    // 1,000 each, with a deviation of 27: five of them.
    for (const times of drawn) expect(Math.abs(times - 1000)).toBeLessThan(140);
  });

  test('of a folder with classes, numbers stay', async () => {
    await withFolder(undefined, async (root) => {
      for (const name of ['a', 'b', 'c']) {
        await mkdir(join(root, name));
        for (let i = 0; i < 9; i++) await writeFile(join(root, name, `${i}.jpg`), name);
      }
      const dataset = await openDataset(`folder:${root}[sample:6,seed:3]`);
      expect(dataset.classNames).toEqual(['a', 'b', 'c']);
      for (const { id, label } of await all(dataset)) expect(label).toBe('abc'.indexOf(id[0]));
    });
  });

  test.each([
    'synthetic:test[limit:0]',
    'synthetic:test[sample:0]',
    'synthetic:test[sample:x]',
    'synthetic:test[limit:-5]',
    'synthetic:test[sample:5,seed:-1]',
    'synthetic:test[sample:5 seed:1]',
    'synthetic:test[limit:5][0:3]',
    'synthetic:test[limit:5][sample:3]',
  ])('%s is refused', async (spec) => {
    await expect(openDataset(spec)).rejects.toMatchObject({ exitCode: 2 });
  });
});
