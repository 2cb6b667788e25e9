import { describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describeModel, loadModel } from '../../lib/runtime/index.js';
import { runCli, temporaryFolder, writeClassifier } from '../cli/support.js';
import { coded, naming } from '../support/coded.js';

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

  it('states its transform, class names and size', async () => {
    const id2label = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [i, `thing ${i}`]));
    const processor = { ...numbers, do_resize: true, size: { height: 8, width: 8 }, resample: 2 };
    const model = await describeModel(await exported(processor, { id2label }));
    expect(model.transform).toEqual({
      name: 'steps',
      steps: [{ op: 'resize', size: [8, 8], interpolation: 'bilinear' }],
      scale: 1 / 255,
      mean: half,
      std: half,
    });
    expect(model.classNames).toHaveLength(9);
    expect(model.notes[0]).toContain('preprocessor_config.json');
  });

  it('says what it does not follow', async () => {
    const { transform, notes } = await describeModel(await exported({ ...numbers, do_resize: false }));
    expect(transform).toBeNull();
    expect(notes[0]).toMatch(naming('resize'));
  });

  it('is refused where its JSON is none, and where it has no model', async () => {
    await expect(describeModel(await exported('{'))).rejects.toThrow(
      coded('not-found', 'JSON', 'preprocessor_config.json'),
    );
    const empty = await mkdtemp(path.join(folder, 'empty-'));
    await expect(describeModel(empty)).rejects.toThrow(coded('not-found'));
    await writeFile(path.join(empty, 'encoder.onnx'), '');
    const { code, stderr } = await runCli(['inspect', empty]);
    expect(code).toBe(1);
    expect(stderr).toMatch(naming('encoder.onnx'));
  });
});
