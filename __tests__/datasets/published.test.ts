import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fetchDataset, listDatasets, openDataset, wantedOfDataset } from '../../lib/datasets/index.js';
import { backOff } from '../../lib/hub/pause.js';
import { fetchPublished, wantedPublished, type Published } from '../../lib/hub/index.js';
import { runCli, temporaryFolder } from '../cli/support.js';
import { coded, naming } from '../support/coded.js';
import { hubEnvironment, startFiles, withEnvironment } from '../support/hub.js';

const folder = temporaryFolder();
const archive = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) & 255));
const md5 = createHash('md5').update(archive).digest('hex');
let server: Awaited<ReturnType<typeof startFiles>>;
let dataDir: string;
let restore: () => void;
let number = 0;
beforeEach(async () => {
  backOff.first = 5;
  dataDir = path.join(folder, `data-${number++}`);
  server = await startFiles({ 'a.tar': archive, 'cifar-10-binary.tar.gz': archive, 'val_256.tar': archive });
  restore = withEnvironment({
    ...hubEnvironment(server.url, path.join(folder, 'hub')),
    FEATRECONSTRUCT_MIRROR: `${server.url}/`,
  });
});
afterEach(async () => {
  restore();
  await server.close();
});

const published: Published = {
  from: 'https://example.org/data',
  file: 'a.tar',
  size: archive.length,
  sum: { kind: 'md5', value: md5 },
};
const yes = { consent: true };

test('a published file is fetched into the data folder, checked, and left as it is', async () => {
  server.fail('a.tar', { cutAfter: 200_000 }, { status: 503 });
  await fetchPublished('a', [published], dataDir, yes);
  expect(await readdir(dataDir)).toEqual(['a.tar']);
  expect((await readFile(path.join(dataDir, 'a.tar'))).equals(archive)).toBe(true);
  expect(server.requests.at(-1)!.range).toMatch(/^bytes=\d+-$/);
  expect(await wantedPublished('a', [published], dataDir)).toEqual([]);
  await fetchPublished('a', [published], dataDir, {});
  expect(server.requests).toHaveLength(3);
});

test('one of unknown size, one that is another, one that is not there', async () => {
  await fetchPublished('a', [{ ...published, size: null }], dataDir, yes);
  expect((await stat(path.join(dataDir, 'a.tar'))).size).toBe(archive.length);
  const other = { ...published, file: 'val_256.tar', sum: { kind: 'md5', value: '0'.repeat(32) } } as const;
  await expect(fetchPublished('b', [other], dataDir, yes)).rejects.toThrow(coded('damaged', 'val_256.tar', 'md5', md5));
  await expect(fetchPublished('b', [{ ...other, file: 'none.tar' }], dataDir, yes)).rejects.toThrow(
    coded('not-found', 'none.tar'),
  );
  expect(await readdir(dataDir)).toEqual(['a.tar']);
  process.env.FEATRECONSTRUCT_MIRROR = 'ftp:x';
  await expect(fetchPublished('b', [other], dataDir, yes)).rejects.toThrow(coded('usage', 'FEATRECONSTRUCT_MIRROR'));
});

test.each([
  ['cifar10:train', ['cifar-10-binary.tar.gz', 170_052_171]],
  ['cifar100:test[0:10]', ['cifar-100-binary.tar.gz', 168_513_733]],
  ['places365:val', ['val_256.tar', 525_158_400]],
])('%s says what would be fetched, and from where by default', async (spec, [file, size]) => {
  delete process.env.FEATRECONSTRUCT_MIRROR;
  const [first] = await wantedOfDataset(spec, { dataDir });
  expect(first).toMatchObject({ file, size, place: path.join(dataDir, file as string) });
  expect(first.url).toMatch(
    /^https:\/\/www\.cs\.toronto\.edu\/~kriz\/|^http:\/\/data\.csail\.mit\.edu\/places\/places365\//,
  );
  await expect(openDataset(spec, { dataDir })).rejects.toThrow(coded('not-found', 'consent'));
  await expect(openDataset(spec, { dataDir, fetch: { consent: false } })).rejects.toThrow(
    coded('not-fetched', 'dataDir'),
  );
  await expect(openDataset(spec, { dataDir, fetch: { offline: true, consent: true } })).rejects.toThrow(
    coded('not-fetched', first.url, first.place),
  );
});

