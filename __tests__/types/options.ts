/**
 * What must and what must not compile, for who calls the library. `npm run typecheck` reads it; nothing runs it. A line that
 * begins to compile although it must not is an error too: its `@ts-expect-error` has nothing to expect.
 */
import {
  applyLinearMap,
  chooseProvider,
  evaluateMap,
  extractFeatures,
  extractToStore,
  fitLinearMap,
  loadLinearMap,
  loadModel,
  openDataset,
  runExperiment,
  zeroShotHead,
  type ExtractOptions,
  type LinearMap,
  type Model,
  type RowsLike,
  type RowSource,
} from 'featreconstruct';
import { auditModel } from 'featreconstruct/leaks';
import { accumulate, crossValidate, trainingSpan } from 'featreconstruct/statistics';

declare const X: RowsLike;
declare const Y: RowsLike;
declare const map: LinearMap;
const score = async (maps: LinearMap[]): Promise<number[]> => maps.map(() => 0);
const sets = { train: 'cifar100:train', test: ['cifar100:test', 'cifar10:test'] };
const stores = 'stores';
const zeroShot = { textEmbeddings: 'classes.safetensors' };

export async function experiments(): Promise<void> {
  await runExperiment({ experiment: 1, source: 'a.onnx', ...sets }, { stores });
  await runExperiment({ experiment: 2, source: 'a.onnx', target: 'b.onnx', ...sets }, { stores, sgd: { epochs: 3 } });
  await runExperiment({ experiment: 3, source: 'a.onnx', ...sets }, { stores: null, alphas: [0, 1] });
  await runExperiment({ experiment: 4, models: ['a.onnx', 'b.onnx'], ...sets }, { stores, alphas: [0] });
  await runExperiment({ experiment: 5, source: 'a.onnx', target: 'b.onnx', zeroShot, ...sets }, { stores });
  await runExperiment({ experiment: 1, source: 'a.onnx', ...sets }, { stores, observe: ['probs'], samples: 0 });

  // @ts-expect-error: there are five
  await runExperiment({ experiment: 9, source: 'a.onnx', ...sets }, { stores });
  // @ts-expect-error: experiment 4 takes `models`
  await runExperiment({ experiment: 4, source: 'a.onnx', ...sets }, { stores });
  // @ts-expect-error: and nothing beside them
  await runExperiment({ experiment: 4, models: ['a.onnx', 'b.onnx'], source: 'a.onnx', ...sets }, { stores });
  // @ts-expect-error: experiment 2 wants a target
  await runExperiment({ experiment: 2, source: 'a.onnx', ...sets }, { stores });
  // @ts-expect-error: experiment 1 has none
  await runExperiment({ experiment: 1, source: 'a.onnx', target: 'b.onnx', ...sets }, { stores });
  // @ts-expect-error: experiment 5 wants a zero-shot head
  await runExperiment({ experiment: 5, source: 'a.onnx', target: 'b.onnx', ...sets }, { stores });
  // @ts-expect-error: experiment 2 has none
  await runExperiment({ experiment: 2, source: 'a.onnx', target: 'b.onnx', zeroShot, ...sets }, { stores });
  // @ts-expect-error: no data set to test on
  await runExperiment({ experiment: 1, source: 'a.onnx', train: 'cifar100:train' }, { stores });
  // @ts-expect-error: `stores` is a folder, or null
  await runExperiment({ experiment: 1, source: 'a.onnx', ...sets }, {});
}

export async function optionsOfExperiments(): Promise<void> {
  const one = { experiment: 1, source: 'a.onnx', ...sets } as const;
  const four = { experiment: 4, models: ['a.onnx', 'b.onnx'], ...sets } as const;
  const five = { experiment: 5, source: 'a.onnx', target: 'b.onnx', zeroShot, ...sets } as const;
  await runExperiment(one, { stores, crossValidation: { folds: 4, select: 'agreement' } });
  await runExperiment(one, { stores, executionProviders: ['cuda'], model: { imageSize: 224 } });
  await runExperiment(five, { stores, crossValidation: { alphas: [0, 1] } });

  // @ts-expect-error: penalties are given or chosen
  await runExperiment(one, { stores, alphas: [1], crossValidation: {} });
  // @ts-expect-error: cross-validation reads rows again
  await runExperiment(one, { stores: null, crossValidation: {} });
  // @ts-expect-error: so does SGD
  await runExperiment(one, { stores: null, sgd: {} });
  // @ts-expect-error: and a sweep
  await runExperiment(one, { stores: null, observe: ['probs'] });
  // @ts-expect-error: all pairs stand at one alpha
  await runExperiment(four, { stores, crossValidation: {} });
  // @ts-expect-error: SGD has no part in a joint Gram
  await runExperiment(four, { stores, sgd: {} });
  // @ts-expect-error: all of the logits, always
  await runExperiment(four, { stores, observe: ['probs'] });
  // @ts-expect-error: it shows no sample images
  await runExperiment(four, { stores, samples: 6 });
  // @ts-expect-error: nor names of their classes
  await runExperiment(four, { stores, classNames: 'cifar100' });
  // @ts-expect-error: it reads activations more than once
  await runExperiment(four, { stores: null });
  // @ts-expect-error: so does experiment 5
  await runExperiment(five, { stores: null });
  // @ts-expect-error: class names are in `zeroShot`
  await runExperiment(five, { stores, classNames: 'cifar100' });
  // @ts-expect-error: SGD is for experiments 1 to 3
  await runExperiment(five, { stores, sgd: {} });
  // @ts-expect-error: providers stand at the top, here as everywhere
  await runExperiment(one, { stores, model: { executionProviders: ['cuda'] } });
}

