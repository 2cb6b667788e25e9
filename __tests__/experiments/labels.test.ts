import { copyFile, mkdir, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { classesApart, truthOfFolders } from '../../lib/experiments/labels.js';
import { auditModel, runAsked } from '../../lib/experiments/index.js';
import { type Results } from '../../lib/results/index.js';
import { extractFeatures } from '../../lib/extract/index.js';
import { renderReport, renderResults } from '../../lib/report/index.js';
import { warningInWords } from '../../lib/words/index.js';
import { temporaryFolder, writeCifar, writeClassifier, writeJpeg } from '../cli/support.js';

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);

describe('which classes folders are', () => {
  test.each([
    ['the same names in the same order', ['cat', 'dog'], ['cat', 'dog'], [0, 1]],
    ['in another order', ['cat', 'dog'], ['dog', 'cat'], [1, 0]],
    ['some of them', ['cat', 'owl'], ['ant', 'cat', 'dog', 'owl'], [1, 3]],
    ['written otherwise', ['Maple_Tree', 'sea-lion', 'OAK'], ['oak', 'maple tree', 'sea lion'], [1, 2, 0]],
    ['with accents in two pieces, as macOS writes them', ['cafe\u0301'], ['café', 'bar'], [0]],
  ])('%s', (_, folders, names, classes) => {
    expect(truthOfFolders(folders, names.length, names)).toEqual({ classes, assumed: false });
  });

  test.each([
    ['photographs', ['holiday 2024', 'wedding'], ['cat', 'dog']],
    ['as many, one of another name', ['cat', 'wedding'], ['cat', 'dog']],
    ['a name that two classes share', ['crane', 'dog'], ['crane', 'crane', 'dog']],
    ['as many folders as classes, of other names', ['a', 'b', 'c'], ['x', 'y', 'z']],
  ])('no classes: %s', (_, folders, names) => {
    expect(truthOfFolders(folders, names.length, names)).toBeUndefined();
  });

  test("without names their number alone speaks for them; ImageNet's ids do by themselves", () => {
    expect(truthOfFolders(['x', 'y'], 2, undefined)).toEqual({ classes: [0, 1], assumed: true });
    expect(truthOfFolders(['x', 'y'], 3, undefined)).toBeUndefined();
    const ids = ['n01440764', 'n01443537'];
    for (const names of [undefined, ['tench', 'goldfish']])
      expect(truthOfFolders(ids, 2, names)).toEqual({ classes: [0, 1], assumed: false });
    expect(truthOfFolders(ids, 1000, undefined)).toBeUndefined();
  });
});

describe('training and test images of other classes', () => {
  const labels = (...classes: number[]): Int32Array => Int32Array.from(classes);

  test('slices of one folder in the order of its classes', () => {
    const of = { train: 'folder:/a/p[0:4]', test: 'folder:/a/p[4:8]' };
    expect(classesApart(of, labels(0, 0, 1, 1), labels(1, 2, 2, 3))).toEqual({
      ...{ ...of, kind: 'classes-apart' },
      ...{ images: 3, of: 4, classes: 2 },
    });
  });

  test.each([
    ['the same classes', '[0:4]', '[4:8]', [0, 1, 2, 0], [2, 1, 0, 0]],
    ['a rare class', '[0:4]', '[4:24]', [0, 0, 0, 0], [1, ...Array<number>(19).fill(0)]],
    ['no labels', '[0:4]', '[4:8]', [-1, -1, -1, -1], [-1, -1, -1, -1]],
    ['the same images', '', '', [0, 1], [0, 1]],
  ])('nothing is said of %s', (_, train, test, trained, tested) => {
    const of = { train: `folder:/a/p${train}`, test: `folder:/a/p${test}` };
    expect(classesApart(of, labels(...trained), labels(...tested))).toBeNull();
  });

  test('labels of two folders are not compared', () => {
    expect(classesApart({ train: 'folder:a', test: 'folder:b' }, labels(0, 0), labels(1, 1))).toBeNull();
  });
});

