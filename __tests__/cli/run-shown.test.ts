import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { joinedNumbers, transformFor } from '../../lib/cli/options.js';
import { roughly } from '../../lib/cli/progress.js';
import { runCli, temporaryFolder, type Finished } from './support.js';

/** What `run` prints and keeps, and how it is run again. */
const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const demo = (name: string): string => fileURLToPath(new URL(`../../onnx/demo/demo_${name}.onnx`, import.meta.url));
const data = ['--train', 'synthetic:train[0:120]', '--test', 'synthetic:test[0:60]'];
const run = (args: readonly string[], columns = 80): Promise<Finished> =>
  runCli(['run', ...args, '--quiet'], { env: { COLUMNS: String(columns) } });
const json = async (...names: string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(at(...names), 'utf8')) as Record<string, unknown>;
/** Figures that a second run has to give again. */
const figures = async (out: string): Promise<unknown> =>
  ((await json(out, 'results.json')).rows as { agreement: number; mse: number; test: string }[]).map(
    ({ agreement, mse, test }) => ({ agreement, mse, test }),
  );

let first: Finished;
beforeAll(async () => {
  first = await run(['1', '--model', demo('vit'), ...data, '--out', at('one'), '--stores', at('stores')]);
});

test('the answer stands first, then a table that fits the terminal, and where everything is', () => {
  const { code, stdout } = first;
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^Features of demo_vit read back from its own logits give the same answer/);
  expect(stdout).toMatch(/Agreement: the share of test images/);
  for (const line of lines.filter((each) => !each.includes(folder))) expect(line.length).toBeLessThanOrEqual(80);
  expect(lines.slice(-3)).toEqual([
    at('one', 'results.json'),
    at('one', 'experiment.json'),
    `Open ${at('one', 'report.html')}`,
  ]);
  for (const detail of ['kappa', 'total/256', 'transforms', 'time to fit']) expect(stdout).not.toContain(detail);
});

test('--wide has every column, and a terminal of 50 characters fewer of them', async () => {
  const again = ['1', '--source', demo('vit'), ...data, '--stores', at('stores')];
  const wide = await run([...again, '--out', at('wide'), '--wide']);
  for (const detail of ['kappa', 'total/256', 'transforms', 'time to fit']) expect(wide.stdout).toContain(detail);
  const narrow = await run([...again, '--out', at('narrow')], 50);
  const heading = narrow.stdout.split('\n').find((line) => line.startsWith('fit '))!;
  expect(heading.length).toBeLessThanOrEqual(50);
  expect(heading).toContain('agreement');
});

test('experiment.json repeats the run, and what is typed beside it counts', async () => {
  expect(await json('one', 'experiment.json')).toMatchObject({ experiment: 1, model: demo('vit'), test: data[3] });
  const again = await run(['--config', at('one', 'experiment.json'), '--out', at('again')]);
  expect({ code: again.code, stderr: again.stderr }).toEqual({ code: 0, stderr: '' });
  expect(await figures('again')).toEqual(await figures('one'));
  const other = await run([
    '3',
    `--config=${at('one', 'experiment.json')}`,
    '--test',
    'synthetic-shift:test[0:50]',
    'synthetic:test[0:40]',
    '--out',
    at('other'),
  ]);
  expect(other.code).toBe(0);
  expect(await json('other', 'experiment.json')).toMatchObject({
    ...{ experiment: 3, model: demo('vit'), out: at('other') },
    test: ['synthetic-shift:test[0:50]', 'synthetic:test[0:40]'],
  });
  // Lists, switches and signs come back as they were.
  const lists = await run([
    '--config',
    at('other', 'experiment.json'),
    '--out',
    at('lists'),
    '--no-samples',
    '--alpha',
    '0,0.1',
  ]);
  expect(lists.code).toBe(0);
  expect(await json('lists', 'experiment.json')).toMatchObject({ samples: false, alpha: '0,0.1' });
  expect((await run(['--config', at('lists', 'experiment.json'), '--out', at('lists2')])).code).toBe(0);
  expect(await figures('lists2')).toEqual(await figures('lists'));
}, 240_000);

