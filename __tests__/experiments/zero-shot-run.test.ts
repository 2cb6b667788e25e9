import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Ajv } from 'ajv';
import {
  applyLinearMap,
  evaluateAgreement,
  extractFeatures,
  FeatReconstructError,
  fitLinearMap,
  loadModel,
  toNdArray,
  UsageError,
  writeSafetensors,
  zeroShotHead,
  type FloatNdArray,
  type Results,
} from '../../lib/index.js';
import { runAsked, type AskedExperiment } from '../../lib/experiments/index.js';
import { runCli, temporaryFolder, writeCifar, writeClassifier } from '../cli/support.js';
import { coded } from '../support/coded.js';

/** Experiment 5 on made-up images, from a small classifier into the tiny CLIP. */

const fixture = (name: string): string => path.join(process.cwd(), '__tests__', 'fixtures', 'clip', name);
const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const target = fixture('tiny.image.onnx');
const prompts = { textModel: fixture('tiny.text.onnx'), tokenizer: fixture('tokenizer.json'), classNames: 'cifar10' };
const sets = { train: 'cifar10:train', test: 'cifar10:test' };
const options = { stores: at('stores'), dataset: { dataDir: at('data') }, model: { intraOpNumThreads: 1 } };

let spec: AskedExperiment;
let results: Results;

beforeAll(async () => {
  await writeCifar(at('data'));
  const source = await writeClassifier(at('source.onnx'), { d: 20, c: 8 });
  spec = { experiment: 5, source, target, zeroShot: prompts, ...sets };
  results = await runAsked(spec, options);
});

/** The same figures by the three functions, each map fitted on its own. */
async function byHand(from: 'logits' | 'features'): Promise<{ agreed: number; right: number; rightBefore: number }> {
  const extraction = { dataset: options.dataset };
  const tower = await loadModel(target, { output: 'features' });
  const x = await extractFeatures(spec.source!, sets.train, extraction);
  const y = await extractFeatures(tower, sets.train, extraction);
  const xTest = await extractFeatures(spec.source!, sets.test, extraction);
  const yTest = await extractFeatures(tower, sets.test, extraction);
  await tower.release();
  const head = await zeroShotHead(prompts);
  const map = await fitLinearMap(x[from], y.features);
  const reconstructed = await applyLinearMap(map, xTest[from]);
  const original = await applyLinearMap(head, yTest.features);
  const { agreed } = await evaluateAgreement(head, reconstructed, original);
  const right = (logits: FloatNdArray): number => {
    const [n, c] = logits.shape;
    const rows = Array.from({ length: n }, (_, i) => Array.from(logits.data.subarray(i * c, (i + 1) * c)));
    return rows.filter((row, i) => row.indexOf(Math.max(...row)) === yTest.labels.get(i)).length / n;
  };
  return {
    agreed,
    right: right(await applyLinearMap(head, reconstructed)),
    rightBefore: right(original),
  };
}

test.each(['logits', 'features'] as const)('the row from %s has the figures of a fit of its own', async (from) => {
  const row = results.rows.find((each) => each.from === from)!;
  const { agreed, right, rightBefore } = await byHand(from);
  expect(row).toMatchObject({
    source: 'source',
    target: 'tiny.image',
    ...sets,
    nTrain: 300,
    nTest: 120,
    agreed,
    prior: null,
    rank: from === 'logits' ? 8 : 20,
    rawAgreement: null,
  });
  expect(row.agreement).toBeGreaterThan(0.3);
  expect(row.agreement).toBeLessThan(1);
  expect(row.distinctClasses).toBeGreaterThan(2);
  expect(row.accuracy!.n).toBe(120);
  expect(row.accuracy!.original).toBeCloseTo(rightBefore, 12);
  expect(row.accuracy!.reconstructed).toBeCloseTo(right, 12);
});

test('one row from logits, one from features, and a record of the head', () => {
  expect(results.rows.map(({ from }) => from)).toEqual(['logits', 'features']);
  expect(results.failures).toEqual([]);
  const { zeroShot, models } = results.environment;
  expect(zeroShot).toMatchObject({ templates: ['a photo of a {}.'], textModel: { name: 'tiny.text' } });
  expect(zeroShot!.classNames).toHaveLength(10);
  expect(models.map(({ name, featureDim, classCount }) => [name, featureDim, classCount])).toEqual([
    ['source', 20, 8],
    ['tiny.image', 16, 10],
  ]);
});

test('other prompts use the same embeddings again', async () => {
  const before = (await readdir(at('stores'))).filter((name) => !name.includes('classes'));
  expect(before).toHaveLength(4);
  const other = await runAsked({ ...spec, zeroShot: { ...prompts, templates: ['art of the {}.'] } }, options);
  expect((await readdir(at('stores'))).filter((name) => !name.includes('classes'))).toEqual(before);
  expect(other.environment.zeroShot!.digest).not.toBe(results.environment.zeroShot!.digest);
  expect(other.rows[0].r2).toBeCloseTo(results.rows[0].r2!, 12);
});

