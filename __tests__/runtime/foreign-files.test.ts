import { describe, expect, it } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describeModel } from '../../lib/runtime/index.js';
import { runCli, temporaryFolder } from '../cli/support.js';
import { coded, naming } from '../support/coded.js';

const folder = temporaryFolder();

/** The first entry of a zip archive, as far as its name. */
function zip(name: string): Buffer {
  const header = Buffer.alloc(30);
  header.set([0x50, 0x4b, 3, 4]);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, Buffer.from(`${name}keras_version`)]);
}

const safetensors = (text: string): Buffer => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, Buffer.from(text)]);
};

describe('what is given as a model and is none', () => {
  it.each([
    ['empty.onnx', Buffer.alloc(0), coded('bad-input', 'empty')],
    ['lfs.onnx', Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'), coded('bad-input', 'lfs')],
    ['page.onnx', Buffer.from('\n<!DOCTYPE html><html>'), coded('bad-input', 'web')],
    ['packed.onnx', gzipSync('x'), /gunzip/],
    ['weights.pth', zip('weights/data.pkl'), /PyTorch.*torch\.onnx\.export/],
    ['scripted.pt', zip('scripted/version'), /PyTorch/],
    ['legacy.pt', Buffer.from([0x80, 2, 0x8a, 10]), /pickle.*skl2onnx/],
    ['weights.safetensors', safetensors('{"fc.weight":{"dtype":"F32"}}'), /fc\.weight/],
    [
      'other.safetensors',
      safetensors('{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'),
      coded('bad-input', '1 tensors'),
    ],
    ['model.keras', zip('metadata.json'), coded('bad-input', 'Keras')],
    ['model.h5', Buffer.from([0x89, 0x48, 0x44, 0x46, 13, 10]), /HDF5.*Keras/],
    ['model.tflite', Buffer.from('\x1c\0\0\0TFL3\0', 'latin1'), /Lite.*--tflite/],
    ['other.zip', zip('model.onnx'), coded('bad-input', 'unpack')],
    ['config.json', Buffer.from('{"a": 1}'), coded('bad-input', 'JSON')],
    ['graph.pb', Buffer.from([10, 3, 65, 66, 67]), /TensorFlow.*tf2onnx/],
  ])('is named: %s', async (name, bytes, message) => {
    const file = path.join(folder, name);
    await writeFile(file, bytes);
    await expect(describeModel(file)).rejects.toThrow(message);
  });

  it.each([
    ['saved', 'saved_model.pb', /SavedModel.*tf2onnx/],
    ['hub', 'pytorch_model.bin', coded('bad-input', 'optimum-cli')],
    ['parts', 'model-00001-of-00002.safetensors', coded('bad-input', 'parts')],
  ])('is named where it is a folder: %s', async (name, file, message) => {
    const own = path.join(folder, name);
    await mkdir(own);
    await writeFile(path.join(own, file), 'x');
    await expect(describeModel(own)).rejects.toThrow(message);
  });

  it('is told how a bare name becomes a file', async () => {
    const { code, stderr } = await runCli(['inspect', 'resnet19'], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toMatch(naming('resnet18'));
  });
});
