import { describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describeModel, loadModel } from '../../lib/runtime/index.js';
import { runCli, temporaryFolder, writeClassifier } from '../cli/support.js';

const folder = temporaryFolder();

/** A folder as transformers and optimum leave it. */
async function exported(processor: unknown, config: unknown = { image_size: 32 }, within = ''): Promise<string> {
  const own = path.join(await mkdtemp(path.join(folder, 'hub-')), 'tiny-vit');
  await mkdir(path.join(own, within), { recursive: true });
  await writeClassifier(path.join(own, within, 'model.onnx'), { d: 6, c: 9 });
  const write = async (name: string, value: unknown): Promise<void> => {
    if (value !== undefined) {
      await writeFile(path.join(own, name), typeof value === 'string' ? value : JSON.stringify(value));
    }
  };
  await write('preprocessor_config.json', processor);
  await write('config.json', config);
  return own;
}

const half = [0.5, 0.5, 0.5];
const numbers = { do_normalize: true, image_mean: half, image_std: half };

describe('a folder as transformers leaves it', () => {
  it.each(['', 'onnx'])('is a model, by its own name: %s', async (within) => {
    const own = await exported(undefined, { image_size: 32 }, within);
    expect((await describeModel(own)).name).toBe('tiny-vit');
    const model = await loadModel(path.join(own, within, 'model.onnx'));
    await model.release();
    expect(model).toMatchObject({ name: 'tiny-vit', transform: null });
  });

  it.each([
    [
      'squashed',
      { ...numbers, do_resize: true, size: { height: 32, width: 32 }, resample: 2 },
      { name: 'upsample', interpolation: 'bilinear', mean: half, std: half },
    ],
    [
      'the shorter side, then a crop',
      {
        ...numbers,
        size: { shortest_edge: 36 },
        resample: 3,
        do_center_crop: true,
        crop_size: { height: 32, width: 32 },
      },
      { name: 'timm', interpolation: 'bicubic', cropPct: 32 / 36.5 },
    ],
    [
      'a share, as ConvNeXt has it',
      { ...numbers, size: { shortest_edge: 32 }, crop_pct: 0.875, resample: 3 },
      { name: 'timm', cropPct: 0.875 },
    ],
    ['no normalisation', { do_normalize: false, size: 32 }, { name: 'upsample', mean: [0, 0, 0], std: [1, 1, 1] }],
  ])('states its transform: %s', async (_, processor, transform) => {
    const model = await describeModel(await exported(processor));
    expect(model.transform).toMatchObject(transform);
    expect(model.notes[0]).toContain('preprocessor_config.json');
  });

  it.each([
    ['Lanczos', { ...numbers, size: { height: 32, width: 32 }, resample: 1 }, 'filter 1'],
    ['pixels as they are', { ...numbers, size: { height: 32, width: 32 }, do_rescale: false }, 'scale pixels'],
    ['-1 to 1', { ...numbers, size: { height: 32, width: 32 }, rescale_factor: 1 / 127.5 }, 'scale pixels'],
    ['no size', { ...numbers, size: { longest_edge: 40 } }, 'no counterpart'],
    ['no resizing', { ...numbers, do_resize: false }, 'does not resize'],
    ['two means', { ...numbers, image_mean: [0, 0], size: 32 }, 'three numbers'],
  ])('says what it does not follow: %s', async (_, processor, why) => {
    const { transform, notes } = await describeModel(await exported(processor));
    expect(transform).toBeNull();
    expect(notes[0]).toContain(why);
  });

  it('is refused where its JSON is none, and where it has no model', async () => {
    await expect(describeModel(await exported('{'))).rejects.toThrow(/Expected JSON in .*preprocessor_config\.json/);
    const empty = await mkdtemp(path.join(folder, 'empty-'));
    await expect(describeModel(empty)).rejects.toThrow(/found a folder without/);
    await writeFile(path.join(empty, 'encoder.onnx'), '');
    const { code, stderr } = await runCli(['inspect', empty]);
    expect(code).toBe(1);
    expect(stderr).toContain('encoder.onnx: name one of them');
  });
});
