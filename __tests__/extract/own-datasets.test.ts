import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { datasetOf, openDataset, type Dataset, type GivenImage, type Sample } from '../../lib/datasets/index.js';
import { extractFeatures, extractToStore } from '../../lib/extract/index.js';
import { varied } from '../../lib/leaks/index.js';
import { loadModel, type Model } from '../../lib/runtime/index.js';
import { temporaryFolder, writeVectorClassifier } from '../cli/support.js';
import { coded } from '../support/coded.js';

const folder = temporaryFolder();
let model: Model;
let vectors: Model;
beforeAll(async () => {
  model = await loadModel('onnx/demo/demo_convnext.onnx');
  vectors = await loadModel(await writeVectorClassifier(path.join(folder, 'vectors.onnx')));
});
afterAll(async () => {
  await model.release();
  await vectors.release();
});

const rgb = (side: number, channels = 3) => ({
  ...{ width: side, height: side },
  data: Uint8Array.from({ length: channels * side * side }, (_, i) => (i * 37) % 256),
});
const own = (samples: unknown[], changes: object = {}): Dataset =>
  ({
    ...{ spec: 'mine', size: samples.length, kind: 'images', digest: async () => 'd', close: async () => undefined },
    async *samples() {
      yield* samples as Sample[];
    },
    ...changes,
  }) as Dataset;
const image = { id: 'a', label: -1, image: rgb(32) };
const tensor = { type: 'float32', data: new Float32Array(6), dims: [6] };

test.each<[string, Dataset, Error]>([
  ['of size 0', own([]), coded('too-few-rows', 'mine', 0)],
  ['with more samples than its size', own([image, image], { size: 1 }), coded('mismatch', 1)],
  ['with fewer samples than its size', own([image], { size: 40 }), coded('mismatch', 40, 1)],
  ['whose size is none', own([image], { size: NaN }), coded('usage', 'NaN')],
  ['of no kind', own([image], { kind: 'pictures' }), coded('usage', 'pictures')],
  ['with a sample of nothing', own([{ id: 'b', label: 1 }]), coded('bad-input', 'b')],
  ['with a sample that is none', own([undefined]), coded('bad-input', 'mine')],
  ['of RGBA', own([{ id: 'c', label: 0, image: rgb(32, 4) }]), coded('bad-input', 'c', 3072, 4096, 'RGBA')],
  ['of grey pixels', own([{ id: 'c', label: 0, image: rgb(32, 1) }]), coded('bad-input', 3072, 1024)],
  ['cut short', own([{ id: 'c', label: 0, image: { ...rgb(32), height: 33 } }]), coded('bad-input', 3168, 3072)],
  [
    'whose samples are the promise of a list',
    own([], { size: 1, samples: async () => [image] }),
    coded('usage', 'mine'),
  ],
  ['whose samples fail', own([], { size: 1, samples: () => Promise.reject(new Error('no')) }), coded('usage', 'mine')],
  ['whose samples are nothing', own([], { size: 1, samples: () => undefined }), coded('usage', 'mine')],
  ['of floats', own([{ id: 'c', label: 0, image: { ...rgb(32), data: new Float32Array(3072) } }]), coded('bad-input')],
])('a data set %s is refused, in memory, into a store and varied', async (_, dataset, error) => {
  await expect(extractFeatures(model, dataset)).rejects.toThrow(error);
  await expect(extractToStore(model, dataset, path.join(folder, 'own.safetensors'))).rejects.toThrow(error);
});

test.each<[string, object, Error]>([
  ['that is none', own([undefined]), coded('bad-input', 'mine')],
  ['of the promise of a list', own([], { size: 1, samples: async () => [image] }), coded('usage', 'mine')],
])('a sample %s is refused in a data set that is varied', async (_, dataset, error) => {
  await expect(extractFeatures(model, varied(dataset as Dataset, 2))).rejects.toThrow(error);
});

test('samples may be a list', async () => {
  const { labels } = await extractFeatures(model, own([], { size: 1, samples: () => [{ ...image, label: 3 }] }));
  expect(Array.from(labels.data)).toEqual([3]);
});

