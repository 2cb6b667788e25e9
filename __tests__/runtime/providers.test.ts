import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { FeatReconstructError } from '../../lib/base/index.js';
import { createSession, listProviders, loadModel, runtimeVersion } from '../../lib/runtime/index.js';
import { modelFile } from '../onnx/fixtures.js';

const model = modelFile('matmul_add');

test('every provider is tried: cpu runs, and what does not says why', async () => {
  const reports = await listProviders();
  expect(reports.find(({ name }) => name === 'cpu')).toEqual({ name: 'cpu', available: true });
  for (const { available, name, reason } of reports) {
    if (available) expect(reason).toBeUndefined();
    else expect(reason).toContain(`'${name}' does not load`);
  }
});

test('an unknown provider is refused with those that there are', async () => {
  for (const executionProviders of [['gpu'], ['gpu', 'cpu'], ['cpu', { name: 'gpu' }]]) {
    const loading = loadModel(model, { executionProviders });
    await expect(loading).rejects.toBeInstanceOf(FeatReconstructError);
    await expect(loading).rejects.toThrow(/out of cpu.*found 'gpu'/);
  }
});

test('a provider that does not load is an error, not another provider', async () => {
  for (const { name, available } of await listProviders()) {
    if (available) continue;
    for (const executionProviders of [[name], [name, 'cpu']]) {
      await expect(loadModel(model, { executionProviders })).rejects.toThrow(`'${name}' does not load`);
    }
  }
});

const cuda = process.platform === 'linux' && process.arch === 'x64' ? test : test.skip;
cuda('CUDA without its libraries names the file and the command that fetches it', async () => {
  const report = (await listProviders()).find(({ name }) => name === 'cuda')!;
  if (!report.available && report.reason!.includes('is not installed')) {
    expect(report.reason).toMatch(/libonnxruntime_providers_(shared|cuda)\.so/);
    expect(report.reason).toContain('ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node');
  }
});

test('a damaged model is not blamed on the provider', async () => {
  await expect(createSession(new Uint8Array(10))).rejects.toThrow(/could not open the model/);
});

test('a profile says which provider ran, and leaves no file', async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith(`featreconstruct-profile-${process.pid}-`));
  const session = await createSession(model, { profile: true });
  await session.run({ x: { type: 'float32', data: new Float32Array(12), dims: [2, 6] } });
  const nodes = await session.nodesByProvider();
  expect(Object.keys(nodes)).toEqual(['cpu']);
  expect(nodes.cpu).toBeGreaterThan(1);
  await session.release();
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`featreconstruct-profile-${process.pid}-`))).toEqual(
    before,
  );
});

test('the version is that of the package', () => {
  expect(runtimeVersion()).toMatch(/^\d+\.\d+\.\d+/);
});
