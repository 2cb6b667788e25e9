import { random } from '../../lib/base/index.js';
import { alike } from '../../lib/experiments/alike.js';
import { readFewImages } from '../../lib/experiments/index.js';
import { readFewerImages } from '../../lib/experiments/fewer-images.js';
import { memoryRows, toNdArray, type RowSource } from '../../lib/tensor/index.js';

/** n images of a made-up model of d rectified features and c classes, some of them copies that differ a little. */
function model(n: number, d: number, c: number, copies = 1) {
  const { normal } = random(d, c);
  const weight = Float64Array.from({ length: c * d }, () => normal());
  const mix = Float64Array.from({ length: d * d }, () => normal() / Math.sqrt(d));
  const images = random(n, 7);
  const features = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    if (i % copies > 0) {
      for (let j = 0; j < d; j++) features[i * d + j] = features[(i - 1) * d + j] * (1 + 1e-3 * images.normal());
      continue;
    }
    const hidden = Float64Array.from({ length: d }, () => images.normal());
    for (let j = 0; j < d; j++) {
      let sum = 0.5;
      for (let k = 0; k < d; k++) sum += mix[j * d + k] * hidden[k];
      features[i * d + j] = Math.max(0, sum);
    }
  }
  const logits = new Float32Array(n * c);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < c; k++) {
      let sum = 0;
      for (let j = 0; j < d; j++) sum += weight[k * d + j] * features[i * d + j];
      logits[i * c + k] = sum;
    }
  }
  const rows = (data: Float32Array, cols: number): RowSource => memoryRows(data, n, cols);
  return {
    features: rows(features, d),
    logits: rows(logits, c),
    head: { weight: toNdArray(weight, [c, d]), bias: toNdArray(new Float64Array(c), [c]) },
  };
}

const each = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);

describe('what few images tell of an interface', () => {
  test('fewer images than features: what hides nothing is read by the head, the rest is bounded from below', async () => {
    const found = await readFewImages({ ...model(40, 60, 100), groups: each(40) }, [
      'logits',
      'log-probs',
      'probs',
      'logits+round:2',
      'probs+topk:5',
    ]);
    for (const spec of ['logits', 'log-probs', 'probs', 'logits+round:2']) {
      expect(found.get(spec)!.r2).toBeGreaterThan(0.999);
    }
    const { r2, interval } = found.get('probs+topk:5')!;
    expect(interval[0]).toBeLessThan(r2);
    expect(interval[1]).toBeGreaterThan(r2);
    expect(r2).toBeLessThan(0.5);
  });

  test('more images read more, and those of few lie below what many read', async () => {
    const spec = 'probs+topk:3';
    const few = (await readFewImages({ ...model(50, 24, 40), groups: each(50) }, [spec])).get(spec)!;
    const many = (await readFewImages({ ...model(600, 24, 40), groups: each(600) }, [spec])).get(spec)!;
    expect(few.interval[0]).toBeLessThan(many.r2);
    expect(few.r2).toBeLessThan(many.r2);
    expect(few.interval[1] - few.interval[0]).toBeGreaterThan(many.interval[1] - many.interval[0]);
  });

  test('the same images give the same figures', async () => {
    const images = { ...model(30, 12, 20), groups: each(30) };
    const twice = await Promise.all([0, 1].map(() => readFewImages(images, ['probs+round:2'])));
    expect(twice[0].get('probs+round:2')).toEqual(twice[1].get('probs+round:2'));
  });

  test('pictures of a burst fall on one side, and do not tell what is to be predicted', async () => {
    const images = model(60, 60, 100, 3);
    const groups = await alike({ ...images, rows: 60 }, each(60));
    expect(new Set(groups).size).toBe(20);
    const spec = 'probs+topk:5';
    const joined = (await readFewImages({ ...images, groups }, [spec])).get(spec)!;
    const apart = (await readFewImages({ ...images, groups: each(60) }, [spec])).get(spec)!;
    expect(apart.r2).toBeGreaterThan(0.8);
    expect(joined.r2).toBeLessThan(0.3);
  });

  test('images that are no copies stay what they are', async () => {
    expect(new Set(await alike({ ...model(200, 6, 10), rows: 200 }, each(200))).size).toBeGreaterThan(150);
    expect(new Set(await alike({ ...model(80, 60, 100), rows: 80 }, each(80))).size).toBe(80);
  });
});

describe('what fewer images give', () => {
  test('a half, copies together, reads less than all where a reader is still learning', async () => {
    const images = { ...model(160, 40, 60), groups: each(160) };
    const [all, half] = [
      await readFewImages(images, ['probs+topk:5']),
      await readFewerImages(images, ['probs+topk:5']),
    ];
    const { fitted, r2 } = half.get('probs+topk:5')!;
    expect(fitted).toBe(72);
    expect(r2).toBeLessThan(all.get('probs+topk:5')!.r2 - 0.02);
  });

  test('of a few images nothing is known', async () => {
    const images = { ...model(40, 10, 20), groups: each(40).map((row) => row >> 2) };
    expect(await readFewerImages(images, ['probs'])).toEqual(new Map());
  });
});
