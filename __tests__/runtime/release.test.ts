import path from 'node:path';
import { UsageError } from '../../lib/base/index.js';
import { checkProviderOptions, loadModel, type ExecutionProvider } from '../../lib/runtime/index.js';
import { side, temporaryFolder, writeClassifier } from '../cli/support.js';
import { coded } from '../support/coded.js';

const folder = temporaryFolder();
const batch = (n: number) => ({
  type: 'float32' as const,
  data: new Float32Array(n * 3 * side * side).fill(0.5),
  dims: [n, 3, side, side],
});

describe('a model that is released', () => {
  const load = async () => loadModel(await writeClassifier(path.join(folder, 'model.onnx'), { d: 12, c: 8 }));

  test('may be released again, at once and later', async () => {
    const model = await load();
    await Promise.all([model.release(), model.release()]);
    await model.release();
  });

  test('runs no more, and says so', async () => {
    const model = await load();
    await model.release();
    const late = model.run(batch(2));
    await expect(late).rejects.toBeInstanceOf(UsageError);
    await expect(late).rejects.toThrow(coded('usage', 'released'));
  });

  test('ends what is under way first', async () => {
    const model = await load();
    const runs = [model.run(batch(64)), model.run(batch(1))];
    await model.release();
    const [many, one] = await Promise.all(runs);
    expect(many.features).toHaveLength(64 * 12);
    expect(one.logits).toHaveLength(8);
  });
});

describe('options of providers', () => {
  test.each([
    ['webgpu', 'nonsense', 1, coded('usage', 'preferredLayout', "'nonsense'")],
    ['webgpu', 'preferredLayout', 'CHWN', coded('usage', 'preferredLayout', "'webgpu'", 'NCHW', 'NHWC', "'CHWN'")],
    ['webgpu', 'forceCpuNodeNames', 'a', coded('usage', 'forceCpuNodeNames')],
    ['webgpu', 'constructor', 1, /found 'constructor'/],
    ['cuda', 'deviceId', 'first', coded('usage', 'deviceId', "'cuda'", 0, "'first'")],
    ['cuda', 'deviceId', -1, /found '-1'/],
    ['cpu', 'threads', 2, coded('usage', "'cpu'", "'threads'")],
  ])('%s: %s=%s is refused by name', (name, key, value, says) => {
    expect(() => checkProviderOptions({ name, [key]: value } as ExecutionProvider)).toThrow(says);
    expect(() => checkProviderOptions({ name, [key]: value } as ExecutionProvider)).toThrow(UsageError);
  });

  test.each([
    'cpu',
    { name: 'cuda', deviceId: 1 },
    { name: 'webgpu', preferredLayout: 'NHWC', validationMode: 'full', forceCpuNodeNames: ['a'] },
    { name: 'coreml', coreMlFlags: 0 },
    { name: 'somethingNew', its: 'own' },
  ])('%p is taken', (provider) => {
    expect(() => checkProviderOptions(provider as ExecutionProvider)).not.toThrow();
  });
});
