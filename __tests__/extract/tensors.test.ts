import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { extractFeatures, extractToStore } from '../../lib/extract/index.js';
import { buildModel } from '../../lib/onnx/index.js';
import { toNdArray, writeNpy, writeSafetensors } from '../../lib/tensor/index.js';
import { accepted, floats, modelFile, relativeError } from '../onnx/fixtures.js';
import { temporaryFolder, writeVectorClassifier, writeVectors } from '../cli/support.js';
import { coded } from '../support/coded.js';
import { isExtraction } from '../support/extraction.js';

const folder = temporaryFolder();
const at = (name: string): string => path.join(folder, name);
let model: string;
beforeAll(async () => {
  model = await writeVectorClassifier(at('vectors.onnx'));
});

test.each(['gemm_transb', 'torch_script_net', 'tf2onnx', 'batch2', 'conv_reshape_softmax', 'torch_dynamo_external'])(
  "ready inputs give ONNX Runtime's own features and logits, as Python saw them: %s",
  async (name) => {
    const golden = accepted.find((each) => each.name === name)!;
    await writeNpy(at(`${name}.npy`), toNdArray(floats(golden.input), golden.dims));
    const { features, logits, labels, provenance } = await extractFeatures(
      modelFile(name),
      `tensors:${at(`${name}.npy`)}`,
    );
    expect(relativeError(features.data, floats(golden.features))).toBeLessThan(1e-5);
    expect(relativeError(logits.data, floats(golden.logits))).toBeLessThan(1e-5);
    expect(Array.from(labels.data)).toEqual(Array.from({ length: golden.dims[0] }, () => -1));
    expect(provenance.transform).toBeNull();
  },
);

test('labels beside the inputs are kept', async () => {
  const inputs = toNdArray(
    Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
    [2, 6],
  );
  await writeSafetensors(at('labelled.safetensors'), { inputs, labels: toNdArray(Int32Array.of(2, 0), [2]) });
  const { labels } = await extractFeatures(model, `tensors:${at('labelled.safetensors')}`);
  expect(Array.from(labels.data)).toEqual([2, 0]);
});

test.each([
  ['NaN', NaN],
  ['Infinity', Infinity],
])('a %s is named with its row, and nothing is left under the name of the store', async (name, value) => {
  const data = Float32Array.from({ length: 60 }, (_, i) => Math.sin(i));
  data[7 * 6 + 2] = value;
  await writeNpy(at('nan.npy'), toNdArray(data, [10, 6]));
  // tanh makes a finite number of infinity, so this model hands it on.
  const through = buildModel({
    inputs: [{ name: 'x', type: 'float32', dims: ['n', 6] }],
    outputs: [{ name: 'y', type: 'float32', dims: ['n', 2] }],
    constants: [
      { name: 'w', type: 'float32', dims: [6, 2], data: Float32Array.from({ length: 12 }, (_, i) => Math.cos(i)) },
    ],
    nodes: [
      { op: 'Relu', inputs: ['x'], outputs: ['f'] },
      { op: 'MatMul', inputs: ['f', 'w'], outputs: ['y'] },
    ],
  });
  await writeFile(at('through.onnx'), through);
  const store = extractToStore(at('through.onnx'), `tensors:${at('nan.npy')}`, at(`${name}.safetensors`), {
    batchSize: 4,
  });
  await expect(store).rejects.toThrow(coded('not-finite', 'through', value, 2, 'nan.npy/00007'));
});

test('logits that overflow are named too', async () => {
  const huge = buildModel({
    inputs: [{ name: 'x', type: 'float32', dims: ['n', 6] }],
    outputs: [{ name: 'y', type: 'float32', dims: ['n', 2] }],
    constants: [{ name: 'w', type: 'float32', dims: [6, 2], data: new Float32Array(12).fill(1e37) }],
    nodes: [
      { op: 'Relu', inputs: ['x'], outputs: ['f'] },
      { op: 'MatMul', inputs: ['f', 'w'], outputs: ['y'] },
    ],
  });
  await writeFile(at('huge.onnx'), huge);
  const data = new Float32Array(5 * 6).fill(0.5);
  data.fill(100, 18, 24);
  await writeNpy(at('large.npy'), toNdArray(data, [5, 6]));
  await expect(extractFeatures(at('huge.onnx'), `tensors:${at('large.npy')}`)).rejects.toThrow(
    coded('not-finite', '0', 'large.npy/00003'),
  );
});

test('inputs of another width, and images for a model that takes none, are refused', async () => {
  await writeNpy(at('five.npy'), toNdArray(new Float32Array(10), [2, 5]));
  await expect(extractFeatures(model, `tensors:${at('five.npy')}`)).rejects.toThrow(coded('mismatch', "'x'"));
  await expect(extractFeatures(model, `folder:${path.dirname(modelFile('x'))}/../images/decoded`)).rejects.toThrow(
    coded('usage', "'x'"),
  );
});

test('an unfinished store of ready inputs goes on in the middle', async () => {
  const file = await writeVectors(at('some.npy'), 50);
  const controller = new AbortController();
  const options = { batchSize: 4, store: at('some.safetensors') };
  const stopped = extractFeatures(model, `tensors:${file}`, {
    ...options,
    signal: controller.signal,
    onProgress: (progress) => isExtraction(progress) && progress.done === 12 && controller.abort(),
  });
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
  const resumed = await extractFeatures(model, `tensors:${file}`, options);
  const memory = await extractFeatures(model, `tensors:${file}`, { batchSize: 4 });
  expect(resumed.features).toEqual(memory.features);
  expect(resumed.logits).toEqual(memory.logits);
});

test.each([2 ** 40, 2 ** 31, -5, 1.5, NaN])(
  'a label of %p of a data set of somebody else is refused',
  async (label) => {
    const tensor = { type: 'float32' as const, data: new Float32Array(6), dims: [6] };
    const dataset = {
      ...{ spec: 'made:2', size: 2, kind: 'tensors' as const, digest: async () => 'abc', close: async () => undefined },
      async *samples() {
        yield { id: 'one', label: 1, tensor };
        yield { id: 'two', label, tensor };
      },
    };
    await expect(extractFeatures(model, dataset)).rejects.toThrow(coded('bad-input', "'two'"));
  },
);
