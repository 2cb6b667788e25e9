import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import ndarray from 'ndarray';
import { denseData, openNpy, readNpy, toNdArray, writeNpy } from '../../lib/tensor/index.js';
import { fixture, scratchFolder, values } from './scratch.js';
import { coded } from '../support/coded.js';

const scratch = scratchFolder();

const integers = Array.from({ length: 12 }, (_, i) => i);
const types: [string, string, number[]][] = [
  ['f2', 'float32', values(12)],
  ['f4', 'float32', values(12)],
  ['f8', 'float64', values(12)],
  ...['i1', 'i2', 'i4', 'i8'].map((code): [string, string, number[]] => [
    code,
    code === 'i8' ? 'bigint64' : `int${Number(code[1]) * 8}`,
    integers.map((i) => i - 5),
  ]),
  ...['u1', 'u2', 'u4', 'u8'].map((code): [string, string, number[]] => [
    code,
    code === 'u8' ? 'biguint64' : `uint${Number(code[1]) * 8}`,
    integers,
  ]),
  ['b1', 'uint8', integers.map((i) => i % 2)],
];
const files = types.flatMap(([code, dtype, expected]) =>
  ['little', 'big']
    .map((order) => `${code}-${order}-1`)
    .filter((name) => existsSync(fixture(`${name}.npy`)))
    .map((name) => [name, dtype, expected] as const),
);

describe('reading .npy files that NumPy wrote', () => {
  test('every type is there', () => expect(files.length).toBe(21));

  test.each(files)('%s', async (name, dtype, expected) => {
    const array = await readNpy(fixture(`${name}.npy`));
    expect([array.dtype, array.shape]).toEqual([dtype, [4, 3]]);
    expect(Array.from(denseData(array))).toEqual(expected);
    const file = await openNpy(fixture(`${name}.npy`));
    expect([file.rows, file.cols, file.shape]).toEqual([4, 3, [4, 3]]);
    expect(Array.from(await file.read(1, 3))).toEqual(expected.slice(3, 9));
    expect(Array.from(await file.readItems(3, 4), Number)).toEqual(expected.slice(9));
    await file.close();
  });

  test.each(['f4-little-2', 'f4-little-3', 'f4-fortran-1'])('%s', async (name) => {
    const array = await readNpy(readFileSync(fixture(`${name}.npy`)));
    expect(array.shape).toEqual([4, 3]);
    expect(Array.from(denseData(array))).toEqual(values(12));
    const file = await openNpy(fixture(`${name}.npy`));
    expect(Array.from(await file.read(1, 4))).toEqual(values(12).slice(3));
    await file.close();
  });

  test('Fortran order in three dimensions', async () => {
    const expected = Array.from({ length: 24 }, (_, i) => i);
    const array = await readNpy(fixture('i8-fortran3d-1.npy'));
    expect(array.shape).toEqual([2, 3, 4]);
    expect(Array.from(denseData(array))).toEqual(expected);
    const file = await openNpy(fixture('i8-fortran3d-1.npy'));
    expect([file.rows, file.cols, file.type]).toEqual([2, 12, 'int64']);
    expect(await file.readItems(1, 2)).toEqual(BigInt64Array.from(expected.slice(12), BigInt));
    await file.close();
  });

  test('scalars, vectors and empty arrays', async () => {
    expect((await readNpy(fixture('f8-scalar-1.npy'))).get()).toBe(2.5);
    expect((await readNpy(fixture('f4-vector-1.npy'))).shape).toEqual([5]);
    const vector = await openNpy(fixture('f4-vector-1.npy'));
    expect([vector.rows, vector.cols, await vector.read(3, 5)]).toEqual([5, 1, Float32Array.of(-1.5, -1)]);
    await vector.close();
    const empty = await openNpy(fixture('f4-empty-1.npy'));
    expect([empty.rows, empty.cols, await empty.read(0, 0)]).toEqual([0, 3, new Float32Array(0)]);
    await empty.close();
  });

  test('rows beyond the end are refused', async () => {
    const file = await openNpy(fixture('f4-little-1.npy'));
    await expect(file.read(3, 5)).rejects.toThrow(coded('bad-input', '0', '4', '3', '5'));
    await file.close();
  });
});

