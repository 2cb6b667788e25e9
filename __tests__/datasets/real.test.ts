import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { contentDigests, openDataset, type Dataset, type Sample } from '../../lib/datasets/index.js';
import { all, fixtureJson } from './support.js';

const data = process.env.FEATRECONSTRUCT_DATA;
const describeReal = data ? describe : describe.skip;

/** What real.json has of a data set, read as it streams. */
async function summary(dataset: Dataset) {
  const pixels = createHash('sha256');
  const labels: number[] = [];
  for await (const { label, image } of dataset.samples()) {
    labels.push(label);
    pixels.update(image!.data);
  }
  const counts = new Array(Math.max(...labels) + 1).fill(0);
  for (const label of labels) counts[label]++;
  return { n: labels.length, firstLabels: labels.slice(0, 8), labelCounts: counts, sha256: pixels.digest('hex') };
}

describeReal('real data (skipped without FEATRECONSTRUCT_DATA)', () => {
  test.each(['cifar10:train[0:10000]', 'cifar10:test', 'cifar100:train', 'cifar100:test'])(
    '%s: labels and all pixels are what NumPy reads',
    async (spec) => {
      const expected = (await fixtureJson('real.json'))[spec];
      expect(await summary(await openDataset(spec, { allowPartial: true }))).toEqual(expected);
    },
  );

  test('a slice is the same read alone, from a start, and out of the whole', async () => {
    const slice = await openDataset('cifar100:train[1000:1700]');
    const from = await openDataset('cifar100:train[900:1700]');
    const whole = await openDataset('cifar100:train');
    const brief = (samples: Sample[]) =>
      samples.map(({ id, label, image }) => [id, label, createHash('sha256').update(image!.data).digest('hex')]);
    const samples = await all(slice);
    expect(brief(await all(from, { start: 100 }))).toEqual(brief(samples));
    expect(samples[0].id).toBe('cifar100:train/01000');
    const { examples } = await contentDigests(whole);
    expect((await contentDigests(slice)).examples).toEqual(examples.slice(1000, 1700));
    expect(await slice.digest()).toBe(await (await openDataset('cifar100:train[-49000:-48300]')).digest());
  });

  test('scenes: 720 photographs of six kinds, sorted', async () => {
    const dataset = await openDataset(`folder:${join(data!, 'scenes')}`);
    const samples = await all(dataset);
    expect(dataset.classNames).toEqual(['buildings', 'forest', 'glacier', 'mountain', 'sea', 'street']);
    expect(samples).toHaveLength(720);
    expect(samples.map(({ label }) => label)).toEqual(Array.from({ length: 720 }, (_, i) => Math.floor(i / 120)));
    const ids = samples.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort());
  });
});
