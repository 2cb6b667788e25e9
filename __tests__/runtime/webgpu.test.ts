import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Results } from '../../lib/experiments/index.js';
import { openStore } from '../../lib/extract/index.js';
import type { ProviderReport } from '../../lib/runtime/index.js';
import { runCli, temporaryFolder, writeCifar, writeClassifier } from '../cli/support.js';

/** The same command on CPU and WebGPU. Without a graphics card that is SwiftShader, which Debian's chromium brings. */

const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';
const env =
  process.env.VK_DRIVER_FILES === undefined && existsSync(swiftShader)
    ? { VK_DRIVER_FILES: swiftShader, VK_ICD_FILENAMES: swiftShader }
    : {};
const doctor = await runCli(['doctor', '--json'], { env });
const { providers } = JSON.parse(doctor.stdout) as { providers: ProviderReport[] };
const webgpu = providers.find(({ name }) => name === 'webgpu')?.available ? test : test.skip;

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);

webgpu('run 1 gives the row of the CPU', async () => {
  await writeCifar(at('data'));
  await writeClassifier(at('model.onnx'), { d: 12, c: 20 });
  const run = async (provider: string): Promise<Results> => {
    const args = ['run', '1', '--source', at('model.onnx'), '--train', 'cifar100:train', '--test', 'cifar100:test'];
    const common = ['--data-dir', at('data'), '--out', at(provider), '--no-store', '--quiet', '--provider', provider];
    expect(await runCli([...args, ...common], { env })).toMatchObject({ code: 0 });
    return JSON.parse(await readFile(at(provider, 'results.json'), 'utf8')) as Results;
  };
  const [cpu, gpu] = [await run('cpu'), await run('webgpu')];
  expect(gpu.rows).toHaveLength(2);
  for (const [i, row] of gpu.rows.entries()) {
    expect(row).toMatchObject({ agreed: 120, agreement: 1, rank: 12, inSpanShare: 1 });
    expect(Math.abs(row.r2! - cpu.rows[i].r2!)).toBeLessThan(1e-5);
  }
  expect(gpu.environment).toMatchObject({ provider: 'webgpu', fitProvider: 'cpu' });
  expect(gpu.environment.models[0].placement).toMatchObject({ nodes: { webgpu: expect.any(Number) } });
  expect(cpu.environment.models[0].placement).toBeNull();
});

const model = path.join(process.env.FEATRECONSTRUCT_MODELS ?? '', 'resnet20_cifar100.onnx');
const real = process.env.FEATRECONSTRUCT_DATA && existsSync(model) ? webgpu : test.skip;
real('a trained model gives the predictions of the CPU, and features and logits but for rounding', async () => {
  const extract = async (provider: string) => {
    const dataset = ['--dataset', 'cifar100:test[0:32]', '--data-dir', process.env.FEATRECONSTRUCT_DATA!];
    const args = ['extract', '--model', model, ...dataset, '--store', at(`${provider}.safetensors`), '--quiet'];
    expect(await runCli([...args, '--provider', provider], { env })).toMatchObject({ code: 0 });
    const store = await openStore(at(`${provider}.safetensors`));
    try {
      return { ...store, features: await store.features.read(0, 32), logits: await store.logits.read(0, 32) };
    } finally {
      await store.close();
    }
  };
  const [cpu, gpu] = [await extract('cpu'), await extract('webgpu')];
  const classes = (logits: Float32Array | Float64Array) =>
    Array.from({ length: 32 }, (_, row) => {
      const own = Array.from(logits.subarray(100 * row, 100 * (row + 1)));
      return own.indexOf(Math.max(...own));
    });
  expect(classes(gpu.logits)).toEqual(classes(cpu.logits));
  expect(new Set(classes(cpu.logits)).size).toBeGreaterThan(10);
  for (const what of ['features', 'logits'] as const) {
    const scale = Math.max(...cpu[what].map(Math.abs));
    const difference = Math.max(...cpu[what].map((value, i) => Math.abs(value - gpu[what][i])));
    expect(difference).toBeLessThan(1e-5 * scale);
  }
  expect(gpu.provenance.placement!.nodes.webgpu).toBeGreaterThan(20);
});
