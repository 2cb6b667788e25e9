import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readClassNames } from '../../lib/experiments/class-names.js';
import { pickRows, likeliest } from '../../lib/experiments/samples.js';
import { auditModel, runExperiment } from '../../lib/experiments/index.js';
import { type Results, type SampleGroup, parseResults } from '../../lib/results/index.js';
import { decodeImage } from '../../lib/images/index.js';
import { runCli, temporaryFolder, writeCifar, writeClassifier, writeJpeg } from '../cli/support.js';
import { coded, naming } from '../support/coded.js';

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const options = { stores: at('stores'), dataset: { dataDir: at('data') } };

beforeAll(async () => {
  await writeCifar(at('data'));
  await writeClassifier(at('narrow.onnx'), { d: 12, c: 20 });
  await writeClassifier(at('ten.onnx'), { d: 14, c: 10, seed: 8 });
  for (let i = 0; i < 60; i++) await writeJpeg(at('photos', i < 30 ? 'a' : 'b', `${i}.jpg`), i);
  await mkdir(at('names'));
});

describe('which images', () => {
  const original = Int32Array.from({ length: 40 }, () => 1);
  const answers = (differ: number[]): Int32Array => original.map((value, i) => (differ.includes(i) ? 2 : value));
  const margin = Array.from({ length: 40 }, (_, i) => 1 + ((i * 7) % 40));
  const choose = (differ: number[], changes: object = {}, count = 6): [number, string][] =>
    pickRows(
      { originalClass: original, reconstructedClass: answers(differ), margin, span: null, ...changes },
      count,
    ).map(({ row, kind }) => [row, kind]);

  test('where all agree, from the least clear answer to the clearest', () => {
    const rows = choose([]);
    expect(rows.map(([, kind]) => kind)).toEqual(Array(6).fill('agrees'));
    // Margins are 1 to 40; of six the middles of sixths are taken.
    expect(rows.map(([row]) => margin[row])).toEqual([4, 11, 17, 24, 31, 37]);
  });

  test('half of them differ where there are so many, and they come first', () => {
    expect(choose([3, 8, 11, 20, 21]).map(([, kind]) => kind)).toEqual([
      ...Array<string>(3).fill('differs'),
      ...Array<string>(3).fill('agrees'),
    ]);
    expect(choose([8]).slice(0, 2)).toEqual([[8, 'differs'], expect.arrayContaining(['agrees'])]);
  });

  test('where all differ, all of them do', () => {
    expect(choose(Array.from({ length: 40 }, (_, i) => i)).map(([, kind]) => kind)).toEqual(Array(6).fill('differs'));
  });

  test('a tie and one outside the span that agree', () => {
    const tied = margin.map((value, i) => (i === 5 ? 0 : value));
    const span = { residual: margin.map((_, i) => (i === 30 || i === 31 || i === 3 ? 0.1 : 1e-9)) };
    const kinds = choose([3], { margin: tied, span });
    expect(kinds.slice(0, 3)).toEqual([
      [3, 'differs'],
      [5, 'tie'],
      [31, 'outside'],
    ]);
    expect(kinds).toHaveLength(6);
  });

  test('fewer images than asked for are all', () => {
    expect(choose([0, 1], {}, 50)).toHaveLength(40);
  });
});

test('the likeliest classes by softmax, the lower index first of equal ones', () => {
  const classes = likeliest(Float32Array.of(0, 800, 799, 799, -5, 1), ['a', 'b', 'c', 'd', 'e', 'f']);
  expect(classes.map(({ index }) => index)).toEqual([1, 2, 3, 5, 0]);
  expect(classes.map(({ name }) => name)).toEqual(['b', 'c', 'd', 'f', 'a']);
  expect(classes[0].probability).toBeCloseTo(1 / (1 + 2 * Math.exp(-1)), 12);
  expect(likeliest([1, 2])).toEqual([
    { index: 1, name: null, probability: 1 / (1 + Math.exp(-1)) },
    { index: 0, name: null, probability: Math.exp(-1) / (1 + Math.exp(-1)) },
  ]);
});

const experiment = (changes: object = {}): Promise<Results> =>
  runExperiment(
    { experiment: 1, source: at('narrow.onnx'), train: 'cifar100:train', test: 'cifar100:test' },
    { ...options, ...changes },
  );
/** As the file that it becomes, and as the schema allows it. */
const asFile = (results: Results): Promise<Results> => parseResults(JSON.stringify(results));