test.each<[string, string, number, RegExp]>([
  ['none.json', '', 1, /found no file .*none\.json/],
  ['text.json', 'model: a', 1, /Expected JSON in .*text\.json/],
  ['list.json', '[1]', 1, /Expected the options of a run/],
  ['results.json', '{"schema": 2}', 1, /give the experiment\.json/],
  [
    'nested.json',
    '{"experiment": 1, "source": {"a": 1}}',
    1,
    /Expected a text, a number or a list of them for 'source'/,
  ],
  ['empty.json', '{"experiment": 1, "test": []}', 1, /list of them for 'test'/],
  ['unknown.json', '{"experiment": 1, "modle": "a"}', 2, /unknown option '--modle'/],
  ['name.json', '{"experiment": 1, "--train": "a"}', 2, /Expected names of options .* found '--train'/],
  [
    'experiment.json',
    '{"experiment": 9, "source": "a", "train": "b", "test": "c", "out": "d"}',
    2,
    /Expected an experiment out of/,
  ],
])('a config that is none says so: %s', async (name, text, exit, message) => {
  if (text !== '') await writeFile(at(name), text);
  const { code, stdout, stderr } = await run(['--config', at(name)]);
  expect({ code, stdout, stderr }).toEqual({ code: exit, stdout: '', stderr: expect.stringMatching(message) });
});

test('run all: each experiment that the models and data sets allow, in one report', async () => {
  const { code, stdout, stderr } = await run([
    ...['all', '--models', demo('vit'), demo('resnet'), '--train', data[1]],
    ...['--test', data[3], 'synthetic-shift:test[0:40]', '--out', at('all')],
    ...['--transform-for', 'demo_vit=protocol,mean=0.485,0.456,0.406'],
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const experiment of [1, 2, 3, 4]) {
    expect(await json('all', String(experiment), 'results.json')).toMatchObject({ experiment });
  }
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(`Open ${at('all', 'report.html')}`);
  expect(await readFile(at('all', 'report.html'), 'utf8')).toContain('What logits give back of the features');
}, 240_000);

test('--source and --model are one thing, given once', async () => {
  const both = await run(['1', '--source', 'a.onnx', '--model', 'b.onnx', ...data, '--out', at('x')]);
  expect(both).toMatchObject({ code: 2, stderr: expect.stringMatching(/--source or --model, found both/) });
  const none = await runCli(['sweep', ...data, '--out', at('x')]);
  expect(none).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/Expected one model, with --source, found none/),
  });
});

test.each<[string[], string[]]>([
  [
    ['--mean', '0.485', '0.456', '0.406', '--out', 'o'],
    ['--mean', '0.485,0.456,0.406', '--out', 'o'],
  ],
  [
    ['--std', '.5,', '.5,', '.5', '1'],
    ['--std', '.5,.5,.5', '1'],
  ],
  [
    ['--target-mean', '1', '2', '3'],
    ['--target-mean', '1,2,3'],
  ],
  // An experiment may stand behind it.
  [
    ['run', '--mean', '0.5', '1'],
    ['run', '--mean', '0.5', '1'],
  ],
  [
    ['--mean', '0.5', 'photos'],
    ['--mean', '0.5', 'photos'],
  ],
  [
    ['--mean', '1', '2', 'x'],
    ['--mean', '1', '2', 'x'],
  ],
  [
    ['--topk', '1', '2', '3'],
    ['--topk', '1', '2', '3'],
  ],
  [['--mean'], ['--mean']],
])('numbers that are typed one by one: %j', (typed, joined) => expect(joinedNumbers(typed)).toEqual(joined));

test.each([
  'a=timm,mean=0.485,0.456,0.406,std=0.5,crop-pct=0.9',
  'a=timm,mean=0.485/0.456/0.406,std=0.5/0.5/0.5,crop-pct=0.9',
  'a=timm,mean=0.485 0.456 0.406,std=0.5,0.5,0.5,crop-pct=0.9',
  'a=timm,mean=0.485, 0.456, 0.406, std=0.5, crop-pct=0.9',
])('--transform-for takes the numbers that --mean takes: %s', (text) =>
  expect(transformFor(text)).toEqual({
    a: { name: 'timm', mean: [0.485, 0.456, 0.406], std: [0.5, 0.5, 0.5], cropPct: 0.9 },
  }),
);

test.each(['a=timm,mean=1,2', 'a=timm,0.5', 'a=timm,gain=3', 'a=tim', '=timm', 'a=model,mean=1'])(
  'a wrong --transform-for is none: %s',
  (text) => expect(() => transformFor(text)).toThrow(/Expected/),
);

test('an estimate has no more digits than it knows', () => {
  expect([4, 44, 91, 200, 5000, 5401, 9000].map(roughly)).toEqual([
    ...['10 seconds', '40 seconds', '2 minutes', '3 minutes', '83 minutes', '1.5 hours', '2.5 hours'],
  ]);
});