test('pixels of a data set that is varied are checked', async () => {
  const dataset = own([{ id: 'c', label: 0, image: rgb(32, 4) }]);
  await expect(extractFeatures(model, varied(dataset, 2))).rejects.toThrow(coded('bad-input', 'c', 3072, 4096));
});

test.each<[string, unknown[], Error]>([
  ['nothing', [{ id: 'b', label: 1 }], coded('bad-input', 'b')],
  ['fewer numbers', [{ id: 'b', label: 1, tensor: { ...tensor, dims: [7] } }], coded('mismatch', 7, 6)],
  [
    'another size than before',
    [
      { id: 'a', label: 1, tensor },
      { id: 'b', label: 1, tensor: { ...tensor, data: new Float32Array(3), dims: [3] } },
    ],
    coded('mismatch', 6, 3),
  ],
])('a tensor of %s is refused', async (_, samples, error) => {
  await expect(extractFeatures(vectors, own(samples, { kind: 'tensors' }))).rejects.toThrow(error);
});

describe('images in memory', () => {
  const at = '__tests__/fixtures/images/decoded';
  const named = async (): Promise<GivenImage[]> => {
    const names = (await readdir(at)).filter((name) => /\.(png|jpe?g)$/i.test(name)).sort();
    return Promise.all(names.slice(0, 3).map(async (name) => ({ name, bytes: await readFile(path.join(at, name)) })));
  };

  test('are read as files are, and a store of them is used again', async () => {
    const images = await named();
    expect(images).toHaveLength(3);
    const { features } = await extractFeatures(model, datasetOf(images));
    const store = path.join(folder, 'given.safetensors');
    const once = await extractFeatures(model, datasetOf(images), { store });
    const bytes = await readFile(store);
    const copies = images.map(({ name, bytes: each }) => ({ name, bytes: Uint8Array.from(each as Uint8Array).buffer }));
    const again = await extractFeatures(model, datasetOf(copies, { name: 'uploads' }), { store });
    expect(again.features.data).toEqual(features.data);
    expect(once.features.data).toEqual(features.data);
    expect(await readFile(store)).toEqual(bytes);
    const others = datasetOf(images.map((each) => ({ ...each, label: 3 })));
    await expect(extractFeatures(model, others, { store })).rejects.toThrow(coded('mismatch', 'given.safetensors'));
  });

  test('are pixels, too, with labels', async () => {
    const drawn = await openDataset('synthetic:test[0:4]');
    const samples: Sample[] = [];
    for await (const sample of drawn.samples()) samples.push(sample);
    const given = datasetOf(samples.map(({ id, image: pixels, label }) => ({ name: id, pixels, label })));
    expect(await given.digest()).toBe(await drawn.digest());
    expect(Array.from((await extractFeatures(model, given)).labels.data)).toEqual(samples.map(({ label }) => label));
  });

  test.each<[string, unknown, Error]>([
    ['no list', 5, coded('usage', 5)],
    ['none', [], coded('too-few-rows')],
    ['a text', ['a.png'], coded('usage', 'a.png')],
    ['no name', [{ bytes: new Uint8Array(1) }], coded('usage', 0)],
    ['no bytes', [{ name: 'a' }], coded('usage', 'a')],
    ['a label', [{ name: 'a', bytes: new Uint8Array(1), label: 1.5 }], coded('usage', 'a', '1.5')],
    ['a misspelt label', [{ name: 'a', bytes: new Uint8Array(1), lable: 1 }], coded('usage', 'lable', 'label')],
    ['bytes and pixels', [{ name: 'a', bytes: new Uint8Array(1), pixels: rgb(2) }], coded('usage', 'a')],
    ['RGBA', [{ name: 'a', pixels: rgb(2, 4) }], coded('bad-input', 12, 'a', 16)],
  ])('%s: refused', (_, images, error) => {
    expect(() => datasetOf(images as GivenImage[])).toThrow(error);
  });
});
