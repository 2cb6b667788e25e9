import path from 'node:path';
import { runExperiment, type ResultRow } from '../../lib/index.js';
import { start, temporaryFolder, writeCifar, writeClassifier } from '../cli/support.js';
import { naming } from '../support/coded.js';

/** Each example runs as a user runs it, and prints the figures that `runExperiment` finds. */

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const clip = (name: string): string => path.join(process.cwd(), '__tests__', 'fixtures', 'clip', name);
const sets = { train: 'cifar10:train', test: 'cifar10:test' };
const options = { stores: at('stores'), dataset: { dataDir: at('data') } };
let a: string;
let b: string;

beforeAll(async () => {
  await writeCifar(at('data'));
  a = await writeClassifier(at('a.onnx'), { d: 12, c: 10, seed: 1 });
  b = await writeClassifier(at('b.onnx'), { d: 9, c: 7, seed: 5 });
});

async function run(name: string, args: string[], { train, test } = sets): Promise<string> {
  const { code, stdout, stderr } = await start(
    process.execPath,
    ['--import', 'tsx', path.join('examples', name), ...args, '--train', train, '--test', test],
    { env: { FEATRECONSTRUCT_DATA: at('data') } },
  ).finished;
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

const percent = (share: number | null): string => (100 * share!).toFixed(2);
const agreement = ({ agreement, agreed, nTest }: ResultRow): string =>
  `agreement ${percent(agreement)} % (${agreed} of ${nTest})`;

test('01: the same model', async () => {
  const { rows } = await runExperiment({ experiment: 1, source: a, ...sets }, options);
  expect(rows[0]).toMatchObject({ agreement: 1, rank: 10 });
  expect(rows[0].r2).toBeLessThan(0.999);
  const lines = (await run('01-same-model.ts', [a])).split('\n');
  expect(lines[0]).toMatch(naming('a:', 10, 12, 10));
  expect(lines[1]).toBe(`${agreement(rows[0])}, kappa ${rows[0].kappa!.toFixed(4)}`);
  expect(lines[2]).toMatch(naming(rows[0].r2!.toFixed(4), '1.0000'));
});

test('02: across models', async () => {
  const { rows } = await runExperiment({ experiment: 2, source: a, target: b, ...sets }, options);
  expect(rows[0].agreement).toBeLessThan(1);
  const lines = (await run('02-across-models.ts', [a, b])).split('\n');
  expect(lines[0]).toBe(`a → b: ${agreement(rows[0])}`);
  const [low, high] = rows[0].agreementInterval!.map((share) => (100 * share).toFixed(1));
  expect(lines[1]).toBe(`  95 % interval ${low} to ${high} %, rank ${rows[0].rank}`);
  expect(lines[2]).toBe(`b → b: ${agreement(rows.find(({ source, prior }) => source === 'b' && prior === null)!)}`);
});

test('03: across data sets', async () => {
  // Fewer training images than the logits have dimensions.
  const across = { train: 'cifar100:train[0:6]', test: 'cifar10:test' };
  const { rows } = await runExperiment({ experiment: 3, source: a, ...across }, options);
  expect(rows.map(({ prior }) => prior)).toEqual([null, 'head']);
  expect(rows[0].agreement).toBeLessThan(1);
  expect(rows[1].agreement).toBe(1);
  const lines = (await run('03-across-datasets.ts', [a], across)).split('\n');
  const inSpan = `${(100 * rows[0].inSpanShare!).toFixed(1)} %`;
  expect(lines[0]).toMatch(naming(inSpan, 'cifar10:test', 'cifar100:train[0:6]', 5));
  expect(lines.slice(1, 3).map((line) => line.split(': ')[1])).toEqual(rows.map(agreement));
});

test('04: all models', async () => {
  const { rows } = await runExperiment({ experiment: 4, models: [a, b], ...sets }, options);
  const cell = (source: string, target: string, from: string): string => {
    const row = rows.find((each) => each.source === source && each.target === target && each.from === from)!;
    return percent(row.agreement).padStart(7);
  };
  const block = (from: string): string =>
    `agreement in %, read from the source's ${from}\n` +
    ['a', 'b'].map((source) => `${cell(source, 'a', from)}${cell(source, 'b', from)}  ${source}\n`).join('');
  expect(await run('04-all-models.ts', [a, b, '--stores', at('kept')])).toBe(block('logits') + block('features'));
  expect(block('logits').split('\n').slice(1)).not.toEqual(block('features').split('\n').slice(1));
});

test('05: into CLIP', async () => {
  const files = { textModel: clip('tiny.text.onnx'), tokenizer: clip('tokenizer.json') };
  const { rows } = await runExperiment(
    {
      experiment: 5,
      source: a,
      target: clip('tiny.image.onnx'),
      zeroShot: { ...files, classNames: 'cifar10' },
      ...sets,
    },
    options,
  );
  const right = (share: number): string => `zero-shot accuracy ${percent(share)} % (${Math.round(share * 120)} of 120)`;
  const towers = [clip('tiny.image.onnx'), files.textModel, files.tokenizer];
  expect(await run('05-into-clip.ts', [a, ...towers, '--class-names', 'cifar10'])).toBe(
    `tiny.image: ${right(rows[0].accuracy!.original)}\n` +
      rows
        .map((row) => `from the ${row.from} of a: ${agreement(row)}\n  ${right(row.accuracy!.reconstructed)}\n`)
        .join(''),
  );
});