test('what the server has is not taken for CIFAR-10, and what is there is not fetched', async () => {
  await expect(fetchDataset('cifar10:test', { dataDir, fetch: yes })).rejects.toThrow(coded('damaged', '170,052,171'));
  expect(await readdir(dataDir)).toEqual([]);
  await mkdir(path.join(dataDir, 'cifar-100-python'), { recursive: true });
  const requests = server.requests.length;
  await openDataset('cifar100:test', { dataDir, fetch: yes }).catch(() => {});
  expect(server.requests).toHaveLength(requests);
  await expect(wantedOfDataset('cifar10:valid', { dataDir })).rejects.toThrow(coded('usage', 'valid'));
});

test('the labels of Places365 are read from the archive that has them', async () => {
  const tar = (name: string, text: string): Buffer => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${text.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write('0', 156);
    header.write('ustar\x0000', 257);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    return Buffer.concat([header, Buffer.from(text), Buffer.alloc((512 - (text.length % 512)) % 512)]);
  };
  await mkdir(path.join(dataDir, 'val_256'), { recursive: true });
  await writeFile(path.join(dataDir, 'val_256', 'Places365_val_00000001.jpg'), 'x');
  await writeFile(
    path.join(dataDir, 'filelist_places365-standard.tar'),
    Buffer.concat([
      tar('categories_places365.txt', '/a/airfield 0\n'),
      tar('places365_val.txt', 'Places365_val_00000001.jpg 7\n'),
      Buffer.alloc(1024),
    ]),
  );
  expect(await wantedOfDataset('places365:val', { dataDir })).toEqual([]);
  const dataset = await openDataset('places365:val', { dataDir });
  expect(dataset.classNames).toEqual(['airfield']);
  for await (const { label } of dataset.samples()) expect(label).toBe(7);
});

test('featreconstruct datasets lists them, and asks nobody', async () => {
  const listed = await listDatasets(dataDir);
  expect(listed.find(({ spec }) => spec === 'cifar100:train')).toMatchObject({
    images: 50_000,
    classes: 100,
    here: false,
    size: 168_513_733,
  });
  expect(listed.find(({ spec }) => spec === 'synthetic:test')).toMatchObject({ here: true });
  expect(listed.find(({ spec }) => spec === 'folder:PATH')).toMatchObject({ here: null });
  await mkdir(path.join(folder, 'hub', 'datasets--maker--fruit', 'snapshots', '0'.repeat(40)), { recursive: true });
  const { code, stdout } = await runCli(['datasets', '--data-dir', dataDir]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/cifar100:train +50,000 +100 +no +169 MB/);
  expect(stdout).toMatch(/hf:maker\/fruit:SPLIT/);
  // A part of it is no whole: what is there is counted, what is missing is named.
  await mkdir(path.join(dataDir, 'cifar-10-batches-bin'), { recursive: true });
  await writeFile(path.join(dataDir, 'cifar-10-batches-bin', 'data_batch_1.bin'), Buffer.alloc(3073 * 10_000));
  await writeFile(path.join(dataDir, 'cifar-10-batches-bin', 'data_batch_3.bin'), Buffer.alloc(3073 * 20));
  const part = (await listDatasets(dataDir)).filter(({ spec }) => spec.startsWith('cifar10:'));
  const files = [2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
  expect(part).toMatchObject([
    { here: false, partly: { images: 10_020, missing: files } },
    { here: false, partly: { images: 0, missing: ['test_batch.bin'] } },
  ]);
  const partly = await runCli(['datasets', '--data-dir', dataDir]);
  expect(partly.stdout).toMatch(naming('cifar10:train', '10,020'));
  expect(partly.stdout.replace(/\n/g, ' ')).toMatch(
    naming('cifar10:train: ', ...files, '--allow-partial', 'cifar10:test: '),
  );
  const asData = JSON.parse((await runCli(['datasets', '--json'])).stdout) as { datasets: unknown[] };
  expect(asData.datasets.length).toBe(listed.length + 1);
  expect(server.requests).toEqual([]);
});
