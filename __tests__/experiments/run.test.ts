import { Ajv } from 'ajv';
import { copyFile, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { failuresOf } from '../../lib/experiments/result-row.js';
import { runAsked, type AskedExperiment, type RunOptions } from '../../lib/experiments/index.js';
import { noticesOf, type ResultRow, type Results } from '../../lib/results/index.js';
import type { TransformSpec } from '../../lib/images/index.js';
import { failureInWords, noticeInWords } from '../../lib/words/index.js';
import { renderReport, renderResults } from '../../lib/report/index.js';
import { openStore } from '../../lib/extract/index.js';
import { openSafetensors, writeSafetensors, type SafetensorsInput } from '../../lib/tensor/index.js';
import { runCli, temporaryFolder, truncate, writeCifar, writeClassifier, writeJpeg } from '../cli/support.js';
import { figures, leastSquares, table } from './independent.js';
import { coded, naming } from '../support/coded.js';

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(
  JSON.parse(await readFile('assets/results.schema.json', 'utf8')) as object,
);

beforeAll(async () => {
  await writeCifar(at('data'));
  await writeClassifier(at('narrow.onnx'), { d: 12, c: 20 }); // fewer features than classes
  await writeClassifier(at('wide.onnx'), { d: 20, c: 9, seed: 5 }); // more
  await writeClassifier(at('ten.onnx'), { d: 14, c: 10, seed: 8 });
  for (let i = 0; i < 12; i++) await writeJpeg(at('photos', i < 6 ? 'a' : 'b', `${i}.jpg`), i);
});

const cifar100 = { train: 'cifar100:train', test: 'cifar100:test' };

async function run(spec: AskedExperiment, options: Partial<RunOptions> = {}): Promise<Results> {
  const results = await runAsked(spec, { stores: at('stores'), dataset: { dataDir: at('data') }, ...options });
  // As a file: NaN and infinity have become null there.
  expect(validate(JSON.parse(JSON.stringify(results))) ? [] : validate.errors).toEqual([]);
  return results;
}

/** Stores of a model on a data set, by the names that a run gives them. */
async function storeOf(model: string, dataset: string, stores = at('stores')) {
  const slug = dataset.replace(/[^a-z0-9]+/g, '-').replace(/-$/, '');
  const names = (await readdir(stores)).filter((name) => new RegExp(`^${model}-${slug}-[0-9a-f]{12}\\.`).test(name));
  expect(names).toHaveLength(1);
  return path.join(stores, names[0]);
}

/** Sum of squares of all columns about their means: the trace of the centred Gram. */
function scatter(rows: number[][]): number {
  const means = rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[j], 0) / rows.length);
  return rows.flat().reduce((sum, value, k) => sum + (value - means[k % means.length]) ** 2, 0);
}

test('a model under two names is one model: its head is a prior, and what is in the span has to agree', async () => {
  await copyFile(at('narrow.onnx'), at('copy.onnx'));
  const { rows, failures } = await run({
    experiment: 2,
    source: at('narrow.onnx'),
    target: at('copy.onnx'),
    ...cifar100,
  });
  expect(failures).toEqual([]);
  const across = rows.filter(({ source, target }) => source !== target);
  expect(across.map(({ prior }) => prior)).toEqual([null, 'head']);
  for (const row of across) expect(row).toMatchObject({ agreement: 1, rawAgreement: 1, exact: expect.any(String) });
});

