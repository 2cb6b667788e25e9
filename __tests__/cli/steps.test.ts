import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { evaluateAgreement, reconstructionError } from '../../lib/evaluate/index.js';
import { extractFeatures } from '../../lib/extract/index.js';
import { applyLinearMap, fitLinearMap, loadLinearMap, pseudoInverse } from '../../lib/fit/index.js';
import { buildModel } from '../../lib/onnx/index.js';
import { describeModel } from '../../lib/runtime/index.js';
import { denseData } from '../../lib/tensor/index.js';
import { relativeError } from '../onnx/fixtures.js';
import { runCli, temporaryFolder, writeCifar, writeClassifier } from './support.js';

/** The steps one by one, over files: what the command line gives is what the library gives, and what NumPy gives. */

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const fixture = (name: string): string => path.join(process.cwd(), '__tests__', 'fixtures', 'cli', name);

async function json<T>(args: string[]): Promise<T> {
  const { code, stdout, stderr } = await runCli([...args, '--json', '--quiet']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

interface Evaluated {
  agreement: { n: number; agreed: number };
  reconstruction: { mse: number; mseTotal16: number; r2: number };
}

describe('against NumPy (fixtures of goldens/cli.py)', () => {
  interface Golden {
    weight: number[][];
    bias: number[];
    agreed: number;
    mse: number;
    mseTotal16: number;
    r2: number;
  }
  let expected: Record<string, Golden>;
  beforeAll(async () => {
    expected = JSON.parse(await readFile(fixture('expected.json'), 'utf8')) as Record<string, Golden>;
  });

  test.each<[string, string[]]>([
    ['plain', ['--x', 'x.npy', '--y', 'y.npy']],
    ['plain', ['--x', 'both.safetensors#x', '--y', 'both.safetensors#y']],
    ['ridge', ['--x', 'x.npy', '--y', 'both.safetensors#y', '--alpha', '2.5']],
    ['ridge', ['--x', 'both.safetensors#x', '--y', 'y.npy', '--alpha', '5/2']],
    ['noIntercept', ['--x', 'x.npy', '--y', 'y.npy', '--no-intercept']],
    ['prior', ['--x', 'x.npy', '--y', 'y.npy', '--alpha', '2.5', '--prior', 'prior.safetensors']],
  ])('fit and evaluate: %s %j', async (name, flags) => {
    const golden = expected[name];
    const map = at('maps', `${name}.safetensors`);
    const files = flags.map((flag) => (/npy$|safetensors/.test(flag) ? fixture(flag) : flag));
    const fit = await json<{ n: number; rank: number }>(['fit', ...files, '--out', map]);
    expect(fit).toMatchObject({ n: 60, rank: 5, in: 5, features: 3, out: map });
    const { weight, bias } = await loadLinearMap(map);
    expect(weight.shape).toEqual([3, 5]);
    expect(relativeError(weight.data, golden.weight.flat())).toBeLessThan(1e-10);
    expect(relativeError(bias.data, golden.bias)).toBeLessThan(1e-10);

    const { agreement, reconstruction } = await json<Evaluated>([
      ...['evaluate', '--head', fixture('head.safetensors'), '--map', map, '--x', fixture('x.npy')],
      ...['--logits', fixture(flags[1] === 'x.npy' ? 'classes.npy' : 'both.safetensors#classes')],
      ...['--truth', fixture('y.npy')],
    ]);
    expect(agreement).toMatchObject({ n: 60, agreed: golden.agreed });
    for (const figure of ['mse', 'mseTotal16', 'r2'] as const) {
      // Features that are computed from float32 rows are float32.
      expect(Math.abs(reconstruction[figure] / golden[figure] - 1)).toBeLessThan(1e-7);
    }
  });
});

describe('over stores', () => {
  const [train, test_] = ['cifar100:train', 'cifar100:test'];
  const store = (name: string): string => at('stores', `${name}.safetensors`);
  const extract = (spec: string, name: string, ...more: string[]): string[] => [
    ...['extract', '--model', at('model.onnx'), '--dataset', spec, '--data-dir', at('data')],
    ...['--store', store(name), ...more],
  ];
  beforeAll(async () => {
    await writeCifar(at('data'));
    await writeClassifier(at('model.onnx'), { d: 6, c: 9 });
    expect(await json(extract(train, 'train'))).toMatchObject({ rows: 300, featureDim: 6, classCount: 9, skipped: [] });
    await json(extract(test_, 'test'));
    await json(extract(train, 'train-head', '--head-only'));
  });

  test("a model's own transform is shown, said where another is used, and taken when asked for", async () => {
    const states = '{"name":"timm","mean":[0.5,0.5,0.5],"std":[0.25,0.25,0.25],"cropPct":0.8}';
    const model = await writeClassifier(at('stating.onnx'), { d: 6, c: 9, states });
    expect((await runCli(['inspect', at('model.onnx')])).stdout).toMatch(/^transform +not stated in the file$/m);
    expect((await runCli(['inspect', model])).stdout).toMatch(
      /^transform +timm, mean 0\.5,0\.5,0\.5, std 0\.25,0\.25,0\.25, crop-pct 0\.8$/m,
    );
    const dataset = ['--dataset', test_, '--data-dir', at('data')];
    const said = async (name: string, ...more: string[]): Promise<string> => {
      const { code, stdout } = await runCli(['extract', '--model', model, ...dataset, '--store', store(name), ...more]);
      expect(code).toBe(0);
      return stdout;
    };
    expect(await said('other', '--transform', 'protocol')).toMatch(
      /^! stating is seen through ‘protocol’ and not through the transform that/m,
    );
    expect(await said('own', '--transform', 'model')).not.toContain('seen through');
    const by = ['timm', '--mean', '0.5', '--std', '0.25', '--crop-pct', '0.8'];
    expect(await said('own', '--transform', ...by)).not.toContain('seen through');
  });

  test('a tower of embeddings is inspected as one, and whoever takes it for a classifier hears of it', async () => {
    const tower = at('tower.onnx');
    await writeFile(
      tower,
      buildModel({
        inputs: [{ name: 'x', type: 'float32', dims: ['n', 3, 8, 8] }],
        outputs: [{ name: 'z', type: 'float32', dims: ['n', 5] }],
        constants: [
          {
            name: 'w',
            type: 'float32',
            dims: [192, 5],
            data: Float32Array.from({ length: 960 }, (_, i) => Math.sin(i)),
          },
        ],
        nodes: [
          { op: 'Flatten', inputs: ['x'], outputs: ['flat'] },
          { op: 'MatMul', inputs: ['flat', 'w'], outputs: ['y'] },
          { op: 'Relu', inputs: ['y'], outputs: ['z'] },
        ],
      }),
    );
    const refused = await runCli(['inspect', tower]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('add --embeddings');
    const { code, stdout } = await runCli(['inspect', tower, '--embeddings']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^head +none: a target of experiment 5/m);
    expect(stdout).toMatch(/^embeddings +z, d = \d+$/m);
    expect(stdout).not.toMatch(/^(logits|rank|recoverable)/m);
    const said = JSON.parse((await runCli(['inspect', tower, '--embeddings', '--json'])).stdout) as object;
    expect(said).toMatchObject({ head: null, logits: null, classCount: null, rank: null, features: 'z' });
  });

  test('figures are those of the library, whatever stands for head, logits and features', async () => {
    const options = { dataset: { dataDir: at('data') } };
    const [a, b] = [
      await extractFeatures(at('model.onnx'), train, options),
      await extractFeatures(at('model.onnx'), test_, options),
    ];
    const { head } = await describeModel(at('model.onnx'));
    const map = await fitLinearMap(a.logits, a.features);
    const guess = await applyLinearMap(map, b.logits);
    const agreement = await evaluateAgreement(head, guess, b.logits);
    const reconstruction = await reconstructionError(b.features, guess, { head });
    expect(agreement).toMatchObject({ n: 120, agreed: 120 });
    expect(agreement.distinctClasses).toBeGreaterThan(2);

    const fit = await json(['fit', '--x', store('train'), '--y', store('train'), '--out', at('map.safetensors')]);
    expect(fit).toMatchObject({ n: 300, rank: 6, alpha: 0 });
    const saved = await loadLinearMap(at('map.safetensors'));
    expect(Array.from(saved.weight.data)).toEqual(Array.from(map.weight.data));
    for (const source of [at('model.onnx'), store('test')]) {
      const found = await json<{ agreement: unknown; reconstruction: unknown }>([
        ...['evaluate', '--head', source, '--map', at('map.safetensors'), '--x', store('test')],
        ...['--logits', store('test'), '--truth', `${store('test')}#features`],
      ]);
      expect(found).toEqual(JSON.parse(JSON.stringify({ agreement, reconstruction })));
    }
    const own = await json<Evaluated>([
      ...[
        'evaluate',
        '--head',
        store('test'),
        '--features',
        store('test'),
        '--logits',
        store('test'),
        '--topk',
        '1',
        '2',
      ],
    ]);
    expect(own.agreement).toMatchObject({ agreed: 120, topk: { 1: 1, 2: 1 } });
    expect(own.reconstruction).toBeUndefined();
  });

  test('a store of features only serves its logits too', async () => {
    const from = async (name: string): Promise<Float64Array> => {
      await json(['fit', '--x', store(name), '--y', store(name), '--out', at(`from-${name}.safetensors`)]);
      return denseData((await loadLinearMap(at(`from-${name}.safetensors`))).weight) as Float64Array;
    };
    expect(relativeError(await from('train-head'), await from('train'))).toBeLessThan(1e-4);
  });

  test("a model's head as prior: the map that is near it", async () => {
    const out = at('near.safetensors');
    await json(['fit', '--x', store('train'), '--y', store('train'), '--out', out, '--prior', at('model.onnx')]);
    const { head } = await describeModel(at('model.onnx'));
    const near = await fitLinearMap(
      (await extractFeatures(at('model.onnx'), train, { dataset: { dataDir: at('data') } })).logits,
      (await extractFeatures(at('model.onnx'), train, { dataset: { dataDir: at('data') } })).features,
      { prior: await pseudoInverse(head) },
    );
    expect(Array.from((await loadLinearMap(out)).weight.data)).toEqual(Array.from(near.weight.data));
  });

  test('a file that is no store is never written over', async () => {
    const images = at('data', 'cifar-100-binary', 'test.bin');
    const args = extract(test_, 'x', '--quiet').map((arg) => (arg === store('x') ? images : arg));
    const { code, stderr } = await runCli(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/test\.bin/);
    expect((await stat(images)).size).toBe(120 * 3074);
  });
});
