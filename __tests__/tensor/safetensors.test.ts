import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { NdArray } from 'ndarray';
import {
  bfloat16ToFloat32,
  createSafetensors,
  denseData,
  float16ToFloat32,
  float32ToFloat16,
  openSafetensors,
  readSafetensors,
  toNdArray,
  writeSafetensors,
} from '../../lib/tensor/index.js';
import type { TensorSpec } from '../../lib/tensor/index.js';
import { fileError } from '../../lib/bytes/files.js';
import { fixture, scratchFolder, values } from './scratch.js';
import { coded } from '../support/coded.js';

const scratch = scratchFolder();
const reference = fixture('reference.safetensors');
const sha = (array: ArrayBufferView): string =>
  createHash('sha256')
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest('hex');

/** A file of a header, as text, and data. */
const file = (header: string, data = Buffer.alloc(0)): Buffer => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), data]);
};

describe('reading what the safetensors package wrote', () => {
  test.each([
    ['float64', 'F64', 'float64', values(12)],
    ['float32', 'F32', 'float32', values(12)],
    ['float16', 'F16', 'float32', values(12)],
    ['bfloat16', 'BF16', 'float32', values(12)],
    ['int64', 'I64', 'bigint64', null],
    ['int32', 'I32', 'int32', null],
    ['int16', 'I16', 'int16', null],
    ['int8', 'I8', 'int8', null],
    ['uint8', 'U8', 'uint8', null],
  ])('%s', async (name, dtype, arrayType, expected) => {
    const opened = await openSafetensors(reference);
    expect(opened.tensors.get(name)).toMatchObject({ dtype, shape: [4, 3] });
    const numbers = expected ?? Array.from({ length: 12 }, (_, i) => i);
    const array = await opened.read(name);
    expect([array.dtype, Array.from(denseData(array))]).toEqual([arrayType, numbers]);
    const rows = opened.rows(name);
    expect([rows.rows, rows.cols]).toEqual([4, 3]);
    expect(rows.dtype).toBe(
      /16$/.test(name) && !name.startsWith('i') ? 'float16' : name === 'float32' ? 'float32' : 'float64',
    );
    expect(Array.from(await rows.read(2, 4))).toEqual(numbers.slice(6));
    await opened.close();
  });

  test('bools, scalars, empty tensors and metadata', async () => {
    const { tensors, metadata } = await readSafetensors(reference);
    expect(metadata).toEqual({ 'made by': 'safetensors ✓' });
    expect(Object.keys(tensors).length).toBe(12);
    expect(tensors.bool.data).toEqual(Uint8Array.of(1, 0, 1));
    expect(tensors.scalar.get()).toBe(2.5);
    expect(tensors.empty.shape).toEqual([0, 7]);
  });

  test('only the tensors asked for; an unknown name is answered with those there are', async () => {
    const { tensors } = await readSafetensors(readFileSync(reference), ['float32']);
    expect(Object.keys(tensors)).toEqual(['float32']);
    await expect(readSafetensors(reference, ['logits'])).rejects.toThrow(coded('not-found', "'logits'"));
    await expect(readSafetensors(reference, ['logits'])).rejects.toThrow("'bfloat16'");
  });

  test('tensors that start at any byte', async () => {
    const data = Buffer.concat([Buffer.from([1]), Buffer.from(Float32Array.from(values(4)).buffer)]);
    const header = {
      odd: { dtype: 'U8', shape: [1], data_offsets: [0, 1] },
      x: { dtype: 'F32', shape: [2, 2], data_offsets: [1, 17] },
    };
    writeFileSync(scratch('odd.safetensors'), file(JSON.stringify(header), data));
    const opened = await openSafetensors(scratch('odd.safetensors'));
    expect(Array.from(await opened.rows('x').read(1, 2))).toEqual(values(4).slice(2));
    await opened.close();
  });
});