describe('refused', () => {
  test('class embeddings of another width', async () => {
    await writeSafetensors(at('wide.safetensors'), { w: toNdArray(new Float32Array(20).fill(1), [2, 10]) });
    const run = runAsked({ ...spec, zeroShot: { textEmbeddings: at('wide.safetensors') } }, options);
    await expect(run).rejects.toThrow(coded('mismatch', '16', 'tiny.image', '10'));
  });

  test('class names in another order than the labels', async () => {
    const names = 'airplane automobile cat bird deer dog frog horse ship truck'.split(' ');
    const meta = at('data', 'cifar-10-batches-bin', 'batches.meta.txt');
    await writeFile(meta, `${names.join('\n')}\n`);
    const run = runAsked(spec, options);
    await expect(run).rejects.toBeInstanceOf(FeatReconstructError);
    await expect(run).rejects.toThrow(coded('mismatch', "'cat'", '3', '2'));
    await rm(meta);
  });

  test('an experiment without its head, a head without its experiment', async () => {
    const without = runAsked({ ...spec, zeroShot: undefined }, options);
    await expect(without).rejects.toBeInstanceOf(UsageError);
    await expect(without).rejects.toThrow('wants a zero-shot head');
    await expect(runAsked({ ...spec, experiment: 2 }, options)).rejects.toThrow("experiment 5's");
  });
});

describe('on the command line', () => {
  const run = (...more: string[]): ReturnType<typeof runCli> =>
    runCli([
      ...['run', '5', '--source', spec.source!, '--target', target, '--train', sets.train, '--test', sets.test],
      ...['--data-dir', at('data'), '--out', at('out'), '--stores', at('stores'), '--threads', '1', '--quiet', ...more],
    ]);
  const tower = ['--text-model', prompts.textModel, '--tokenizer', prompts.tokenizer, '--class-names', 'cifar10'];

  test('a table with both rows, no figure of another tower, and results that fit the schema', async () => {
    const { code, stdout, stderr } = await run(...tower);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    // What is published of another tower does not stand beside this one.
    expect(stdout).not.toMatch(/published: |93\.56/);
    for (const from of ['logits', 'features']) expect(stdout).toMatch(new RegExp(`${from} +\\d+\\.\\d\\d %`));
    const written = JSON.parse(await readFile(at('out', 'results.json'), 'utf8')) as Results;
    const schema = JSON.parse(
      await readFile(path.join(process.cwd(), 'assets', 'results.schema.json'), 'utf8'),
    ) as object;
    const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);
    validate(written);
    expect(validate.errors ?? []).toEqual([]);
    expect(written.rows.map(({ agreed }) => agreed)).toEqual(results.rows.map(({ agreed }) => agreed));
  });

  test('all of the experiments, into the tower as well', async () => {
    const all = [
      'run',
      'all',
      '--models',
      spec.source!,
      '--target',
      target,
      '--train',
      sets.train,
      '--test',
      sets.test,
    ];
    const flags = ['--data-dir', at('data'), '--out', at('all'), '--stores', at('stores'), '--threads', '1', '--quiet'];
    const { code, stderr } = await runCli([...all, ...flags, ...tower]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const of = async (id: number): Promise<Results> =>
      JSON.parse(await readFile(at('all', String(id), 'results.json'), 'utf8')) as Results;
    expect((await of(1)).rows.map(({ target }) => target)).toEqual(['source', 'source']);
    expect((await of(5)).rows.map(({ agreed }) => agreed)).toEqual(results.rows.map(({ agreed }) => agreed));
    // Without the tower there is nothing to put the embeddings beside.
    const without = await runCli([...all.filter((each) => each !== '--target' && each !== target), ...flags, ...tower]);
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('--target') });
  });

  test('class embeddings that a run has kept give the same', async () => {
    const kept = (await readdir(at('stores'))).filter((name) => name.startsWith('tiny.text-classes'));
    const heads = await Promise.all(kept.map((name) => zeroShotHead({ textEmbeddings: at('stores', name) })));
    const own = await zeroShotHead(prompts);
    const same = heads.findIndex((head) => Math.abs(head.weight.data[0] - own.weight.data[0]) < 1e-6);
    const { code, stdout } = await run('--text-embeddings', at('stores', kept[same]), '--json');
    expect(code).toBe(0);
    const written = JSON.parse(stdout) as Results;
    expect(written.rows.map(({ agreed }) => agreed)).toEqual(results.rows.map(({ agreed }) => agreed));
    expect(written.environment.zeroShot).toMatchObject({ templates: null, textModel: null });
  });

  test.each([
    [['--text-model', prompts.textModel], '--text-model and --class-names together'],
    [['--text-embeddings', 'x.safetensors', '--tokenizer', prompts.tokenizer], 'both'],
    [[], 'wants a zero-shot head'],
  ])('wrong usage ends with 2: %j', async (flags, message) => {
    const { code, stderr } = await run(...flags);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});
