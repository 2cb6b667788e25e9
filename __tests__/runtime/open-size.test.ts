import { describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildModel } from '../../lib/onnx/index.js';
import { describeModel, loadModel } from '../../lib/runtime/index.js';
import { runCli, temporaryFolder } from '../cli/support.js';
import { naming } from '../support/coded.js';

const folder = temporaryFolder();

/** As exporters of Hugging Face write image models: all four dimensions of the input are open. */
function open({ last = false, channels = 3, side }: { last?: boolean; channels?: number; side?: number }): Uint8Array {
  const weights = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i + 1));
  return buildModel({
    inputs: [{ name: 'pixel_values', type: 'float32', dims: ['batch', 'a', 'b', 'c'] }],
    outputs: [{ name: 'logits', type: 'float32', dims: ['batch', 5] }],
    nodes: [
      ...(last
        ? [{ op: 'Transpose', inputs: ['pixel_values'], outputs: ['x'], attributes: { perm: { ints: [0, 3, 1, 2] } } }]
        : []),
      {
        op: 'Conv',
        inputs: [last ? 'x' : 'pixel_values', 'kernel'],
        outputs: ['map'],
        attributes: { kernel_shape: { ints: [2, 2] }, strides: { ints: [2, 2] } },
      },
      // A table of places fits one size alone, as a vision transformer's does.
      ...(side ? [{ op: 'Add', inputs: ['map', 'places'], outputs: ['placed'] }] : []),
      { op: 'GlobalAveragePool', inputs: [side ? 'placed' : 'map'], outputs: ['pooled'] },
      { op: 'Flatten', inputs: ['pooled'], outputs: ['features'] },
      { op: 'Gemm', inputs: ['features', 'w'], outputs: ['logits'], attributes: { transB: { int: 1 } } },
    ],
    constants: [
      { name: 'kernel', type: 'float32', dims: [4, channels, 2, 2], data: weights(16 * channels) },
      { name: 'w', type: 'float32', dims: [5, 4], data: weights(20) },
      ...(side
        ? [{ name: 'places', type: 'float32' as const, dims: [1, 4, side, side], data: weights(4 * side * side) }]
        : []),
    ],
  });
}

describe('an input that is open in all dimensions', () => {
  it.each([
    ['colours first', {}, [-1, 3, -1, -1], 'nchw'],
    ['colours last', { last: true }, [-1, -1, -1, 3], 'nhwc'],
    ['grey', { channels: 1 }, [-1, 1, -1, -1], 'nchw'],
  ] as const)('has the channels that its first convolution reads: %s', async (_, of, inputShape, layout) => {
    const model = await loadModel(open(of));
    await model.release();
    expect(model).toMatchObject({ inputShape, layout, imageSize: [224, 224], classCount: 5 });
    expect(model.notes.join()).toMatch(naming('224 x 224'));
  });

  it('takes the size that it is given, and assumes nothing then', async () => {
    const model = await describeModel(open({}), { imageSize: [8, 12] });
    expect(model).toMatchObject({ imageSize: [8, 12], notes: [] });
  });

  it('is run with --image-size, which the error names', async () => {
    const file = path.join(folder, 'open.onnx');
    await writeFile(file, open({ side: 8 }));
    const without = await runCli(['inspect', file]);
    expect(without.code).toBe(1);
    expect(without.stderr).toContain('--image-size');
    const { code, stdout } = await runCli(['inspect', file, '--image-size', '16']);
    expect(code).toBe(0);
    expect(stdout).toContain('n x 3 x 16 x 16 (nchw)');
    const store = path.join(folder, 'store.safetensors');
    const args = ['extract', '--model', file, '--dataset', 'synthetic:test[0:4]', '--store', store];
    expect((await runCli([...args, '--image-size', '16x16'])).code).toBe(0);
    const wrong = await runCli([...args, '--image-size', '16x16x3']);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('480x640') });
  });
});

it('the shape that a standardised weight is given tells the channels', async () => {
  const [kept, flat] = [
    [4, 3, 2, 2],
    [1, 4, 12],
  ];
  const model = buildModel({
    inputs: [{ name: 'pixel_values', type: 'float32', dims: ['batch', 'a', 'b', 'c'] }],
    outputs: [{ name: 'logits', type: 'float32', dims: ['batch', 5] }],
    nodes: [
      { op: 'Sub', inputs: ['flat', 'mean'], outputs: ['centred'] },
      { op: 'Reshape', inputs: ['centred', 'shape'], outputs: ['kernel'] },
      {
        op: 'Conv',
        inputs: ['pixel_values', 'kernel'],
        outputs: ['map'],
        attributes: { kernel_shape: { ints: [2, 2] } },
      },
      { op: 'GlobalAveragePool', inputs: ['map'], outputs: ['pooled'] },
      { op: 'Flatten', inputs: ['pooled'], outputs: ['features'] },
      { op: 'Gemm', inputs: ['features', 'w'], outputs: ['logits'], attributes: { transB: { int: 1 } } },
    ],
    constants: [
      { name: 'flat', type: 'float32', dims: flat, data: Float32Array.from({ length: 48 }, (_, i) => Math.sin(i)) },
      { name: 'mean', type: 'float32', dims: [1, 4, 1], data: Float32Array.of(0.1, 0.2, 0.1, 0) },
      { name: 'shape', type: 'int64', dims: [4], data: BigInt64Array.from(kept, BigInt) },
      { name: 'w', type: 'float32', dims: [5, 4], data: Float32Array.from({ length: 20 }, (_, i) => Math.cos(i)) },
    ],
  });
  const { layout, imageSize } = await loadModel(model);
  expect({ layout, imageSize }).toEqual({ layout: 'nchw', imageSize: [224, 224] });
});