describe('what is no safetensors file is refused', () => {
  const good = readFileSync(reference);
  const entry = (dtype: string, shape: unknown, offsets: unknown) =>
    `{"x":${JSON.stringify({ dtype, shape, data_offsets: offsets })}}`;
  const eight = Buffer.alloc(8);
  const huge = Buffer.alloc(16, 0xff);
  test.each<[string, Buffer, string | Error]>([
    ['empty', Buffer.alloc(0), '0 bytes'],
    ['cut within the length', good.subarray(0, 5), '5 bytes'],
    ['a length beyond the file', huge, coded('damaged', 'header')],
    ['cut within the header', good.subarray(0, 100), coded('damaged', 'header', 100)],
    ['cut within the data', good.subarray(0, -1), coded('damaged', 'asks')],
    ['bytes left over', Buffer.concat([good, eight]), coded('damaged', 'asks')],
    ['no JSON', file('{"x":'), coded('damaged', 'JSON')],
    ['a JSON array', file('[]'), coded('damaged', 'JSON')],
    ['no UTF-8', Buffer.concat([file('{}').subarray(0, 8), Buffer.from([0xc3, 0x28])]), coded('damaged', 'JSON')],
    ['metadata that are no texts', file('{"__metadata__":{"a":1}}'), coded('damaged', 'texts')],
    ['an entry without offsets', file('{"x":{"dtype":"F32","shape":[1]}}'), coded('damaged', "'x'")],
    ['a negative size', file(entry('F32', [-1], [0, 4]), eight), coded('damaged', "'x'")],
    ['a shape of fractions', file(entry('F32', [1.5], [0, 6]), eight), coded('damaged', "'x'")],
    ['an overflowing shape', file(entry('F32', [2 ** 40, 2 ** 40], [0, 8]), eight), 'addressed'],
    ['an unknown type', file(entry('F7', [2], [0, 8]), eight), coded('bad-input', "'x'", 'F7')],
    ['a size that is not the shape’s', file(entry('F32', [3], [0, 8]), eight), 'takes 12'],
    ['offsets the wrong way round', file(entry('F32', [2], [8, 0]), eight), '-8 bytes'],
    ['offsets out of bounds', file(entry('F32', [4], [0, 16]), eight), coded('damaged', 'asks')],
    ['a hole before a tensor', file(entry('F32', [1], [4, 8]), eight), coded('damaged', 'byte 0')],
    [
      'tensors that overlap',
      file(
        '{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
        eight,
      ),
      coded('damaged', 'byte 8'),
    ],
  ])('%s', async (_, bytes, message) => {
    writeFileSync(scratch('bad.safetensors'), bytes);
    await expect(openSafetensors(scratch('bad.safetensors'))).rejects.toThrow(message);
    await expect(readSafetensors(bytes)).rejects.toThrow(expect.objectContaining({ name: 'FeatReconstructError' }));
  });
});

describe('writing', () => {
  test('comes out byte for byte as the safetensors package writes it', async () => {
    const { tensors, metadata } = await readSafetensors(reference);
    const bits = (name: string): NdArray => {
      const float = Buffer.from((tensors[name].data as unknown as Float32Array).buffer);
      // bfloat16 is the upper half of a float32.
      return toNdArray(
        new Uint16Array(float.buffer, float.byteOffset).filter((_, i) => i % 2),
        [4, 3],
      ) as unknown as NdArray;
    };
    await writeSafetensors(
      scratch('out.safetensors'),
      {
        ...tensors,
        bool: { array: tensors.bool, dtype: 'BOOL' },
        float16: { array: tensors.float16, dtype: 'F16' },
        bfloat16: { array: bits('bfloat16'), dtype: 'BF16' },
      },
      metadata,
    );
    expect(readFileSync(scratch('out.safetensors'))).toEqual(readFileSync(reference));
  });

  test('strided and reversed views', async () => {
    const x = toNdArray(Float64Array.from(values(12)), [4, 3]);
    await writeSafetensors(scratch('s.safetensors'), { x: x.transpose(1, 0).step(-1, 2) });
    const { tensors } = await readSafetensors(scratch('s.safetensors'));
    expect([tensors.x.shape, Array.from(denseData(tensors.x))]).toEqual([
      [3, 2],
      [-2, 1, -2.5, 0.5, -3, 0],
    ]);
  });

  test('a conversion that is not offered is wrong usage', async () => {
    const array = toNdArray(Int32Array.of(1), [1]);
    await expect(writeSafetensors(scratch('u.safetensors'), { x: { array, dtype: 'F32' } })).rejects.toThrow(
      coded('usage', "'x'", 'F32', 'Int32Array'),
    );
    expect(existsSync(scratch('u.safetensors'))).toBe(false);
  });
});

