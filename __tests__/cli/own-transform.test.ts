import { describe, expect, it } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openStore } from '../../lib/extract/index.js';
import { buildModel } from '../../lib/onnx/index.js';
import { describeModel } from '../../lib/runtime/index.js';
import { toNdArray, writeNpy } from '../../lib/tensor/index.js';
import { writeBmp } from './pixels.js';
import { runCli, temporaryFolder, writeCifar, writeClassifier, writeVectorClassifier } from './support.js';

const folder = temporaryFolder();
const at = (...parts: string[]): string => path.join(folder, ...parts);

async function extracted(model: string, dataset: string, ...more: string[]) {
  const store = at(`${Math.random()}.safetensors`);
  const { code, stdout, stderr } = await runCli(
    ['extract', '--model', model, '--dataset', dataset, '--store', store, '--quiet', ...more],
    { env: { FEATRECONSTRUCT_DATA: at('data') } },
  );
  if (code !== 0) throw new Error(stderr);
  const opened = await openStore(store);
  await opened.close();
  return { stdout, transform: opened.provenance.transform! };
}

describe('the transform that nobody asks for', () => {
  it('is the model’s own, else the published one on CIFAR and the usual one on photographs, said in a line', async () => {
    const stating = await writeClassifier(at('stating.onnx'), { d: 4, c: 6, states: '{"name":"timm","mean":0.5}' });
    const silent = await writeClassifier(at('silent.onnx'), { d: 4, c: 6 });
    await writeCifar(at('data'), { train: 20, test: 20 });
    await mkdir(at('photos'));
    for (let i = 0; i < 3; i++) await writeBmp(at('photos', `${i}.bmp`), 20 + i, 30);

    for (const images of ['cifar10:test', `folder:${at('photos')}`]) {
      expect((await extracted(stating, images)).transform).toMatchObject({ name: 'timm', mean: [0.5, 0.5, 0.5] });
      expect((await extracted(stating, images, '--transform', 'protocol')).transform.name).toBe('protocol');
    }
    const onCifar = await extracted(silent, 'cifar10:test');
    expect(onCifar.transform.name).toBe('protocol');
    expect(onCifar.stdout).not.toContain('assumed');
    const onPhotos = await extracted(silent, `folder:${at('photos')}`);
    expect(onPhotos.transform.name).toBe('imagenet');
    expect(onPhotos.stdout).toMatch(/! silent states no transform.*assumed/);
    // Numbers alone take the place of the default's.
    const given = await extracted(stating, 'cifar10:test', '--std', '0.25');
    expect(given.transform).toMatchObject({ name: 'timm', mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
    const bgr = await extracted(silent, `folder:${at('photos')}`, '--channels', 'bgr');
    expect(bgr.transform).toMatchObject({ name: 'imagenet', channels: 'bgr' });
    expect(bgr.stdout).toContain('is assumed');
  });
});

describe('--logits-tensor', () => {
  it.each([
    ['sweep', '--source', 'MODEL', '--train', 'T', '--test', 'T', '--out', 'o'],
    ['audit', 'MODEL', 'T', '--out', 'o'],
    ['run', '1', '--source', 'MODEL', '--train', 'T', '--test', 'T', '--out', 'o'],
    ['evaluate', '--head', 'MODEL', '--features', 'x.npy', '--logits', 'x.npy'],
    ['fit', '--x', 'x.npy', '--y', 'x.npy', '--out', 'm', '--prior', 'MODEL'],
  ])('is heard by %s', async (...args) => {
    const model = await writeVectorClassifier(at('vectors.onnx'));
    await writeNpy(at('x.npy'), toNdArray(new Float32Array(24), [4, 6]));
    const call = args.map((arg) => (arg === 'MODEL' ? model : arg === 'T' ? 'tensors:x.npy' : arg));
    const { code, stderr } = await runCli([...call, '--logits-tensor', 'nowhere'], { cwd: folder });
    expect(stderr).toContain("Expected --logits-tensor to name a tensor of the graph, found no 'nowhere'");
    expect(code).toBe(2);
  });

  it('is asked for by name among several models', async () => {
    const [one, two] = [await writeVectorClassifier(at('one.onnx')), await writeVectorClassifier(at('two.onnx'))];
    const run = (tensor: string) =>
      runCli(
        [
          'run',
          '4',
          '--models',
          one,
          two,
          '--train',
          'tensors:x.npy',
          '--test',
          'tensors:x.npy',
          '--out',
          'o',
          '--logits-tensor',
          tensor,
        ],
        { cwd: folder },
      );
    expect((await run('logits')).stderr).toMatch(/NAME=TENSOR.*one, two/);
    expect((await run('two=nowhere')).stderr).toContain("found no 'nowhere'");
  });
});

describe('an input that is open in all dimensions', () => {
  it('has the channels of a convolution behind a cast and a pad', async () => {
    const bytes = buildModel({
      inputs: [{ name: 'x', type: 'float32', dims: ['n', 'a', 'b', 'c'] }],
      outputs: [{ name: 'logits', type: 'float32', dims: ['n', 5] }],
      nodes: [
        { op: 'Cast', inputs: ['x'], outputs: ['cast'], attributes: { to: { int: 1 } } },
        { op: 'Pad', inputs: ['cast', 'pads'], outputs: ['padded'] },
        { op: 'Conv', inputs: ['padded', 'kernel'], outputs: ['map'], attributes: { kernel_shape: { ints: [2, 2] } } },
        { op: 'GlobalAveragePool', inputs: ['map'], outputs: ['pooled'] },
        { op: 'Flatten', inputs: ['pooled'], outputs: ['features'] },
        { op: 'Gemm', inputs: ['features', 'w'], outputs: ['logits'], attributes: { transB: { int: 1 } } },
      ],
      constants: [
        { name: 'pads', type: 'int64', dims: [8], data: BigInt64Array.from([0, 0, 1, 1, 0, 0, 1, 1], BigInt) },
        {
          name: 'kernel',
          type: 'float32',
          dims: [4, 3, 2, 2],
          data: Float32Array.from({ length: 48 }, (_, i) => Math.sin(i)),
        },
        { name: 'w', type: 'float32', dims: [5, 4], data: Float32Array.from({ length: 20 }, (_, i) => Math.cos(i)) },
      ],
    });
    expect(await describeModel(bytes)).toMatchObject({ layout: 'nchw', inputShape: [-1, 3, -1, -1] });
  });

  it('of quantised layers is refused as quantised', async () => {
    const file = at('quantised.onnx');
    await writeFile(
      file,
      buildModel({
        inputs: [{ name: 'x', type: 'float32', dims: ['n', 6] }],
        outputs: [{ name: 'logits', type: 'float32', dims: ['n', 5] }],
        nodes: [
          { op: 'DynamicQuantizeLinear', inputs: ['x'], outputs: ['q', 's', 'z'] },
          { op: 'MatMulInteger', inputs: ['q', 'w', 'z'], outputs: ['whole'] },
          { op: 'Cast', inputs: ['whole'], outputs: ['cast'], attributes: { to: { int: 1 } } },
          { op: 'Mul', inputs: ['cast', 's'], outputs: ['logits'] },
        ],
        constants: [{ name: 'w', type: 'int8', dims: [6, 5], data: new Int8Array(30).fill(3) }],
      } as unknown as Parameters<typeof buildModel>[0]),
    );
    await expect(describeModel(file)).rejects.toThrow(/quantised layer, MatMulInteger/);
  });
});