export async function audits(): Promise<void> {
  await auditModel('a.onnx', 'folder:photos', { stores, vary: 4, executionProviders: ['cuda'] });
  await auditModel('a.onnx', 'folder:photos', { stores: null });
  await auditModel(new Uint8Array(1), 'folder:photos');
  await auditModel(await loadModel('a.onnx'), 'folder:photos', { vary: 2 });
  // @ts-expect-error: and fits exactly
  await auditModel('a.onnx', 'folder:photos', { stores, sgd: {} });
  // @ts-expect-error: one model needs no names
  await auditModel('a.onnx', 'folder:photos', { stores, transforms: {} });
  // @ts-expect-error: the tensors of the one model are in `model`
  await auditModel('a.onnx', 'folder:photos', { stores, tensors: {} });
}

export async function rows(floats: Float32Array[]): Promise<void> {
  await fitLinearMap(floats, [new Float64Array(1)]);
  const applied: RowSource | object = await applyLinearMap(map, X);
  console.log(applied, await applyLinearMap(map, floats), applyLinearMap(map, {} as RowSource).rows);
  // @ts-expect-error: no shape
  await fitLinearMap(new Float32Array(4), floats);
}

export async function fits(): Promise<void> {
  await fitLinearMap(X, Y);
  await fitLinearMap(X, Y, { alpha: 3, prior: map, executionProviders: ['cuda'] });
  await fitLinearMap(X, Y, { alpha: 'cv', alphas: [0, 1], folds: 3, shuffle: 1, select: 'gcv' });
  await fitLinearMap(X, Y, { alpha: 'cv', select: 'agreement', score });
  await crossValidate(X, Y, { folds: 3 });
  await crossValidate([await accumulate(X, Y)], { select: 'agreement', score });

  // @ts-expect-error: folds are for alpha 'cv'
  await fitLinearMap(X, Y, { alpha: 0, folds: 3 });
  // @ts-expect-error: a grid, too
  await fitLinearMap(X, Y, { alphas: [0, 1] });
  // @ts-expect-error: and what decides
  await fitLinearMap(X, Y, { select: 'mse' });
  // @ts-expect-error: and a seed of folds
  await fitLinearMap(X, Y, { shuffle: 1 });
  // @ts-expect-error: agreement wants a score
  await fitLinearMap(X, Y, { alpha: 'cv', select: 'agreement' });
  // @ts-expect-error: a score is for agreement
  await fitLinearMap(X, Y, { alpha: 'cv', select: 'mse', score });
  // @ts-expect-error: here as there
  await crossValidate(X, Y, { select: 'agreement' });
  // @ts-expect-error: folds of statistics are what they are
  await crossValidate([await accumulate(X, Y)], { folds: 3 });
  // @ts-expect-error: a map of all columns of Y
  await fitLinearMap(X, Y, { targets: [0, 1] });
}

export async function extraction(): Promise<void> {
  const model = await loadModel('a.onnx', { executionProviders: ['cpu'] });
  const images = await openDataset('cifar100:test', { dataDir: 'data' });
  const where: ExtractOptions = { transform: 'imagenet', dataset: { dataDir: 'data' } };
  await extractFeatures('a.onnx', 'cifar100:test', { executionProviders: ['cuda'], model: { imageSize: 224 } });
  await extractFeatures(model, 'cifar100:test', where);
  await extractFeatures(model, images, { batchSize: 8 });
  await extractFeatures(model as Model | string, images, { executionProviders: ['cuda'] });
  const { provider } = await chooseProvider();
  await loadModel('a.onnx', { executionProviders: [provider, { name: 'webgpu', preferredLayout: 'NCHW' }] });
  await zeroShotHead(zeroShot, { executionProviders: ['cuda'] });

  // @ts-expect-error: no such provider
  await loadModel('a.onnx', { executionProviders: ['cdua'] });
  // @ts-expect-error: a loaded model runs where it was loaded
  await extractFeatures(model, images, { executionProviders: ['cuda'] });
  // @ts-expect-error: and is read as it was loaded
  await extractFeatures(model, images, { model: { imageSize: 224 } });
  // @ts-expect-error: an open data set has its folder
  await extractFeatures(model, images, { dataset: { dataDir: 'data' } });
  // @ts-expect-error: the store is an argument
  await extractToStore('a.onnx', images, 'a.safetensors', { store: 'b.safetensors' });
  // @ts-expect-error: providers stand at the top
  await extractFeatures('a.onnx', images, { model: { executionProviders: ['cuda'] } });
  // @ts-expect-error: there too
  await zeroShotHead(zeroShot, { model: { executionProviders: ['cuda'] } });
  // @ts-expect-error: embeddings from a file, or from prompts
  await zeroShotHead({ textEmbeddings: 'classes.safetensors', textModel: 'text.onnx' });
  // @ts-expect-error: prompts take a tokenizer and class names
  await zeroShotHead({ textModel: 'text.onnx' });
}

export async function evaluation(): Promise<void> {
  const test = { head: map, map, X, Y, Z: Y };
  const span = await trainingSpan(await accumulate(X, Y));
  await evaluateMap({ ...test });
  await evaluateMap({ ...test, span, sameModel: true });
  // @ts-expect-error: what must be right is known within the span alone
  await evaluateMap({ ...test, sameModel: true });

  const { fit } = await loadLinearMap('map.safetensors');
  const rank: number | undefined = fit?.rank;
  const spectrum: number[] | undefined = fit?.spectrum;
  // @ts-expect-error: JSON has no number arrays
  const typed: Float64Array | undefined = fit?.spectrum;
  // @ts-expect-error: no such figure
  const other = fit?.grade;
  console.log(rank, spectrum, typed, other);
}
