import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ResultRow, Results } from '../../lib/results/index.js';
import { bin, runCli, start, temporaryFolder, type Finished } from './support.js';

const folder = temporaryFolder();
const out = path.join(folder, 'demo');
const packed = path.join(process.cwd(), 'onnx', 'demo');

let finished: Finished;
let results: Results[];
/** What a second run prints in colours. */
let coloured: string;
const uncoloured = (text: string): string => text.replace(/\x1b\[\d+m/g, '');
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
    { agreement: 1, prior: null, alpha: 0, nTest: 1000, overlap: 0 },
    { agreement: 1, prior: 'head' },
  ]);
  expect(exact.kappa).toBe(1); // and not because one class were all there is
  expect(exact.distinctClasses).toBeGreaterThan(12);
  expect(sgd.sgd).toMatchObject({ epochs: 100, batchSize: 256, learningRate: 0.1, momentum: 0.9 });
  expect(sgd.agreement).toBeGreaterThan(0.5);
  expect(sgd.agreement).toBeLessThan(1);
  const cell = rowsOf(4).find((row) => row.source === name && row.target === name && row.from === 'logits')!;
  expect(cell.agreement).toBe(1);
});

test.each(families)('%s on the shifted images: all of those in the span, and all with the head as prior', (name) => {
  const [exact, prior] = rowsOf(3).filter(({ source, nTrain }) => source === name && nTrain === 2000);
  expect(exact.test).toBe('synthetic-shift:test[0:1000]');
  expect(exact.inSpanShare).toBeGreaterThan(0);
  expect(exact.agreementInSpan).toBe(1);
  expect(prior).toMatchObject({ prior: 'head', agreement: 1 });
  // The shift is one: the model itself does worse here.
  const usual = rowsOf(1).find(({ source }) => source === name)!;
  expect(exact.accuracy!.original).toBeLessThan(usual.accuracy!.original - 0.1);
});

test('fitted on fewer images than span the logits, only the head as prior is right everywhere', () => {
  const rows = rowsOf(3).filter(({ nTrain }) => nTrain === 20);
  const of = (name: string): ResultRow[] => rows.filter(({ source }) => source === name);
  const [spanned, unspanned] = [of('demo_convnext'), of('demo_vit')];
  // 20 images span the 16 features of the one (15 directions, as they lie on a sphere), and not the 24 logits of the other.
  expect(spanned[0]).toMatchObject({ rank: 15, inSpanShare: 1, agreementInSpan: 1, agreement: 1, prior: null });
  expect(unspanned[0]).toMatchObject({ rank: 19, inSpanShare: 0, agreementInSpan: null, prior: null });
  expect(unspanned[0].agreement).toBeLessThan(1);
  for (const [, prior] of [spanned, unspanned]) expect(prior).toMatchObject({ prior: 'head', agreement: 1 });
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
  expect(recovery!.features).toBeGreaterThanOrEqual(14); // of 20
  expect((comparison as { worst: number }).worst).toBeGreaterThan(0.999999);
  expect(verdict.level).toBe('features');
});

test('features on a sphere come back too', async () => {
  const model = path.join(packed, 'demo_convnext.onnx');
  const args = ['audit', model, 'synthetic:train[0:2000]', '--observe', 'logits', '--out', path.join(folder, 'sphere')];
  const { stdout } = await runCli([
    ...args,
    '--stores',
    path.join(out, 'stores'),
    '--batch-size',
    '100',
    '--json',
    '--quiet',
  ]);
  const { recovery, comparison } = (JSON.parse(stdout) as Results).leaks!;
  expect(recovery).toMatchObject({ kind: 'sphere', certified: true });
  expect(comparison).toMatchObject({ kind: 'sphere', equalNeighbours: 1 });
});

test('models and images fit each other: accuracies are those that training wrote down', async () => {
  const log = JSON.parse(await readFile(path.join(packed, 'log.json'), 'utf8')) as Record<
    string,
    { testAccuracy: number }
  >;
  for (const name of families) {
    const expected = log[name].testAccuracy;
    const { original } = rowsOf(1).find(({ source }) => source === name)!.accuracy!;
    // Training counted all 5,000 test images, the demo the first 1,000: four standard deviations.
    expect(Math.abs(original - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / 1000));
    expect(original).toBeGreaterThan(0.6); // of 24 classes: trained, not by way of trying
  }
});

test('what is packed is small', async () => {
  const files = (await readdir(packed)).filter((name) => name.endsWith('.onnx'));
  expect(files.sort()).toEqual([...families, 'demo_image_tower'].map((name) => `${name}.onnx`).sort());
  for (const file of files) expect((await stat(path.join(packed, file))).size).toBeLessThanOrEqual(400_000);
});

test('a second run takes the stores of the first, prints one table and says what comes next', async () => {
  const again = await runCli(['demo', '--out', out], { env: { FORCE_COLOR: '1', NO_COLOR: undefined } });
  const { code, stderr } = again;
  coloured = again.stdout;
  const stdout = uncoloured(coloured);
  expect(code).toBe(0);
  expect(stderr).not.toMatch(/extract/);
  const headings = stderr.split('\n').filter((line) => /^(Experiment|Audit)/.test(line));
  expect(headings).toEqual([
    ...[1, 2, 3, 4, 5].map((n) => expect.stringMatching(`^Experiment ${n} of 5 · `)),
    expect.stringMatching(/^Audit · /),
  ]);
  expect(stderr).toMatch(/^fit demo_vit → demo_vit by SGD, the published recipe: 100 of 100 epochs/m);
  for (const name of families) {
    expect(stdout).toMatch(new RegExp(`^   ${name.slice(5)} +\\d+ +24 +100\\.00 %`, 'm'));
  }
  expect(stdout).toMatch(/tower stands in for CLIP/);
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(Math.max(80, out.length + 20));
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^Next, on your own model: npx featreconstruct audit /);
  const kept = JSON.parse(await readFile(path.join(out, '1', 'results.json'), 'utf8')) as Results;
  expect(kept.rows.map(({ agreement }) => agreement)).toEqual(results[0].rows.map(({ agreement }) => agreement));
}, 400_000);

test('FORCE_COLOR: headings in bold, what is exact in green, and nothing else', () => {
  expect(coloured).toMatch(/^\x1b\[1m1  .*\x1b\[22m$/m);
  expect(coloured).toContain('\x1b[32m100.00 %\x1b[39m');
  expect(uncoloured(coloured)).not.toMatch(/\x1b/);
});

(process.platform === 'win32' ? test.skip : test)(
  'a reader that leaves early is no error',
  async () => {
    const line = 'set -o pipefail; "$0" "$@" 2>&1 | head -n 1';
    const sets = ['--train', 'synthetic:train[0:2000]', '--test', 'synthetic:test[0:1000]'];
    const run = [
      'run',
      '1',
      '--source',
      path.join(packed, 'demo_vit.onnx'),
      ...sets,
      '--out',
      path.join(folder, 'piped'),
    ];
    const piped = await start('bash', ['-c', line, process.execPath, bin, ...run]).finished;
    expect(piped).toMatchObject({ code: 0, stderr: '' });
    expect(piped.stdout.trim().split('\n')).toHaveLength(1);
  },
  400_000,
);
