import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ndarray from 'ndarray';
import {
  applyLinearMap,
  composeLinearMaps,
  fitLinearMap,
  headCondition,
  linearMapToOnnx,
  loadLinearMap,
  pseudoInverse,
  rowSpace,
  saveLinearMap,
} from '../../lib/fit/index.js';
import { createSession } from '../../lib/runtime/index.js';
import { toRowSource, writeSafetensors } from '../../lib/tensor/index.js';
import { float32, goldens, integers, largest, largestDifference, mapOf, matrixOf, product } from './data.js';
import { coded } from '../support/coded.js';

const map = mapOf(integers(3, 5, 1), 5, integers(1, 3, 2));
const x = integers(7, 5, 3);
/** Integers: exact in float32 and float64. */
const y = product(
  x,
  Float64Array.from({ length: 15 }, (_, i) => map.weight.get(i % 3, Math.floor(i / 3))),
  5,
).map((v, i) => v + map.bias.get(i % 3));

describe('applyLinearMap', () => {
  it('gives float32 for float32 and float64 for float64, also for strided arrays', async () => {
    const single = await applyLinearMap(map, float32(matrixOf(x, 5)));
    expect(single.shape).toEqual([7, 3]);
    expect(single.data).toEqual(Float32Array.from(y));
    expect((await applyLinearMap(map, matrixOf(x, 5))).data).toEqual(y);
    const reversed = matrixOf(x, 5).step(-1, 1);
    const rows = Array.from({ length: 7 }, (_, i) => Array.from(y.subarray((6 - i) * 3, (7 - i) * 3)));
    expect(Array.from((await applyLinearMap(map, reversed)).data)).toEqual(rows.flat());
  });

  it('computes rows on disk when they are read', async () => {
    const mapped = applyLinearMap(map, toRowSource(float32(matrixOf(x, 5))));
    expect(mapped).toMatchObject({ rows: 7, cols: 3, dtype: 'float32' });
    expect(await mapped.read(2, 4)).toEqual(Float32Array.from(y.subarray(6, 12)));
    expect(await mapped.read(3, 3)).toHaveLength(0);
  });

  it('returns a mathjs matrix for one', async () => {
    const { matrix } = await import('mathjs');
    const given = matrix(Array.from({ length: 7 }, (_, i) => Array.from(x.subarray(i * 5, i * 5 + 5))));
    const answer = await applyLinearMap(map, given as never);
    expect((answer.valueOf() as unknown as number[][]).flat()).toEqual(Array.from(y));
  });

  it('works through more rows than a block', async () => {
    const long = integers(5000, 5, 4);
    const { data } = await applyLinearMap(map, matrixOf(long, 5));
    const last = await applyLinearMap(map, matrixOf(long.slice(4999 * 5), 5));
    expect(data.subarray(4999 * 3)).toEqual(last.data);
  });

  it('refuses other widths', async () => {
    expect(() => applyLinearMap(map, matrixOf(integers(2, 4, 1), 4))).toThrow(coded('mismatch', '5', '4'));
  });
});

describe('composeLinearMaps', () => {
  it('is one map after the other', async () => {
    const outer = mapOf(integers(2, 3, 5), 3, integers(1, 2, 6));
    const whole = await applyLinearMap(await composeLinearMaps(outer, map), matrixOf(x, 5));
    expect(whole.data).toEqual((await applyLinearMap(outer, matrixOf(y, 3))).data);
    await expect(composeLinearMaps(map, outer)).rejects.toThrow(coded('mismatch', '5', '2'));
  });
});

describe('what a head lets through', () => {
  const heads: Record<string, { w: Float64Array; d: number }> = {
    tall: { w: integers(40, 12, 31), d: 12 },
    flat: { w: integers(12, 40, 32), d: 40 },
    deficient: { w: product(integers(40, 7, 33), integers(7, 12, 34), 7), d: 12 },
    steep: { w: integers(40, 12, 35).map((v, i) => v * 2 ** -(i % 12)), d: 12 },
  };

  it.each(Object.keys(heads))('%s: rank, condition, pseudo-inverse and row space', async (name) => {
    const { w, d } = heads[name];
    const golden = goldens.heads[name];
    const head = mapOf(w, d, integers(1, w.length / d, 36));
    const { rank, condition } = await headCondition(head);
    expect(rank).toBe(golden.rank);
    // From the Gram, whose rounding of 2^-52 weighs condition² in its smallest eigenvalue.
    expect(Math.abs(condition / golden.condition - 1)).toBeLessThan(1e-4);

    const inverse = await pseudoInverse(head);
    const expected = golden.pseudoInverse;
    const tolerance = 50 * golden.condition * 2 ** -52 * largest(expected);
    expect(inverse.weight.shape).toEqual([d, w.length / d]);
    expect(largestDifference(inverse.weight.data, expected)).toBeLessThan(tolerance);
    // The bias sends the head's own bias to 0.
    const zero = await applyLinearMap(inverse, ndarray(Float64Array.from(head.bias.data), [1, w.length / d]));
    expect(largest(Array.from(zero.data))).toBeLessThan(8 * w.length * tolerance);

    const basis = await rowSpace(head);
    expect(basis.shape).toEqual([d, rank]);
    const rows = Float64Array.from({ length: rank * d }, (_, i) => basis.get(i % d, Math.floor(i / d)));
    const inner = product(rows, basis.data, d);
    inner.forEach((v, i) => expect(Math.abs(v - (i % (rank + 1) === 0 ? 1 : 0))).toBeLessThan(1e-13));
    const projected = product(product(w, basis.data, d), rows, rank);
    expect(largestDifference(projected, Array.from(w))).toBeLessThan(1e-12 * largest(Array.from(w)));
  });
});

