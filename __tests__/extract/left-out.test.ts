import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openDataset } from '../../lib/datasets/index.js';
import { extractFeatures, extractToStore, openStore, streamActivations } from '../../lib/extract/index.js';
import { auditModel, runAsked } from '../../lib/experiments/index.js';
import { type Results, parseResults } from '../../lib/results/index.js';
import { varied } from '../../lib/leaks/index.js';
import { renderMarkdown, renderReport, renderResults } from '../../lib/report/index.js';
import { noticesOf } from '../../lib/results/index.js';
import { noticeInWords } from '../../lib/words/index.js';
import { loadModel } from '../../lib/runtime/index.js';
import { runCli, temporaryFolder, truncate, writeClassifier, writeJpeg } from '../cli/support.js';
import { coded, naming } from '../support/coded.js';

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const photos = `folder:${at('photos')}`;
const skip = { skipBadImages: true };
const leftOut = { '.avif': 2, '.heic': 1 };
let model: string;

beforeAll(async () => {
  model = await writeClassifier(at('small.onnx'), { d: 12, c: 20 });
  for (let i = 0; i < 80; i++) await writeJpeg(at('photos', i < 40 ? 'a' : 'b', `${i}.jpg`), i);
  for (const name of ['x.avif', 'y.AVIF', 'z.heic']) await writeFile(at('photos', 'a', name), 'no matter what');
});

describe('files of a kind that is not read', () => {
  test('stop every way to extract, before a model is opened or anything is written', async () => {
    const message = coded('bad-input', 'photos', 3, 2, '.avif', 1, '.heic', 3);
    await expect(extractFeatures(at('missing.onnx'), photos)).rejects.toThrow(message);
    await expect(extractToStore(model, photos, at('none', 'x.safetensors'))).rejects.toThrow(message);
    const loaded = await loadModel(model);
    await expect(streamActivations(loaded, await openDataset(photos))).rejects.toThrow(message);
    await expect(extractFeatures(loaded, varied(await openDataset(photos), 2))).rejects.toThrow(message);
    // A slice is a part of what would be other positions.
    await expect(extractFeatures(loaded, `${photos}[0:10]`)).rejects.toThrow(message);
    await loaded.release();
    await expect(readFile(at('none'))).rejects.toThrow('ENOENT');
  });

  test('are counted where they are left out, and the rows are those of the images', async () => {
    const stages = new Set<string>();
    const { features, labels, provenance } = await extractFeatures(model, photos, {
      ...skip,
      onProgress: ({ stage }) => stages.add(stage),
    });
    expect([features.shape, provenance.dataset.leftOut]).toEqual([[80, 12], leftOut]);
    expect(new Set(labels.data)).toEqual(new Set([0, 1]));
    expect([...stages].find((stage) => stage.startsWith('extract'))).toMatch(naming(3, 2, '.avif', 1, '.heic'));
  });

  test('do not make another store of the same images, which says what is left out now', async () => {
    const file = at('kept.safetensors');
    const clean = at('clean');
    for (const name of ['a', 'b']) {
      await mkdir(path.join(clean, name), { recursive: true });
      await copyFile(at('photos', name, `${name === 'a' ? 1 : 50}.jpg`), path.join(clean, name, '1.jpg'));
    }
    await (await extractToStore(model, `folder:${clean}`, file, skip)).close();
    const before = await readFile(file);
    const opened = await openStore(file);
    expect(opened.provenance.dataset).not.toHaveProperty('leftOut');
    await opened.close();
    await writeFile(path.join(clean, 'b', 'x.avif'), '');
    await expect(extractToStore(model, `folder:${clean}`, file)).rejects.toThrow(coded('bad-input', '1'));
    const store = await extractToStore(model, `folder:${clean}`, file, skip);
    expect(store.provenance.dataset.leftOut).toEqual({ '.avif': 1 });
    expect(await readFile(file)).toEqual(before);
    await store.close();
  });
});

