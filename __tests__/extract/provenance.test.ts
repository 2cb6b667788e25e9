import { storeKey, type Provenance } from '../../lib/extract/index.js';

const provenance = (): Provenance => ({
  format: 1,
  model: {
    ...{ name: 'resnet18', digest: 'aa', features: 'flatten', logits: 'fc', precision: 'float32' },
    ...{ featureDim: 512, classCount: 1000 },
  },
  dataset: { spec: 'cifar100:test', digest: 'bb', size: 10000 },
  transform: {
    name: 'protocol',
    steps: [{ op: 'centerCrop', size: [224, 224] }],
    ...{ scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  },
  ...{ batchSize: 32, provider: 'cpu', logits: 'stored' },
});

/** The key after a change. */
function keyWith(change: (p: Provenance) => void): string {
  const changed = provenance();
  change(changed);
  return storeKey(changed);
}

test.each<[string, (p: Provenance) => void]>([
  ["the model's bytes", (p) => (p.model.digest = 'ab')],
  ['the tensor of features', (p) => (p.model.features = 'pool')],
  ['the tensor of logits', (p) => (p.model.logits = 'softmax')],
  ['precision', (p) => (p.model.precision = 'float16')],
  ['the images', (p) => (p.dataset.digest = 'bc')],
  ['the number of images', (p) => (p.dataset.size = 9999)],
  ['no transform', (p) => (p.transform = null)],
  ["the transform's steps", (p) => p.transform!.steps.push({ op: 'resize', size: 224, interpolation: 'bicubic' })],
  ["a step's size", (p) => (p.transform!.steps = [{ op: 'centerCrop', size: [224, 225] }])],
  ['scale', (p) => (p.transform!.scale = 1)],
  ['mean', (p) => (p.transform!.mean[2] = 0.5)],
  ['std', (p) => (p.transform!.std[0] = 0.5)],
  ['batch size', (p) => (p.batchSize = 33)],
  ['provider', (p) => (p.provider = 'cuda')],
  ['which logits are stored', (p) => (p.logits = 'head')],
  ["the format's version", (p) => (p.format = 2 as 1)],
])('a key depends on %s', (_, change) => {
  expect(keyWith(change)).not.toBe(storeKey(provenance()));
});

test.each<[string, (p: Provenance) => void]>([
  ["the model's name", (p) => (p.model.name = 'other')],
  ["the data set's name", (p) => (p.dataset.spec = 'folder:elsewhere')],
  ["the transform's name", (p) => (p.transform!.name = 'timm')],
  [
    'the order of fields',
    (p) => {
      const { batchSize } = p;
      delete (p as Partial<Provenance>).batchSize;
      p.batchSize = batchSize;
    },
  ],
])('and not on %s', (_, change) => {
  expect(keyWith(change)).toBe(storeKey(provenance()));
});
