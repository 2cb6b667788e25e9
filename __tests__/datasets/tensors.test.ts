import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset } from '../../lib/datasets/index.js';
import { all, fixture, withFolder } from './support.js';

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
    ['two.safetensors', /has 2 tensors \(.*\), none called inputs or input or x: name .* as in tensors:.*#/],
    ['two.safetensors#c', /Expected a tensor 'c' in .*two\.safetensors/],
    ['mismatched.safetensors', /labels in .* has shape \(3\), expected \(5\), one for each example/],
    ['halves.safetensors', /Label 1 in .* is 1\.5, expected class indices/],
    ['scalar.npy', /has a tensor of shape \(\), expected examples along the first axis/],
    ['unsigned.npy', /is of type uint16, expected one of float32, .*: convert it first/],
    ['x.pt', /x\.pt is no file that can be read: expected FILE\.npy, FILE\.safetensors/],
    ['missing.npy', /missing\.npy/],
  ])('%s is refused', async (file, message) => {
    await expect(openDataset(spec(file))).rejects.toMatchObject({
      name: expect.stringMatching(/^(FeatReconstruct|Usage)Error$/),
      message: expect.stringMatching(message),
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
