import { beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FeatReconstructError } from '../../lib/base/index.js';
import {
  bindCheckpoint,
  checkpointTensors,
  drawn,
  drawnImages,
  openGraph,
  writeDrawnCheckpoint,
} from '../../lib/models/index.js';
import { describeModel, graphTolerance, loadModel, verifyGraph } from '../../lib/runtime/index.js';
import { createSafetensors, float32ToFloat16, type SafetensorsDtype } from '../../lib/tensor/index.js';
import { random, temporaryFolder } from '../cli/support.js';
import { coded } from '../support/coded.js';
import { layoutOf, writeRaw, writeZeros } from './support.js';

const folder = temporaryFolder();
const small = 'timm.tf_efficientnet_lite0';

test.each([
  'timm.resnet18',
  'timm.mobilenetv3_large_100',
  'timm.tf_efficientnet_lite0',
  'timm.vit_tiny_patch16_224',
  'transformers.vit-tiny-16',
])('%s computes what its own library does', async (name) => {
  const { differences } = await verifyGraph(name);
  expect(Object.keys(differences).sort()).toEqual(['features', 'logits']);
  for (const value of Object.values(differences)) expect(value).toBeLessThan(graphTolerance);
});

describe('the tensors of a checkpoint', () => {
  const layout = (dtype?: SafetensorsDtype) => layoutOf(small, dtype);
  const bind = async (): Promise<unknown> =>
    bindCheckpoint(await openGraph(small), path.join(folder, 'zeros.safetensors'));
  const zeros = (specs: Parameters<typeof writeZeros>[1]) => writeZeros(path.join(folder, 'zeros.safetensors'), specs);

  test('a missing one is named', async () => {
    await zeros((await layout()).filter(({ name }) => name !== 'conv_stem.weight'));
    await expect(bind()).rejects.toThrow(coded('mismatch', small, 'conv_stem.weight'));
  });

  test('one without a place is named, counters of batch norms are not', async () => {
    const counters = [{ name: 'bn1.num_batches_tracked', dtype: 'I64' as const, shape: [] }];
    await zeros([...(await layout()), ...counters]);
    await expect(bind()).resolves.toMatchObject({ classCount: 1000, notes: [] });
    await zeros([...(await layout()), { name: 'decoder.weight', dtype: 'F32', shape: [2] }]);
    await expect(bind()).rejects.toThrow(coded('mismatch', 'place', 'decoder.weight'));
  });

  test('one of another shape is named with both', async () => {
    await zeros(
      (await layout()).map((spec) => (spec.name === 'conv_stem.weight' ? { ...spec, shape: [32, 3, 5, 5] } : spec)),
    );
    await expect(bind()).rejects.toThrow(coded('mismatch', 'conv_stem.weight', '32 x 3 x 5 x 5', '32 x 3 x 3 x 3'));
  });

  test('those of the head count the classes, and must agree', async () => {
    const to = (weight: number, bias: number) => async () =>
      (await layout()).map((spec) => ({
        ...spec,
        shape:
          spec.name === 'classifier.weight' ? [weight, 1280] : spec.name === 'classifier.bias' ? [bias] : spec.shape,
      }));
    await zeros(await to(7, 7)());
    await expect(bind()).resolves.toMatchObject({ classCount: 7 });
    await zeros(await to(7, 8)());
    await expect(bind()).rejects.toThrow(coded('mismatch', '7', '8'));
  });

  test('whole numbers are none of its weights', async () => {
    await zeros((await layout()).map((spec) => (spec.name === 'bn1.weight' ? { ...spec, dtype: 'I32' } : spec)));
    await expect(bind()).rejects.toThrow(coded('mismatch', 'bn1.weight', 'I32'));
  });

  test('wrapped names (module.) are seen through', async () => {
    await zeros((await layout()).map((spec) => ({ ...spec, name: `module.${spec.name}` })));
    await expect(bind()).resolves.toMatchObject({ classCount: 1000 });
  });
});

