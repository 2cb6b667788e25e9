import { describe, expect, it } from '@jest/globals';
import { varied, varyImage } from '../../lib/leaks/index.js';
import type { Dataset, Sample } from '../../lib/datasets/index.js';
import type { RgbImage } from '../../lib/images/index.js';
import { coded } from '../support/coded.js';

const image = (seed: number): RgbImage => ({
  width: 12,
  height: 9,
  data: Uint8Array.from({ length: 12 * 9 * 3 }, (_, i) => (i * 37 + seed * 101 + (i % 3) * 60) % 256),
});

const dataset = (size: number): Dataset => ({
  spec: 'made:3',
  size,
  kind: 'images',
  digest: async () => 'abc',
  async *samples({ start = 0 } = {}) {
    for (let i = start; i < size; i++) yield { id: `made/${i}`, label: i, image: image(i) };
  },
  close: async () => undefined,
});

async function list(samples: AsyncIterable<Sample>): Promise<Sample[]> {
  const out: Sample[] = [];
  for await (const sample of samples) out.push(sample);
  return out;
}

describe('varyImage', () => {
  it('gives the image itself first, then others, the same for the same seed', () => {
    const original = image(1);
    expect(varyImage(original, 0, 7)).toBe(original);
    const seen = new Set<string>();
    for (let k = 1; k <= 20; k++) {
      const one = varyImage(original, k, 7);
      expect(one).toEqual(varyImage(image(1), k, 7));
      expect([one.width, one.height, one.data.length]).toEqual([12, 9, 324]);
      seen.add(one.data.join());
    }
    expect(seen.size).toBeGreaterThan(15);
    expect(varyImage(original, 3, 8)).not.toEqual(varyImage(original, 3, 7));
    expect(original).toEqual(image(1));
  });

  it('makes each of its kinds of change', () => {
    // A grey image of one bright pixel shows which change was made when one was made alone.
    const one: RgbImage = { width: 6, height: 6, data: new Uint8Array(108).fill(100) };
    one.data.set([200, 150, 50], 3 * (6 * 2 + 3));
    const kinds = { same: 0, inverted: 0, moved: 0, channels: 0, other: 0 };
    for (let k = 1; k <= 400; k++) {
      const { data } = varyImage(one, k, 1);
      const pixel = Array.from(data.subarray(45, 48)).join();
      if (data.join() === one.data.join()) kinds.same++;
      else if (data.every((value, i) => value === 255 - one.data[i])) kinds.inverted++;
      else if (data[0] === 100 && pixel === '100,100,100' && data.includes(200)) kinds.moved++;
      else if (data[0] === 100 && pixel.split(',').sort().join() === '150,200,50') kinds.channels++;
      else kinds.other++;
    }
    for (const count of Object.values(kinds)) expect(count).toBeGreaterThan(2);
  });
});

describe('varied', () => {
  it('is n times the size, each image after the other, labels kept', async () => {
    const all = await list(varied(dataset(3), 4, 5).samples());
    expect(varied(dataset(3), 4).size).toBe(12);
    expect(all.map(({ label }) => label)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    expect(all[4]).toMatchObject({ id: 'made/1~0', image: image(1) });
    expect(new Set(all.map(({ id }) => id)).size).toBe(12);
  });

  it('goes on from any position to the same images', async () => {
    const set = varied(dataset(3), 4, 5);
    const all = await list(set.samples());
    for (const start of [1, 4, 7, 11, 12]) expect(await list(set.samples({ start }))).toEqual(all.slice(start));
  });

  it('has a digest of its own for n and seed', async () => {
    const digests = await Promise.all(
      [varied(dataset(3), 4, 5), varied(dataset(3), 4, 6), varied(dataset(3), 5, 5)].map((set) => set.digest()),
    );
    expect(new Set([...digests, 'abc']).size).toBe(4);
    expect(await varied(dataset(3), 4, 5).digest()).toBe(digests[0]);
  });

  it('hands on what is wrong with an image, n times, and what the data set says of itself', async () => {
    const file = Buffer.from('no image');
    const set: Dataset = {
      ...dataset(3),
      ...{ classNames: ['a'], classesAre: 'folders', leftOut: { '.webp': 2 } },
      async *samples() {
        for (let i = 0; i < 3; i++) {
          yield i === 1
            ? { id: 'bad', label: 1, encoded: { name: 'bad', file } }
            : { id: `${i}`, label: i, image: image(i) };
        }
      },
    };
    expect(varied(set, 2)).toMatchObject({ classNames: ['a'], classesAre: 'folders', leftOut: { '.webp': 2 } });
    const all = await list(varied(set, 3).samples());
    expect(all.map(({ id }) => id)).toEqual('0~0 0~1 0~2 bad~0 bad~1 bad~2 2~0 2~1 2~2'.split(' '));
    for (const [i, { undecodable, image: pixels }] of all.entries()) {
      const isBad = i >= 3 && i < 6;
      expect([undecodable !== undefined, pixels !== undefined]).toEqual([isBad, !isBad]);
      if (isBad) expect(undecodable!.message).toMatch(/'bad'/);
    }
  });

  it('refuses tensors and numbers that are none', () => {
    expect(() => varied({ ...dataset(1), kind: 'tensors' }, 2)).toThrow(coded('usage', 'images'));
    expect(() => varied(dataset(1), 1.5)).toThrow('found 1.5');
  });
});

it('another seed gives other variations of the same images', async () => {
  const [one, other] = [await list(varied(dataset(2), 6, 1).samples()), await list(varied(dataset(2), 6, 2).samples())];
  const changed = one.filter(({ image: pixels }, i) => pixels!.data.join() !== other[i].image!.data.join());
  // The images themselves are the same; a few variations may be by chance.
  expect(changed.length).toBeGreaterThan(6);
  expect(await varied(dataset(2), 6, 1).digest()).not.toBe(await varied(dataset(2), 6, 2).digest());
});
