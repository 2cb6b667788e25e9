import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openDataset, specOfPath, type Sample } from '../../lib/datasets/index.js';
import { decodeImage } from '../../lib/images/index.js';
import { coded, naming } from '../support/coded.js';
import { all, withFolder } from './support.js';

const fixtures = path.join(import.meta.dirname, '..', 'fixtures', 'parquet-images');
const golden = JSON.parse(await readFile(path.join(fixtures, 'golden.json'), 'utf8')) as Record<
  string,
  [string | null, number][]
>;
const place = (name: string): string => path.join(fixtures, name === 'hub' ? name : `${name}.parquet`);
const sum = ({ encoded }: Sample): string | null =>
  encoded
    ? createHash('sha256')
        .update(encoded.file as Uint8Array)
        .digest('hex')
    : null;

test.each(Object.keys(golden))('%s: bytes and labels are those that Python wrote', async (name) => {
  const dataset = await openDataset(`parquet:${place(name)}`);
  const samples = await all(dataset);
  expect(samples.map((sample) => [sum(sample), sample.label])).toEqual(golden[name]);
  expect(dataset.size).toBe(golden[name].length);
  for (const sample of samples) {
    if (sample.encoded) expect(await decodeImage(sample.encoded)).toMatchObject({ width: 6, height: 5 });
  }
});

test('class names are those of the schema, or the sorted texts of the column', async () => {
  expect((await openDataset(`parquet:${place('hub')}`)).classNames).toEqual(['apple', 'bear', 'chair']);
  const words = await openDataset(`parquet:${place('words')}`);
  expect(words).toMatchObject({ classNames: ['', 'Ape', 'ape', 'wolf'], classesAre: 'folders' });
  expect((await openDataset(`parquet:${place('plain-none')}`)).classNames).toBeUndefined();
  expect((await openDataset(`parquet:${place('several')}`)).notes?.join()).toMatch(
    naming("'mask', 'image'", "'image'", "'fine_label'"),
  );
});

test('slices read no more than their row groups, across files too', async () => {
  const dataset = await openDataset(`parquet:${place('hub')}[5:9]`);
  expect((await all(dataset)).map(sum)).toEqual(golden.hub.slice(5, 9).map(([each]) => each));
  expect((await all(dataset, { start: 2 })).map(sum)).toEqual(golden.hub.slice(7, 9).map(([each]) => each));
  const ids = (await all(dataset)).map(({ id }) => id);
  expect(ids[0]).toBe(`${place('hub')}/00005`);
  const sample = await openDataset(`parquet:${place('hub')}[sample:4,seed:1]`);
  expect(await all(sample)).toHaveLength(4);
  expect(await dataset.digest()).toMatch(/^[0-9a-f]{64}$/);
});

test('an image that is not there is a bad one, and says why', async () => {
  const samples = await all(await openDataset(`parquet:${place('gaps')}`));
  expect(samples[1].undecodable).toEqual(coded('bad-image', 'row 1'));
  expect(samples[2].undecodable).toEqual(coded('bad-image', 'row 2', 'there.png'));
});

test.each([
  ['text', 'bad-input', 'label (INT64)'],
  ['outside', 'bad-input', 'label 7'],
  ['empty', 'not-found', 'rows'],
  ['missing', 'not-found', 'missing.parquet'],
] as const)('%s is refused', async (name, code, said) => {
  await expect(openDataset(`parquet:${place(name)}`).then((dataset) => all(dataset))).rejects.toThrow(
    coded(code, said),
  );
});

test('damaged files are refused, wherever they end', async () => {
  await withFolder(undefined, async (folder) => {
    const whole = await readFile(place('plain-snappy'));
    const file = path.join(folder, 'cut.parquet');
    for (const length of [0, 4, 12, 200, whole.length - 1]) {
      await writeFile(file, whole.subarray(0, length));
      await expect(openDataset(`parquet:${file}`)).rejects.toThrow(coded('damaged', 'cut.parquet'));
    }
    // The end is there, and what it leads to is not.
    const hollow = Buffer.from(whole);
    hollow.fill(0, 4, whole.length - 3000);
    await writeFile(file, hollow);
    await expect(openDataset(`parquet:${file}`).then((dataset) => all(dataset))).rejects.toThrow(
      coded('damaged', 'cut.parquet'),
    );
    await expect(openDataset(`parquet:${folder}/none`)).rejects.toThrow(coded('not-found'));
    await mkdir(path.join(folder, 'empty'));
    await expect(openDataset(`parquet:${folder}/empty`)).rejects.toThrow(coded('not-found', '.parquet'));
    await copyFile(place('unlabelled'), file);
    for (const part of ['[0:1]', '[shard:1/2]', '[limit:9][shard:2/2]']) {
      expect(await specOfPath(file + part)).toBe(`parquet:${file}${part}`);
    }
  });
});
