import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { openDataset } from '../../lib/datasets/index.js';
import { extractFeatures } from '../../lib/extract/index.js';
import { buildModel, type GraphValue } from '../../lib/onnx/index.js';
import { loadModel } from '../../lib/runtime/index.js';
import { toNdArray, writeNpy, writeSafetensors } from '../../lib/tensor/index.js';
import { runCli, temporaryFolder } from '../cli/support.js';
import { coded } from '../support/coded.js';

const folder = temporaryFolder();
const at = (name: string): string => path.join(folder, name);

const [length, width, vocabulary] = [4, 3, 8];
const table = Float32Array.from({ length: vocabulary * width }, (_, i) => Math.sin(i + 1));
const w = Float32Array.from({ length: 2 * width }, (_, i) => Math.cos(i + 1));

/** A classifier of text: vectors of the tokens that the mask keeps, summed. */
function textModel({
  ids = 'int64' as GraphValue['type'],
  mask = 'int64' as GraphValue['type'],
  batch = 'n' as number | string,
  maskDims = [batch, 'length'] as GraphValue['dims'],
  tokens = 'length' as number | string,
} = {}): Uint8Array {
  return buildModel({
    inputs: [
      { name: 'input_ids', type: ids, dims: [batch, tokens] },
      { name: 'attention_mask', type: mask, dims: maskDims },
    ],
    outputs: [{ name: 'logits', type: 'float32', dims: [batch, 2] }],
    constants: [
      { name: 'table', type: 'float32', dims: [vocabulary, width], data: table },
      { name: 'axis', type: 'int64', dims: [1], data: BigInt64Array.of(-1n) },
      { name: 'tokens', type: 'int64', dims: [1], data: BigInt64Array.of(1n) },
      { name: 'w', type: 'float32', dims: [width, 2], data: w },
    ],
    nodes: [
      { op: 'Gather', inputs: ['table', 'input_ids'], outputs: ['vectors'] },
      { op: 'Cast', inputs: ['attention_mask'], outputs: ['kept'], attributes: { to: { int: 1 } } },
      { op: 'Unsqueeze', inputs: ['kept', 'axis'], outputs: ['kept3'] },
      { op: 'Mul', inputs: ['vectors', 'kept3'], outputs: ['masked'] },
      { op: 'ReduceSum', inputs: ['masked', 'tokens'], outputs: ['sum'], attributes: { keepdims: { int: 0 } } },
      { op: 'Tanh', inputs: ['sum'], outputs: ['features'] },
      { op: 'MatMul', inputs: ['features', 'w'], outputs: ['logits'] },
    ],
  });
}

const rows = 5;
const idOf = (i: number): number => (i * 5) % vocabulary;
const keptOf = (i: number): number => (i % length < 1 + (Math.floor(i / length) % length) ? 1 : 0);
const whole = <T>(of: (i: number) => T): T[] => Array.from({ length: rows * length }, (_, i) => of(i));
const int64 = (of: (i: number) => number) =>
  toNdArray(BigInt64Array.from(whole(of), BigInt) as never, [rows, length]) as never;
const int32 = (of: (i: number) => number) => toNdArray(Int32Array.from(whole(of)), [rows, length]);

/** The features, worked out by hand. */
const expected = Array.from({ length: rows }, (_, row) =>
  Array.from({ length: width }, (_, j) => {
    let sum = 0;
    for (let i = row * length; i < (row + 1) * length; i++) sum += keptOf(i) * table[idOf(i) * width + j];
    return Math.tanh(sum);
  }),
).flat();
const close = (found: Float32Array): void =>
  Array.from(found).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));

