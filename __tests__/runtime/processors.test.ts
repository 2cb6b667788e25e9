import { describe, expect, it, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BatchWriter, makeTransform, resize } from '../../lib/images/index.js';
import { besideModel } from '../../lib/runtime/beside.js';
import { openSafetensors } from '../../lib/tensor/index.js';
import { temporaryFolder } from '../cli/support.js';
import { pattern } from '../images/pattern.js';

const folder = temporaryFolder();
const goldens = path.join(process.cwd(), '__tests__', 'fixtures', 'runtime');
const { sizes, cases } = JSON.parse(readFileSync(path.join(goldens, 'processors.json'), 'utf8')) as {
  sizes: [number, number][];
  cases: { name: string; file: string; config: object }[];
};

/** What a file beside a model says. */
async function stated(file: string, config: object) {
  const own = await mkdtemp(path.join(folder, 'beside-'));
  await writeFile(path.join(own, file), JSON.stringify(config));
  return besideModel(path.join(own, 'model.onnx'));
}

describe('what processors of transformers and timm make of images', () => {
  it.each(cases.map((row) => [row.name, row] as const))('is made here: %s', async (name, { file, config }) => {
    const beside = await stated(file, config);
    const stored = await openSafetensors(path.join(goldens, 'processors.safetensors'));
    const tensor = stored.rows(name);
    const [n, , height, width] = tensor.shape;
    const expected = Float32Array.from(await tensor.read(0, n));
    await stored.close();
    expect(beside.imageSize).toEqual([height, width]);
    const { transform } = beside.transformFor([height, width]);
    const writer = new BatchWriter(makeTransform(transform!, [height, width]), [height, width], n, 'nchw');
    sizes.forEach((size, i) => writer.writeImage(i, pattern(...size)));
    const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - writer.data[i])), 0);
    // A pixel's grey level is 4e-3 of the scale; what is below is float32's rounding of the same numbers in another order.
    expect(worst / scale).toBeLessThan(1e-6);
  });

  it.each([
    [
      'preprocessor_config.json',
      { image_processor_type: 'PerceiverImageProcessor' },
      { kind: 'processor', name: 'Perceiver' },
    ],
    [
      'preprocessor_config.json',
      { image_processor_type: 'DonutImageProcessor', do_pad: true },
      { kind: 'field', field: 'do_pad' },
    ],
    ['preprocessor_config.json', { size: { shortest_edge: 9, longest_edge: 12 } }, { kind: 'resizing' }],
    ['preprocessor_config.json', { size: { shortest_edge: 9 } }, { kind: 'shorter-side' }],
    ['preprocessor_config.json', { size: 8, resample: 9 }, { kind: 'resample', filter: '9' }],
    ['preprocessor_config.json', { size: 8, image_mean: [0, 0] }, { kind: 'normalisation' }],
    ['preprocessor_config.json', { size: 16 }, { kind: 'other-size', made: [16, 16], read: [8, 8] }],
    [
      'config.json',
      { architecture: 'x', pretrained_cfg: { crop_mode: 'spiral' } },
      { kind: 'crop-mode', mode: 'spiral' },
    ],
    [
      'config.json',
      { architecture: 'x', pretrained_cfg: { interpolation: 'random' } },
      { kind: 'interpolation', filter: 'random' },
    ],
  ] as const)('is noted where it is not followed: %s %j', async (file, config, why) => {
    const { transform, notes } = (await stated(file, config)).transformFor([8, 8]);
    expect(transform).toBeNull();
    expect(notes).toEqual([{ kind: 'transform-not-followed', file, why }]);
  });
});

describe('class names beside a model', () => {
  it.each([
    [{ id2label: { 0: 'cat', 1: 'dog' } }, ['cat', 'dog']],
    [{ architecture: 'x', label_names: ['cat', 'dog'] }, ['cat', 'dog']],
    [{ id2label: { 0: 'LABEL_0', 1: 'LABEL_1' } }, null],
    [{ id2label: { 0: 'cat', 2: 'dog' } }, null],
    [{}, null],
  ])('are read: %j', async (config, names) => {
    expect((await stated('config.json', config)).classNames).toEqual(names);
  });
});

// torchvision 0.29's nearest-exact of 224 pixels at 346; Pillow, which adds the scale up, takes the pixel before.
test("the nearest pixel of tensors is torchvision's where that is not Pillow's", () => {
  const data = Uint8Array.from({ length: 3 * 224 * 2 }, (_, i) => Math.floor(i / 3) % 224);
  const image = { width: 224, height: 2, data };
  expect(resize(image, [2, 346], 'nearest', 'torchvision').data[3 * 259]).toBe(168);
  expect(resize(image, [2, 346], 'nearest').data[3 * 259]).toBe(167);
});