describe('a checkpoint runs as it is published', () => {
  const images = { type: 'float32', data: drawnImages(224), dims: [2, 3, 224, 224] };
  const run = async (checkpoint: string): Promise<Float32Array> => {
    const model = await loadModel(checkpoint, { checkpoint: { graph: small } });
    const { logits } = await model.run(images);
    await model.release();
    return logits;
  };

  /** float32 numbers that float16 and bfloat16 hold as they are. */
  const coarse = (name: string, shape: readonly number[], gain: number): Float32Array => {
    const values = drawn(name, shape, gain);
    const bits = new Uint32Array(values.buffer);
    const smallest = 2 ** -14;
    // Seven bits of mantissa, and nothing below float16's normal numbers.
    for (let i = 0; i < bits.length; i++) {
      bits[i] &= 0xffff0000;
      if (values[i] < smallest && values[i] > -smallest) values[i] = 0;
    }
    return values;
  };

  const upperHalves = (values: Float32Array): Uint16Array => {
    const halves = new Uint16Array(values.buffer);
    const out = new Uint16Array(values.length);
    for (let i = 0; i < out.length; i++) out[i] = halves[2 * i + 1];
    return out;
  };

  async function write(checkpoint: string, dtype: SafetensorsDtype): Promise<void> {
    const graph = await openGraph(small);
    const writer = await createSafetensors(checkpoint, await layoutOf(small, dtype));
    for (const [name, shape] of graph.weights) {
      const values = coarse(name, shape, graph.gain);
      await writer.writeRows(
        name,
        0,
        dtype === 'F16'
          ? float32ToFloat16(values)
          : dtype === 'BF16'
            ? upperHalves(values)
            : dtype === 'F64'
              ? new Float64Array(values)
              : values,
      );
    }
    await writer.close();
  }

  test('in float16, bfloat16 and float64 as in float32', async () => {
    const plain = path.join(folder, 'plain.safetensors');
    await write(plain, 'F32');
    const expected = await run(plain);
    expect(new Set(expected).size).toBeGreaterThan(1000);
    for (const dtype of ['F16', 'BF16', 'F64'] as const) {
      const other = path.join(folder, `${dtype}.safetensors`);
      await write(other, dtype);
      expect(await run(other)).toEqual(expected);
      await rm(other);
    }
  });

  test('with other classes, behind the links of a cache, and at any place in the file', async () => {
    const graph = await openGraph(small);
    const cache = path.join(folder, 'models--a--b');
    await mkdir(path.join(cache, 'blobs'), { recursive: true });
    await mkdir(path.join(cache, 'snapshots', 'c0'), { recursive: true });
    const blob = path.join(cache, 'blobs', 'f00d');
    await writeDrawnCheckpoint(graph, blob, { classes: 5 });
    const link = path.join(cache, 'snapshots', 'c0', 'model.safetensors');
    await symlink('../../blobs/f00d', link);
    const linked = await run(link);
    expect(linked).toHaveLength(10);
    // A header of another length moves every tensor to bytes that are no multiple of 4.
    const bytes = await readFile(blob);
    const length = Number(bytes.readBigUInt64LE(0));
    const odd = path.join(folder, 'odd.safetensors');
    const header = bytes.toString('utf8', 8, 8 + length).trimEnd();
    await writeRaw(odd, header.padEnd(Math.ceil(header.length / 4) * 4 + 1), bytes.subarray(8 + length));
    expect(await run(odd)).toEqual(linked);
  });

  test('and is the same model wherever it lies', async () => {
    const at = path.join(folder, 'elsewhere.safetensors');
    const digest = async (checkpoint: string): Promise<string> => {
      const model = await describeModel(checkpoint);
      return model.digest;
    };
    await writeDrawnCheckpoint(await openGraph(small), at);
    const before = await digest(at);
    await rename(at, path.join(folder, 'moved.safetensors'));
    expect(await digest(path.join(folder, 'moved.safetensors'))).toBe(before);
  });
});

