import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset } from '../../lib/datasets/index.js';
import { toNdArray, writeSafetensors } from '../../lib/tensor/index.js';
import { all, fixture, withFolder } from './support.js';
import { coded } from '../support/coded.js';

const spec = (file: string) => `tensors:${fixture('tensors', file)}`;
const inputs = async (file: string) => (await all(await openDataset(spec(file)))).map(({ tensor }) => tensor!);

/** What the fixtures hold: (5, 2, 3) of k / 7 and (5, 3) of k − 4. */
const x = Array.from({ length: 5 }, (_, i) => Float32Array.from({ length: 6 }, (_, j) => (i * 6 + j) / 7));
const ids = Array.from({ length: 5 }, (_, i) => BigInt64Array.from([0, 1, 2], (j) => BigInt(i * 3 + j - 4)));

describe('tensors', () => {
  test.each(['x.npy', 'fortran.npy', 'one.safetensors', 'two.safetensors#a'])('%s: floats of rank 3', async (file) => {
    expect(await inputs(file)).toEqual(x.map((data) => ({ type: 'float32', data, dims: [2, 3] })));
  });

  test.each(['ids.npy', 'labelled.safetensors', 'two.safetensors#b'])('%s: integers of rank 2', async (file) => {
    expect(await inputs(file)).toEqual(ids.map((data) => ({ type: 'int64', data, dims: [3] })));
  });

  test('half.npy stays float16, bit by bit', async () => {
    const bytes = await readFile(fixture('tensors', 'half.npy'));
    const [, second] = await inputs('half.npy');
    expect(second).toMatchObject({ type: 'float16', dims: [2, 3] });
    expect(Buffer.compare(Buffer.from(second.data.buffer), bytes.subarray(128 + 12, 128 + 24))).toBe(0);
  });

  test('labels where they are there, ids, slices, digests', async () => {
    const labelled = await openDataset(`${spec('labelled.safetensors')}[1:3]`);
    expect(labelled).toMatchObject({ kind: 'tensors', size: 2 });
    expect((await all(labelled)).map(({ id, label }) => [id, label])).toEqual([
      ['labelled.safetensors/00001', 3],
      ['labelled.safetensors/00002', 2],
    ]);
    expect((await all(await openDataset(spec('x.npy')))).every(({ label }) => label === -1)).toBe(true);
    const digest = async (file: string) => (await openDataset(spec(file))).digest();
    expect(await digest('x.npy')).toBe(await digest('one.safetensors'));
    expect(await digest('x.npy')).toBe(await digest('fortran.npy'));
    expect(await digest('ids.npy')).not.toBe(await digest('labelled.safetensors'));
  });

  test.each([
    ['two.safetensors#c', coded('not-found', "'c'", 'two.safetensors')],
    ['mismatched.safetensors', coded('bad-input', '(3)', '(5)')],
    ['halves.safetensors', coded('bad-input', 1, '1.5')],
    ['scalar.npy', coded('bad-input', '()')],
    ['unsigned.npy', coded('bad-input', 'uint16', 'float32')],
    ['x.pt', coded('usage', 'x.pt', 'FILE.npy', 'FILE.npz', 'FILE.safetensors')],
    ['missing.npy', coded('not-found', 'missing.npy')],
  ])('%s is refused', async (file, message) => {
    await expect(openDataset(spec(file))).rejects.toThrow(message);
  });

  test.each([
    ['2^40 as int64', BigInt64Array.of(0n, 2n ** 40n), coded('bad-input', 1, '1099511627776', 0, '2147483647')],
    ['2^32 as int64', BigInt64Array.of(2n ** 32n, 0n), coded('bad-input', 0, '4294967296')],
    ['2^63 as uint64', BigUint64Array.of(0n, 2n ** 63n), coded('bad-input', 1, '92233720368547')],
    ['3e9 as uint32', Uint32Array.of(0, 3e9), coded('bad-input', 1, '3000000000')],
    ['a negative one', Int32Array.of(-100, 0), coded('bad-input', 0, '-100', '-1')],
    ['1e10 as float64', Float64Array.of(1, 1e10), coded('bad-input', 1, '10000000000')],
    ['NaN', Float32Array.of(1, NaN), coded('bad-input', 1, 'NaN')],
    ['infinity', Float64Array.of(1, Infinity), coded('bad-input', 1, 'Infinity')],
  ])('a label that is no class index is refused: %s', async (_, labels, message) => {
    await withFolder(undefined, async (folder) => {
      const file = join(folder, 'x.safetensors');
      await writeSafetensors(file, {
        inputs: toNdArray(new Float32Array(6), [2, 3]),
        labels: toNdArray(labels as Float64Array, [2]) as never,
      });
      await expect(openDataset(`tensors:${file}`)).rejects.toThrow(message);
    });
  });

  test('labels of every number type, and none', async () => {
    await withFolder(undefined, async (folder) => {
      const file = join(folder, 'x.safetensors');
      for (const labels of [BigInt64Array.of(-1n, 7n), Int8Array.of(-1, 7), Float64Array.of(-1, 7)]) {
        await writeSafetensors(file, {
          inputs: toNdArray(new Float32Array(6), [2, 3]),
          labels: toNdArray(labels as Float64Array, [2]) as never,
        });
        expect((await all(await openDataset(`tensors:${file}`))).map(({ label }) => Number(label))).toEqual([-1, 7]);
      }
    });
  });

  test('a file cut short is refused', async () => {
    await withFolder(undefined, async (folder) => {
      for (const file of ['x.npy', 'one.safetensors']) {
        const bytes = await readFile(fixture('tensors', file));
        await writeFile(join(folder, file), bytes.subarray(0, bytes.length - 1));
        await expect(openDataset(`tensors:${join(folder, file)}`)).rejects.toThrow(/truncated/);
      }
    });
  });
});