describe('experiment 1', () => {
  test('fewer features than classes: everything comes back, exactly', async () => {
    const { rows, spectra, failures, experiment, environment } = await run({
      experiment: 1,
      source: at('narrow.onnx'),
      ...cifar100,
    });
    expect({ experiment, failures, n: rows.length }).toEqual({ experiment: 1, failures: [], n: 2 });
    expect(rows.map(({ prior }) => prior)).toEqual([null, 'head']);
    for (const row of rows) {
      expect(row).toMatchObject({
        ...{ source: 'narrow', target: 'narrow', ...cifar100, from: 'logits', nTrain: 300, nTest: 120, alpha: 0 },
        ...{ agreed: 120, agreement: 1, inSpanShare: 1, agreementInSpan: 1, rank: 12, rawAgreement: 1, accuracy: null },
      });
      expect(row.mse! / row.variance!).toBeLessThan(1e-9);
      expect(row.r2RowSpace).toBeGreaterThan(0.999999);
      expect(row.distinctClasses).toBeGreaterThan(3);
    }
    const [spectrum] = spectra;
    expect(spectra).toMatchObject([{ source: 'narrow', from: 'logits', train: 'cifar100:train', p: 20, rank: 12 }]);
    const eigenvalues = spectrum.eigenvalues.map(([, value]) => value);
    expect(spectrum.eigenvalues.map(([place]) => place)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(spectrum.cut).toBeCloseTo(1e-12 * eigenvalues[0], 15);
    expect(eigenvalues[11]).toBeGreaterThan(spectrum.cut);
    expect(Math.abs(eigenvalues[12])).toBeLessThan(spectrum.cut);
    const trace = eigenvalues.reduce((sum, value) => sum + value, 0);
    const { Z } = await tableOf(await storeOf('narrow', 'cifar100:train'));
    expect(trace).toBeCloseTo(scatter(Z), 6);
    const [{ headError, logitScale }] = environment.models;
    expect(logitScale).toBe(Math.max(...Z.flat().map(Math.abs)));
    expect(headError! / logitScale!).toBeLessThan(1e-6);
    expect(environment.models).toMatchObject([
      { name: 'narrow', featureDim: 12, classCount: 20, headRank: 12, transform: { name: 'protocol' } },
    ]);
    expect(environment.datasets.map(({ spec, size, skipped }) => [spec, size, skipped])).toEqual([
      ['cifar100:train', 300, 0],
      ['cifar100:test', 120, 0],
    ]);
  });

  test("more features than classes: the head's row space comes back, the rest is a guess", async () => {
    const { rows } = await run({ experiment: 1, source: at('wide.onnx'), ...cifar100 });
    for (const row of rows) {
      expect(row).toMatchObject({ agreed: 120, rank: 9, inSpanShare: 1 });
      expect(row.r2RowSpace).toBeGreaterThan(0.999999);
      expect(row.r2).toBeLessThan(0.999);
      expect(row.r2NullSpace).toBeLessThan(row.r2!);
    }
  });

  test('outside the span the data say nothing, and the head as prior says all', async () => {
    const { rows, failures } = await run({
      ...{ experiment: 1, source: at('narrow.onnx') },
      ...{ train: 'cifar100:train[0:6]', test: 'cifar100:test' },
    });
    const [alone, head] = rows;
    expect(failures).toEqual([]);
    expect(alone).toMatchObject({ rank: 5, inSpanShare: 0, agreementInSpan: null });
    expect(alone.agreement).toBeLessThan(0.99);
    expect(alone.warnings).toContainEqual({
      ...{ kind: 'outside-span', source: 'narrow', from: 'logits', test: 'cifar100:test' },
      ...{ outside: 120, of: 120, variations: false },
    });
    expect(head).toMatchObject({ agreed: 120, rank: 5 });
    expect(head.r2).toBeGreaterThan(0.999999);
  });

  test('accuracy where the labels are the classes', async () => {
    const { rows } = await run({ experiment: 1, source: at('ten.onnx'), train: 'cifar10:train', test: 'cifar10:test' });
    const store = await openStore(await storeOf('ten', 'cifar10:test'));
    await store.close();
    const right = (await tableOf(store.path)).Z.filter((z, i) => z.indexOf(Math.max(...z)) === i % 10).length;
    expect(rows[0].accuracy).toEqual({ original: right / 120, reconstructed: right / 120, n: 120 });
  });

  test('a second run opens no model, and gives the same figures', async () => {
    const spec = { experiment: 1, source: at('narrow.onnx'), ...cifar100 };
    const stages: string[] = [];
    const first = await run(spec);
    const second = await run(spec, { onProgress: ({ stage }) => stages.push(stage) });
    expect(stages.filter((stage) => stage.startsWith('extract'))).toEqual([]);
    expect(stages.some((stage) => stage.startsWith('evaluate narrow → narrow on cifar100:test'))).toBe(true);
    expect(second.rows.map(timeless)).toEqual(first.rows.map(timeless));
  });
});

const timeless = (row: ResultRow): Partial<ResultRow> => ({ ...row, seconds: undefined });

/** All rows of a store. */
async function tableOf(file: string): Promise<{ X: number[][]; Y: number[][]; Z: number[][] }> {
  const store = await openStore(file);
  const [Z, Y] = [await table(store.logits), await table(store.features)];
  await store.close();
  return { X: Z, Y, Z };
}

describe('experiment 2', () => {
  test('the question as asked and the published pair, as textbook equations answer them', async () => {
    const { rows } = await run({ experiment: 2, source: at('wide.onnx'), target: at('ten.onnx'), ...cifar100 });
    expect(rows.map(({ source, target, prior }) => [source, target, prior])).toEqual([
      ['wide', 'ten', null],
      ['ten', 'ten', null],
      ['ten', 'ten', 'head'],
    ]);
    expect(rows[0]).toMatchObject({ rank: 9, rawAgreement: null, inSpanShare: 1 });
    expect(rows[1]).toMatchObject({ agreed: 120, rank: 10 });

    const [xTrain, yTrain] = [
      await tableOf(await storeOf('wide', cifar100.train)),
      await tableOf(await storeOf('ten', cifar100.train)),
    ];
    const [xTest, yTest] = [
      await tableOf(await storeOf('wide', cifar100.test)),
      await tableOf(await storeOf('ten', cifar100.test)),
    ];
    const { head } = await openStore(await storeOf('ten', cifar100.test)).then(
      async (store) => (await store.close(), store),
    );
    const map = leastSquares(xTrain.X, yTrain.Y, 0);
    const expected = figures(map, head, { X: xTest.X, Y: yTest.Y, Z: yTest.Z });
    expect(rows[0].agreed).toBe(expected.agreed);
    expect(rows[0].mse! / expected.mse).toBeCloseTo(1, 6);
    expect(rows[0].r2).toBeCloseTo(expected.r2, 6);
    expect(rows[0].agreement).toBeLessThan(1); // or all of this would be easy
  });

  test('models of the same classes are also compared by their own answers', async () => {
    await writeClassifier(at('ten-other.onnx'), { d: 6, c: 10, seed: 30 });
    const { rows } = await run({ experiment: 2, source: at('ten-other.onnx'), target: at('ten.onnx'), ...cifar100 });
    const a = (await tableOf(await storeOf('ten-other', cifar100.test))).Z;
    const b = (await tableOf(await storeOf('ten', cifar100.test))).Z;
    const first = (z: number[]): number => z.indexOf(Math.max(...z));
    expect(rows[0].rawAgreement).toBe(a.filter((z, i) => first(z) === first(b[i])).length / 120);
    expect(rows[1].rawAgreement).toBe(1);
  });

  test('each model may be seen through a transform of its own', async () => {
    const { environment } = await run(
      { experiment: 2, source: at('wide.onnx'), target: at('ten.onnx'), ...cifar100 },
      { stores: at('own-transforms'), transform: 'unit', transforms: { ten: { name: 'upsample' } } },
    );
    expect(environment.models.map(({ name, transform }) => [name, transform!.name])).toEqual([
      ['wide', 'unit'],
      ['ten', 'upsample'],
    ]);
  });
});

describe('a model whose file states its transform', () => {
  const states = '{"name":"timm","mean":[0.5,0.5,0.5],"std":[0.25,0.25,0.25],"cropPct":0.8,"interpolation":"bilinear"}';
  const spec = { experiment: 1, source: at('stating.onnx'), ...cifar100 };
  beforeAll(() => writeClassifier(at('stating.onnx'), { d: 12, c: 20, states }));

  test("'model' takes it: the same stores as by its numbers", async () => {
    const numbers = { name: 'timm', mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], cropPct: 0.8 } as const;
    const by = {
      ...numbers,
      mean: [...numbers.mean],
      std: [...numbers.std],
      interpolation: 'bilinear',
    } as TransformSpec;
    const stores = at('own');
    const named = await run(spec, { stores, transform: 'model' });
    const given = await run(spec, { stores, transform: by });
    expect(await readdir(stores)).toHaveLength(2);
    expect(named.rows.map(timeless)).toEqual(given.rows.map(timeless));
    const [{ transform, ownTransform }] = named.environment.models;
    expect(transform).toMatchObject({ name: 'timm', mean: numbers.mean, std: numbers.std });
    expect(ownTransform).toEqual(transform);
    expect(noticesOf(named).filter(({ kind }) => kind.endsWith('transform'))).toEqual([]);
  });

  test('is taken by itself; where the published one is asked for, one line says so', async () => {
    expect((await run(spec)).environment.models).toMatchObject([{ transform: { name: 'timm' } }]);
    const results = await run(spec, { transform: 'protocol' });
    expect(results.environment.models).toMatchObject([
      { transform: { name: 'protocol' }, ownTransform: { name: 'timm' } },
    ]);
    const notices = noticesOf(results).filter(({ kind }) => kind.endsWith('transform'));
    expect(notices).toEqual([{ kind: 'other-transform', models: ['stating'], transform: 'protocol' }]);
    const text = noticeInWords(notices[0]);
    expect(renderResults(results).split('\n')).toContain(`! ${text}`);
    expect(await renderReport([results])).toContain(text);
  });

  test('under the same name and with other numbers it is told by these', async () => {
    const results = await run(spec, { transform: { std: [0.5, 0.5, 0.5] } });
    const [{ transform, ownTransform }] = results.environment.models;
    expect(transform!.name).toBe(ownTransform!.name);
    const [notice] = noticesOf(results).filter(({ kind }) => kind.endsWith('transform'));
    expect(notice).toMatchObject({ kind: 'other-transform', transform: 'timm', used: ['std 0.5'] });
    const stated = notice.kind === 'other-transform' ? (notice.stated ?? []) : [];
    expect(noticeInWords(notice)).toMatch(naming('std 0.5', ...stated));
  });

  test('where it states none, or nonsense, that is an error', async () => {
    await expect(run({ ...spec, source: at('narrow.onnx') }, { transform: 'model' })).rejects.toThrow(
      coded('usage', "'timm'"),
    );
    await writeClassifier(at('nonsense.onnx'), { d: 12, c: 20, states: '{"name":"timm","std":[0,0,0]}' });
    await expect(run({ ...spec, source: at('nonsense.onnx') })).rejects.toThrow(coded('bad-input', 'nonsense.onnx'));
  });
});