describe('a model of two inputs', () => {
  beforeAll(async () => {
    await writeFile(at('text.onnx'), textModel());
    await writeFile(at('three.onnx'), textModel({ batch: 3 }));
    await writeSafetensors(at('both.safetensors'), {
      // In another order than the model's.
      attention_mask: int64(keptOf),
      input_ids: int64(idOf),
      labels: toNdArray(Int32Array.of(0, 1, 0, 1, 1), [rows]),
    });
  });

  test('takes one tensor for each by name, int64 as it is', async () => {
    const dataset = await openDataset(`tensors:${at('both.safetensors')}`);
    for await (const { tensors } of dataset.samples()) {
      expect(tensors!.input_ids).toMatchObject({ type: 'int64', data: expect.any(BigInt64Array), dims: [length] });
      break;
    }
    const { features, labels } = await extractFeatures(at('text.onnx'), dataset, { batchSize: 2 });
    close(features.data as Float32Array);
    expect(Array.from(labels.data)).toEqual([0, 1, 0, 1, 1]);
  });

  test('is run in parts where its batch is fixed', async () => {
    close((await extractFeatures(at('three.onnx'), `tensors:${at('both.safetensors')}`)).features.data as Float32Array);
    const model = await loadModel(at('three.onnx'));
    const { features } = await model.run({
      ...{ type: 'int64', data: BigInt64Array.from(whole(idOf), BigInt), dims: [rows, length] },
      others: { attention_mask: { type: 'int32', data: Int32Array.from(whole(keptOf)), dims: [rows, length] } },
    });
    close(features);
    await model.release();
  });

  test('the digest of the data covers every tensor', async () => {
    await writeSafetensors(at('other.safetensors'), { attention_mask: int64(() => 1), input_ids: int64(idOf) });
    await writeSafetensors(at('same.safetensors'), { attention_mask: int64(keptOf), input_ids: int64(idOf) });
    const digest = async (file: string) => (await openDataset(`tensors:${at(file)}[0:2]`)).digest();
    expect(await digest('other.safetensors')).not.toBe(await digest('same.safetensors'));
  });

  test('a tensor that is missing is named', async () => {
    await writeSafetensors(at('typed.safetensors'), { token_type_ids: int64(() => 0), input_ids: int64(idOf) });
    await writeSafetensors(at('one.safetensors'), { input_ids: int64(idOf) });
    await expect(extractFeatures(at('text.onnx'), `tensors:${at('typed.safetensors')}`)).rejects.toThrow(
      coded('usage', 2, "'attention_mask'", 'input_ids'),
    );
    const result = await runCli([
      ...['extract', '--model', at('text.onnx'), '--dataset', `tensors:${at('one.safetensors')}`],
      ...['--store', at('never.safetensors')],
    ]);
    expect(result.stderr).toMatch(/'(input_ids|attention_mask)'/);
    expect(result.code).toBe(2);
  });

  test('a tensor called as inputs are does not hide the others', async () => {
    await writeFile(
      at('x.onnx'),
      buildModel({
        inputs: ['x', 'y'].map((name) => ({ name, type: 'float32', dims: ['n', 2] })),
        outputs: [{ name: 'z', type: 'float32', dims: ['n', 2] }],
        constants: [{ name: 'w', type: 'float32', dims: [2, 2], data: Float32Array.of(1, 2, 3, 5) }],
        nodes: [
          { op: 'Sub', inputs: ['x', 'y'], outputs: ['f'] },
          { op: 'Relu', inputs: ['f'], outputs: ['g'] },
          { op: 'MatMul', inputs: ['g', 'w'], outputs: ['z'] },
        ],
      }),
    );
    await writeSafetensors(at('xy.safetensors'), {
      x: toNdArray(Float32Array.of(3, 2, 1, 0), [2, 2]),
      y: toNdArray(Float32Array.of(1, 1, 1, -1), [2, 2]),
    });
    const { features } = await extractFeatures(at('x.onnx'), `tensors:${at('xy.safetensors')}`);
    expect(Array.from(features.data)).toEqual([2, 1, 0, 1]);
  });

  test('images are refused, and so are other rows and an input without rows', async () => {
    await expect(extractFeatures(at('text.onnx'), 'synthetic:test[0:4]')).rejects.toThrow(
      coded('usage', '2', "'input_ids'", "'attention_mask'", 'tensors:FILE.npz'),
    );
    await writeSafetensors(at('short.safetensors'), {
      attention_mask: toNdArray(new Int32Array(8), [2, 4]),
      input_ids: int32(idOf),
    });
    await expect(openDataset(`tensors:${at('short.safetensors')}`)).rejects.toThrow(coded('mismatch'));
    for (const maskDims of [[], [1, 'length']]) {
      await expect(loadModel(textModel({ maskDims }))).rejects.toThrow(
        coded('bad-input', '2', "'input_ids'", "'attention_mask'"),
      );
    }
  });

  test('inputs that no node reads count for nothing, in a model of any batch', async () => {
    for (const rows of ['n', 2]) {
      const bytes = buildModel({
        inputs: [
          { name: 'left/over', type: 'float32', dims: [1, 1, 3] },
          { name: 'x', type: 'float32', dims: [rows, 3] },
          { name: 'whole', type: 'int64', dims: [] },
        ],
        outputs: [{ name: 'z', type: 'float32', dims: [rows, 2] }],
        nodes: [{ op: 'MatMul', inputs: ['x', 'W'], outputs: ['z'] }],
        constants: [{ name: 'W', type: 'float32', dims: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      });
      const loaded = await loadModel(bytes);
      const { logits } = await loaded.run({ type: 'float32', data: Float32Array.of(1, 0, 0, 0, 1, 0), dims: [2, 3] });
      await loaded.release();
      expect(loaded.inputName).toBe('x');
      expect(Array.from(logits)).toEqual([1, 2, 3, 4]);
    }
  });

  test('inspect names each input', async () => {
    const { stdout } = await runCli(['inspect', at('text.onnx')]);
    expect(stdout).toMatch(/input +input_ids, int64, n x \? .*\ninput +attention_mask, int64, n x \?/);
  });
});

describe("NumPy's own number types", () => {
  const weights = Float32Array.from({ length: 12 }, (_, i) => Math.cos(i));
  const model = (type: GraphValue['type']): Uint8Array =>
    buildModel({
      inputs: [{ name: 'x', type, dims: ['n', 6] }],
      outputs: [{ name: 'y', type: 'float32', dims: ['n', 2] }],
      constants: [{ name: 'w', type: 'float32', dims: [6, 2], data: weights }],
      nodes: [
        { op: 'Cast', inputs: ['x'], outputs: ['c'], attributes: { to: { int: 1 } } },
        { op: 'Relu', inputs: ['c'], outputs: ['f'] },
        { op: 'MatMul', inputs: ['f', 'w'], outputs: ['y'] },
      ],
    });
  const values = [0, 1, 2, 3, 40_000, 70_000, 6, 5, 4, 3, 2, 1];

  test.each([
    [
      'float64',
      'float32',
      Float64Array.from(values, (value) => value + 0.1),
      (value: number) => Math.fround(value + 0.1),
    ],
    ['float64', 'float16', Float64Array.from(values, (value) => (value % 8) / 4), (value: number) => (value % 8) / 4],
    ['int32', 'int64', Int32Array.from(values), (value: number) => value],
    ['int64', 'int32', BigInt64Array.from(values, BigInt), (value: number) => value],
    ['int64', 'int64', BigInt64Array.from(values, BigInt), (value: number) => value],
  ] as const)('%s goes into a %s input', async (from, to, data, of) => {
    await writeFile(at(`${from}-${to}.onnx`), model(to));
    await writeNpy(at('values.npy'), toNdArray(data as Float64Array, [2, 6]));
    const { features } = await extractFeatures(at(`${from}-${to}.onnx`), `tensors:${at('values.npy')}`);
    expect(Array.from(features.data)).toEqual(values.map(of));
  });

  test('what would be another number is refused', async () => {
    await writeFile(at('int32.onnx'), model('int32'));
    await writeNpy(at('large.npy'), toNdArray(BigInt64Array.from(values, (v) => BigInt(v) << 32n) as never, [2, 6]));
    await expect(extractFeatures(at('int32.onnx'), `tensors:${at('large.npy')}`)).rejects.toThrow(
      coded('bad-input', 'int32', "'x'", 'int64'),
    );
    await writeNpy(at('half.npy'), toNdArray(new Float64Array(12).fill(0.5), [2, 6]));
    await expect(extractFeatures(at('int32.onnx'), `tensors:${at('half.npy')}`)).rejects.toThrow(
      coded('bad-input', 'int32', "'x'", 'float64'),
    );
  });
});

test('a model of one input takes the tensor that is called as its input is', async () => {
  await writeSafetensors(at('named.safetensors'), {
    a: toNdArray(new Float32Array(4), [2, 2]),
    f: toNdArray(Float32Array.of(1, 2, 3, 4), [2, 2]),
  });
  const graph = (name: string): Uint8Array =>
    buildModel({
      inputs: [{ name, type: 'float32', dims: ['n', 2] }],
      outputs: [{ name: 'z', type: 'float32', dims: ['n', 2] }],
      constants: [{ name: 'w', type: 'float32', dims: [2, 2], data: Float32Array.of(1, 2, 3, 5) }],
      nodes: [
        { op: 'Relu', inputs: [name], outputs: ['g'] },
        { op: 'MatMul', inputs: ['g', 'w'], outputs: ['z'] },
      ],
    });
  await writeFile(at('f.onnx'), graph('f'));
  await writeFile(at('q.onnx'), graph('q'));
  const { features } = await extractFeatures(at('f.onnx'), `tensors:${at('named.safetensors')}`);
  expect(Array.from(features.data)).toEqual([1, 2, 3, 4]);
  await expect(extractFeatures(at('q.onnx'), `tensors:${at('named.safetensors')}`)).rejects.toThrow(
    coded('usage', "'q'", 'tensors:FILE#'),
  );
});
