import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { chartsOf } from '../../lib/report/index.js';
import { findResults, readResults, type Results } from '../../lib/results/index.js';
import { coded, naming } from '../support/coded.js';
import { runCli, temporaryFolder, writeCifar, writeClassifier } from './support.js';

/** What `run all` leaves: a folder for each experiment, beside a page, options and stores. */

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const fixture = (id: number): string => path.resolve(`__tests__/fixtures/report/experiment-${id}.json`);

/** Experiment 4 on two test sets. */
let pairs: Results;

beforeAll(async () => {
  const four = await readResults(fixture(4));
  const again = four.rows.map((row) => ({ ...row, test: 'cifar10:test', nTest: 77, agreement: 0.5 }));
  pairs = { ...four, rows: [...four.rows, ...again] };
  for (const part of ['1', '4', 'stores']) await mkdir(at('all', part), { recursive: true });
  await cp(fixture(3), at('all', '1', 'results.json'));
  await writeFile(at('all', '4', 'results.json'), JSON.stringify(pairs));
  await writeFile(at('all', 'experiment.json'), '{"experiment":"all"}');
  await writeFile(at('all', 'report.html'), '<p>');
});

const report = async (...args: string[]) => {
  const { code, stdout, stderr } = await runCli(['report', ...args], { cwd: folder });
  return { code, stderr, paths: stdout.split('\n').filter((line) => line !== '' && !line.startsWith(' ')) };
};

test('the folder of a run of all experiments stands for each of them: page, tables, charts', async () => {
  const { found } = await findResults([at('all')]);
  expect(found.map(({ part }) => part)).toEqual(['1', '4']);
  const page = await report('all');
  expect(page).toMatchObject({ code: 0, paths: [path.join('all', 'report.html')] });
  const csv = await report('all', '--format', 'csv');
  expect(csv).toMatchObject({ code: 0, paths: [path.join('all', 'results.csv')] });
  const experiments = (await readFile(at('all', 'results.csv'), 'utf8')).split('\r\n').slice(1, -1);
  const single = await readResults(fixture(3));
  expect(experiments).toHaveLength(single.rows.length + pairs.rows.length);
  expect(await report('all', '--format', 'latex')).toMatchObject({ code: 0, paths: [path.join('all', 'table.tex')] });
  const charts = await report('all', '--chart', 'spectra');
  expect(charts.code).toBe(0);
  expect((await readdir(at('all', 'figures'))).sort()).toEqual(['1', '4']);
});

test('a chart is taken of the results that have it, and the others are named', async () => {
  const overview = await report('all', '--chart', 'overview', '--out', 'overview');
  expect(overview.code).toBe(0);
  expect(await readdir(at('overview'))).toEqual(['1']);
  expect(overview.stderr).toMatch(naming('overview', 'experiment 4', 'heatmap-agreement'));
  const none = await report('all', '--chart', 'nonsense');
  expect(none).toMatchObject({ code: 2, stderr: expect.stringMatching(naming('overview', 'heatmap', 'nonsense')) });
});

test('of what a shell’s * gives, files that are no results are left out and named; alone they are an error', async () => {
  const all = ['1', '4', 'experiment.json', 'report.html', 'stores'].map((name) => path.join('all', name));
  const { code, stderr } = await report(...all, '--format', 'csv', '--out', 'star.csv');
  expect(code).toBe(0);
  expect(stderr).toMatch(naming('experiment.json', 'report.html', 'stores'));
  await report('all', '--format', 'csv');
  expect(await readFile(at('star.csv'), 'utf8')).toBe(await readFile(at('all', 'results.csv'), 'utf8'));
  expect((await report(path.join('all', 'stores'))).code).toBe(1);
  expect((await report(path.join('all', '1'), path.join('all', 'none'))).code).toBe(1);
  await expect(findResults([at('all', 'stores')])).rejects.toThrow(coded('not-found', 'results.json'));
});

test('a heatmap of two test sets is drawn for each, and each caption has its own set', async () => {
  const charts = (await chartsOf(pairs)).filter(({ family }) => family === 'heatmap-agreement');
  const tests = [...new Set(pairs.rows.map(({ test }) => test))];
  expect(charts).toHaveLength(2);
  for (const [i, { caption }] of charts.entries()) {
    expect(caption).toContain(tests[i]);
    expect(caption).not.toContain(`${tests[1 - i]} `);
  }
  const { paths } = await report(path.join('all', '4'), '--chart', 'heatmap', '--out', 'maps');
  expect(paths.filter((file) => file.endsWith('.svg'))).toEqual(
    charts.map(({ name }) => path.join('maps', `${name}.svg`)),
  );
});

test('run all says what it left out; its folder is drawn again as it is', async () => {
  await writeCifar(at('data'));
  const models = ['a', 'b', 'c'].map((name) => `${name}.onnx`);
  for (const [i, name] of models.entries()) await writeClassifier(at(name), { d: 4, c: 3, seed: 1 + 3 * i });
  const sets = ['--train', 'cifar100:train', '--test', 'cifar100:test', '--data-dir', 'data'];
  const ran = await runCli(['run', 'all', '--models', ...models, ...sets, '--out', 'ran'], { cwd: folder });
  expect(ran.code).toBe(0);
  const line = ran.stdout.replace(/\n(?=\S)/g, ' ');
  expect(line).toMatch(naming('Not run: ', 'experiment 2', 'experiment 4', 'experiment 3', 'experiment 5', '--target'));
  const drawn = await report('ran', '--chart', 'overview', 'heatmap');
  expect(drawn.code).toBe(0);
  expect(drawn.paths.filter((file) => file.endsWith('.svg'))).toEqual([
    path.join('ran', 'figures', '1', 'overview.svg'),
    path.join('ran', 'figures', '4', 'heatmap-agreement.svg'),
  ]);
});

test('results without any chart say that there is none, and why', async () => {
  const audit = JSON.parse(await readFile('__tests__/fixtures/report/audit.json', 'utf8')) as Results;
  const leaks = { ...audit.leaks!, recovery: null, comparison: null, log: { name: 'log.csv', notes: [] } };
  await mkdir(at('log'), { recursive: true });
  await writeFile(at('log', 'results.json'), JSON.stringify({ ...audit, rows: [], spectra: [], leaks }));
  for (const asked of [
    ['--chart', 'overview'],
    ['--format', 'png'],
  ]) {
    const { code, stderr } = await report('log', ...asked);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(naming('none', 'log', 'model')) });
  }
});
