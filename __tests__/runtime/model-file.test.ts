import { rm } from 'node:fs/promises';
import path from 'node:path';
import { extractFeatures } from '../../lib/extract/index.js';
import { describeModel, loadModel, openModel } from '../../lib/runtime/index.js';
import { temporaryFolder, writeClassifier } from '../cli/support.js';

const folder = temporaryFolder();
const at = (name: string): string => path.join(folder, name);

test('a file is read once, and its model is one until it is released', async () => {
  await writeClassifier(at('a.onnx'), { d: 6, c: 9 });
  const described = await describeModel(at('a.onnx'));
  const file = await openModel(at('a.onnx'), { intraOpNumThreads: 1 });
  expect(file.description).toEqual(described);
  // What was read is enough to load it.
  await rm(at('a.onnx'));
  const model = await file.load();
  expect(model.intraOpNumThreads).toBe(1);
  expect(await file.load()).toBe(model);
  expect(await file.load(1)).toBe(model);
  await file.release();
  await expect(model.run({ type: 'float32', data: new Float32Array(0), dims: [0] })).rejects.toThrow();
  await expect(file.load()).rejects.toMatchObject({ exitCode: 1 });
});

test('other threads and a release load it anew, to the same numbers', async () => {
  await writeClassifier(at('b.onnx'), { d: 6, c: 9 });
  const file = await openModel(at('b.onnx'), { intraOpNumThreads: 1 });
  const { inputShape } = file.description;
  const dims = [2, ...inputShape.slice(1).map((size) => size ?? 32)] as number[];
  const batch = {
    type: 'float32' as const,
    data: Float32Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)),
    dims,
  };
  const reference = await loadModel(at('b.onnx'), { intraOpNumThreads: 1 });
  const { logits } = await reference.run(batch);
  await reference.release();
  const first = await file.load();
  const second = await file.load(2);
  expect([first.intraOpNumThreads, second.intraOpNumThreads]).toEqual([1, 2]);
  expect((await second.run(batch)).logits).toEqual(logits);
  await file.release();
  const third = await file.load();
  expect(third.intraOpNumThreads).toBe(1);
  expect((await third.run(batch)).logits).toEqual(logits);
  await file.release();
});

test('a file that has changed since is not taken for the model that was read', async () => {
  await writeClassifier(at('c.onnx'), { d: 6, c: 9 });
  const file = await openModel(at('c.onnx'));
  await file.load();
  await file.release();
  await writeClassifier(at('c.onnx'), { d: 6, c: 9, seed: 7 });
  await expect(file.load()).rejects.toMatchObject({ code: 'mismatch' });
});

test('providers under model, where nothing hears them, are refused', async () => {
  await writeClassifier(at('d.onnx'), { d: 6, c: 9 });
  const options = { model: { executionProviders: ['cpu'] }, dataset: { dataDir: folder } } as object;
  await expect(extractFeatures(at('d.onnx'), 'synthetic:train[0:4]', options)).rejects.toMatchObject({
    ...{ code: 'usage', message: expect.stringContaining('executionProviders') },
  });
  const features = await extractFeatures(at('d.onnx'), 'synthetic:train[0:4]', { executionProviders: ['cpu'] });
  expect(features.features.shape).toEqual([4, 6]);
});