describe('in results', () => {
  let results: Results;
  beforeAll(async () => {
    await copyFile(at('photos', 'a', '1.jpg'), at('photos', 'a', 'again.jpg'));
    await copyFile(at('photos', 'b', '50.jpg'), at('photos', 'b', 'bad.jpg'));
    await truncate(at('photos', 'b', 'bad.jpg'), 0.5);
  });
  afterAll(async () => {
    for (const name of ['a/again.jpg', 'b/bad.jpg']) await rm(at('photos', name));
  });

  test('an audit with variations hears that bad images may be left out, and says what was', async () => {
    const audit = (more: object): Promise<Results> =>
      auditModel(model, photos, { stores: at('stores'), vary: 3, observe: ['logits'], recoverySeconds: 1, ...more });
    await expect(audit({})).rejects.toThrow(coded('bad-input', '.avif'));
    results = await audit(skip);
    expect(results.environment.datasets).toEqual([
      {
        ...{ spec: `${photos} x 3 variations (seed 0)`, size: 246, digest: expect.any(String) },
        // Three examples of the one bad image.
        ...{ skipped: 3, firstSkipped: 'b/bad.jpg~0', leftOut, duplicates: 1 },
      },
    ]);
    // 80 images in three variations: the copy is left out.
    expect(results.rows[0].nTrain + results.rows[0].nTest).toBe(240);
    expect(await parseResults(JSON.stringify(results))).toEqual(results);
    // With nothing but a bad image in the way it is that image that stops.
    for (const name of ['x.avif', 'y.AVIF', 'z.heic']) await rm(at('photos', 'a', name));
    await expect(audit({})).rejects.toThrow(coded('bad-image', 'bad'));
    await expect(extractFeatures(model, varied(await openDataset(photos), 2), { batchSize: 7 })).rejects.toThrow(
      coded('bad-image', 'bad.jpg'),
    );
    for (const name of ['x.avif', 'y.AVIF', 'z.heic']) await writeFile(at('photos', 'a', name), 'no matter what');
  });

  test('it stands in the terminal, on the page and in report.md', async () => {
    const missing = naming('folder:photos', 3, 2, '.avif', 1, '.heic', 3, 246, 'b/bad.jpg~0');
    const copies = naming(1, 'folder:photos', 'copy');
    const page = await renderReport([results]);
    const notices = noticesOf(results).map(noticeInWords);
    for (const text of [renderResults(results), page, notices.join('\n')]) {
      expect(text).toMatch(missing);
      expect(text).toMatch(copies);
    }
    expect(renderMarkdown(results).replaceAll('\\', '')).toMatch(missing);
    expect(page).toContain('3 bad, 2 .avif, 1 .heic');
  });

  test('a run with and without stores, and one of results without any of it', async () => {
    const spec = { experiment: 1, source: model, train: photos, test: photos };
    for (const stores of [at('stores'), null]) {
      const { environment } = await runAsked(spec, { stores, ...skip, samples: 0 });
      expect(environment.datasets).toEqual([expect.objectContaining({ size: 82, skipped: 1, leftOut })]);
    }
    const { spec: name, size, digest } = results.environment.datasets[0];
    const before = {
      ...results,
      environment: { ...results.environment, datasets: [{ spec: name, size, digest, skipped: 0 }] },
    };
    expect(await parseResults(JSON.stringify(before))).toEqual(before);
    expect(renderResults(before)).not.toMatch(/Left|copies/);
  });
});

test('on the command line: exit code 1 and one line, or the count', async () => {
  const audit = ['audit', model, at('photos'), '--stores', at('stores'), '--out', at('out'), '--minutes', '0.01'];
  const refused = await runCli(audit);
  expect([refused.code, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toMatch(naming(3, '--skip-bad-images'));
  const done = await runCli([...audit, '--skip-bad-images']);
  expect([done.code, done.stdout]).toEqual([0, expect.stringMatching(naming('folder:photos', 3))]);
  const extract = [
    'extract',
    '--model',
    model,
    '--dataset',
    photos,
    '--skip-bad-images',
    '--store',
    at('x.safetensors'),
  ];
  const extracted = await runCli(extract);
  expect(extracted.stdout).toMatch(naming(3, 2, '.avif', 1, '.heic'));
});