test('a run keeps six images of its fit: their pixels, and the model’s own first answers', async () => {
  const { samples, rows, environment } = await asFile(await experiment());
  expect(samples).toHaveLength(1);
  const [group] = samples!;
  expect(group).toMatchObject({ source: 'narrow', target: 'narrow', test: 'cifar100:test', alpha: 0, sgd: false });
  expect(group.images).toHaveLength(6);
  expect(rows[0].agreement).toBe(1);
  expect(environment.models[0].classCount).toBe(20);
  for (const { id, kind, picture, original, reconstructed } of group.images) {
    expect([id, kind]).toEqual([expect.stringMatching(/^cifar100:test\/\d{5}$/), 'agrees']);
    const { width, height } = await decodeImage({ name: id, file: Buffer.from(picture!.split(',')[1], 'base64') });
    expect([width, height]).toEqual([32, 32]);
    // No names were given, and the data set's 100 are not the model's.
    expect(original.map(({ name }) => name)).toEqual(Array(5).fill(null));
    expect(reconstructed.map(({ index }) => index)).toEqual(original.map(({ index }) => index));
    reconstructed.forEach(({ probability }, i) => expect(probability).toBeCloseTo(original[i].probability, 4));
  }
  // The same again.
  expect((await experiment()).samples).toEqual(samples);
});

test('images of SGD beside them; none where none are wanted; names where they are given', async () => {
  const names = Array.from({ length: 20 }, (_, i) => `kind ${i}`);
  const { samples } = await experiment({ sgd: { epochs: 1, learningRate: 1e-6 }, classNames: names, samples: 4 });
  expect(samples!.map(({ sgd, images }) => [sgd, images.length])).toEqual([
    [false, 4],
    [true, 4],
  ]);
  const [exact, sgd] = samples!;
  expect(exact.images[0].original[0].name).toBe(`kind ${exact.images[0].original[0].index}`);
  // Next to nothing was learnt: half of the images are shown for their other answer.
  expect(sgd.images.slice(0, 2).map(({ kind }) => kind)).toEqual(['differs', 'differs']);
  expect(sgd.images[0].reconstructed[0].index).not.toBe(sgd.images[0].original[0].index);
  expect(await experiment({ samples: 0 })).not.toHaveProperty('samples');
});

test('names that are not as many as the classes are refused before anything runs', async () => {
  await expect(experiment({ classNames: 'cifar10', stores: at('untouched') })).rejects.toThrow(
    coded('usage', '20', '10'),
  );
  expect(existsSync(at('untouched'))).toBe(false);
});

test('an audit shows images that were kept for testing, and not their variations', async () => {
  const { samples } = await asFile(
    await auditModel(at('ten.onnx'), `folder:${at('photos')}`, { ...options, vary: 2, classNames: 'cifar10' }),
  );
  const [{ test: dataset, images }] = samples as SampleGroup[];
  expect(dataset).toMatch(/\(1 of 5\)$/);
  expect(images.length).toBeGreaterThan(2);
  for (const { id, label, original } of images) {
    expect(id).toMatch(/^[ab]\/\d+\.jpg$/);
    // Folders called a and b are none of the model's classes.
    expect(label).toBeNull();
    expect(original[0].name).toMatch(/^[a-z]+$/);
  }
});

test('class names as lines and as JSON in its usual shapes', async () => {
  const file = async (text: string): Promise<string> => {
    await writeFile(at('names', 'names'), text);
    return at('names', 'names');
  };
  for (const text of [
    'a\nb c\n\n',
    '["a", "b c"]',
    '{"1": "b c", "0": "a"}',
    '{"0": ["n1", "a"], "1": ["n2", "b c"]}',
    '{"id2label": {"0": "a", "1": "b c"}, "other": 3}',
  ]) {
    expect(await readClassNames(await file(text))).toEqual(['a', 'b c']);
  }
  await expect(readClassNames(await file('{"0": "a", "2": "b"}'))).rejects.toThrow(coded('usage', 1));
  await expect(readClassNames(await file('["a", 2]'))).rejects.toThrow(coded('usage', 1));
  await expect(readClassNames(await file('["a", '))).rejects.toThrow(coded('usage', 'JSON'));
});

test('the command line keeps images out where it is told to', async () => {
  const run = [
    'run',
    '1',
    '--source',
    at('ten.onnx'),
    '--train',
    'cifar100:train',
    '--test',
    'cifar100:test',
    '--quiet',
  ];
  const usual = ['--data-dir', at('data'), '--stores', at('stores'), '--json'];
  const shown = await runCli([...run, ...usual, '--out', at('out'), '--class-names', 'cifar10']);
  const hidden = await runCli([...run, ...usual, '--out', at('hidden'), '--no-samples']);
  const names = (JSON.parse(shown.stdout) as Results).samples![0].images.map(({ original }) => original[0].name);
  expect(names.every((name) => /^[a-z]+$/.test(name!))).toBe(true);
  expect(JSON.parse(hidden.stdout)).not.toHaveProperty('samples');
  const four = await runCli([
    ...[
      'run',
      '4',
      '--models',
      at('ten.onnx'),
      at('narrow.onnx'),
      '--train',
      'cifar100:train',
      '--test',
      'cifar100:test',
    ],
    ...['--data-dir', at('data'), '--out', at('four'), '--class-names', 'cifar10'],
  ]);
  expect([four.code, four.stderr]).toEqual([2, expect.stringMatching(naming(4, '--class-names'))]);
});