describe('experiment 3', () => {
  test('several test sets, one named twice, from other sources', async () => {
    const photos = `folder:${at('photos')}`;
    const { rows } = await run({
      ...{ experiment: 3, source: at('narrow.onnx'), train: 'cifar100:train' },
      test: ['cifar10:test', photos, 'cifar10:test'],
    });
    expect(rows.map(({ test, nTest, prior }) => [test, nTest, prior])).toEqual([
      ['cifar10:test', 120, null],
      ['cifar10:test', 120, 'head'],
      [photos, 12, null],
      [photos, 12, 'head'],
    ]);
    for (const row of rows) expect(row.agreement).toBe(1);
  });

  test('bad images are left out only when asked to, and counted', async () => {
    for (let i = 0; i < 4; i++) await copyFile(at('photos', 'a', `${i}.jpg`), at(`${i}.jpg`));
    await writeJpeg(at('spoilt', 'x.jpg'), 1);
    await writeJpeg(at('spoilt', 'y.jpg'), 2);
    await writeJpeg(at('spoilt', 'z.jpg'), 3);
    await truncate(at('spoilt', 'y.jpg'), 0.4);
    const spec = { experiment: 3, source: at('narrow.onnx'), train: 'cifar100:train', test: `folder:${at('spoilt')}` };
    await expect(run(spec)).rejects.toThrow(coded('bad-image', 'y.jpg'));
    const { rows, environment } = await run(spec, { skipBadImages: true });
    expect(rows[0].nTest).toBe(2);
    expect(environment.datasets.at(-1)).toMatchObject({ spec: spec.test, size: 3, skipped: 1 });
  });
});

