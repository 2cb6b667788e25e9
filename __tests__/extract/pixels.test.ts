import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openDataset, type Dataset } from '../../lib/datasets/index.js';
import { extractFeatures } from '../../lib/extract/index.js';
import { applyPixels, decodeImage, makeTransform } from '../../lib/images/index.js';
import type { RgbImage, Transform, TransformName } from '../../lib/images/index.js';
import { loadModel, type Model } from '../../lib/runtime/index.js';
import { temporaryFolder, writeClassifier, writeJpeg } from '../cli/support.js';

/** What an extraction feeds to a model, against the definition of the transform, number by number. */

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);

/** The definition: (pixel * scale − mean) / std, each operation in float32. */
function normalised({ data }: RgbImage, { scale, mean, std }: Transform, layout: string): Float32Array {
  const area = data.length / 3;
  return Float32Array.from({ length: data.length }, (_, i) => {
    const [channel, pixel] = layout === 'nchw' ? [Math.floor(i / area), i % area] : [i % 3, Math.floor(i / 3)];
    const value = Math.fround(data[3 * pixel + channel] * scale);
    return Math.fround(value - Math.fround(mean[channel])) / Math.fround(std[channel]);
  });
}

/** The model run on such numbers, in batches of the same positions, without the images that cannot be decoded. */
async function expected(model: Model, dataset: Dataset, name: TransformName, batchSize: number) {
  const transform = makeTransform(name, model.imageSize!);
  const [height, width] = model.imageSize!;
  const out = { features: [] as number[], logits: [] as number[] };
  let rows: Float32Array[] = [];
  let position = 0;
  for await (const { image, encoded } of dataset.samples()) {
    const pixels = image ?? (await decodeImage(encoded!).catch(() => null));
    if (pixels) rows.push(normalised(applyPixels(transform, pixels), transform, model.layout));
    position++;
    if (rows.length === 0 || (position % batchSize !== 0 && position < dataset.size)) continue;
    const data = new Float32Array(rows.length * rows[0].length);
    rows.forEach((row, i) => data.set(row, i * row.length));
    const shape = model.layout === 'nchw' ? [3, height, width] : [height, width, 3];
    const { features, logits } = await model.run({ type: 'float32', data, dims: [rows.length, ...shape] });
    out.features.push(...features);
    out.logits.push(...logits);
    rows = [];
  }
  return out;
}

async function compare(model: Model, dataset: Dataset, name: TransformName, batchSize: number): Promise<number> {
  const made = await extractFeatures(model, dataset, { transform: name, batchSize, skipBadImages: true });
  const wanted = await expected(model, dataset, name, batchSize);
  for (const what of ['features', 'logits'] as const) {
    expect(made[what].data.every((value, i) => Object.is(value, wanted[what][i]))).toBe(true);
    expect(made[what].data).toHaveLength(wanted[what].length);
  }
  return made.skipped.length;
}

describe('a folder of images of several sizes, one of them bad, the last batch not full', () => {
  beforeAll(async () => {
    // Smaller and larger than the input, odd and even, and of widths that are no multiple of four.
    for (const [i, size] of [24, 5, 33, 8, 9, 40, 7, 6, 11].entries())
      await writeJpeg(at('mixed', `${i}.jpg`), i, size);
    await writeFile(at('mixed', '4a.jpg'), 'no image');
  });

  test.each([
    ['nchw', 'protocol'],
    ['nchw', 'imagenet'],
    ['nhwc', 'protocol'],
    ['nhwc', 'raw'],
  ] as const)('gives the bits of the definition: %s, %s', async (layout, name) => {
    const file = await writeClassifier(at(`${layout}.onnx`), { d: 12, c: 20, nhwc: layout === 'nhwc' });
    const model = await loadModel(file);
    const dataset = await openDataset(`folder:${at('mixed')}`);
    expect(await compare(model, dataset, name, 4)).toBe(1);
    await model.release();
  });
});

describe('pretrained models and CIFAR (needs FEATRECONSTRUCT_MODELS and FEATRECONSTRUCT_DATA)', () => {
  const models = process.env.FEATRECONSTRUCT_MODELS;
  for (const name of ['resnet20_cifar100', 'mobilenet_v1_025']) {
    const file = path.join(models ?? '', `${name}.onnx`);
    const real = models && process.env.FEATRECONSTRUCT_DATA && existsSync(file) ? test : test.skip;
    real(`${name} gives the bits of the definition`, async () => {
      const model = await loadModel(file);
      const dataset = await openDataset('cifar100:test[0:6]');
      expect(await compare(model, dataset, 'protocol', 4)).toBe(0);
      await model.release();
      await dataset.close();
    });
  }
});
