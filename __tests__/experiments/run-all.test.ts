import { allExperiments, notRun } from '../../lib/experiments/index.js';

const asked = (models: number, train: string, test: string[], into = false) => {
  const all = {
    models: Array.from({ length: models }, (_, i) => `${i}.onnx`),
    ...{ train, test },
    ...(into ? { into: { target: 't.onnx', zeroShot: { textEmbeddings: 'e.npy' } } } : {}),
  };
  const run = allExperiments(all).map(([{ experiment, test: tests }]) => [experiment, tests] as const);
  return { run: Object.fromEntries(run), left: notRun(all).map(({ experiment, why }) => [experiment, why]) };
};

const cifar = 'cifar100:train';

test('what models and data sets allow, and why the rest is left out', () => {
  const own = ['cifar100:test'];
  expect(asked(1, cifar, own)).toEqual({
    run: { 1: own },
    left: [
      ...[
        [2, 'one-model'],
        [3, 'no-test-of-another-kind'],
      ],
      ...[
        [4, 'one-model'],
        [5, 'no-tower'],
      ],
    ],
  });
  expect(asked(2, cifar, own, true).left).toEqual([[3, 'no-test-of-another-kind']]);
  expect(asked(3, cifar, own).left).toContainEqual([2, 'in-4']);
  const other = ['places365:val', 'folder:scenes'];
  expect(asked(2, cifar, other)).toEqual({
    run: { 2: other, 3: other, 4: other },
    left: [
      [1, 'no-test-of-this-kind'],
      [5, 'no-tower'],
    ],
  });
});

test.each([
  ['folder:a', 'folder:b'],
  ['folder:a', 'list:b.txt'],
  ['parquet:a.parquet', 'imagefolder:b'],
])('%s and %s: names do not say what images they hold, so that they count as one kind and that is said', (a, b) => {
  const { run, left } = asked(2, a, [b]);
  expect(Object.keys(run)).toEqual(['1', '2', '4']);
  expect(left).toContainEqual([3, 'files-of-unknown-kind']);
  // Two parts of one are of one kind.
  expect(asked(2, `${a}[0:10]`, [`${a}[10:20]`]).left).toContainEqual([3, 'no-test-of-another-kind']);
});

test('a test set of another kind beside one of the same is left to experiment 3, and the others say so', () => {
  const test = ['cifar100:test', 'folder:photos'];
  const models = ['a.onnx', 'b.onnx', 'c.onnx'];
  const all = { models, train: cifar, test };
  expect(allExperiments(all).map(([spec]) => [spec.experiment, spec.test])).toEqual([
    [1, ['cifar100:test']],
    [3, ['folder:photos']],
    [4, ['cifar100:test']],
  ]);
  expect(notRun(all)).toContainEqual({ experiment: 4, on: ['folder:photos'], why: 'another-kind' });
  expect(notRun(all).filter(({ on }) => on)).toHaveLength(1);
});