describe('rows of their own', () => {
  test('for each alpha, as textbook equations answer it', async () => {
    const alphas = [0, 10, 1000];
    const { rows } = await run({ experiment: 1, source: at('wide.onnx'), ...cifar100 }, { alphas });
    expect(rows.map(({ alpha, prior }) => [alpha, prior])).toEqual(
      alphas.flatMap((alpha) => [
        [alpha, null],
        [alpha, 'head'],
      ]),
    );
    const [train, test] = [
      await tableOf(await storeOf('wide', cifar100.train)),
      await tableOf(await storeOf('wide', cifar100.test)),
    ];
    const { head } = await openStore(await storeOf('wide', cifar100.test)).then(
      async (store) => (await store.close(), store),
    );
    for (const row of rows.filter(({ prior }) => prior === null)) {
      const expected = figures(leastSquares(train.X, train.Y, row.alpha!), head, test);
      expect(row.mse! / expected.mse).toBeCloseTo(1, 6);
      if (row.alpha !== 0) expect(row.agreed).toBe(expected.agreed);
    }
  });

  test('for SGD: its settings, its own figures, no gate', async () => {
    const { rows, failures } = await run(
      { experiment: 1, source: at('wide.onnx'), ...cifar100 },
      { sgd: { epochs: 3, batchSize: 50, learningRate: 0.01 } },
    );
    expect(failures).toEqual([]);
    expect(rows).toHaveLength(3);
    expect(rows[2]).toMatchObject({
      ...{ solver: 'sgd', prior: null, alpha: null, rank: null, gap: null, condition: null },
      sgd: { epochs: 3, batchSize: 50, learningRate: 0.01, momentum: 0.9, shuffle: false },
    });
    expect(rows[2].mse).toBeGreaterThan(rows[0].mse!);
  });

  test('SGD that blows up has no figures, and says why', async () => {
    const { rows } = await run(
      { experiment: 1, source: at('wide.onnx'), ...cifar100 },
      { sgd: { epochs: 20, learningRate: 1e4 } },
    );
    const row = rows[2];
    expect(row).toMatchObject({
      agreement: null,
      agreed: null,
      agreementInterval: null,
      mse: null,
      r2: null,
      kappa: null,
    });
    expect(row.topkAgreement).toEqual({});
    expect(row.warnings).toContainEqual(expect.objectContaining({ kind: 'diverged', learningRate: 1e4 }));
  });

  test('a k beyond the number of classes is left out', async () => {
    const { rows } = await run({ experiment: 1, source: at('wide.onnx'), ...cifar100 }, { topk: [1, 3, 100] });
    expect(Object.keys(rows[0].topkAgreement)).toEqual(['1', '3']);
  });
});

