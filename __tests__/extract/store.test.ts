import { copyFile, cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Progress } from '../../lib/base/index.js';
import { extractFeatures, extractToStore, openStore, type ExtractOptions } from '../../lib/extract/index.js';
import { loadModel } from '../../lib/runtime/index.js';
import { openSafetensors } from '../../lib/tensor/index.js';
import { modelFile } from '../onnx/fixtures.js';
import { temporaryFolder, truncate, writeCifar, writeClassifier, writeJpeg } from '../cli/support.js';
import { coded } from '../support/coded.js';
import { isExtraction } from '../support/extraction.js';

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const dataset = { dataDir: at('data') };
const spec = 'cifar100:test[0:100]';
let model: string;

beforeAll(async () => {
  await writeCifar(at('data'));
  model = await writeClassifier(at('small.onnx'), { d: 12, c: 20 });
});

/** Extracts into a store and stops after some batches. */
async function interrupted(store: string, batches: number, options: ExtractOptions = {}): Promise<void> {
  const controller = new AbortController();
  let seen = -1; // the first call says where the work starts
  const stopped = extractToStore(model, spec, store, {
    dataset,
    ...options,
    signal: controller.signal,
    onProgress: (progress) => {
      if (isExtraction(progress) && ++seen === batches) controller.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

test('a store holds what extraction in memory gives, and says where it comes from', async () => {
  const memory = await extractFeatures(model, spec, { dataset, transform: 'unit' });
  const store = await extractToStore(model, spec, at('a.safetensors'), { dataset, transform: 'unit' });
  await store.close();
  const again = await extractFeatures(model, spec, { dataset, transform: 'unit', store: at('a.safetensors') });
  expect(memory.features.shape).toEqual([100, 12]);
  expect(memory.logits.shape).toEqual([100, 20]);
  expect(again.features).toEqual(memory.features);
  expect(again.logits).toEqual(memory.logits);
  expect(again.labels).toEqual(memory.labels);
  expect(Array.from(memory.labels.data)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect(again.provenance).toEqual(memory.provenance);
  expect(memory.provenance).toMatchObject({
    model: { name: 'small', precision: 'float32', featureDim: 12, classCount: 20 },
    dataset: { spec, size: 100 },
    transform: { name: 'unit', scale: 1 / 255 },
    batchSize: 32,
    provider: 'cpu',
  });
  expect(new Set(memory.features.data).size).toBeGreaterThan(300); // not one row again and again
});

test('a loaded model and an open data set give what their paths give', async () => {
  const loaded = await loadModel(model);
  const byPath = await extractFeatures(model, spec, { dataset });
  const byObject = await extractFeatures(loaded, spec, { dataset });
  await loaded.release();
  expect(byObject.features).toEqual(byPath.features);
  expect(byObject.provenance).toEqual(byPath.provenance);
});

test.each([1, 2, 3])('stopped after %i batches, a store goes on from there to the same bytes', async (batches) => {
  const [whole, stopped] = [at('whole.safetensors'), at(`stopped-${batches}.safetensors`)];
  await (await extractToStore(model, spec, whole, { dataset })).close();
  await interrupted(stopped, batches);
  expect(await exists(stopped)).toBe(false);
  expect(await exists(`${stopped}.partial`)).toBe(true);

  const started: number[] = [];
  const store = await extractToStore(model, spec, stopped, {
    dataset,
    onProgress: (progress) => isExtraction(progress) && started.push(progress.done),
  });
  await store.close();
  expect(started[0]).toBe(32 * batches);
  expect((await readFile(stopped)).equals(await readFile(whole))).toBe(true);
  for (const rest of ['.partial', '.partial.json']) expect(await exists(stopped + rest)).toBe(false);
});

test('an unfinished store goes on with its own batch size and threads', async () => {
  const [whole, stopped] = [at('batch8.safetensors'), at('batch8-stopped.safetensors')];
  await (await extractToStore(model, spec, whole, { dataset, batchSize: 8 })).close();
  await interrupted(stopped, 3, { batchSize: 8, model: { intraOpNumThreads: 1 } });
  const loaded = await loadModel(model, { intraOpNumThreads: 2 });
  await expect(extractToStore(loaded, spec, stopped, { dataset })).rejects.toThrow(coded('usage', '1', '2'));
  await loaded.release();
  const started: number[] = [];
  const store = await extractToStore(model, spec, stopped, {
    dataset,
    onProgress: (progress) => isExtraction(progress) && started.push(progress.done),
  });
  await store.close();
  expect(started.slice(0, 2)).toEqual([24, 32]);
  expect((await readFile(stopped)).equals(await readFile(whole))).toBe(true);
});

test('a finished store is used again without opening the model', async () => {
  const file = at('finished.safetensors');
  // Known only when a session is opened, and then refused.
  const unloadable = { executionProviders: ['cpu', 'nonsense'] as never[] };
  const first = await extractToStore(model, spec, file, { dataset });
  await first.close();
  const onProgress = jestLike();
  const again = await extractToStore(model, spec, file, { dataset, ...unloadable, onProgress });
  await again.close();
  expect(onProgress.calls).toBe(0);
  expect(again.rows).toBe(100);
  const fresh = extractToStore(model, spec, at('fresh.safetensors'), { dataset, ...unloadable });
  await expect(fresh).rejects.toThrow(/nonsense/);
  expect(await exists(at('fresh.safetensors.partial'))).toBe(false);
});

/** Counts calls of progress of an extraction; what is said of the data set is none. */
function jestLike(): ((progress: Progress) => void) & { calls: number } {
  const count = Object.assign((progress: Progress) => void (isExtraction(progress) && count.calls++), { calls: 0 });
  return count;
}

describe('a store that was written for something else is refused, naming what differs', () => {
  const file = (): string => at('mine.safetensors');
  beforeAll(async () => {
    await (await extractToStore(model, spec, file(), { dataset })).close();
    await writeClassifier(at('other.onnx'), { d: 12, c: 20, seed: 5 });
  });

  test.each<[string, Error, () => Promise<unknown>]>([
    [
      'model',
      coded('mismatch', 'model', 'small', 'other'),
      () => extractToStore(at('other.onnx'), spec, file(), { dataset }),
    ],
    [
      'images',
      coded('mismatch', 'images', 'cifar100:test[0:100]', 'cifar100:test[1:101]'),
      () => extractToStore(model, 'cifar100:test[1:101]', file(), { dataset }),
    ],
    [
      'transform',
      coded('mismatch', 'transform', "'protocol'", "'unit'", '0.485'),
      () => extractToStore(model, spec, file(), { dataset, transform: 'unit' }),
    ],
    [
      "a transform's numbers",
      coded('mismatch', 'transform', '0.485 0.456 0.406', '0.5 0.5 0.5'),
      () => extractToStore(model, spec, file(), { dataset, transform: { name: 'protocol', mean: [0.5, 0.5, 0.5] } }),
    ],
    ['batch size', coded('mismatch', 32, 16), () => extractToStore(model, spec, file(), { dataset, batchSize: 16 })],
    [
      'logits',
      coded('mismatch', 'stored', 'head'),
      () => extractToStore(model, spec, file(), { dataset, logits: 'head' }),
    ],
    [
      'model and transform',
      coded('mismatch', 'model', 'transform'),
      () => extractToStore(at('other.onnx'), spec, file(), { dataset, transform: 'raw' }),
    ],
  ])('%s', async (_, message, call) => {
    const before = await readFile(file());
    await expect(call()).rejects.toThrow(message);
    expect((await readFile(file())).equals(before)).toBe(true);
  });

  test('also while it is unfinished', async () => {
    const unfinished = at('unfinished.safetensors');
    await interrupted(unfinished, 1);
    await expect(extractToStore(model, spec, unfinished, { dataset, transform: 'unit' })).rejects.toThrow(
      coded('mismatch', 'unfinished.safetensors.partial'),
    );
  });

  test('another file of that name', async () => {
    await writeFile(at('text.safetensors'), 'not a store');
    await expect(extractToStore(model, spec, at('text.safetensors'), { dataset })).rejects.toThrow(/safetensors/);
    await copyFile(modelFile('gemm_plain'), at('model.safetensors'));
    await expect(openStore(at('model.safetensors'))).rejects.toThrow(/safetensors/);
    expect(await readFile(at('text.safetensors'), 'utf8')).toBe('not a store');
  });
});

test('renaming the model or moving the images keeps a store valid: its key is of contents', async () => {
  const file = at('moved.safetensors');
  await (await extractToStore(model, spec, file, { dataset })).close();
  await copyFile(model, at('renamed.onnx'));
  await writeCifar(at('elsewhere'));
  const onProgress = jestLike();
  const store = await extractToStore(at('renamed.onnx'), 'cifar100:test[:100]', file, {
    dataset: { dataDir: at('elsewhere') },
    onProgress,
  });
  await store.close();
  expect(onProgress.calls).toBe(0);
});

test("with logits: 'head' only features are stored; logits are the head of them to float32's rounding", async () => {
  const stored = await extractFeatures(model, spec, { dataset });
  const store = await extractToStore(model, spec, at('head.safetensors'), { dataset, logits: 'head' });
  const rows = await store.logits.read(30, 100);
  await store.close();
  const file = await openSafetensors(at('head.safetensors'));
  await file.close();
  const names = ['checksums', 'features', 'head.bias', 'head.weight', 'labels', 'positions'];
  expect([...file.tensors.keys()].sort()).toEqual(names);
  const scale = Math.max(...stored.logits.data.map(Math.abs));
  const worst = Math.max(...Array.from(rows, (value, i) => Math.abs(value - stored.logits.data[30 * 20 + i])));
  expect(rows.length).toBe(70 * 20);
  expect(worst / scale).toBeLessThan(2e-6);
  const whole = await extractFeatures(model, spec, { dataset, logits: 'head', store: at('head.safetensors') });
  expect(Array.from(whole.logits.data.subarray(600))).toEqual(Array.from(rows));
});

test('the batch size need not divide the number of images, and changes no value beyond rounding', async () => {
  const whole = await extractFeatures(model, spec, { dataset, batchSize: 100 });
  for (const batchSize of [1, 7, 64, 1000]) {
    const { logits } = await extractFeatures(model, spec, { dataset, batchSize });
    expect(logits.shape).toEqual([100, 20]);
    const worst = Math.max(...logits.data.map((value, i) => Math.abs(value - whole.logits.data[i])));
    expect(worst).toBeLessThan(1e-4);
  }
  await expect(extractFeatures(model, spec, { dataset, batchSize: 0 })).rejects.toThrow(coded('usage', '1'));
});

test('models of a fixed batch size give what the open one gives, at any batch size', async () => {
  const open = await extractFeatures(model, spec, { dataset });
  for (const batch of [1, 3]) {
    const fixed = await writeClassifier(at(`fixed${batch}.onnx`), { d: 12, c: 20, batch });
    for (const batchSize of [undefined, 8]) {
      const { features, provenance } = await extractFeatures(fixed, spec, { dataset, batchSize });
      expect(provenance.batchSize).toBe(batchSize ?? batch);
      expect(features.shape).toEqual([100, 12]);
      const worst = Math.max(...features.data.map((value, i) => Math.abs(value - open.features.data[i])));
      expect(worst).toBeLessThan(1e-4);
    }
  }
});

test('a model that takes colours last gives what its twin gives', async () => {
  const twin = await writeClassifier(at('nhwc.onnx'), { d: 12, c: 20, nhwc: true });
  for (const transform of ['protocol', 'upsample'] as const) {
    const planes = await extractFeatures(model, spec, { dataset, transform });
    const pixels = await extractFeatures(twin, spec, { dataset, transform });
    expect(pixels.features).toEqual(planes.features);
  }
});

describe('bad images', () => {
  const images = (): string => at('photos');
  const bad = (): string => at('photos', 'b', '0.jpg');
  beforeAll(async () => {
    for (let i = 0; i < 8; i++) await writeJpeg(at('photos', i < 4 ? 'a' : 'b', `${i % 4}.jpg`), i);
    await truncate(bad(), 0.5);
  });

  test('one cut short stops extraction, which names it; once it is repaired, the images are others', async () => {
    const store = at('strict.safetensors');
    const images = at('photos-to-repair');
    await cp(at('photos'), images, { recursive: true });
    const extract = (): Promise<unknown> => extractToStore(model, `folder:${images}`, store, { batchSize: 2 });
    await expect(extract()).rejects.toThrow(coded('bad-image', 'photos-to-repair/b/0.jpg'));
    expect(await exists(store)).toBe(false);
    await copyFile(at('photos', 'a', '0.jpg'), path.join(images, 'b', '0.jpg'));
    await expect(extract()).rejects.toThrow(coded('mismatch', 'strict.safetensors.partial'));
  });

  test('skipped ones are counted, and rows know their positions', async () => {
    const options = { batchSize: 2, skipBadImages: true };
    const memory = await extractFeatures(model, `folder:${images()}`, options);
    const store = await extractToStore(model, `folder:${images()}`, at('skip.safetensors'), options);
    await store.close();
    const names = ['a/0', 'a/1', 'a/2', 'a/3', 'b/0', 'b/1', 'b/2', 'b/3'];
    const position = names.indexOf('b/0');
    expect(store.skipped).toEqual([{ position, id: 'b/0.jpg', reason: expect.stringContaining('b/0.jpg') }]);
    expect(memory.skipped).toEqual(store.skipped);
    expect(store.rows).toBe(names.length - 1);
    expect(Array.from(store.positions)).toEqual([0, 1, 2, 3, 5, 6, 7]);
    expect(Array.from(store.labels)).toEqual([0, 0, 0, 0, 1, 1, 1]);
    expect(memory.features.shape).toEqual([7, 12]);
    const again = await extractFeatures(model, `folder:${images()}`, { ...options, store: at('skip.safetensors') });
    expect(again.features).toEqual(memory.features);
    expect(again.logits).toEqual(memory.logits);
  });

  test('interrupted before or after the bad one, a store goes on to the same bytes', async () => {
    const options = { batchSize: 2, skipBadImages: true };
    const whole = at('skip-whole.safetensors');
    await (await extractToStore(model, `folder:${images()}`, whole, options)).close();
    for (const stopAt of [2, 6]) {
      const file = at(`skip-${stopAt}.safetensors`);
      const controller = new AbortController();
      const stopped = extractToStore(model, `folder:${images()}`, file, {
        ...options,
        signal: controller.signal,
        onProgress: (progress) => isExtraction(progress) && progress.done === stopAt && controller.abort(),
      });
      await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
      await (await extractToStore(model, `folder:${images()}`, file, options)).close();
      expect((await readFile(file)).equals(await readFile(whole))).toBe(true);
      for (const rest of ['.partial', '.partial.json', '.partial.short']) expect(await exists(file + rest)).toBe(false);
    }
  });

  test('a store with gaps is not handed out as one without', async () => {
    const file = at('gaps.safetensors');
    await (await extractToStore(model, `folder:${images()}`, file, { skipBadImages: true })).close();
    await expect(extractToStore(model, `folder:${images()}`, file, {})).rejects.toThrow(
      coded('bad-image', '1', 'b/0.jpg'),
    );
  });

  test('nothing but bad images is an error', async () => {
    await mkdir(at('all-bad'));
    await copyFile(bad(), at('all-bad', 'x.jpg'));
    await copyFile(bad(), at('all-bad', 'y.jpg'));
    const options = { skipBadImages: true };
    await expect(extractFeatures(model, `folder:${at('all-bad')}`, options)).rejects.toThrow(
      coded('bad-image', '2', 'x.jpg'),
    );
    const store = at('all-bad.safetensors');
    await expect(extractToStore(model, `folder:${at('all-bad')}`, store, options)).rejects.toThrow(
      coded('bad-image', '2'),
    );
    expect(await exists(store)).toBe(false);
  });
});

test('what says how far a store has come may be lost or damaged', async () => {
  const [whole, file] = [at('whole2.safetensors'), at('damaged.safetensors')];
  await (await extractToStore(model, spec, whole, { dataset })).close();
  await interrupted(file, 2);
  await truncate(`${file}.partial.json`, 0.5);
  await expect(extractToStore(model, spec, file, { dataset })).rejects.toThrow(coded('damaged', 'partial.json'));
  await rm(`${file}.partial.json`);
  await (await extractToStore(model, spec, file, { dataset })).close();
  expect((await readFile(file)).equals(await readFile(whole))).toBe(true);
});