describe('malformed checkpoints', () => {
  const at = path.join(folder, 'bad.safetensors');
  const open = async (): Promise<unknown> => bindCheckpoint(await openGraph(small), at);

  test.each([
    ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n', 'damaged', 'lfs'],
    ['a web page', '<!DOCTYPE html><html><body>Sign in</body></html>', 'damaged', 'safetensors'],
    ['a pickle', Buffer.from([0x80, 2, 0x8a, 10, 1, 2, 3, 4, 5, 6]), 'damaged', 'safetensors'],
    ['nothing', '', 'damaged', '0 bytes'],
  ] as const)('%s is told', async (_, bytes, code, text) => {
    await writeFile(at, bytes);
    await expect(open()).rejects.toThrow(coded(code, text));
  });

  test('one that is cut short', async () => {
    await writeZeros(at, await layoutOf(small));
    await truncate(at, 1_000_000);
    await expect(open()).rejects.toThrow(coded('damaged', '1000000'));
  });

  describe('by the hundred', () => {
    let header = '';
    const data = new Uint8Array(4 * 6);
    beforeAll(() => {
      header = JSON.stringify({
        __metadata__: { format: 'pt' },
        'a.weight': { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
        'a.bias': { dtype: 'F32', shape: [2], data_offsets: [16, 24] },
      });
    });

    test('bytes that are changed, dropped or doubled: an error of ours, or a header that is good', async () => {
      const next = random(7);
      for (let i = 0; i < 400; i++) {
        const bytes = [...Buffer.from(header)];
        for (let changes = 1 + Math.floor(next() * 3); changes > 0; changes--) {
          const place = Math.floor(next() * bytes.length);
          const kind = next();
          if (kind < 0.4) bytes[place] = Math.floor(next() * 256);
          else if (kind < 0.7) bytes.splice(place, 1 + Math.floor(next() * 4));
          else bytes.splice(place, 0, ...bytes.slice(place, place + 1 + Math.floor(next() * 8)));
        }
        await writeRaw(at, Uint8Array.from(bytes), data);
        const failure = await checkpointTensors(at).then(
          (tensors) => {
            for (const { offset, byteLength } of tensors.values())
              expect(offset + byteLength).toBeLessThanOrEqual(8 + bytes.length + data.length);
            return null;
          },
          (error: unknown) => error,
        );
        if (failure !== null) expect(failure).toBeInstanceOf(FeatReconstructError);
      }
    });

    test.each([
      ['offsets past the end', { a: { dtype: 'F32', shape: [6], data_offsets: [8, 32] } }],
      ['offsets backwards', { a: { dtype: 'F32', shape: [6], data_offsets: [24, 0] } }],
      ['a hole', { a: { dtype: 'F32', shape: [5], data_offsets: [4, 24] } }],
      [
        'an overlap',
        {
          a: { dtype: 'F32', shape: [6], data_offsets: [0, 24] },
          b: { dtype: 'F32', shape: [6], data_offsets: [0, 24] },
        },
      ],
      ['a negative size', { a: { dtype: 'F32', shape: [-6], data_offsets: [0, 24] } }],
      ['a size beyond all numbers', { a: { dtype: 'F32', shape: [2 ** 40, 2 ** 40], data_offsets: [0, 24] } }],
      ['a type that is none', { a: { dtype: 'F33', shape: [6], data_offsets: [0, 24] } }],
      ['no shape', { a: { dtype: 'F32', data_offsets: [0, 24] } }],
      ['offsets of text', { a: { dtype: 'F32', shape: [6], data_offsets: ['0', '24'] } }],
      ['a tensor that is a list', { a: [] }],
      ['metadata of numbers', { __metadata__: { a: 1 }, a: { dtype: 'F32', shape: [6], data_offsets: [0, 24] } }],
    ])('%s', async (_, entries) => {
      await writeRaw(at, JSON.stringify(entries), data);
      await expect(checkpointTensors(at)).rejects.toThrow(FeatReconstructError);
    });
  });
});