describe('small data sets', () => {
  test('two images to fit on, one to test on', async () => {
    const { rows } = await run({
      ...{ experiment: 1, source: at('narrow.onnx') },
      ...{ train: 'cifar100:train[0:2]', test: 'cifar100:test[0:1]' },
    });
    expect(rows[0]).toMatchObject({ nTrain: 2, nTest: 1, rank: 1, r2: null, variance: 0 });
    expect(rows[1]).toMatchObject({ agreed: 1 });
  });

  test('images that were trained on are counted', async () => {
    const { rows } = await run({
      ...{ experiment: 1, source: at('narrow.onnx') },
      ...{ train: 'cifar100:train', test: 'cifar100:train[290:300]' },
    });
    expect(rows[0].overlap).toBe(10);
    expect(rows[0].warnings).toContainEqual(expect.objectContaining({ kind: 'not-held-out', overlap: 10, of: 10 }));
  });
});

describe('the check that a wrong tap, head or solver cannot pass', () => {
  /** Runs experiment 1 with a store changed between extraction and fit, as a wrong tap or head would have it. */
  async function withTampered(
    name: string,
    dataset: string,
    change: (tensors: Record<string, Float32Array>) => void,
  ): Promise<Results> {
    const stores = at(`tampered-${name}`);
    const spec = { experiment: 1, source: at('narrow.onnx'), ...cifar100 };
    expect((await run(spec, { stores })).failures).toEqual([]);
    const file = await storeOf('narrow', dataset, stores);
    const opened = await openSafetensors(file);
    const tensors: Record<string, SafetensorsInput> = {};
    for (const key of opened.tensors.keys()) tensors[key] = await opened.read(key);
    await opened.close();
    change(
      Object.fromEntries(Object.entries(tensors).map(([key, array]) => [key, (array as { data: Float32Array }).data])),
    );
    // As a store of an earlier version, which has no checksums: they would tell of the change before a figure does.
    delete tensors.checksums;
    const metadata: Record<string, string> = { ...opened.metadata, format: 'featreconstruct store' };
    delete metadata.checksums;
    await writeSafetensors(file, tensors, metadata);
    return run(spec, { stores });
  }

  test('the features of another layer', async () => {
    const { failures, rows } = await withTampered('tap', cifar100.train, ({ features }) => features.reverse());
    expect(rows[0].agreement).toBeLessThan(1);
    expect(failures[0]).toMatchObject({ kind: 'class-changed', model: 'narrow', test: 'cifar100:test' });
  });

  test('the head of another model; the command line ends with 1 and shows it', async () => {
    const { failures } = await withTampered('head', cifar100.test, (tensors) => tensors['head.weight'].reverse());
    expect(failures).toHaveLength(2); // with the head of the training store as prior no less
    const { code, stdout } = await runCli([
      ...['run', '1', '--source', at('narrow.onnx'), '--train', cifar100.train, '--test', cifar100.test],
      ...['--data-dir', at('data'), '--out', at('out'), '--stores', at('tampered-head'), '--quiet'],
    ]);
    expect(code).toBe(1);
    const said = stdout.replace(/\s+/g, ' ').split(`FAILED CHECK: ${failureInWords(failures[0])}`);
    expect(said).toHaveLength(2);
    const written = JSON.parse(await readFile(at('out', 'results.json'), 'utf8')) as Results;
    expect(written.failures).toEqual(failures);
  });

  test('only exact fits of one model from its own logits are held to it', async () => {
    const { rows } = await run({ experiment: 1, source: at('narrow.onnx'), ...cifar100 });
    const evaluation = { violations: [{ row: 3, margin: 0.5, scale: 2 }] } as Parameters<typeof failuresOf>[1];
    expect(failuresOf(rows[0], evaluation)).toHaveLength(1);
    expect(failuresOf(rows[0], { ...evaluation, violations: [] })).toEqual([]);
    for (const change of [{ target: 'other' }, { from: 'features' as const }, { solver: 'sgd' }, { alpha: 0.1 }]) {
      expect(failuresOf({ ...rows[0], ...change }, evaluation)).toEqual([]);
    }
  });
});
