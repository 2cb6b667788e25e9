import { readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Extraction } from '../../lib/experiments/extraction.js';
import { runAsked, type AskedExperiment, type RunOptions } from '../../lib/experiments/index.js';
import { type Results } from '../../lib/results/index.js';
import { trainPairs } from '../../lib/experiments/training.js';
import { solve } from '../../lib/fit/index.js';
import {
  runCli,
  temporaryFolder,
  writeCifar,
  writeClassifier,
  writeJpeg,
  writeVectorClassifier,
  writeVectors,
} from '../cli/support.js';
import { coded, naming } from '../support/coded.js';

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const cifar100 = { train: 'cifar100:train', test: 'cifar100:test' };

beforeAll(async () => {
  await writeCifar(at('data'));
  await writeVectorClassifier(at('vectors.onnx'));
  await writeVectors(at('train.npy'), 9000); // more than two blocks
  await writeVectors(at('test.npy'), 100);
  await writeClassifier(at('narrow.onnx'), { d: 12, c: 20 });
  await writeClassifier(at('wide.onnx'), { d: 20, c: 9, seed: 5, batch: 24 });
  for (let i = 0; i < 12; i++) await writeJpeg(at('photos', `${i % 2}`, `${i}.jpg`), i);
  await writeFile(at('photos', '1', '7.jpg'), 'no picture');
});

const run = (spec: AskedExperiment, stores: string | null, options: Partial<RunOptions> = {}): Promise<Results> =>
  runAsked(spec, { stores, dataset: { dataDir: at('data') }, alphas: [0, 0.5], ...options });

/** What two runs must have in common: everything but clocks, and what the head was checked on. */
const figures = ({ environment, rows, ...rest }: Results) => ({
  ...rest,
  rows: rows.map(({ seconds: _, ...row }) => row),
  models: environment.models.map(({ headError: _e, logitScale: _s, ...model }) => model),
  datasets: environment.datasets,
});

test.each<[string, AskedExperiment, Partial<RunOptions>]>([
  [
    '1, several blocks',
    {
      experiment: 1,
      source: at('vectors.onnx'),
      train: `tensors:${at('train.npy')}`,
      test: `tensors:${at('test.npy')}`,
    },
    {},
  ],
  ['1', { experiment: 1, source: at('narrow.onnx'), ...cifar100 }, {}],
  [
    '2, models of different batches',
    { experiment: 2, source: at('narrow.onnx'), target: at('wide.onnx'), ...cifar100 },
    {},
  ],
  [
    '3, images that are left out',
    {
      experiment: 3,
      source: at('narrow.onnx'),
      train: `folder:${at('photos')}`,
      test: ['cifar100:test', 'cifar10:test'],
    },
    { skipBadImages: true },
  ],
])('experiment %s gives the same figures without stores, to the bit', async (_, spec, options) => {
  const without = await run(spec, null, options);
  const before = await readdir(folder);
  expect(before).not.toContain('stores');
  const stored = await run(spec, at('kept', path.parse(spec.source!).name), options);
  expect(stored.rows.length).toBeGreaterThan(1);
  expect(figures(without)).toEqual(figures(stored));
  expect(without.environment.models.every(({ headError }) => headError !== null && headError < 1e-4)).toBe(true);
});

test('the statistics and the map are the same to the bit', async () => {
  const of = async (stores: string | null) => {
    const options: RunOptions = { stores, dataset: { dataDir: at('data') } };
    const extraction = new Extraction(options);
    const role = { path: at('vectors.onnx'), transform: 'protocol' as const };
    try {
      for await (const { statistics } of trainPairs(
        [[role, role]],
        `tensors:${at('train.npy')}`,
        extraction,
        options,
      )) {
        const { weight, bias } = await solve(statistics, {});
        return { moments: statistics.nodes.map(({ moments }) => moments), weight, bias };
      }
    } finally {
      await extraction.close();
    }
    throw new Error('no pair');
  };
  const [without, stored] = [await of(null), await of(at('kept', 'map'))];
  expect(without.moments.map(({ n }) => n)).toEqual([8192, 808]); // three blocks, two of them merged
  expect(without).toEqual(stored);
});

test('run --no-store writes results and no activations', async () => {
  const args = ['run', '1', '--source', at('narrow.onnx'), '--train', 'cifar100:train', '--test', 'cifar100:test'];
  const common = ['--data-dir', at('data'), '--quiet', '--out', at('out')];
  expect(await runCli([...args, ...common, '--no-store'])).toMatchObject({ code: 0, stderr: '' });
  const written = await readdir(at('out'), { recursive: true });
  expect(written).toContain('results.json');
  expect(written.filter((name) => /stores|safetensors/.test(name))).toEqual([]);
  expect((await stat(at('out', 'results.json'))).size).toBeGreaterThan(1000);

  const both = await runCli([...args, ...common, '--no-store', '--stores', at('s')]);
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('--stores or --no-store') });
  const sgd = await runCli([...args, ...common, '--no-store', '--baseline', 'sgd']);
  expect(sgd).toMatchObject({ code: 2, stderr: expect.stringMatching(naming('--no-store')) });
});

describe('what an experiment lacks is refused, and not ignored', () => {
  const all = { experiment: 4, models: [at('narrow.onnx'), at('wide.onnx')], ...cifar100 };

  test.each<[Partial<RunOptions>, string, string]>([
    [{ stores: null }, 'stores', '1, 2 and 3'],
    [{ observe: ['probs'] }, 'observe', '1, 2 and 3'],
    [{ sgd: {} }, 'sgd', '1, 2 and 3'],
    [{ crossValidation: {} }, 'alphas', '1, 2, 3 and 5'],
    [{ classNames: ['a'] }, '4', 'classNames'],
  ])('%j by experiment 4', async (options, named, able) => {
    const asked = runAsked(all, { stores: at('unused'), ...options } as RunOptions);
    await expect(asked).rejects.toThrow(coded('usage', named, able));
    expect(await readdir(at('unused')).catch(() => [])).toEqual([]);
  });

  test('and so are fewer models than it wants, before its data are looked for', async () => {
    for (const models of [[], [at('narrow.onnx')]]) {
      const asked = runAsked({ ...all, models, train: 'folder:nowhere' }, { stores: at('unused') });
      await expect(asked).rejects.toThrow(coded('usage', 'models', '2'));
    }
  });
});
