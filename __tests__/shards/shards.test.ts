import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Progress } from '../../lib/base/index.js';
import { openDataset } from '../../lib/datasets/index.js';
import { openStore } from '../../lib/extract/index.js';
import { extractToStore, loadModel, openRows, type Model } from '../../lib/index.js';
import { accumulate, loadStatistics, saveStatistics, solve } from '../../lib/statistics.js';
import { accumulateModel, accumulateStores, mergeParts, statisticsOf } from '../../lib/shards/index.js';
import { positionBlocks } from '../../lib/shards/from-stores.js';
import { toNdArray, writeNpy } from '../../lib/tensor/index.js';
import { random, temporaryFolder, writeClassifier, side } from '../cli/support.js';
import { writeBmp } from '../cli/pixels.js';
import { coded } from '../support/coded.js';

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const inputs = 3 * side * side;
/** Three blocks of 4,096, the last of them not whole. */
const images = 9000;
const all = `tensors:${at('x.npy')}`;

let model: Model;
let other: Model;

beforeAll(async () => {
  const next = random(1);
  await writeNpy(
    at('x.npy'),
    toNdArray(
      Float32Array.from({ length: images * inputs }, () => next() - 0.5),
      [images, 3, side, side],
    ),
  );
  model = await loadModel(await writeClassifier(at('model.onnx'), { d: 6, c: 9 }));
  other = await loadModel(await writeClassifier(at('other.onnx'), { d: 5, c: 9, seed: 7 }));
});
afterAll(async () => {
  await model.release();
  await other.release();
});

/** Statistics of a data set straight from the model, as bytes. */
async function part(spec: string, name: string, options = {}): Promise<Buffer> {
  const dataset = await openDataset(spec);
  await accumulateModel(model, dataset, at(name), options);
  await dataset.close();
  return readFile(at(name));
}

async function merged(...names: string[]): Promise<Buffer> {
  const { statistics, origin } = await mergeParts(names.map((name) => at(name)));
  await saveStatistics(at('merged.stats'), statistics, origin);
  return readFile(at('merged.stats'));
}

test.each([1, 2, 3])(
  '%i shards merge to the bytes of one run, in any order, from a model or from stores',
  async (n) => {
    const one = await part(all, `one-${n}.stats`);
    const names: string[] = [];
    const stores: string[] = [];
    for (let k = n; k >= 1; k--) {
      await part(`${all}[shard:${k}/${n}]`, `${k}-of-${n}.stats`);
      names.push(`${k}-of-${n}.stats`);
      const store = at(`${k}-of-${n}.safetensors`);
      await (await extractToStore(model, `${all}[shard:${k}/${n}]`, store)).close();
      stores.push(store);
    }
    expect((await merged(...names)).equals(one)).toBe(true);
    const rows = await accumulateStores({ paths: stores, tensor: 'logits' }, { paths: stores, tensor: 'features' });
    await saveStatistics(at('stores.stats'), rows.statistics, rows.origin);
    expect((await readFile(at('stores.stats'))).equals(one)).toBe(true);
  },
);

test('they are the statistics of the rows, and give the map that a fit gives', async () => {
  await part(all, 'rows.stats');
  await (await extractToStore(model, all, at('rows.safetensors'))).close();
  const store = await openStore(at('rows.safetensors'));
  const whole = await accumulate(store.logits, store.features);
  const found = await loadStatistics(at('rows.stats'));
  expect([found.n, found.p, found.q]).toEqual([images, 9, 6]);
  expect(found.gram).toEqual(whole.gram);
  expect((await solve(found)).weight.data).toEqual((await solve(whole)).weight.data);
  await store.close();
});

test("another model's features are Y, of the same images alone", async () => {
  const [x, y, wrong] = [at('x.safetensors'), at('y.safetensors'), at('wrong.safetensors')];
  await (await extractToStore(model, `${all}[shard:1/2]`, x)).close();
  await (await extractToStore(other, `${all}[shard:1/2]`, y)).close();
  await (await extractToStore(other, `${all}[shard:2/2]`, wrong)).close();
  const { statistics, origin } = await accumulateStores(
    { paths: [x], tensor: 'features' },
    { paths: [y], tensor: 'features' },
  );
  expect([statistics.p, statistics.q, origin.x.model.name, origin.y.model.name]).toEqual([6, 5, 'model', 'other']);
  await expect(
    accumulateStores({ paths: [x], tensor: 'logits' }, { paths: [wrong], tensor: 'features' }),
  ).rejects.toThrow(coded('mismatch', 'x.safetensors', 'wrong.safetensors'));
});

