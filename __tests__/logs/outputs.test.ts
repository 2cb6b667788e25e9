import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRows } from '../../lib/logs/index.js';
import { toNdArray, writeNpy, writeSafetensors } from '../../lib/tensor/index.js';
import { all } from '../leaks/data.js';
import { coded } from '../support/coded.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leaks-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function csv(text: string): Promise<Awaited<ReturnType<typeof openRows>>> {
  const path = join(folder, 'log.csv');
  await writeFile(path, text);
  return openRows(path);
}

describe('a CSV as a web service logs it', () => {
  it('leaves out ids, times and labels by the header, and text', async () => {
    const { rows, notes } = await csv(
      'request_id,time,cat,dog,"a, b",label,version\r\n17,3.5,0.25,0.5,0.25,1,v2\r\n18,3.75,0.1,0.2,0.7,2,v2\r\n',
    );
    expect([rows.rows, rows.cols]).toEqual([2, 3]);
    expect(Array.from(await all(rows))).toEqual([0.25, 0.5, 0.25, 0.1, 0.2, 0.7]);
    const why = { request_id: 'whole-numbers', time: 'whole-without', label: 'arg-max', version: 'text' };
    const leftOut = Object.entries(why).map(([name, kind]) => ({ name, why: expect.objectContaining({ kind }) }));
    expect(notes).toEqual([{ kind: 'columns', columns: 3, first: 'cat', last: 'a, b', leftOut }]);
  });

  it('takes one without a header, semicolons, and leaves whole numbers beside fractions out', async () => {
    const { rows, notes } = await csv('1001;0.5;0.5;0\n1002;0.25;0.75;0\n');
    expect(Array.from(await all(rows))).toEqual([0.5, 0.5, 0, 0.25, 0.75, 0]);
    expect(notes).toMatchObject([{ leftOut: [{ name: 'column 1', why: { kind: 'whole-numbers' } }] }]);
  });

  it('takes classes that are named by numbers', async () => {
    const { rows } = await csv('id,0,1,2\n7,1e-3,0.25,7.5E-1\n');
    expect(Array.from(await all(rows))).toEqual([0.001, 0.25, 0.75]);
  });

  it.each([
    ['a line cut short', 'a,b,c\n1.5,2,3\n1.5,2\n', 'Expected 3 columns'],
    ['a number that is missing', 'a,b\n1.5,2.5\n1.5,\n1,2.5\n', coded('bad-input', "'b'")],
    ['text alone', 'a,b\nx,y\n', coded('too-few-rows', 1, 0)],
    ['nothing', '', coded('too-few-rows', 'empty')],
  ])('refuses %s', async (_, text, message) => {
    await expect(csv(text)).rejects.toThrow(message);
  });
});

describe('tensors', () => {
  it('takes logits of a safetensors file, its only tensor, or one named', async () => {
    const [a, b] = [toNdArray(Float32Array.of(1, 2), [1, 2]), toNdArray(Float32Array.of(3, 4), [1, 2])];
    const path = join(folder, 'store.safetensors');
    await writeSafetensors(path, { features: a, logits: b });
    const opened = await openRows(path);
    expect(Array.from(await all(opened.rows))).toEqual([3, 4]);
    await opened.close();
    const named = await openRows(`${path}#features`);
    expect(Array.from(await all(named.rows))).toEqual([1, 2]);
    await named.close();
    await expect(openRows(`${path}#probs`)).rejects.toThrow(coded('not-found', 'features', 'logits'));
  });

  it('takes .npy, and says what it takes', async () => {
    const path = join(folder, 'x.npy');
    await writeNpy(path, toNdArray(Float32Array.of(1, 2, 3, 4), [2, 2]));
    const opened = await openRows(path);
    expect(Array.from(await all(opened.rows))).toEqual([1, 2, 3, 4]);
    await opened.close();
    await expect(openRows('x.json')).rejects.toThrow(coded('not-found', "'x.json'"));
    await expect(openRows(join(folder, 'missing.csv'))).rejects.toThrow(coded('not-found', 'missing.csv'));
  });
});