describe('what is no .npy file of numbers is refused', () => {
  const good = readFileSync(fixture('f4-little-1.npy'));
  const header = (text: string): Buffer => {
    const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8]);
    return Buffer.concat([start, Buffer.from(text)]);
  };
  test.each<[string, Buffer, string | Error]>([
    ['empty', Buffer.alloc(0), 'no .npy header'],
    ['text', Buffer.from('a,b\n1,2\n3,4\n5,6\n'), 'no .npy header'],
    ['cut within the first bytes', good.subarray(0, 9), 'no .npy header'],
    ['cut within the header', good.subarray(0, 60), coded('damaged', 118, 60)],
    ['cut within the data', good.subarray(0, -4), coded('damaged', 172, 176)],
    ['longer than its header says', Buffer.concat([good, good]), coded('damaged', 352, 176)],
    ['of a later version', Buffer.concat([good.subarray(0, 6), Buffer.from([4]), good.subarray(7)]), 'version 4'],
    ['without a shape', header("{'descr': '<f4', 'fortran_order': False, }"), coded('damaged', 'header')],
    ['too large', header("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 99999999), }"), 'addressed'],
    ['structured', readFileSync(fixture('structured.npy')), coded('bad-input', 'numbers')],
    ['complex', readFileSync(fixture('complex.npy')), coded('bad-input', 'numbers')],
    ['pickled objects', readFileSync(fixture('object.npy')), coded('bad-input', 'numbers')],
  ])('%s', async (_, bytes, message) => {
    await expect(readNpy(bytes)).rejects.toThrow(message);
    await expect(readNpy(bytes)).rejects.toThrow(expect.objectContaining({ name: 'FeatReconstructError' }));
    const file = scratch('bad.npy');
    writeFileSync(file, bytes);
    await expect(openNpy(file)).rejects.toThrow(`'${file}'`);
  });

  test('a missing file, a folder', async () => {
    await expect(readNpy(scratch('none.npy'))).rejects.toThrow(coded('not-found', scratch('none.npy')));
    await expect(openNpy(path.dirname(scratch('x')))).rejects.toThrow(coded('bad-input', 'folder'));
  });
});

describe('writing .npy', () => {
  test.each(files.filter(([name]) => name.includes('little') && !/^(f2|b1)/.test(name)))(
    '%s comes out byte for byte as NumPy writes it',
    async (name) => {
      await writeNpy(scratch('out.npy'), await readNpy(fixture(`${name}.npy`)));
      expect(readFileSync(scratch('out.npy'))).toEqual(readFileSync(fixture(`${name}.npy`)));
    },
  );

  test.each(['f8-scalar-1', 'f4-vector-1', 'f4-empty-1'])('%s too', async (name) => {
    await writeNpy(scratch('out.npy'), await readNpy(fixture(`${name}.npy`)));
    expect(readFileSync(scratch('out.npy'))).toEqual(readFileSync(fixture(`${name}.npy`)));
  });

  test('strided, reversed and plain arrays are written row-major', async () => {
    const array = toNdArray(Float32Array.from(values(12)), [4, 3]);
    await writeNpy(scratch('out.npy'), array.transpose(1, 0).step(-1, 1));
    const transposed = await readNpy(scratch('out.npy'));
    expect([transposed.shape, Array.from(denseData(transposed)).slice(0, 4)]).toEqual([
      [3, 4],
      [-2, -0.5, 1, 2.5],
    ]);
    await writeNpy(scratch('out.npy'), ndarray([1, 2, 3, 4], [2, 2]));
    expect((await readNpy(scratch('out.npy'))).data).toEqual(Float64Array.of(1, 2, 3, 4));
  });

  test('nothing is left where it cannot be written, and an old file stays', async () => {
    const array = toNdArray(Float32Array.of(1), [1]);
    await expect(writeNpy(scratch('no-such-folder/a.npy'), array)).rejects.toThrow(coded('not-found'));
    await writeNpy(scratch('old.npy'), array);
    const before = readdirSync(path.dirname(scratch('x'))).sort();
    // A folder of that name cannot be replaced by a file: the rename fails, after the data are written.
    await expect(writeNpy(path.dirname(scratch('x')), array)).rejects.toThrow(
      expect.objectContaining({ name: 'FeatReconstructError' }),
    );
    expect(readdirSync(path.dirname(scratch('x'))).sort()).toEqual(before);
    expect(readdirSync(path.dirname(path.dirname(scratch('x')))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

test('rows beyond 2 GiB and 4 GiB are read in ranges', async () => {
  const file = scratch('large.npy');
  const rows = 1_200_000;
  const cols = 1000;
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${cols}), }`.padEnd(117) + '\n';
  const start = Buffer.concat([readFileSync(fixture('f4-little-1.npy')).subarray(0, 10), Buffer.from(text)]);
  const handle = await open(file, 'w');
  await handle.write(start, 0, start.length, 0);
  await handle.truncate(128 + rows * cols * 4);
  const marks = [0, 600_000, rows - 1];
  for (const row of marks) {
    const mark = Buffer.from(Float32Array.of(row + 0.5).buffer);
    await handle.write(mark, 0, 4, 128 + (row * cols + 7) * 4);
  }
  await handle.close();
  const source = await openNpy(file);
  expect([source.rows, source.cols]).toEqual([rows, cols]);
  for (const row of marks) {
    const [values] = [await source.read(row, row + 1)];
    expect([values.length, values[6], values[7], values[8]]).toEqual([cols, 0, row + 0.5, 0]);
  }
  await source.close();
});