/** On a busy machine the images are read before that in a stage of their own. */
const isReading = (stage: string): boolean => stage.startsWith('read ');

test('a run that was stopped goes on from its whole blocks, to the same bytes', async () => {
  const one = await part(all, 'straight.stats');
  const stop = new AbortController();
  // Images run ahead of the blocks that they make, further on a busy machine.
  const stopAt = ({ stage, done }: Progress): void => {
    if (!isReading(stage) && done > 8000) stop.abort();
  };
  await expect(part(all, 'stopped.stats', { signal: stop.signal, onProgress: stopAt })).rejects.toThrow();
  expect([existsSync(at('stopped.stats')), existsSync(at('stopped.stats.partial'))]).toEqual([false, true]);
  expect((await statisticsOf(at('stopped.stats.partial'))).origin.images).toEqual([[0, 4096]]);
  const seen: number[] = [];
  const again = await part(all, 'stopped.stats', {
    onProgress: ({ stage, done }: Progress) => void (!isReading(stage) && seen.push(done)),
  });
  expect([again.equals(one), Math.min(...seen), existsSync(at('stopped.stats.partial'))]).toEqual([true, 4096, false]);
  // What was begun for other images is not gone on with.
  await rename(at('stopped.stats'), at('of-all.stats.partial'));
  await expect(part(`${all}[shard:2/2]`, 'of-all.stats')).rejects.toThrow(coded('mismatch', 'of-all.stats.partial'));
});

test('a finished file is used again for the same images, and kept from others', async () => {
  const first = await part(`${all}[shard:1/3]`, 'kept.stats');
  let ran = false;
  await part(`${all}[shard:1/3]`, 'kept.stats', {
    onProgress: ({ stage }: Progress) => void (ran ||= !isReading(stage)),
  });
  expect([ran, (await readFile(at('kept.stats'))).equals(first)]).toEqual([false, true]);
  await expect(part(`${all}[shard:2/3]`, 'kept.stats')).rejects.toThrow(coded('mismatch', 'kept.stats'));
  await expect(part(`${all}[shard:1/3]`, 'kept.stats', { from: 'features' })).rejects.toThrow(coded('mismatch'));
  expect((await readFile(at('kept.stats'))).equals(first)).toBe(true);
});

test('two at once: one waits for the other, both have the same result', async () => {
  const [a, b] = await Promise.all([part(all, 'both.stats'), part(all, 'both.stats')]);
  expect(a.equals(b)).toBe(true);
});

test('a shard that is missing, twice there, or of something else is named', async () => {
  for (const k of [1, 2, 3]) await part(`${all}[shard:${k}/3]`, `p${k}.stats`);
  await expect(merged('p1.stats', 'p3.stats')).rejects.toThrow(coded('mismatch', '9,000', '4,096 to 8,191'));
  await expect(merged('p3.stats', 'p2.stats')).rejects.toThrow(coded('mismatch', '0 to 4,095'));
  await expect(merged('p1.stats', 'p2.stats')).rejects.toThrow(coded('mismatch', '8,192 to 8,999'));
  await expect(merged('p1.stats', 'p2.stats', 'p1.stats', 'p3.stats')).rejects.toThrow(
    coded('mismatch', 'p1.stats', 'p1.stats'),
  );
  const { origin } = await mergeParts([at('p1.stats'), at('p3.stats')], { allowPartial: true });
  expect(origin.images).toEqual([
    [0, 4096],
    [8192, 9000],
  ]);

  const dataset = await openDataset(`${all}[shard:2/3]`);
  await accumulateModel(other, dataset, at('foreign.stats'));
  await dataset.close();
  await expect(merged('p1.stats', 'foreign.stats', 'p3.stats')).rejects.toThrow(
    coded('mismatch', 'foreign.stats', 'model'),
  );
  await part(`${all}[0:8192][shard:2/2]`, 'slice.stats');
  await expect(merged('p1.stats', 'slice.stats', 'p3.stats')).rejects.toThrow(coded('mismatch', 'slice.stats', 'data'));
  await saveStatistics(at('bare.stats'), await loadStatistics(at('p2.stats')));
  await expect(merged('p1.stats', 'bare.stats', 'p3.stats')).rejects.toThrow(coded('mismatch', 'bare.stats'));

  const bytes = await readFile(at('p2.stats'));
  bytes[bytes.length - 100] ^= 1;
  await writeFile(at('flipped.stats'), bytes);
  await expect(merged('p1.stats', 'flipped.stats', 'p3.stats')).rejects.toThrow(coded('damaged', 'flipped.stats'));
});

