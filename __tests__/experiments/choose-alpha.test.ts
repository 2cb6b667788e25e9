import path from 'node:path';
import { evaluateAgreement } from '../../lib/evaluate/index.js';
import { extractFeatures } from '../../lib/extract/index.js';
import { runAsked, type RunOptions } from '../../lib/experiments/index.js';
import { type Results, parseResults } from '../../lib/results/index.js';
import {
  applyLinearMap,
  crossValidate,
  fitLinearMap,
  pseudoInverse,
  type AlphaSelection,
} from '../../lib/fit/index.js';
import { observe as shownAs } from '../../lib/leaks/index.js';
import { chartsOf } from '../../lib/report/index.js';
import { inWords } from '../../lib/words/index.js';
import { coded, naming } from '../support/coded.js';
import { loadModel } from '../../lib/runtime/index.js';
import { toNdArray, toRowSource, type FloatNdArray, type RowSource } from '../../lib/tensor/index.js';
import { runCli, temporaryFolder, writeCifar, writeClassifier } from '../cli/support.js';

/** Penalties chosen by cross-validation inside of a run: the same as by hand, and recorded. */

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const fixture = (name: string): string => path.join(process.cwd(), '__tests__', 'fixtures', 'clip', name);
const sets = { train: 'cifar10:train', test: 'cifar10:test' };
const options = { stores: at('stores'), dataset: { dataDir: at('data') }, model: { intraOpNumThreads: 1 } };
const alphas = [0, 1e-3, 0.1, 10];

beforeAll(async () => {
  await writeCifar(at('data'));
  await writeClassifier(at('source.onnx'), { d: 20, c: 8 });
  await writeClassifier(at('target.onnx'), { d: 12, c: 9, seed: 5 });
});

const modelOf = async (name: string) => {
  const model = await loadModel(at(`${name}.onnx`));
  await model.release();
  return model;
};
const activations = (name: string, dataset: string) => extractFeatures(at(name), dataset, { dataset: options.dataset });

const rowsOf = (values: FloatNdArray): RowSource => toRowSource(values, 'rows');
const dense = async (rows: RowSource) =>
  toNdArray(Float64Array.from(await rows.read(0, rows.rows)), [rows.rows, rows.cols]);

const run = async (experiment: number, crossValidation: RunOptions['crossValidation'], more: object = {}) => {
  const spec = { experiment, source: at('source.onnx'), ...sets, ...more };
  const results = await runAsked(spec, { ...options, crossValidation });
  return parseResults(JSON.stringify(results));
};

test.each(['mse', 'gcv', 'agreement'] as const)('experiment 2 by %s: the choice of crossValidate', async (select) => {
  const { rows, crossValidations } = await run(
    2,
    { alphas, folds: 4, shuffle: 3, select },
    { target: at('target.onnx') },
  );
  const [x, y] = [await activations('source.onnx', sets.train), await activations('target.onnx', sets.train)];
  const { head } = await modelOf('target');
  const answers = await applyLinearMap(head, y.features);
  const score: NonNullable<AlphaSelection['score']> = async (maps, fold) => {
    const scores = [];
    for (const map of maps) {
      const reconstructed = await applyLinearMap(map, await dense(fold.of(rowsOf(x.logits))));
      const { agreement } = await evaluateAgreement(head, reconstructed, await dense(fold.of(rowsOf(answers))));
      scores.push(agreement);
    }
    return scores;
  };
  const expected = await crossValidate(x.logits, y.features, {
    ...{ alphas, folds: 4, shuffle: 3 },
    ...(select === 'agreement' ? { select, score } : { select }),
  });
  const [record, own, prior] = crossValidations!;
  expect(record).toMatchObject({
    ...{ source: 'source', target: 'target', train: sets.train, from: 'logits', prior: null },
    ...{ select, folds: 4, shuffle: 3, alpha: expected.alpha },
  });
  record.curve.forEach((score, i) => {
    expect(score.alpha).toBe(alphas[i]);
    expect(score.mse / expected.curve[i].mse).toBeCloseTo(1, 9);
    expect(score.agreement).toBe(expected.curve[i].agreement);
    if (select === 'gcv') expect(score.gcv! / expected.curve[i].gcv!).toBeCloseTo(1, 9);
  });
  // The rows are fits at what was chosen.
  expect(rows.map((row) => row.alpha)).toEqual([record.alpha, own.alpha, prior.alpha]);
  expect(crossValidations!.map((each) => each.prior)).toEqual([null, null, 'head']);
  const map = await fitLinearMap(x.logits, y.features, { alpha: expected.alpha });
  const xTest = await activations('source.onnx', sets.test);
  const yTest = await activations('target.onnx', sets.test);
  const { agreed } = await evaluateAgreement(head, await applyLinearMap(map, xTest.logits), yTest.logits);
  expect(rows[0].agreed).toBe(agreed);
});

test('with the head as prior, the prior’s own curve', async () => {
  const { crossValidations } = await run(1, { alphas });
  const x = await activations('source.onnx', sets.train);
  const { head } = await modelOf('source');
  const expected = await crossValidate(x.logits, x.features, { alphas, prior: await pseudoInverse(head) });
  expect(crossValidations![1]).toMatchObject({ prior: 'head', alpha: expected.alpha, folds: 5, shuffle: null });
  crossValidations![1].curve.forEach(({ mse }, i) => expect(mse / expected.curve[i].mse).toBeCloseTo(1, 6));
});