describe('createSafetensors', () => {
  const layout: TensorSpec[] = [
    { name: 'labels', dtype: 'I32', shape: [6] },
    { name: 'features', dtype: 'F32', shape: [6, 4] },
    { name: 'half', dtype: 'F16', shape: [6, 2] },
  ];
  const features = Float32Array.from(values(24));
  const half = Float32Array.from(values(12));
  const labels = Int32Array.from([5, 4, 3, 2, 1, 0]);

  test('is the file that writeSafetensors makes, in whatever pieces it is written and resumed', async () => {
    const metadata = { key: 'abc' };
    const path = scratch('stream.safetensors');
    const first = await createSafetensors(path, layout, metadata);
    await first.writeRows('features', 2, features.subarray(8));
    await first.writeRows('labels', 0, labels);
    await first.sync();
    await first.close();
    // What was never written is 0, and the file can be read all the same.
    const { tensors } = await readSafetensors(path);
    expect(Array.from(denseData(tensors.features).subarray(0, 9))).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1]);
    const second = await createSafetensors(path, layout, metadata, { resume: true });
    await second.writeRows('features', 0, features.subarray(0, 8));
    await second.writeRows('half', 0, half.subarray(0, 2));
    await second.writeRows('half', 1, float32ToFloat16(half.subarray(2)));
    await second.close();
    await writeSafetensors(
      scratch('whole.safetensors'),
      {
        features: toNdArray(features, [6, 4]),
        half: { array: toNdArray(half, [6, 2]), dtype: 'F16' },
        labels: toNdArray(labels, [6]),
      },
      metadata,
    );
    expect(readFileSync(path)).toEqual(readFileSync(scratch('whole.safetensors')));
  });

  test('does not resume a file of another layout, metadata or length', async () => {
    const path = scratch('other.safetensors');
    const resume = (specs: TensorSpec[], metadata = {}) => createSafetensors(path, specs, metadata, { resume: true });
    await expect(resume(layout)).rejects.toThrow(coded('not-found'));
    await (await createSafetensors(path, layout)).close();
    await (await resume(layout)).close();
    const before = readFileSync(path);
    await expect(resume(layout.slice(1))).rejects.toThrow(coded('mismatch'));
    await expect(resume(layout, { a: 'b' })).rejects.toThrow(coded('mismatch'));
    expect(readFileSync(path)).toEqual(before);
    writeFileSync(path, before.subarray(0, -1));
    await expect(resume(layout)).rejects.toThrow(coded('mismatch'));
  });

  test('refuses what does not fit', async () => {
    const writer = await createSafetensors(scratch('fit.safetensors'), layout);
    await expect(writer.writeRows('features', 5, features.subarray(0, 8))).rejects.toThrow(coded('usage', '5'));
    await expect(writer.writeRows('features', 0, features.subarray(0, 3))).rejects.toThrow(coded('usage', '16'));
    await expect(writer.writeRows('features', 0, new Float64Array(4))).rejects.toThrow('Float64Array');
    await expect(writer.writeRows('logits', 0, features)).rejects.toThrow("found 'logits'");
    await writer.close();
  });

  test('rows beyond 2 GiB', async () => {
    const rows = 600_000;
    const large = await createSafetensors(scratch('large.safetensors'), [
      { name: 'x', dtype: 'F32', shape: [rows, 1000] },
    ]);
    await large.writeRows(
      'x',
      rows - 2,
      Float32Array.from({ length: 2000 }, (_, i) => i),
    );
    await large.close();
    const opened = await openSafetensors(scratch('large.safetensors'));
    const read = await opened.rows('x').read(rows - 3, rows);
    expect([read.length, read[999], read[1001], read[2999]]).toEqual([3000, 0, 1, 1999]);
    await opened.close();
  });
});

describe('16-bit floats', () => {
  test('float32 to float16 rounds as NumPy does', async () => {
    const { tensors } = await readSafetensors(fixture('halves.safetensors'));
    const bits = float32ToFloat16(tensors.float32.data as unknown as Float32Array);
    expect(Array.from(new Int16Array(bits.buffer))).toEqual(Array.from(tensors.float16.data as unknown as Int16Array));
    expect(float32ToFloat16(Float32Array.of(NaN))[0] & 0x7fff).toBeGreaterThan(0x7c00);
  });

  test('every float16 and bfloat16 stands for the number that NumPy has', async () => {
    const { metadata } = await readSafetensors(fixture('halves.safetensors'));
    const every = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const isNumber = (bits: number): boolean => (bits & 0x7fff) <= 0x7c00;
    expect(sha(float16ToFloat32(every.filter(isNumber)))).toBe(metadata.float16);
    expect(sha(bfloat16ToFloat32(every))).toBe(metadata.bfloat16);
    expect(float16ToFloat32(every.filter((bits) => !isNumber(bits))).every(Number.isNaN)).toBe(true);
  });
});

test.each([
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
  ['EACCES', 'permission'],
  ['ENOENT', 'exist'],
  ['EIO', 'EIO'],
])('%s is a sentence for people', (code, word) => {
  const error = fileError(Object.assign(new Error(code), { code }), 'a/store.safetensors', 'write');
  expect(error.message).toContain(word);
  expect(error.message).toContain("'a/store.safetensors'");
  expect(error.exitCode).toBe(1);
});
