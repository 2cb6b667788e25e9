import * as library from 'featreconstruct';
import * as leaks from 'featreconstruct/leaks';
import * as statistics from 'featreconstruct/statistics';
import { coded } from '../support/coded.js';

/** Calls as plain JavaScript makes them: no compiler has seen them. */
type Call = (...args: unknown[]) => unknown;
const all = { ...library, ...leaks, ...statistics } as unknown as Record<string, Call>;
const call = async (name: string, ...args: unknown[]): Promise<unknown> => all[name](...args);

const X = [[0], [1], [2]];
const map = {
  weight: library.toNdArray(Float64Array.of(1), [1, 1]),
  bias: library.toNdArray(Float64Array.of(0), [1]),
};
const fitted = library.fitLinearMap(X, X);
const spec = { experiment: 1, source: 'a.onnx', train: 'synthetic:train[0:9]', test: 'synthetic:test[0:9]' };
const stores = null;
const dataset = 'synthetic:test[0:2]';

test.each<[string, unknown[], string, string]>([
  ['openDataset', [dataset, { datadir: 'd' }], 'datadir', 'dataDir'],
  ['openDataset', [dataset, { fetch: { consnt: true } }], 'consnt', 'consent'],
  ['datasetOf', [[{ name: 'a', bytes: new Uint8Array(1) }], { nam: 'b' }], 'nam', 'name'],
  ['makeTransform', [{ name: 'timm', stdd: 1 }, [2, 2]], 'stdd', 'std'],
  ['makeTransform', ['raw', [2, 2], { chanels: 1 }], 'chanels', 'channels'],
  ['loadModel', ['a.onnx', { imagesize: 2 }], 'imagesize', 'imageSize'],
  ['loadModel', ['a.onnx', { checkpoint: { graf: 'x' } }], 'graf', 'graph'],
  ['describeModel', ['a.onnx', { fetsh: {} }], 'fetsh', 'fetch'],
  ['extractFeatures', ['a.onnx', dataset, { tranform: 'raw' }], 'tranform', 'transform'],
  ['extractFeatures', ['a.onnx', dataset, { transform: { stdd: 1 } }], 'stdd', 'std'],
  ['extractFeatures', ['a.onnx', dataset, { model: { feature: 'x' } }], 'feature', 'features'],
  ['extractFeatures', ['a.onnx', dataset, { dataset: { dataDirr: 'x' } }], 'dataDirr', 'dataDir'],
  ['extractToStore', ['a.onnx', dataset, 's.safetensors', { batchsize: 3 }], 'batchsize', 'batchSize'],
  ['openStore', ['s.safetensors', { signl: 1 }], 'signl', 'signal'],
  ['openRows', ['s.npy', 'logits', { onprogress: 1 }], 'onprogress', 'onProgress'],
  ['loadHead', ['s.npy', { features: 3, clases: 1 }], 'clases', 'classes'],
  ['fitLinearMap', [X, X, { aplha: 1 }], 'aplha', 'alpha'],
  ['fitSgd', [X, X, { epoch: 1 }], 'epoch', 'epochs'],
  ['evaluateAgreement', [map, X, X, { topK: [1] }], 'topK', 'topk'],
  ['evaluateMap', [{ head: map, map, X, Y: X, Z: X, label: [0] }], 'label', 'labels'],
  ['evaluateMap', [{ head: map, map, X, Y: X, Z: X }, { sgnal: 1 }], 'sgnal', 'signal'],
  ['reconstructionError', [X, X, { haed: map }], 'haed', 'head'],
  ['runExperiment', [{ ...spec, tets: 'x' }, { stores }], 'tets', 'test'],
  ['runExperiment', [spec, { stores, topks: [1] }], 'topks', 'topk'],
  ['runExperiment', [spec, { stores, crossValidation: { fold: 2 } }], 'fold', 'folds'],
  ['runExperiment', [spec, { stores, sgd: { epoch: 2 } }], 'epoch', 'epochs'],
  ['runExperiment', [spec, { stores, transforms: { a: { mena: 0 } } }], 'mena', 'mean'],
  ['zeroShotHead', [{ textEmbedings: 'x' }], 'textEmbedings', 'textEmbeddings'],
  ['zeroShotHead', [{ textEmbeddings: 'x' }, { store: 'x' }], 'store', 'stores'],
  ['auditModel', ['a.onnx', dataset, { stores: 's', varry: 2 }], 'varry', 'vary'],
  ['auditOutputs', ['a.csv', { recoverySecond: 2 }], 'recoverySecond', 'recoverySeconds'],
  ['fingerprint', [X, { sed: 1 }], 'sed', 'seed'],
  ['recoverFeatures', [X, { second: 1 }], 'second', 'seconds'],
  ['recoveryHead', [{}, X, { signl: 1 }], 'signl', 'signal'],
  ['sameHead', [X, X, { signl: 1 }], 'signl', 'signal'],
  ['identifiableFeatures', [X, { signl: 1 }], 'signl', 'signal'],
  ['accumulate', [X, X, { firstrow: 1 }], 'firstrow', 'firstRow'],
  ['accumulateFolds', [X, X, { fold: 2 }], 'fold', 'folds'],
  ['accumulateJoint', [[], { ontoo: 2 }], 'ontoo', 'onto'],
  ['crossValidate', [X, X, { alpha: [1] }], 'alpha', 'alphas'],
  ['solve', [{}, { rcnd: 1 }], 'rcnd', 'rcond'],
  ['splitFolds', [9, { fold: 2 }], 'fold', 'folds'],
  ['trainingSpan', [{}, { rcnd: 2 }], 'rcnd', 'rcond'],
  ['inSpan', [X, {}, { tolerence: 2 }], 'tolerence', 'tolerance'],
])('%s of %j refuses %s, and names %s', async (name, args, found, meant) => {
  await expect(call(name, ...args)).rejects.toThrow(coded('usage', `'${found}'`, `${meant}?`));
});