test('a folder of the stores of all shards is opened as one', async () => {
  await mkdir(at('shards'));
  for (const k of [3, 1, 2])
    await (await extractToStore(model, `${all}[shard:${k}/3]`, at('shards', `z${4 - k}.safetensors`))).close();
  await (await extractToStore(model, all, at('all.safetensors'))).close();
  const [joined, whole] = [await openRows(at('shards'), 'features'), await openStore(at('all.safetensors'))];
  expect(joined.rows.rows).toBe(images);
  expect(await joined.rows.read(4000, 8300)).toEqual(await whole.features.read(4000, 8300));
  await joined.close();
  await whole.close();
  await rename(at('shards', 'z2.safetensors'), at('second.safetensors'));
  await expect(openRows(at('shards'))).rejects.toThrow(coded('mismatch', '9,000', '4,096 to 8,191'));
  await (await extractToStore(other, `${all}[shard:2/3]`, at('shards', 'z2.safetensors'))).close();
  await expect(openRows(at('shards'))).rejects.toThrow(coded('mismatch', 'model'));
});

test('bad images that are left out change no bit of how shards merge', async () => {
  await mkdir(at('photos'));
  for (let i = 0; i < 4300; i++) {
    const file = at('photos', `${String(i).padStart(4, '0')}.bmp`);
    if (i === 3 || i === 4095 || i === 4096) await writeFile(file, 'no image');
    else await writeBmp(file, 1 + (i % 5), 1 + (i % 7));
  }
  const spec = `folder:${at('photos')}`;
  const options = { skipBadImages: true, transform: 'unit' as const };
  const one = await part(spec, 'photos.stats', options);
  for (const k of [1, 2]) await part(`${spec}[shard:${k}/2]`, `photos${k}.stats`, options);
  const { origin, statistics } = await statisticsOf(at('photos.stats'));
  expect([origin.skipped, statistics.n]).toEqual([3, 4297]);
  expect((await merged('photos2.stats', 'photos1.stats')).equals(one)).toBe(true);
  const store = await extractToStore(model, spec, at('photos.safetensors'), options);
  await store.close();
  const stored = await accumulateStores(
    { paths: [store.path], tensor: 'logits' },
    { paths: [store.path], tensor: 'features' },
  );
  await saveStatistics(at('photos-stored.stats'), stored.statistics, stored.origin);
  expect((await readFile(at('photos-stored.stats'))).equals(one)).toBe(true);
  await rm(at('photos'), { recursive: true });
}, 60_000);

test('rows go into the block of their image, whatever is left out before it', () => {
  const found = [...positionBlocks(Int32Array.of(0, 4095 - 10, 4096, 9000), 0, 9500)];
  expect(found).toEqual([
    { from: 0, to: 2, position: 0, next: 4096 },
    { from: 2, to: 3, position: 4096, next: 8192 },
    { from: 3, to: 4, position: 8192, next: 9500 },
  ]);
  // Of a shard that begins at 8,192, positions count from there.
  expect([...positionBlocks(Int32Array.of(5), 8192, 12_000)]).toEqual([
    { from: 0, to: 1, position: 8192, next: 12_000 },
  ]);
});

test.each(['[shard:0/2]', '[shard:3/2]', '[shard:1]', '[shard:1/4]', '[limit:5][shard:1/1]'])(
  'a shard that there cannot be: %s',
  async (text) => {
    await expect(openDataset(`${all}${text}`)).rejects.toThrow(coded('usage'));
  },
);

test('batches that cross the cut are refused', async () => {
  await expect(part(`${all}[shard:1/2]`, 'odd.stats', { batchSize: 24 })).rejects.toThrow(coded('usage', '4096', '24'));
});
