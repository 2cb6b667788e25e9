import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { FeatReconstructError } from '../../lib/base/index.js';
import { runtimeVersion } from '../../lib/doctor/index.js';
import { createSession, listProviders, loadModel, type ExecutionProvider } from '../../lib/runtime/index.js';
import { modelFile } from '../onnx/fixtures.js';
import { coded, naming } from '../support/coded.js';

const model = modelFile('matmul_add');

test('every provider is tried: cpu runs, and what does not says why', async () => {
  const reports = await listProviders();
  expect(reports.find(({ name }) => name === 'cpu')).toEqual({ name: 'cpu', available: true, missing: [] });
  for (const { available, name, reason } of reports) {
    if (available) expect(reason).toBeUndefined();
    else expect(reason).toMatch(naming(`'${name}'`));
  }
});

test('an unknown provider is refused with those that there are', async () => {
  for (const executionProviders of [['gpu'], ['gpu', 'cpu'], ['cpu', { name: 'gpu' }]]) {
    const loading = loadModel(model, { executionProviders: executionProviders as ExecutionProvider[] });
    await expect(loading).rejects.toBeInstanceOf(FeatReconstructError);
    await expect(loading).rejects.toThrow(coded('unavailable', "'gpu'"));
  }
});

test('a provider that does not load is an error, not another provider', async () => {
  for (const { name, available } of await listProviders()) {
    if (available) continue;
    for (const executionProviders of [[name], [name, 'cpu']] as ExecutionProvider[][]) {
      await expect(loadModel(model, { executionProviders })).rejects.toThrow(coded('unavailable', name));
    }
  }
});

const cuda = process.platform === 'linux' && process.arch === 'x64' ? test : test.skip;
cuda('CUDA that does not load names every missing library, its package and the cure', async () => {
  const { available, reason, missing } = (await listProviders()).find(({ name }) => name === 'cuda')!;
  if (available) return;
  for (const library of missing) expect(reason).toContain(`${library.name} (${library.package})`);
  if (reason!.includes('not in')) {
    expect(reason).toMatch(/libonnxruntime_providers_(shared|cuda)\.so/);
    expect(reason).toMatch(/`.*ONNXRUNTIME_NODE_INSTALL=cuda12 .*`/);
    expect(reason).toMatch(/onnxruntime-gpu 1\.30\.0 .*doctor --fix-cuda WHEEL/);
  }
  if (missing.some(({ name }) => name.startsWith('libcudart'))) {
    expect(reason).toMatch(/CUDA \d+/);
    expect(reason).toMatch(/cuDNN 9, .*`pip .*nvidia-cuda-runtime/);
  }
});

test('a damaged model is not blamed on the provider', async () => {
  await expect(createSession(new Uint8Array(10))).rejects.toThrow(coded('not-run'));
});

test('a profile says which provider ran, and leaves no file', async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith(`featreconstruct-profile-${process.pid}-`));
  const session = await createSession(model, { profile: true });
  await session.run({ x: { type: 'float32', data: new Float32Array(12), dims: [2, 6] } });
  const placement = await session.placement();
  expect(Object.keys(placement)).toEqual(['cpu']);
  expect(placement.cpu.length).toBeGreaterThan(1);
  for (const node of placement.cpu) expect(node).toMatch(/^\w+ '.+'$/);
  await session.release();
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`featreconstruct-profile-${process.pid}-`))).toEqual(
    before,
  );
});

test('the version is that of the package', () => {
  expect(runtimeVersion()).toMatch(/^\d+\.\d+\.\d+/);
});
