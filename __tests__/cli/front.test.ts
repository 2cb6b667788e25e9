import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { hasColours } from '../../lib/cli/style.js';
import { modelFile } from '../onnx/fixtures.js';
import { bin, runCli, start, temporaryFolder, writeCifar, writeClassifier } from './support.js';

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const commands = [
  'demo',
  'inspect',
  'extract',
  'fit',
  'evaluate',
  'run',
  'report',
  'sweep',
  'fingerprint',
  'recover',
  'audit',
  'doctor',
];
const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };

test.each(commands)('%s --help describes every option and shows an example', async (command) => {
  const { code, stdout, stderr } = await runCli([command, '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(new RegExp(`\\$ featreconstruct ${command}`));
  const options = stdout.split(/Examples?:/)[0];
  for (const line of options.split('\n').filter((text) => /^ {2}-/.test(text))) {
    expect(line).toMatch(/^ {2}(-\w, )?--\S+( <\S+>| \[\S+\])? {2,}\S/);
  }
  expect(stdout).toMatch(/^Exit codes: 0 .*1 .*2 .*130/m);
  for (const line of stdout.split(/Examples?:/)[0].split('\n')) expect(line.length).toBeLessThanOrEqual(110);
});

test('the program itself lists its commands, examples and exit codes', async () => {
  const { code, stdout } = await runCli(['--help']);
  expect(code).toBe(0);
  for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
  expect(stdout).toMatch(/\$ featreconstruct run 1/);
  expect(stdout).toMatch(/Exit codes: 0 .*1 .*2 .*130/);
});

test.each(commands)('%s names the nearest option, also where one that it needs is missing', async (command) => {
  const { code, stdout, stderr } = await runCli([command, '--hlep']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: unknown option '--hlep'\n\(Did you mean --help\?\)\nAdd --help for /);
});

test('the nearest command is named, of all of them', async () => {
  for (const command of commands) {
    const { code, stderr } = await runCli([`${command}x`]);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(`(Did you mean ${command}?)`) });
  }
});