describe('maps on disk', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'maps-'))));
  afterAll(() => rm(folder, { recursive: true }));

  it('come back to the bit, with how they were found', async () => {
    const fitted = await fitLinearMap(matrixOf(integers(20, 4, 1), 4), matrixOf(integers(20, 2, 2), 2), {
      spectrum: true,
    });
    const path = join(folder, 'fitted.safetensors');
    await saveLinearMap(path, fitted);
    const back = await loadLinearMap(path);
    expect(back.weight.data).toEqual(fitted.weight.data);
    expect(back.weight.shape).toEqual([2, 4]);
    expect(back.bias.data).toEqual(fitted.bias.data);
    expect(back.fit).toEqual({ ...fitted.fit, spectrum: Array.from(fitted.fit.spectrum!) });
  });

  it('keep float32, and need no record', async () => {
    const path = join(folder, 'plain.safetensors');
    await saveLinearMap(path, { weight: float32(matrixOf(integers(3, 5, 1), 5)), bias: map.bias });
    const back = await loadLinearMap(path);
    expect(back.weight.data).toBeInstanceOf(Float32Array);
    expect(back.bias.data).toBeInstanceOf(Float64Array);
    expect(back.fit).toBeUndefined();
  });

  it('are refused with a bit flipped, wherever it is', async () => {
    const path = join(folder, 'flipped.safetensors');
    await saveLinearMap(path, { ...map, fit: { rank: 3, gap: 12.5 } });
    const whole = await readFile(path);
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] ^= 1 << (at % 8);
      await writeFile(path, damaged);
      const error: Error = await loadLinearMap(path).then(
        () => new Error('read in silence'),
        (reason: Error) => reason,
      );
      expect({ at, name: error.name, message: error.message }).toMatchObject({
        name: 'FeatReconstructError',
        message: expect.stringContaining(path),
      });
    }
  });

  it('of version 1, without a checksum, and of other tools are read', async () => {
    const path = join(folder, 'former.safetensors');
    const each: Record<string, string>[] = [
      { format: 'featreconstruct.linear-map', version: '1' },
      { sha256: 'of something else' },
    ];
    for (const metadata of each) {
      await writeSafetensors(path, { weight: map.weight, bias: map.bias }, metadata);
      expect((await loadLinearMap(path)).weight.data).toEqual(map.weight.data);
    }
  });

  it('are kernels of Keras and Flax', async () => {
    const path = join(folder, 'kernel.safetensors');
    const kernel = map.weight.transpose(1, 0);
    await writeSafetensors(path, { kernel, bias: map.bias });
    const back = await loadLinearMap(path);
    expect(back.weight.shape).toEqual([3, 5]);
    expect(back.weight.data).toEqual(map.weight.data);
    expect((await applyLinearMap(back, matrixOf(x, 5))).data).toEqual(y);
    await writeSafetensors(path, { kernel: map.weight, bias: map.bias });
    await expect(loadLinearMap(path)).rejects.toThrow(coded('bad-input', 'weight=kernel'));
    await writeSafetensors(path, { weight: kernel, bias: map.bias });
    await expect(loadLinearMap(path)).rejects.toThrow(coded('bad-input', 'kernel=weight'));
  });

  it('are refused when they are no maps', async () => {
    const path = join(folder, 'other.safetensors');
    await writeSafetensors(path, { features: map.weight });
    await expect(loadLinearMap(path)).rejects.toThrow(coded('bad-input', '3', '5'));
    await writeSafetensors(path, { weight: map.weight, bias: matrixOf(integers(1, 3, 2), 3) });
    await expect(loadLinearMap(path)).rejects.toThrow('bias (1, 3)');
    await writeSafetensors(path, { weight: map.weight, bias: map.bias }, { fit: 'not JSON' });
    await expect(loadLinearMap(path)).rejects.toThrow('JSON');
  });

  it.each([undefined, 'float32', 'float64'] as const)('run as ONNX models (%p)', async (dtype) => {
    const session = await createSession(linearMapToOnnx(map, dtype));
    const type = dtype ?? 'float64';
    const data = type === 'float64' ? x : Float32Array.from(x);
    const { y: answer } = await session.run({ x: { type, data, dims: [7, 5] } });
    expect(answer.type).toBe(type);
    expect(Array.from(answer.data as Float64Array)).toEqual(Array.from(y));
    await session.release();
  });
});
