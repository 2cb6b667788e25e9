import { expect, it } from '@jest/globals';
import { observe, sameHead } from '../../lib/leaks/index.js';
import { memoryRows, sliceRows, type RowSource } from '../../lib/tensor/index.js';
import { logitsOf, madeFeatures, madeHead, numbers } from './data.js';

/** Sets of which one fills few directions and the other all: another width is another last layer, where nothing else explains it. */

const classes = 60;
const outputs = (d: number, rows: number, images: number, head = d): RowSource =>
  logitsOf(madeFeatures('silu', rows, d, images), d, madeHead(classes, d, head));

async function changed(rows: RowSource, change: (value: number) => number): Promise<RowSource> {
  return memoryRows(Float64Array.from(await rows.read(0, rows.rows), change), rows.rows, rows.cols);
}

it.each(['logits', 'log-probs', 'probs'])('a layer of 16 numbers and one of 80, %s', async (spec) => {
  const [narrow, wide] = [observe(outputs(16, 200, 1), spec), observe(outputs(80, 300, 2), spec)];
  const most = spec === 'logits' ? classes : classes - 1;
  const found = await sameHead(narrow, wide);
  expect(found).toMatchObject({
    same: null,
    reason: { kind: 'wider', set: 1, directions: 16, fills: most, limit: 'classes', outside: 300, rows: 300 },
  });
  expect((await sameHead(wide, narrow)).reason).toMatchObject({ kind: 'wider', set: 0 });
});

it('rows too few to show how wide their layer is, and more than the other fills', async () => {
  const found = await sameHead(outputs(16, 200, 1), sliceRows(outputs(80, 300, 2), 0, 40));
  expect(found.reason).toMatchObject({ kind: 'wider', set: 1, directions: 16, fills: 39, limit: 'rows' });
  const fewer = await sameHead(outputs(16, 200, 1), sliceRows(outputs(80, 300, 2), 0, 12));
  expect(fewer.reason.kind).toBe('few-outside-the-span');
});

it('little noise on the same head is no other model', async () => {
  const { normal } = numbers(3);
  const noisy = await changed(outputs(16, 300, 2, 16), (value) => value + 0.02 * normal());
  const { same, reason } = await sameHead(outputs(16, 200, 1), noisy);
  expect([same, reason.kind === 'wider']).toEqual([null, false]);
});

it('two wide layers tell nothing', async () => {
  expect((await sameHead(outputs(80, 300, 1), outputs(70, 300, 2))).reason.kind).toBe('no-span');
});