describe('wrong usage ends with 2 and says what was meant', () => {
  test.each<[string[], RegExp]>([
    [[], /Usage: featreconstruct/],
    [['rnu', '1'], /unknown command 'rnu'\n\(Did you mean run\?\)/],
    [['inspect'], /missing required argument 'model'/],
    [['inspect', 'a.onnx', '--jsn'], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    [['extract', '--modle', 'a.onnx', '--dataset', 'x'], /unknown option '--modle'\n\(Did you mean --model\?\)/],
    [['doctor', '--jason'], /unknown option '--jason'\n\(Did you mean --json\?\)/],
    [['extract', '--model', 'a.onnx', '--dataset', 'x'], /required option '--store <file>' not specified/],
    [
      ['extract', '--model', 'a', '--dataset', 'x', '--store', 's', '--transfrom', 'raw'],
      /'--transfrom'\n\(Did you mean --transform\?\)/,
    ],
    [
      ['extract', '--model', 'a', '--dataset', 'x', '--store', 's', '--transform', 'rwa'],
      /'rwa' is invalid. Allowed choices are protocol, imagenet/,
    ],
    [['extract', '--model', 'a', '--dataset', 'x', '--store', 's', '--batch-size', '0'], /whole number of at least 1/],
    [['extract', '--model', 'a', '--dataset', 'x', '--store', 's', '--threads', 'two'], /whole number of at least 1/],
    [['extract', '--model', 'a', '--dataset', 'x', '--store', 's', '--mean', '1,2'], /one number or three/],
    [['extract', '--model', 'a', '--dataset', 'cifar100', '--store', 's'], /expected NAME:WHAT/],
    [['fit', '--x', 'a', '--y', 'b', '--out', 'm', '--alhpa', '1'], /'--alhpa'\n\(Did you mean --alpha\?\)/],
    [['fit', '--x', 'a', '--y', 'b', '--out', 'm', '--alpha', '1,10'], /one number for --alpha, found a grid: 1,10/],
    [['fit', '--x', 'a', '--y', 'b', '--out', 'm', '--alpha', 'abc'], /Undefined symbol abc/],
    [['fit', '--x', 'a', '--y', 'b', '--out', 'm', '--rcond', 'x'], /Expected a number/],
    [['evaluate', '--head', 'h', '--logits', 'z'], /either --features FILE, or --map MAP with --x FILE/],
    [['evaluate', '--head', 'h', '--logits', 'z', '--map', 'm'], /either --features FILE, or --map MAP with --x FILE/],
    [
      ['evaluate', '--head', 'h', '--logits', 'z', '--features', 'f', '--map', 'm', '--x', 'x'],
      /either --features FILE, or/,
    ],
    [['run', 'one', '--train', 'a', '--test', 'b', '--out', 'o'], /Expected the number of an experiment/],
    [['run', '17', '--train', 'a', '--test', 'b', '--out', 'o'], /Expected an experiment out of 1, 2, 3/],
    [['run', '1', '--train', 'a', '--test', 'b', '--out', 'o'], /Experiment 1 wants --source/],
    [['run', '2', '--source', 'm', '--train', 'a', '--test', 'b', '--out', 'o'], /Experiment 2 wants --target/],
    [
      ['run', '2', '--source', 'x/m.onnx', '--target', 'y/m.onnx', '--train', 'a', '--test', 'b', '--out', 'o'],
      /found 'm' twice/,
    ],
    [
      ['run', '3', '--source', 'm', '--target', 'n', '--train', 'a', '--test', 'b', '--out', 'o'],
      /Experiment 3 has no --target/,
    ],
    [
      ['run', '1', '--source', 'm', '--train', 'a', '--test', 'b', '--out', 'o', '--sgd-epochs', '5'],
      /Expected --baseline with --sgd-epochs/,
    ],
    [
      ['run', '1', '--source', 'm', '--train', 'a', '--test', 'b', '--out', 'o', '--target-mean', '0'],
      /Expected --target with --target-mean/,
    ],
    [
      ['run', '1', '--source', 'm', '--train', 'a', '--test', 'b', '--out', 'o', '--alpha', '10^(5:1:2)'],
      /the range is empty/,
    ],
    [
      ['extract', '--model', 'm', '--dataset', 'a', '--store', 's', '--transform', 'model', '--std', '1'],
      /Expected the transform 'model' alone/,
    ],
    [
      ['run', '4', '--models', 'm', '--train', 'a', '--test', 'b', '--out', 'o', '--transform-for', 'm=model,std=1'],
      /or MODEL=model/,
    ],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await runCli(args, { cwd: folder });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

/** Every file that a command loads, as URLs. */
async function loadedBy(args: string[]): Promise<string[]> {
  const [hooks, list] = [at('hooks.mjs'), at('loaded.txt')];
  await writeFile(
    hooks,
    `import { appendFileSync } from 'node:fs';
     export async function load(url, context, next) { appendFileSync(${JSON.stringify(list)}, url + '\\n'); return next(url, context); }`,
  );
  await writeFile(
    at('register.mjs'),
    `import { register } from 'node:module'; register(${JSON.stringify(pathToFileURL(hooks).href)});`,
  );
  await writeFile(list, '');
  const nodeArgs = ['--import', pathToFileURL(at('register.mjs')).href];
  expect(await runCli(args, { nodeArgs })).toMatchObject({ code: 0 });
  return (await readFile(list, 'utf8')).trim().split('\n');
}

const heavy = /node_modules\/(onnxruntime-(node|common)|jimp|@jimp|mathjs|@jsquash|@aws-sdk|@smithy)\//;

test('--version and --help load none of the heavy packages', async () => {
  for (const args of [['--version'], ['--help'], ...commands.map((command) => [command, '--help'])]) {
    const loaded = await loadedBy(args);
    expect(loaded.filter((url) => url.includes('/commander/'))).not.toEqual([]); // the hook sees packages
    expect(loaded.filter((url) => heavy.test(url))).toEqual([]);
  }
  // Where one of them is needed, the hook sees it too.
  expect((await loadedBy(['inspect', modelFile('gemm_plain')])).some((url) => heavy.test(url))).toBe(true);
});

test('a finished store is used again without loading ONNX Runtime', async () => {
  await writeCifar(at('data'));
  await writeClassifier(at('model.onnx'), { d: 4, c: 3 });
  const args = [
    ...['extract', '--model', at('model.onnx'), '--dataset', 'cifar10:test', '--data-dir', at('data')],
    ...['--store', at('store.safetensors'), '--quiet'],
  ];
  expect((await loadedBy(args)).some((url) => heavy.test(url))).toBe(true);
  expect((await loadedBy(args)).filter((url) => heavy.test(url))).toEqual([]);
});

test('without an object nothing of object storage is loaded', async () => {
  await writeCifar(at('data'));
  await writeClassifier(at('model.onnx'), { d: 4, c: 3 });
  const images = ['--model', at('model.onnx'), '--dataset', 'cifar10:test', '--data-dir', at('data'), '--quiet'];
  for (const args of [
    ['extract', ...images, '--store', at('rows.safetensors')],
    ['accumulate', at('rows.safetensors'), '--out', at('rows.stats'), '--quiet'],
    ['accumulate', ...images, '--out', at('model.stats')],
    ['solve', at('rows.stats'), '--out', at('map.safetensors')],
  ]) {
    const loaded = await loadedBy(args);
    expect(loaded.filter((url) => /@aws-sdk|@smithy|object-(client|reading|writing)/.test(url))).toEqual([]);
  }
});

test("--version takes no more than 0.15 s above node's own start", () => {
  // Processor time, which waiting for other programs does not lengthen; the least of some runs.
  const reporter = `process.on('exit', () => process.stderr.write(JSON.stringify(process.cpuUsage())))`;
  const best = (args: string[], output: string): number =>
    Math.min(
      ...Array.from({ length: 7 }, () => {
        const nodeArgs = ['--import', `data:text/javascript,${reporter}`];
        const { stdout, stderr } = spawnSync(process.execPath, [...nodeArgs, ...args], { encoding: 'utf8' });
        expect(stdout).toBe(output);
        const { user, system } = JSON.parse(stderr) as NodeJS.CpuUsage;
        return (user + system) / 1000;
      }),
    );
  expect(best([bin, '--version'], `${version}\n`) - best(['-e', '0'], '')).toBeLessThan(150);
});

test('colours: by FORCE_COLOR also into a pipe, on a terminal unless NO_COLOR is set', async () => {
  const error = async (env: NodeJS.ProcessEnv): Promise<string> =>
    (await runCli(['inspect', at('none.onnx')], { env })).stderr;
  const unset = { NO_COLOR: undefined, FORCE_COLOR: undefined };
  expect(await error(unset)).toMatch(/^error: Expected/);
  expect(await error({ ...unset, FORCE_COLOR: '1' })).toMatch(/^\x1b\[31merror:\x1b\[39m Expected/);
  expect(await error({ ...unset, FORCE_COLOR: '0' })).toMatch(/^error: Expected/);
  const terminal = { isTTY: true, hasColors: () => true } as NodeJS.WriteStream;
  const before = { ...process.env };
  try {
    delete process.env.NO_COLOR;
    delete process.env.FORCE_COLOR;
    expect(hasColours(terminal)).toBe(true);
    process.env.NO_COLOR = '1';
    expect(hasColours(terminal)).toBe(false);
  } finally {
    process.env = before;
  }
});

describe('what is printed', () => {
  const args = (...more: string[]): string[] => [
    ...['run', '1', '--source', at('model.onnx'), '--train', 'cifar100:train', '--test', 'cifar100:test'],
    ...['--data-dir', at('data'), '--out', at('out'), ...more],
  ];
  beforeAll(async () => {
    await writeCifar(at('data'));
    await writeClassifier(at('model.onnx'), { d: 4, c: 3 });
  });

  test('progress goes to stderr as plain lines, the result to stdout', async () => {
    const { code, stdout, stderr } = await runCli(args('--stores', at('first')));
    expect(code).toBe(0);
    expect(stderr).toMatch(/^extract model on cifar100:train: 300 of 300 images \(100 %/m);
    expect(stderr).not.toMatch(/\r|\x1b/);
    expect(stdout).toMatch(/^Features of .* give the same answer/);
    expect(stdout.trimEnd().split('\n').slice(-3)).toEqual([
      ...[at('out', 'results.json'), at('out', 'experiment.json')],
      `Open ${at('out', 'report.html')}`,
    ]);
    expect(await readFile(at('out', 'report.html'), 'utf8')).toContain('One model: its logits → its own features');
  });

  test('--quiet leaves stderr empty, --json makes stdout the results file', async () => {
    const quiet = await runCli(args('--stores', at('second'), '--quiet', '--json'));
    expect(quiet).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(quiet.stdout)).toEqual(JSON.parse(await readFile(at('out', 'results.json'), 'utf8')));
  });

  test('--json of every command is one JSON document', async () => {
    const inspected = await runCli(['inspect', at('model.onnx'), '--json']);
    expect(JSON.parse(inspected.stdout)).toMatchObject({
      ...{ name: 'model', featureDim: 4, classCount: 3, rank: 3, layout: 'nchw', inputShape: [-1, 3, 8, 8] },
      recoverable: expect.stringMatching(/^3 of 4 dimensions exactly/),
    });
    const doctor = await runCli(['doctor', '--json']);
    expect(doctor.code).toBe(0);
    const report = JSON.parse(doctor.stdout) as { providers: { name: string; available: boolean }[] };
    expect(report).toMatchObject({ featreconstruct: version, node: process.version, onnxruntime: '1.30.0' });
    expect(report.providers).toContainEqual({ name: 'cpu', available: true, missing: [] });
  });

  test("doctor's text stays within 100 columns, paths aside, and says what to do", async () => {
    const { code, stdout } = await runCli(['doctor', '--verbose']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^cpu: yes$/m);
    for (const line of stdout.split('\n')) {
      if (line.trim().includes(' ')) expect(line.length).toBeLessThanOrEqual(100);
    }
    for (const [, reason] of stdout.matchAll(/^\w+: no\n((?: {4}.+\n)+)/gm)) expect(reason).toMatch(/use\s+cpu/i);
  });

  (process.platform === 'win32' ? test.skip : test)('a reader that leaves early is no error', async () => {
    for (const redirect of ['', '2>&1']) {
      const line = `set -o pipefail; "$0" "$@" ${redirect} | head -n 1`;
      const piped = await start('bash', ['-c', line, process.execPath, bin, ...args()]).finished;
      expect(piped.stderr).not.toMatch(/EPIPE|\n {4}at /);
      expect(piped.code).toBe(0);
      expect(piped.stdout.trim().split('\n')).toHaveLength(1);
    }
  });
});
