import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ResultRow, Results } from '../../lib/experiments/index.js';
import { runCli, temporaryFolder, type Finished } from './support.js';

const folder = temporaryFolder();
const out = path.join(folder, 'demo');
const packed = path.join(process.cwd(), 'onnx', 'demo');

let finished: Finished;
let results: Results[];
const rowsOf = (experiment: number): ResultRow[] => results.find((each) => each.experiment === experiment)!.rows;

beforeAll(async () => {
  // Neither data nor a network: what the demo needs is in the package.
  const env = { FEATRECONSTRUCT_DATA: path.join(folder, 'nowhere'), http_proxy: 'http://127.0.0.1:9', NO_COLOR: '1' };
  finished = await runCli(['demo', '--out', out, '--quiet', '--json'], { env });
  results = JSON.parse(finished.stdout) as Results[];
}, 400_000);

const families = ['demo_resnet', 'demo_densenet', 'demo_convnext', 'demo_mixer', 'demo_vit'];

test('runs all five experiments and an audit, and fails no check', () => {
  expect(finished).toMatchObject({ code: 0, stderr: '' });
  expect(results.map(({ experiment }) => experiment)).toEqual([1, 2, 3, 4, 5, 1]);
  expect(results.flatMap(({ failures }) => failures)).toEqual([]);
});

test.each(families)('%s gives its own answer for every image, and the SGD recipe beside it does not', (name) => {
  const own = rowsOf(1).filter(({ source }) => source === name);
  const [exact, prior, sgd] = own;
  expect(own).toHaveLength(3);
  expect([exact, prior]).toMatchObject([
    { agreement: 1, prior: null, alpha: 0, nTest: 500, overlap: 0 },
    { agreement: 1, prior: 'head' },
  ]);
  expect(exact.kappa).toBe(1); // and not because one class were all there is
  expect(exact.distinctClasses).toBeGreaterThan(12);
  expect(sgd.sgd).toMatchObject({ epochs: 100, batchSize: 256, learningRate: 0.03, momentum: 0.9 });
  expect(sgd.agreement).toBeGreaterThan(0.5);
  expect(sgd.agreement).toBeLessThan(1);
  const cell = rowsOf(4).find((row) => row.source === name && row.target === name && row.from === 'logits')!;
  expect(cell.agreement).toBe(1);
});

test.each(families)('%s on the shifted images: all of those in the span, and all with the head as prior', (name) => {
  const [exact, prior] = rowsOf(3).filter(({ source }) => source === name);
  expect(exact.test).toBe('synthetic-shift:test[0:500]');
  expect(exact.inSpanShare).toBeGreaterThan(0);
  expect(exact.agreementInSpan).toBe(1);
  expect(prior).toMatchObject({ prior: 'head', agreement: 1 });
  // The shift is one: the model itself does worse here.
  const usual = rowsOf(1).find(({ source }) => source === name)!;
  expect(exact.accuracy!.original).toBeLessThan(usual.accuracy!.original - 0.1);
});

test('the models differ, have fewer features than classes or more, and read one another only in part', () => {
  const widths = results[3].environment.models.map(({ featureDim }) => featureDim);
  expect(Math.min(...widths)).toBeLessThan(24);
  expect(Math.max(...widths)).toBeGreaterThan(24);
  for (const { source, target, agreement } of rowsOf(4)) if (source !== target) expect(agreement).toBeLessThan(0.99);
  const [across] = rowsOf(2);
  expect(across).toMatchObject({ source: 'demo_convnext', target: 'demo_resnet', prior: null });
  expect(across.agreement).toBeGreaterThan(1 / 24);
});

test('the stand-in for CLIP is a classifier by its class embeddings, and can be read from logits in part', () => {
  const [row] = rowsOf(5);
  expect(results[4].environment.zeroShot!.classNames).toHaveLength(24);
  expect(row.accuracy!.original).toBeGreaterThan(0.5);
  expect(row.accuracy!.reconstructed).toBeGreaterThan(0.3);
});

test('the audit gets features from logits alone, and none that is not one', () => {
  const { recovery, comparison, verdict } = results[5].leaks!;
  expect(recovery).toMatchObject({ kind: 'rectified', certified: true });
  expect(recovery!.features).toBeGreaterThanOrEqual(10); // of 12
  expect((comparison as { worst: number }).worst).toBeGreaterThan(0.999999);
  expect(verdict.level).toBe('features');
});

test('models and images fit each other: accuracies are those that training wrote down', async () => {
  const log = JSON.parse(await readFile(path.join(packed, 'log.json'), 'utf8')) as Record<
    string,
    { testAccuracy: number }
  >;
  for (const name of families) {
    const expected = log[name].testAccuracy;
    const { original } = rowsOf(1).find(({ source }) => source === name)!.accuracy!;
    // Training saw all 5,000 test images, the demo the first 500: four standard deviations.
    expect(Math.abs(original - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / 500));
  }
});

test('what is packed is small', async () => {
  const files = (await readdir(packed)).filter((name) => name.endsWith('.onnx'));
  expect(files.sort()).toEqual([...families, 'demo_image_tower'].map((name) => `${name}.onnx`).sort());
  for (const file of files) expect((await stat(path.join(packed, file))).size).toBeLessThanOrEqual(400_000);
});

test('a second run takes the stores of the first, prints one table and says what comes next', async () => {
  const { code, stdout, stderr } = await runCli(['demo', '--out', out]);
  expect(code).toBe(0);
  expect(stderr).not.toMatch(/extract/);
  for (const name of families) expect(stdout).toMatch(new RegExp(`^1  ${name} .* 100\\.00 %`, 'm'));
  expect(stdout).toMatch(/demo_image_tower stands in for\s+CLIP/);
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^Next, on your own: featreconstruct /);
  const kept = JSON.parse(await readFile(path.join(out, '1', 'results.json'), 'utf8')) as Results;
  expect(kept.rows.map(({ agreement }) => agreement)).toEqual(results[0].rows.map(({ agreement }) => agreement));
}, 400_000);
