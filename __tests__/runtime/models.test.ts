import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FeatReconstructError, UsageError } from '../../lib/base/index.js';
import { buildModel, tapModel } from '../../lib/onnx/index.js';
import { createSession, describeModel, loadModel, type Model, type ModelBatch } from '../../lib/runtime/index.js';
import { modelNoteInWords } from '../../lib/words/index.js';
import { accepted, floats, modelFile, refused, relativeError, type Accepted } from '../onnx/fixtures.js';
import { coded } from '../support/coded.js';

/** The fixture's input in the type that the model reads. */
function batchOf({ input, type, dims }: Accepted): ModelBatch {
  const values = floats(input);
  if (type === 'int64') return { type, dims, data: BigInt64Array.from(values, BigInt) };
  if (type === 'uint8') return { type, dims, data: Uint8Array.from(values) };
  return { type: 'float32', dims, data: values };
}

const fixture = (name: string): Accepted => accepted.find((each) => each.name === name)!;

describe('loading and running each fixture gives what Python gave', () => {
  // int64 was stored as float32, which holds small numbers exactly.
  test.each(accepted.map((each) => [each.name, each] as const))('%s', async (name, expected) => {
    const model = await loadModel(modelFile(name), expected.options);
    try {
      const { features, logits } = await model.run(batchOf(expected));
      const bound = expected.precision === 'float16' ? 2e-3 : 1e-5;
      expect(relativeError(features, floats(expected.features))).toBeLessThan(bound);
      expect(relativeError(logits, floats(expected.logits))).toBeLessThan(bound);
      expect(features.length).toBe(expected.dims[0] * model.featureDim);
      expect(logits.length).toBe(expected.dims[0] * model.classCount);
      expect(model).toMatchObject({
        name,
        provider: 'cpu',
        featuresTensor: expected.featuresTensor,
        logitsTensor: expected.logitsTensor,
        notes: expected.notes.map(modelNoteInWords),
        precision: expected.precision ?? 'float32',
        batchSize: expected.batchSize ?? null,
      });
      if (expected.layout) expect(model.layout).toBe(expected.layout);
      if (expected.imageSize) expect(model.imageSize).toEqual(expected.imageSize);
    } finally {
      await model.release();
    }
  });
});

describe('refused at load', () => {
  test.each(refused.map((each) => [each.name, each] as const))('%s', async (name, { parts, options }) => {
    const loading = loadModel(modelFile(name), options);
    await expect(loading).rejects.toBeInstanceOf(FeatReconstructError);
    for (const part of parts) await expect(loading).rejects.toThrow(part);
  });
});

test('a description is what loading finds, without a session', async () => {
  const description = await describeModel(modelFile('torch_dynamo_net'));
  const model = await loadModel(modelFile('torch_dynamo_net'));
  await model.release();
  expect(model).toMatchObject(description);
  const bytes = readFileSync(modelFile('torch_dynamo_net'));
  expect(description.digest).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect(description).toMatchObject({
    inputName: 'x',
    inputType: 'float32',
    inputShape: [-1, 3, 6, 6],
    layout: 'nchw',
  });
});

test('a model may be given as bytes', async () => {
  const model = await loadModel(readFileSync(modelFile('matmul_add')), { name: 'mine' });
  expect(model.name).toBe('mine');
  await model.release();
});

describe('external data', () => {
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'model-')));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const source = modelFile('torch_dynamo_external');
  const expected = fixture('torch_dynamo_external');

  async function expectRuns(file: string): Promise<void> {
    const model = await loadModel(file);
    const { features, logits } = await model.run(batchOf(expected));
    await model.release();
    expect(relativeError(features, floats(expected.features))).toBeLessThan(1e-5);
    expect(relativeError(logits, floats(expected.logits))).toBeLessThan(1e-5);
  }

  test('the digest covers them', async () => {
    const digest = createHash('sha256')
      .update(readFileSync(source))
      .update(readFileSync(`${source}.data`));
    expect((await describeModel(source)).digest).toBe(digest.digest('hex'));
  });

  test('a Hub cache, where both files are links into a folder of blobs', async () => {
    mkdirSync(path.join(folder, 'blobs'));
    mkdirSync(path.join(folder, 'snapshots'));
    copyFileSync(source, path.join(folder, 'blobs', 'a'.repeat(40)));
    copyFileSync(`${source}.data`, path.join(folder, 'blobs', 'b'.repeat(40)));
    const link = path.join(folder, 'snapshots', path.basename(source));
    symlinkSync(`../blobs/${'a'.repeat(40)}`, link);
    symlinkSync(`../blobs/${'b'.repeat(40)}`, `${link}.data`);
    await expectRuns(link);
    expect((await describeModel(link)).name).toBe('torch_dynamo_external');
    expect((await describeModel(link)).digest).toBe((await describeModel(source)).digest);
  });

  test('a link to a model, with the data beside the real file', async () => {
    mkdirSync(path.join(folder, 'real'));
    copyFileSync(source, path.join(folder, 'real', 'm.onnx'));
    copyFileSync(`${source}.data`, path.join(folder, 'real', path.basename(`${source}.data`)));
    symlinkSync('real/m.onnx', path.join(folder, 'm.onnx'));
    await expectRuns(path.join(folder, 'm.onnx'));
  });

  test('a link out of the folder is refused, although the file is right', async () => {
    mkdirSync(path.join(folder, 'model'));
    copyFileSync(source, path.join(folder, 'model', 'm.onnx'));
    copyFileSync(`${source}.data`, path.join(folder, 'elsewhere'));
    symlinkSync('../elsewhere', path.join(folder, 'model', path.basename(`${source}.data`)));
    await expect(loadModel(path.join(folder, 'model', 'm.onnx'))).rejects.toThrow(coded('bad-input', 'outside'));
  });

  test('data that were cut short are refused', async () => {
    const data = readFileSync(`${source}.data`);
    copyFileSync(source, path.join(folder, 'm.onnx'));
    writeFileSync(path.join(folder, path.basename(`${source}.data`)), data.subarray(0, 100));
    await expect(loadModel(path.join(folder, 'm.onnx'))).rejects.toThrow(coded('damaged', 'm.onnx'));
  });

  test('bytes have no folder', async () => {
    await expect(loadModel(readFileSync(source))).rejects.toThrow(coded('bad-input', 'path'));
  });
});

