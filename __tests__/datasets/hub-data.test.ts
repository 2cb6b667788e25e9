import { createHash } from 'node:crypto';
import { readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { openDataset, wantedOfDataset, type Sample } from '../../lib/datasets/index.js';
import { backOff } from '../../lib/hub/pause.js';
import { runCli, temporaryFolder, writeClassifier } from '../cli/support.js';
import { coded, naming } from '../support/coded.js';
import { hubEnvironment, startHub, withEnvironment, type HubServer, type RepoOfServer } from '../support/hub.js';
import { all } from './support.js';

const fixtures = path.join(import.meta.dirname, '..', 'fixtures', 'parquet-images');
const golden = (
  JSON.parse(await readFile(path.join(fixtures, 'golden.json'), 'utf8')) as Record<string, [string, number][]>
).hub;
const [first, second, words] = await Promise.all(
  ['hub/train-00000-of-00002.parquet', 'hub/train-00001-of-00002.parquet', 'words.parquet'].map((name) =>
    readFile(path.join(fixtures, name)),
  ),
);
const folder = temporaryFolder();
let hub: HubServer;
let cache: string;
let restore: () => void;
let number = 0;
beforeEach(async () => {
  backOff.first = 5;
  cache = path.join(folder, `cache-${number++}`);
  hub = await startHub();
  restore = withEnvironment(hubEnvironment(hub.endpoint, cache));
});
afterEach(async () => {
  restore();
  await hub.close();
});

const add = (files: RepoOfServer['files'], more: Partial<RepoOfServer> = {}): void =>
  hub.add({ type: 'dataset', id: 'maker/fruit', files, ...more });
const usual = {
  'README.md': 'x',
  'data/train-00000-of-00002.parquet': first,
  'data/train-00001-of-00002.parquet': second,
  'data/test-00000-of-00001.parquet': second,
};
const fetch = { consent: true };
const read = (samples: readonly Sample[]): [string, number][] =>
  samples.map(({ encoded, label }) => [
    createHash('sha256')
      .update(encoded!.file as Uint8Array)
      .digest('hex'),
    label,
  ]);
const open = async (spec: string, options = { fetch } as Parameters<typeof openDataset>[1]) =>
  read(await all(await openDataset(spec, options)));
/** Files whose bytes were asked for whole. */
const fetched = (): string[] =>
  hub.requests.flatMap(({ line, range }) =>
    range ? [] : (/^cdn GET \/datasets:maker\/fruit\/(.*)\?/.exec(line)?.[1] ?? []),
  );

test('a split is read as Python wrote it, with its class names, and once fetched without a server', async () => {
  add(usual);
  const dataset = await openDataset('hf:maker/fruit:train', { fetch });
  expect(dataset).toMatchObject({ size: 11, classNames: ['apple', 'bear', 'chair'], kind: 'images' });
  const samples = await all(dataset);
  expect(read(samples)).toEqual(golden);
  expect(samples[8].id).toBe('hf:maker/fruit:train/00008');
  await hub.close();
  expect(await open('hf:maker/fruit:train[9:]', {})).toEqual(golden.slice(9));
  expect(await open('hf:maker/fruit:train', { fetch: { offline: true } })).toEqual(golden);
  hub = await startHub();
});

test('of a slice only the files are fetched that have its rows, and it is read again without a server', async () => {
  add(usual);
  expect(await wantedOfDataset('hf:maker/fruit:train[8:10]')).toMatchObject([
    { name: 'hf:maker/fruit', file: 'data/train-00001-of-00002.parquet', size: second.length },
  ]);
  expect(await wantedOfDataset('hf:maker/fruit:train[limit:7]')).toMatchObject([
    { file: 'data/train-00000-of-00002.parquet' },
  ]);
  expect(await wantedOfDataset('hf:maker/fruit:train[5:9]')).toHaveLength(2);
  expect(await wantedOfDataset('hf:maker/fruit:train[sample:2,seed:1]')).not.toHaveLength(0);
  await expect(openDataset('hf:maker/fruit:train')).rejects.toThrow(coded('not-fetched', '2 files', 'consent'));
  expect(fetched()).toEqual([]);
  expect(await open('hf:maker/fruit:train[-3:-1]')).toEqual(golden.slice(8, 10));
  expect(fetched()).toEqual(['data/train-00001-of-00002.parquet']);
  await hub.close();
  expect(await open('hf:maker/fruit:train[8:10]', {})).toEqual(golden.slice(8, 10));
  await expect(openDataset('hf:maker/fruit:train[0:1]', { fetch: { offline: true } })).rejects.toThrow(
    coded('not-fetched', 'train-00000-of-00002'),
  );
  hub = await startHub();
});

test.each([
  [
    'config folders',
    { 'small/train-00000-of-00001.parquet': first, 'large/train-00000-of-00001.parquet': second },
    'hf:maker/fruit/small:train',
    7,
  ],
  [
    'a folder of the split',
    { 'data/train/0000.parquet': first, 'data/train/0001.parquet': second },
    'hf:maker/fruit:train',
    11,
  ],
  ['one file', { 'train.parquet': first, 'validation.parquet': second }, 'hf:maker/fruit:val', 4],
  ['another name of the split', { 'data/valid-00000-of-00001.parquet': second }, 'hf:maker/fruit:validation', 4],
  [
    'a default among configs',
    { 'data/train-00000-of-00001.parquet': first, 'other/train-00000-of-00001.parquet': second },
    'hf:maker/fruit:train',
    7,
  ],
  ['numbers behind the name', { 'train_1.parquet': second, 'train_0.parquet': first }, 'hf:maker/fruit:train', 11],
  ['a hash behind the number', { 'data/train-00000-of-00001-0a1b2c3d.parquet': first }, 'hf:maker/fruit:train', 7],
  [
    'a split of a name of its own',
    { 'data/unsupervised-00000-of-00001.parquet': first, 'data/train-00000-of-00001.parquet': second },
    'hf:maker/fruit:unsupervised',
    7,
  ],
])('%s', async (_, files, spec, size) => {
  add(files);
  expect((await openDataset(spec, { fetch })).size).toBe(size);
});

test.each([
  ['hf:maker/fruit:val', usual, 'not-found', 'hf:maker/fruit:train'],
  ['hf:maker/fruit/none:train', usual, 'not-found', 'none'],
  [
    'hf:maker/fruit:train',
    { 'a/train.parquet': first, 'b/train.parquet': first },
    'ambiguous',
    'hf:maker/fruit/a:train',
  ],
  [
    'hf:maker/fruit:train',
    { 'data/train-00000-of-00003.parquet': first, 'data/train-00001-of-00003.parquet': first },
    'not-found',
    '3',
  ],
  ['hf:maker/fruit:train', { 'images.zip': 'x', 'train.csv': 'x' }, 'not-found', '.zip, .csv'],
  ['hf:maker/none:train', usual, 'not-found', 'maker/none'],
  ['hf:maker/fruit', usual, 'usage', 'split'],
  ['hf:fruit:train', usual, 'usage', 'owner/name'],
  ['hf:maker/fruit:train[20:30]', usual, 'usage', '11'],
  ['hf:maker/fruit:train', { 'train.parquet': Buffer.alloc(2000) }, 'damaged', 'train.parquet'],
] as const)('%s of %o is refused', async (spec, files, code, said) => {
  add(files as unknown as RepoOfServer['files']);
  await expect(openDataset(spec, { fetch })).rejects.toThrow(coded(code, said));
});

test('other formats come as the Hub has converted them', async () => {
  // Another revision is another repository to this server.
  add({ 'images.zip': 'x' });
  await expect(openDataset('hf:maker/fruit:train', { fetch })).rejects.toThrow(
    coded('not-found', 'refs/convert/parquet'),
  );
  add(
    { 'default/partial-train/0000.parquet': first, 'default/partial-train/0001.parquet': second },
    { revisions: ['refs/convert/parquet'] },
  );
  const dataset = await openDataset('hf:maker/fruit@refs%2Fconvert%2Fparquet:train', { fetch });
  expect(read(await all(dataset))).toEqual(golden);
  expect(dataset.notes?.join()).toMatch(naming('first'));
});

test('a split that came later is found', async () => {
  add({ 'data/test-00000-of-00001.parquet': second });
  await openDataset('hf:maker/fruit:test', { fetch });
  add(usual);
  expect((await openDataset('hf:maker/fruit:test')).size).toBe(4);
  expect((await openDataset('hf:maker/fruit:train', { fetch })).size).toBe(11);
});

test('names of classes without numbers are numbered where all files are here, and not before', async () => {
  // Nothing reads its first byte, which makes it another file.
  const other = Buffer.from(words).fill(0, 0, 1);
  add({ 'data/train-00000-of-00002.parquet': words, 'data/train-00001-of-00002.parquet': other });
  const part = await openDataset('hf:maker/fruit:train[0:2]', { fetch });
  expect((await all(part)).map(({ label }) => label)).toEqual([-1, -1]);
  expect(part.notes?.join()).toMatch(naming('labels'));
  const whole = await openDataset('hf:maker/fruit:train', { fetch });
  expect(whole.classNames).toEqual(['', 'Ape', 'ape', 'wolf']);
});

test('a gated one wants the token of who may read it', async () => {
  add(usual, { token: 'hf_right' });
  await expect(openDataset('hf:maker/fruit:train', { fetch })).rejects.toThrow(
    coded('not-fetched', 'gated', '/datasets/maker/fruit', 'HF_TOKEN'),
  );
  process.env.HF_TOKEN = 'hf_right';
  expect(await open('hf:maker/fruit:train')).toEqual(golden);
});

test('a file that changed since it was listed, or is cut on its way, is fetched anew or refused', async () => {
  add(usual);
  hub.fail('data/train-00001-of-00002.parquet', {}, { cutAfter: 500 }, { status: 503 });
  expect(await open('hf:maker/fruit:train')).toEqual(golden);
  const blobs = path.join(cache, 'datasets--maker--fruit', 'blobs');
  const names = await readdir(blobs);
  expect(names.filter((name) => name.endsWith('.incomplete'))).toEqual([]);
  await rm(path.join(blobs, names[0]));
  expect(await open('hf:maker/fruit:train')).toEqual(golden);
});

test('the command line extracts from it, and says before what it would fetch', async () => {
  add(usual);
  const model = await writeClassifier(path.join(folder, 'net.onnx'), { d: 6, c: 3 });
  const extract = (...more: string[]) =>
    runCli([
      'extract',
      '--model',
      model,
      '--dataset',
      'hf:maker/fruit:train[0:6]',
      '--store',
      path.join(folder, 'store.safetensors'),
      '--transform',
      'unit',
      ...more,
    ]);
  const refused = await extract();
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(naming('hf:maker/fruit', 'train-00000-of-00002.parquet', 'kB', '127.0.0.1', '--yes'));
  const done = await extract('--yes');
  expect(done.stderr).not.toMatch(/error/);
  expect(done.stdout).toContain('6 rows');
});