describe('in an experiment', () => {
  const names = ['airplane', 'bird', 'cat', 'truck'];
  const options = { stores: at('stores'), observe: ['logits'], dataset: { dataDir: at('data') } };
  let model: string;
  beforeAll(async () => {
    model = await writeClassifier(at('four.onnx'), { d: 3, c: 4 });
    await writeCifar(at('data'));
    for (let i = 0; i < 60; i++) await writeJpeg(at('by-class', names[i % 4], `${i}.jpg`), i);
    for (let i = 0; i < 60; i++) {
      const place = at('photos', ['holiday 2024', 'wedding', 'x', 'y'][i % 4]);
      await mkdir(place, { recursive: true });
      await copyFile(at('by-class', names[i % 4], `${i}.jpg`), path.join(place, `${i}.jpg`));
    }
  });

  const run = (set: string, more: object = {}): Promise<Results> => {
    const spec = { experiment: 1, source: model, train: `folder:${at(set)}`, test: `folder:${at(set)}` };
    return runAsked(spec, { ...options, observe: undefined, ...more });
  };
  const labels = ({ samples }: Results) => samples!.flatMap(({ images }) => images.map(({ label }) => label));

  test('folders of the names of classes, in any order, are labels, and the accuracy is against them', async () => {
    const classNames = ['truck', 'cat', 'bird', 'airplane'];
    const results = await run('by-class', { classNames });
    const { logits, labels: folders } = await extractFeatures(model, `folder:${at('by-class')}`);
    const right = Array.from({ length: 60 }, (_, row) => {
      const values = [0, 1, 2, 3].map((j) => logits.get(row, j));
      return classNames[values.indexOf(Math.max(...values))] === names[folders.get(row)];
    }).filter(Boolean).length;
    expect(results.rows[0].accuracy).toEqual({ n: 60, original: right / 60, reconstructed: right / 60 });
    expect(results.rows[0].warnings.map(({ kind }) => kind)).not.toContain('labels-by-number');
    for (const [i, { id }] of results.samples![0].images.entries()) {
      const name = id.split('/')[0];
      expect(labels(results)[i]).toEqual({ index: classNames.indexOf(name), name });
    }
    expect(await renderReport([results])).toContain('labelled <b>');
  });

  test('a row says where slices of a folder show other classes', async () => {
    const of = { train: `folder:${at('by-class')}[0:30]`, test: `folder:${at('by-class')}[30:60]` };
    const { rows } = await runAsked({ experiment: 1, source: model, ...of }, { ...options, observe: undefined });
    expect(rows[0].warnings).toContainEqual({ ...of, kind: 'classes-apart', images: 30, of: 30, classes: 2 });
  });

  test('paths in place of a data set are told how they are given', async () => {
    const paths = [at('by-class', 'cat', '2.jpg')] as unknown as string;
    await expect(extractFeatures(model, paths)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('list:FILE'),
    });
  });

  test('other folders are none: no label is said to be one, and there is no accuracy', async () => {
    const results = await run('photos', { classNames: names });
    expect(results.rows[0].accuracy).toBeNull();
    expect(new Set(labels(results))).toEqual(new Set([null]));
    expect(await renderReport([results])).not.toContain('labelled');
  });

  test('as many folders as classes of unknown names: the accuracy says what it takes for granted', async () => {
    const results = await run('photos');
    expect(results.rows[0].accuracy).toMatchObject({ n: 60 });
    const warning = {
      kind: 'labels-by-number',
      labels: 'folders',
      dataset: `folder:${at('photos')}`,
      classes: 4,
    } as const;
    expect(results.rows[0].warnings).toContainEqual({ ...warning, model: 'four' });
    expect(renderResults(results)).toContain(`! ${warningInWords({ ...warning, model: 'four' })}`);
    expect(new Set(labels(results))).toEqual(new Set([null]));
    await rename(at('photos', 'y'), at('photos', 'x', 'y'));
    const fewer = await run('photos');
    expect(fewer.rows[0].accuracy).toBeNull();
    expect(fewer.rows[0].warnings.map(({ kind }) => kind)).not.toContain('labels-by-number');
    expect(await readdir(at('photos'))).toHaveLength(3);
  });

  test("an audit's images are not labelled by their folders; a data set's own labels are labels", async () => {
    const audit = await auditModel(model, `folder:${at('photos')}`, { ...options, recoverySeconds: 1 });
    expect(new Set(labels(audit))).toEqual(new Set([null]));
    const spec = { experiment: 1, source: model, train: 'cifar10:test', test: 'cifar10:test' };
    const cifar = await runAsked(spec, { ...options, observe: undefined });
    expect(labels(cifar).every((label) => label !== null && label.index >= 0)).toBe(true);
  });
});
