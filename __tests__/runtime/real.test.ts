import path from 'node:path';
import { loadModel } from '../../lib/runtime/index.js';

const folder = process.env.FEATRECONSTRUCT_MODELS;
const real = folder ? describe : describe.skip;

/** d, c, size and head as the models' makers say. */
const models: [string, number, number, number, string][] = [
  ['efficientnet_lite0', 1280, 1000, 224, 'Gemm'],
  ['efficientnet_lite1', 1280, 1000, 240, 'Gemm'],
  ['mobilenet_v1_025', 256, 1000, 224, 'Conv'],
  ['vit_tiny_patch16_224', 192, 1000, 224, 'Gemm'],
  ['resnet20_cifar10', 64, 10, 32, 'Gemm'],
  ['resnet20_cifar100', 64, 100, 32, 'Gemm'],
  ['resnet56_cifar10', 64, 10, 32, 'Gemm'],
];

real('pretrained models (needs FEATRECONSTRUCT_MODELS)', () => {
  test.each(models)('%s', async (name, d, c, size, op) => {
    const model = await loadModel(path.join(folder!, `${name}.onnx`));
    await model.release();
    expect(model).toMatchObject({
      name,
      featureDim: d,
      classCount: c,
      imageSize: [size, size],
      layout: 'nchw',
      batchSize: null,
      precision: 'float32',
    });
    expect(model.headNode).toMatch(new RegExp(`^${op} `));
    expect(model.notes.length).toBe(name === 'mobilenet_v1_025' ? 1 : 0);
  });
});
