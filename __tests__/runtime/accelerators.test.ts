import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Results } from '../../lib/results/index.js';
import { openStore } from '../../lib/extract/index.js';
import { fitLinearMap } from '../../lib/fit/index.js';
import type { ProviderName, ProviderReport } from '../../lib/runtime/index.js';
import { toNdArray } from '../../lib/tensor/index.js';
import { random, runCli, temporaryFolder, writeCifar, writeClassifier } from '../cli/support.js';

/**
 * The same command on the CPU, on WebGPU and on CUDA, each where it runs. Without a graphics card WebGPU is SwiftShader,
 * which Debian's chromium brings; CUDA needs a card.
 */

const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';
const env =
  process.env.VK_DRIVER_FILES === undefined && existsSync(swiftShader)
    ? { VK_DRIVER_FILES: swiftShader, VK_ICD_FILENAMES: swiftShader }
    : {};
const doctor = await runCli(['doctor', '--json'], { env });
const { providers } = JSON.parse(doctor.stdout) as { providers: ProviderReport[] };
const where = (name: string) => (providers.find((provider) => provider.name === name)?.available ? test : test.skip);
const accelerators = [
  { provider: 'webgpu', fitProvider: 'cpu' }, // it has no float64
  { provider: 'cuda', fitProvider: 'cuda' },
];

const model = path.join(process.env.FEATRECONSTRUCT_MODELS ?? '', 'resnet20_cifar100.onnx');

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);

beforeAll(async () => {
  await writeCifar(at('data'));
  await writeClassifier(at('model.onnx'), { d: 12, c: 20 });
});

describe.each(accelerators)('$provider', ({ provider, fitProvider }) => {
  where(provider)('run 1 gives the row of the CPU', async () => {
    const run = async (name: string): Promise<Results> => {
      const args = ['run', '1', '--source', at('model.onnx'), '--train', 'cifar100:train', '--test', 'cifar100:test'];
      const common = [
        '--data-dir',
        at('data'),
        '--out',
        at(`${provider}-${name}`),
        '--no-store',
        '--quiet',
        '--provider',
        name,
      ];
      expect(await runCli([...args, ...common], { env })).toMatchObject({ code: 0 });
      return JSON.parse(await readFile(at(`${provider}-${name}`, 'results.json'), 'utf8')) as Results;
    };
    const [cpu, gpu] = [await run('cpu'), await run(provider)];
    expect(gpu.rows).toHaveLength(2);
    for (const [i, row] of gpu.rows.entries()) {
      expect(row).toMatchObject({ agreed: 120, agreement: 1, rank: 12, inSpanShare: 1 });
      expect(Math.abs(row.r2! - cpu.rows[i].r2!)).toBeLessThan(1e-5);
    }
    expect(gpu.environment).toMatchObject({ provider, fitProvider });
    expect(gpu.environment.models[0].placement).toMatchObject({ nodes: { [provider]: expect.any(Number) } });
    expect(cpu.environment.models[0].placement).toBeNull();
  });

  const real = process.env.FEATRECONSTRUCT_DATA && existsSync(model) ? where(provider) : test.skip;
  real('a trained model gives the predictions of the CPU, and features and logits but for rounding', async () => {
    const extract = async (name: string) => {
      const dataset = ['--dataset', 'cifar100:test[0:32]', '--data-dir', process.env.FEATRECONSTRUCT_DATA!];
      const args = [
        'extract',
        '--model',
        model,
        ...dataset,
        '--store',
        at(`${provider}-${name}.safetensors`),
        '--quiet',
      ];
      expect(await runCli([...args, '--provider', name], { env })).toMatchObject({ code: 0 });
      const store = await openStore(at(`${provider}-${name}.safetensors`));
      try {
        return { ...store, features: await store.features.read(0, 32), logits: await store.logits.read(0, 32) };
      } finally {
        await store.close();
      }
    };
    const [cpu, gpu] = [await extract('cpu'), await extract(provider)];
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
    expect(gpu.provenance.placement!.nodes[provider]).toBeGreaterThan(20);
  });

  /** Statistics in float64 where the provider has it: blocks of 4,096 rows and one that is shorter. */
  const float64 = fitProvider === 'cpu' ? test.skip : where(provider);
  float64('a fit with its statistics on the card gives the map of the CPU', async () => {
    const uniform = random(7);
    const [n, p, q] = [9000, 40, 25];
    const x = Float32Array.from({ length: n * p }, (_, i) => 3 + (i % p) * (uniform() - 0.5));
    const y = Float32Array.from({ length: n * q }, () => uniform() - 5);
    const fit = (name: string) =>
      fitLinearMap(toNdArray(x, [n, p]), toNdArray(y, [n, q]), { executionProviders: [name as ProviderName] });
    const [cpu, gpu] = [await fit('cpu'), await fit(provider)];
    const largest = (values: ArrayLike<number>): number => Math.max(...Array.from(values, Math.abs));
    const weight = cpu.weight.data as Float64Array;
    const difference = weight.map((value, i) => value - (gpu.weight.data as Float64Array)[i]);
    expect(largest(weight)).toBeGreaterThan(0.01);
    expect(largest(difference)).toBeLessThan(1e-12 * largest(weight));
  });
});