test('options that are undefined are not given, whatever their names', async () => {
  const options = { alpha: undefined, aplha: undefined, signal: undefined };
  await expect(call('fitLinearMap', X, X, options)).resolves.toHaveProperty('weight');
});

test.each<[string, unknown[], string]>([
  ['fitLinearMap', [X, X, 5], '5'],
  ['fitLinearMap', [X, X, null], 'null'],
  ['fitLinearMap', [X, X, { signal: 5 }], 'signal'],
  ['fitLinearMap', [X, X, { onProgress: true }], 'onProgress'],
  ['fitLinearMap', [X, X, { executionProviders: 'cuda' }], 'executionProviders'],
  ['recoverFeatures', [X, { finish: 5 }], 'finish'],
  ['runExperiment', [spec], 'stores'],
  ['runExperiment', [spec, {}], 'stores'],
  ['runExperiment', [undefined, { stores }], 'null'],
  ['applyLinearMap', [Promise.resolve(map), X], 'await'],
  ['evaluateAgreement', [map, Promise.resolve(X), X], 'await'],
  ['extractFeatures', [Promise.resolve({}), dataset], 'await'],
  ['applyLinearMap', [fitted, X], 'await'],
  ['extractFeatures', [{}, dataset, { executionProviders: ['cpu'] }], 'executionProviders'],
  ['extractFeatures', ['a.onnx', {}, { dataset: {} }], 'dataset'],
  ['auditModel', [{ run: () => 1 }, dataset, { model: {} }], 'model'],
  ['extractFeatures', ['a.onnx', dataset, { model: { executionProviders: ['cpu'] } }], 'executionProviders'],
])('%s of %j is a usage error that names %s', async (name, args, named) => {
  await expect(call(name, ...args)).rejects.toThrow(coded('usage', named));
});

test.each<[string, unknown[]]>([
  ['runExperiment', [{ ...spec, test: undefined }, { stores }]],
  ['runExperiment', [{ ...spec, test: [] }, { stores }]],
  ['runExperiment', [{ ...spec, test: 5 }, { stores }]],
  ['runExperiment', [{ ...spec, test: {} }, { stores }]],
  ['runExperiment', [{ ...spec, train: [] }, { stores }]],
  ['runExperiment', [{ ...spec, source: 5 }, { stores }]],
  ['runExperiment', [{ ...spec, experiment: 4, source: undefined, models: 5 }, { stores }]],
  ['renderReport', [[]]],
  ['renderReport', [5]],
  ['renderReport', [[undefined]]],
  ['renderReport', [[{ rows: [] }, 5]]],
])('%s refuses values of another kind: %j', async (name, args) => {
  await expect(call(name, ...args)).rejects.toThrow(coded('usage', 'Expected'));
});
