import { contentDigests, openDataset } from '../../lib/datasets/index.js';
import { coded } from '../support/coded.js';
import { all } from './support.js';

const digests = async (spec: string) => contentDigests(await openDataset(spec));

describe('synthetic', () => {
  // Drawn once on Linux x64 by Node 20. The same everywhere: a model that was trained on these images must meet them again.
  test.each([
    ['synthetic:train[0:1000]', '2af18f30ecbbaaf86d535cd27caf8bbad6702c6bfb76c0750fdf7ab91c5f0169'],
    ['synthetic:train[-500:]', '0c6491651994f205ce92623a61253833effd668bedca87bbfc9f101aea0e61ca'],
    ['synthetic:test[0:1000]', 'f77248e4517031ea465ae9bbe303c6f08506703cb7a113a1686b124ba31be850'],
    ['synthetic-shift:test[0:1000]', '8d696e80560cb7600c2db555bcd27cb3cd9d190a5e77e74ea0cd5ce83cde6a8c'],
  ])('%s has the same bytes on every platform', async (spec, digest) => {
    expect((await digests(spec)).digest).toBe(digest);
  });

  test('draws an image by its position, whatever was drawn before it', async () => {
    const whole = await all(await openDataset('synthetic:test[0:600]'));
    const part = await all(await openDataset('synthetic:test[300:600]'), { start: 200 });
    expect(part).toEqual(whole.slice(500));
    expect(part[0]).toMatchObject({ id: 'synthetic:test/00500', image: { width: 32, height: 32 } });
    expect(part[0].image!.data).toHaveLength(3 * 32 * 32);
  });

  test('names its classes in words and shows each as often as the others', async () => {
    const dataset = await openDataset('synthetic:test');
    const names = dataset.classNames!;
    expect(names).toHaveLength(24);
    expect(new Set(names).size).toBe(24);
    expect([names[0], names[23]]).toEqual(['plain disc', 'dotted cross']);
    expect(names.every((name) => /^[a-z]+ [a-z]+$/.test(name))).toBe(true);
    const counts = new Array<number>(24).fill(0);
    for (const { label } of await all(dataset)) counts[label]++;
    // 5,000 / 24 with a standard deviation of 14: five of them on either side.
    expect(Math.min(...counts)).toBeGreaterThan(138);
    expect(Math.max(...counts)).toBeLessThan(279);
  });

  test('has no image twice, within a split or across them', async () => {
    const specs = ['synthetic:train[0:2000]', 'synthetic:test[0:2000]', 'synthetic-shift:test[0:2000]'];
    const examples = (await Promise.all(specs.map(digests))).flatMap((each) => each.examples);
    expect(new Set(examples).size).toBe(6000);
  });

  test('shows a shifted world in synthetic-shift: other colours around the shapes, the same classes', async () => {
    const [usual, shifted] = await Promise.all(
      ['synthetic:test', 'synthetic-shift:test'].map((spec) => openDataset(spec)),
    );
    expect(shifted.classNames).toEqual(usual.classNames);
    expect(shifted.size).toBe(usual.size);
    // Neighbouring pixels differ more: restless grounds, more bars, noise.
    expect(await roughness('synthetic-shift:test[0:500]')).toBeGreaterThan(
      1.15 * (await roughness('synthetic:test[0:500]')),
    );
  });

  test.each([
    ['synthetic:val', ["'val'", 'synthetic:train', 'synthetic:test', 'synthetic:train[0:1000]']],
    ['synthetic-shift:train', ["'train'", 'synthetic-shift:test', 'synthetic-shift:test[0:1000]']],
  ])('%s is not one', async (spec, names) => {
    await expect(openDataset(spec)).rejects.toThrow(coded('usage', ...names));
  });
});

/** Mean absolute difference between pixels next to one another in a row. */
async function roughness(spec: string): Promise<number> {
  let sum = 0;
  let count = 0;
  for (const { image } of await all(await openDataset(spec))) {
    const { data } = image!;
    for (let at = 3; at < data.length; at++) {
      if (at % 96 < 3) continue; // the first of a row
      sum += Math.abs(data[at] - data[at - 3]);
      count++;
    }
  }
  return sum / count;
}