test('experiment 5: a curve from logits and one from features; its likeness columns are filled', async () => {
  const zeroShot = {
    textModel: fixture('tiny.text.onnx'),
    tokenizer: fixture('tokenizer.json'),
    classNames: 'cifar10',
  };
  const target = fixture('tiny.image.onnx');
  const { rows, crossValidations } = await run(5, { alphas }, { target, zeroShot });
  expect(crossValidations!.map(({ from }) => from)).toEqual(['logits', 'features']);
  const x = await activations('source.onnx', sets.train);
  const y = await extractFeatures(target, sets.train, { dataset: options.dataset, model: { output: 'features' } });
  for (const { from, curve, alpha } of crossValidations!) {
    // Logits are read in fewer columns of the same singular values: the penalty is that of the logits.
    const expected = await crossValidate(x[from], y.features, { alphas });
    expect(alpha).toBe(expected.alpha);
    curve.forEach(({ mse }, i) => expect(mse / expected.curve[i].mse).toBeCloseTo(1, 6));
    expect(rows.find((row) => row.from === from)!.alpha).toBe(alpha);
  }
  for (const { cka, procrustesError } of rows) {
    expect([cka! > 0 && cka! < 1, procrustesError! > 0 && procrustesError! < 1]).toEqual([true, true]);
  }
});

test('a sweep: each interface at the penalty that is best for what it shows', async () => {
  const observe = ['logits', 'probs', 'probs+topk:2'];
  const results = await runAsked(
    { experiment: 1, source: at('source.onnx'), ...sets },
    { ...options, observe, crossValidation: { alphas, folds: 4 } },
  );
  const { rows, crossValidations } = await parseResults(JSON.stringify(results));
  expect(crossValidations!.map((each) => [each.observe, each.prior])).toEqual([
    [undefined, null],
    [undefined, 'head'],
    ['probs', null],
    ['probs+topk:2', null],
  ]);
  const x = await activations('source.onnx', sets.train);
  for (const { observe: shown, alpha, curve } of crossValidations!.slice(2)) {
    const { reading } = rows.find((row) => row.observe === shown)!;
    const read = reading?.by === 'log' ? `${shown}+log` : shown!;
    const expected = await crossValidate(shownAs(x.logits, read), x.features, { alphas, folds: 4 });
    expect(alpha).toBe(expected.alpha);
    curve.forEach(({ mse }, i) => expect(mse / expected.curve[i].mse).toBeCloseTo(1, 9));
    expect(rows.find((row) => row.observe === shown)!.alpha).toBe(alpha);
  }
  // The chart of the sweep has a line for each, whatever its alpha.
  const { text } = (await chartsOf(results)).find(({ name }) => name === 'leaks')!.svg;
  for (const shown of ['logits', 'probs', 'probs+topk:2']) expect(text).toContain(inWords(shown));
  const own = (await chartsOf(results)).find(({ name }) => name === 'alpha-probs-topk-2')!;
  expect(own.svg.text).toMatch(naming('probs+topk:2'));
});

test('the choice at an end of the grid is said in the row and marked in the chart', async () => {
  const results = await run(2, { alphas: [1e5, 1e6, 1e7] }, { target: at('target.onnx') });
  const [{ warnings }] = results.rows;
  expect(warnings).toContainEqual({
    ...{ kind: 'choice', source: 'source', target: 'target', from: 'logits', prior: null },
    found: [{ kind: 'edge-of-grid', alpha: 1e5, edge: 'smallest' }],
  });
  const charts = (await chartsOf(results)).filter(({ name }) => name.startsWith('alpha'));
  expect(charts.map(({ name }) => name)).toEqual(['alpha', 'alpha-2', 'alpha-3']);
  expect(charts[0].svg.text).toMatch(naming('edge'));
  const inside: Results = {
    ...results,
    crossValidations: [{ ...results.crossValidations![0], alpha: 1e6, select: 'gcv' }],
  };
  // No curve of what decided, no chart.
  expect((await chartsOf(inside)).some(({ name }) => name === 'alpha')).toBe(false);
});

test('where it can have no effect it is refused', async () => {
  const crossValidation = { alphas };
  await expect(
    runAsked(
      { experiment: 4, models: [at('source.onnx'), at('target.onnx')], ...sets },
      { ...options, crossValidation },
    ),
  ).rejects.toThrow(coded('usage', 4));
  await expect(
    runAsked({ experiment: 1, source: at('source.onnx'), ...sets }, { ...options, stores: null, crossValidation }),
  ).rejects.toThrow(coded('usage', 'stores'));
  for (const spec of [
    { experiment: 4, models: [at('source.onnx'), at('target.onnx')] },
    { experiment: 5, source: at('source.onnx'), target: fixture('tiny.image.onnx'), zeroShot: { textEmbeddings: 'x' } },
  ]) {
    await expect(runAsked({ ...spec, ...sets }, { ...options, sgd: {} })).rejects.toThrow(coded('usage', 'sgd'));
  }
});

test('by the command line', async () => {
  const args = ['run', '1', '--source', at('source.onnx'), '--train', sets.train, '--test', sets.test];
  const usual = ['--data-dir', at('data'), '--stores', at('stores'), '--out', at('out'), '--json', '--quiet'];
  const { stdout } = await runCli([...args, ...usual, '--alpha', 'cv', '--alphas', '10^(-2:1:1)', '--folds', '3']);
  const { crossValidations } = JSON.parse(stdout) as Results;
  expect(crossValidations![0]).toMatchObject({ folds: 3, select: 'mse' });
  expect(crossValidations![0].curve.map(({ alpha }) => alpha)).toEqual([0.01, 0.1, 1, 10]);
  const { code, stderr } = await runCli([...args, ...usual, '--folds', '3']);
  expect([code, stderr]).toEqual([2, expect.stringMatching(naming('--alpha', '--alphas', '--folds'))]);
});