describe('bad input', () => {
  test('a missing file, a folder', async () => {
    await expect(loadModel('/nowhere/m.onnx')).rejects.toThrow(coded('not-found', '/nowhere/m.onnx'));
    await expect(loadModel(tmpdir())).rejects.toThrow(coded('not-found'));
  });

  test('a damaged file is named', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'model-'));
    const file = path.join(folder, 'cut.onnx');
    writeFileSync(file, readFileSync(modelFile('opset17')).subarray(0, 700));
    await expect(loadModel(file)).rejects.toThrow(file);
    rmSync(folder, { recursive: true });
  });

  test('batches of another shape or type', async () => {
    const model = await loadModel(modelFile('matmul_add'));
    const data = new Float32Array(12);
    await expect(model.run({ type: 'float32', data, dims: [3, 4] })).rejects.toThrow('[n, 6]');
    await expect(model.run({ type: 'float32', data, dims: [3, 6] })).rejects.toThrow('12 numbers');
    await expect(model.run({ type: 'int32', data: new Int32Array(12), dims: [2, 6] })).rejects.toThrow(
      coded('bad-input', 'int32'),
    );
    await model.release();
  });

  test('an imageSize that the graph does not take', async () => {
    await expect(describeModel(modelFile('opset17'), { imageSize: 32 })).rejects.toBeInstanceOf(UsageError);
  });
});

test('open height and width are 224 unless told otherwise', async () => {
  expect((await describeModel(modelFile('open_size'))).imageSize).toEqual([224, 224]);
  expect((await describeModel(modelFile('open_size'), { imageSize: [8, 10] })).imageSize).toEqual([8, 10]);
});

test('a batch of nothing gives nothing', async () => {
  const model = await loadModel(modelFile('batch2'));
  const { features, logits } = await model.run({ type: 'float32', data: new Float32Array(0), dims: [0, 3, 6, 6] });
  expect([features.length, logits.length]).toEqual([0, 0]);
  await model.release();
});

test('a head that is not what the graph computes is refused with figures', async () => {
  // The sum of each class over the batch is added, which for a batch of one is that row.
  const bytes = buildModel({
    inputs: [{ name: 'x', type: 'float32', dims: ['n', 2] }],
    outputs: [{ name: 'y', type: 'float32', dims: ['n', 2] }],
    nodes: [
      { op: 'Relu', inputs: ['x'], outputs: ['f'] },
      { op: 'MatMul', inputs: ['f', 'w'], outputs: ['p'] },
      { op: 'ReduceSum', inputs: ['p', 'axes'], outputs: ['s'] },
      { op: 'Add', inputs: ['p', 's'], outputs: ['y'] },
    ],
    constants: [
      { name: 'w', type: 'float32', dims: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
      { name: 'axes', type: 'int64', dims: [1], data: BigInt64Array.of(0n) },
    ],
  });
  await expect(loadModel(bytes)).rejects.toThrow(coded('mismatch'));
});

test('a tapped output is inferred by ONNX Runtime', async () => {
  const bytes = readFileSync(modelFile('torch_script_net'));
  const session = await createSession(tapModel(bytes, [fixture('torch_script_net').featuresTensor]));
  expect(session.outputs.map(({ type, dims }) => [type, dims])).toEqual([
    ['float32', [-1, 6]],
    ['float32', [-1, 8]],
  ]);
  await session.release();
});

test('no name of a file or a session outlives the model', async () => {
  const model: Model = await loadModel(modelFile('matmul_add'));
  await model.release();
  await expect(model.run(batchOf(fixture('matmul_add')))).rejects.toThrow();
});
