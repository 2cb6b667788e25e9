import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildModel, type GraphNode } from '../../lib/onnx/index.js';
import {
  bin,
  start,
  startCli,
  until,
  writeClassifier,
  writeJpeg,
  writeVectorClassifier,
  writeVectors,
  type Finished,
} from './support.js';

/**
 * Commands that must fail, as processes of their own, with what each must end with: inside Jest the event loop never runs
 * dry, and a process that ends in silence cannot be told from one that waits.
 */
export interface Failing {
  name: string;
  /** Exit code 1 (bad input) or 2 (usage); 130 and 143 where a signal stops it. */
  code: number;
  /** In what it says. */
  says: RegExp;
  /** Run by `npm test`, too; the others by `npm run verify` alone. */
  quick: boolean;
  /** Starts it; it may write below `out`. */
  start(out: string): Promise<Finished>;
}

/** Where everything lies that these commands read. */
export async function writeFixtures(folder: string): Promise<void> {
  const at = (...names: string[]): string => path.join(folder, ...names);
  await writeClassifier(at('model.onnx'), { d: 12, c: 8 });
  await writeClassifier(at('other.onnx'), { d: 10, c: 8, seed: 5 });
  await writeOdd(at('bool.onnx'), 'bool');
  await writeOdd(at('nan.onnx'), 'float32');
  await writeVectorClassifier(at('vectors.onnx'));
  await writeVectors(at('vectors.npy'), 40);
  await writeVectors(at('fewer.npy'), 30);
  await writeFile(at('page.html'), '<!doctype html><title>Not found</title>');
  await writeFile(at('words.csv'), 'a,b\nx,y\n');
  await mkdir(at('empty'), { recursive: true });
  for (const [name, place] of Object.entries({ good: -1, first: 0, middle: 20, last: 39 })) {
    for (let i = 0; i < 40; i++) {
      const file = at(name, i % 2 ? 'b' : 'a', `im${String(i).padStart(2, '0')}.jpg`);
      // Folders are read in the order of their names.
      const position = i % 2 ? 20 + (i - 1) / 2 : i / 2;
      if (position !== place) await writeJpeg(file, i, 16);
      else await mkdir(path.dirname(file), { recursive: true }).then(() => writeFile(file, ''));
    }
  }
  // Black images, no blocks on the disk: enough for a signal to come while a model runs over them.
  await mkdir(at('long', 'cifar-100-binary'), { recursive: true });
  for (const split of ['train', 'test']) {
    await writeFile(at('long', 'cifar-100-binary', `${split}.bin`), '');
    await truncate(at('long', 'cifar-100-binary', `${split}.bin`), (split === 'train' ? 50_000 : 10_000) * 3074);
  }
}

/** A classifier that reads truth values where pixels come; or one whose features are NaN for dark images only. */
async function writeOdd(file: string, type: 'bool' | 'float32'): Promise<void> {
  const toFloats: GraphNode[] =
    type === 'bool'
      ? [{ op: 'Cast', inputs: ['x'], outputs: ['floats'], attributes: { to: { int: 1 } } }]
      : [
          { op: 'Add', inputs: ['x', 'brighter'], outputs: ['added'] },
          { op: 'GlobalAveragePool', inputs: ['added'], outputs: ['mean'] },
          { op: 'Sqrt', inputs: ['mean'], outputs: ['floats'] },
        ];
  const inputs = type === 'bool' ? 192 : 3;
  const numbers = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(1 + i * i));
  await writeFile(
    file,
    buildModel({
      inputs: [{ name: 'x', type: type as 'float32', dims: ['n', 3, 8, 8] }],
      outputs: [{ name: 'logits', type: 'float32', dims: ['n', 8] }],
      constants: [
        ...(type === 'bool'
          ? []
          : [{ name: 'brighter', type: 'float32' as const, dims: [1], data: Float32Array.of(0.6) }]),
        { name: 'w', type: 'float32', dims: [inputs, 5], data: numbers(inputs * 5) },
        { name: 'head.w', type: 'float32', dims: [5, 8], data: numbers(40) },
        { name: 'head.b', type: 'float32', dims: [8], data: numbers(8) },
      ],
      nodes: [
        ...toFloats,
        { op: 'Flatten', inputs: ['floats'], outputs: ['flat'] },
        { op: 'MatMul', inputs: ['flat', 'w'], outputs: ['hidden'] },
        { op: 'Relu', inputs: ['hidden'], outputs: ['features'] },
        { op: 'Gemm', inputs: ['features', 'head.w', 'head.b'], outputs: ['logits'] },
      ],
    }),
  );
}

/** All of them, on the fixtures of a folder. */
export function failingCommands(folder: string): Failing[] {
  const at = (name: string): string => path.join(folder, name);
  const list: Failing[] = [];
  const add = (
    name: string,
    says: RegExp,
    args: (out: string) => string[],
    { code = 1, quick = false }: { code?: number; quick?: boolean } = {},
  ): void => {
    list.push({ name, code, says, quick, start: (out) => startCli(args(out), { cwd: folder }).finished });
  };
  const extract =
    (model: string, images: string, ...more: string[]) =>
    (out: string) => [
      'extract',
      '--model',
      at(model),
      '--dataset',
      images,
      '--store',
      path.join(out, 'store.safetensors'),
      '--quiet',
      ...more,
    ];
  const run =
    (experiment: number, model: string, train: string, test: string, ...more: string[]) =>
    (out: string) => [
      ...['run', String(experiment), '--source', at(model), '--train', train, '--test', test],
      ...['--out', path.join(out, 'run'), '--quiet', ...more],
    ];
  const sweep = (model: string, train: string, test: string) => (out: string) => [
    'sweep',
    '--source',
    at(model),
    '--train',
    train,
    '--test',
    test,
    '--out',
    path.join(out, 'sweep'),
    '--quiet',
  ];
  const audit =
    (model: string, images: string, ...more: string[]) =>
    (out: string) => ['audit', at(model), images, '--out', path.join(out, 'audit'), '--quiet', ...more];
  const api = (name: string, says: RegExp, call: string, quick = false): void => {
    list.push({ name, code: 3, says, quick, start: (out) => script(folder, out, call) });
  };

  // One image that cannot be decoded, wherever it lies and whichever command meets it.
  for (const place of ['first', 'middle', 'last'] as const) {
    const says = /found an empty file/;
    const images = `folder:${at(place)}`;
    const quick = { quick: true };
    add(`extract, a bad image ${place}`, says, extract('model.onnx', images), quick);
    add(`run 1, a bad image ${place}`, says, run(1, 'model.onnx', images, images), { quick: place === 'middle' });
    add(`run 1 --no-store, a bad image ${place}`, says, run(1, 'model.onnx', images, images, '--no-store'), {
      quick: place === 'last',
    });
    add(`audit, a bad image ${place}`, says, audit('model.onnx', at(place)), { quick: place === 'first' });
    add(`sweep, a bad image ${place}`, says, sweep('model.onnx', images, images), { quick: place === 'middle' });
    api(
      `extractFeatures, a bad image ${place}`,
      says,
      `extractFeatures('model.onnx', ${JSON.stringify(images)})`,
      place === 'first',
    );
  }
  const good = `folder:${at('good')}`;
  add(
    'run 3, a bad image among those to test on',
    /found an empty file/,
    run(3, 'model.onnx', good, `folder:${at('last')}`),
  );
  add(
    'run 2, a bad image in the middle',
    /found an empty file/,
    run(2, 'model.onnx', `folder:${at('middle')}`, good, '--target', at('other.onnx')),
  );

  // An input that is no image's.
  const bool = /Expected bool numbers/;
  add('extract, a model that reads truth values', bool, extract('bool.onnx', good), { quick: true });
  add('run 1, a model that reads truth values', bool, run(1, 'bool.onnx', good, good));
  add('audit, a model that reads truth values', bool, audit('bool.onnx', at('good')));
  add('sweep, a model that reads truth values', bool, sweep('bool.onnx', good, good));
  api(
    'extractFeatures, a model that reads truth values',
    bool,
    `extractFeatures('bool.onnx', ${JSON.stringify(good)})`,
  );

  // Features that are NaN.
  const nan = /Expected finite features .* found NaN/;
  const dark = 'cifar100:test[0:200]';
  const data = ['--data-dir', at('long')];
  add('extract, NaN features', nan, extract('nan.onnx', dark, ...data), { quick: true });
  add('run 1, NaN features', nan, run(1, 'nan.onnx', dark, dark, ...data));
  add('run 1 --no-store, NaN features', nan, run(1, 'nan.onnx', dark, dark, '--no-store', ...data), { quick: true });
  add('audit, NaN features', nan, audit('nan.onnx', dark, ...data));
  api(
    'extractFeatures, NaN features',
    nan,
    `extractFeatures('nan.onnx', '${dark}', { dataset: { dataDir: 'long' } })`,
    true,
  );

  // A result that nobody can read.
  if (existsSync('/dev/full')) {
    for (const [name, args] of Object.entries({
      inspect: ['inspect', at('model.onnx')],
      'inspect --json': ['inspect', at('model.onnx'), '--json'],
      '--version': ['--version'],
    })) {
      const shell = ['-c', 'exec "$0" "$@" > /dev/full', process.execPath, bin, ...args];
      list.push({
        name: `${name}, its result on a full disk`,
        code: 1,
        says: /The result could not be written: ENOSPC/,
        quick: true,
        start: () => start('sh', shell, { cwd: folder }).finished,
      });
    }
  }

  // A disk that takes no more, as a limit on the size of files: 40 KB for some 160.
  if (process.platform !== 'win32') {
    const many = 'cifar100:test[0:2000]';
    const commands = {
      extract: extract('model.onnx', many, ...data),
      'run 1': run(1, 'model.onnx', many, many, ...data),
      sweep: (out: string) => [...sweep('model.onnx', many, many)(out), ...data],
      audit: audit('model.onnx', many, ...data),
    };
    for (const [name, args] of Object.entries(commands)) {
      const shell = (out: string): string[] => [
        '-c',
        'ulimit -f 40; exec "$0" "$@"',
        process.execPath,
        bin,
        ...args(out),
      ];
      list.push({
        name: `${name}, no room for its store`,
        code: 1,
        says: /Could not write/,
        quick: name === 'extract',
        start: (out) => start('bash', shell(out), { cwd: folder }).finished,
      });
    }
  }

  // What is asked wrongly, and files that are something else.
  const usage = { code: 2 };
  const vectors = at('vectors.npy');
  const fit = (x: string, y: string) => (out: string) => [
    'fit',
    '--x',
    at(x),
    '--y',
    at(y),
    '--out',
    path.join(out, 'map.safetensors'),
  ];
  add('fit, more rows of x than of y', /40 .*30/, fit('vectors.npy', 'fewer.npy'));
  add('fit, no such file', /nosuch\.npy/, fit('nosuch.npy', 'vectors.npy'));
  add('evaluate, a web page for a head', /page\.html/, () => [
    ...['evaluate', '--head', at('page.html'), '--features', vectors, '--logits', vectors],
  ]);
  add('inspect, a web page for a model', /page\.html/, () => ['inspect', at('page.html')]);
  add('fingerprint, words for numbers', /words\.csv/, () => ['fingerprint', at('words.csv')]);
  add('recover, a head as wide as its classes', /fewer features than classes/, (out) => [
    'recover',
    vectors,
    '--out',
    path.join(out, 'f.safetensors'),
  ]);
  add('report, nothing there', /results\.json/, () => ['report', at('empty')]);
  add('audit, a folder without images', /no images/, audit('model.onnx', at('empty')));
  add('demo, its folder a file', /expected a folder there/, () => ['demo', '--out', at('page.html'), '--quiet']);
  add('doctor, no wheel', /found nothing/, () => ['doctor', '--fix-cuda', at('nosuch.whl')]);
  add(
    'run 4, one model',
    /--models/,
    () => [
      ...[
        'run',
        '4',
        '--models',
        at('model.onnx'),
        '--train',
        good,
        '--test',
        good,
        '--source',
        at('model.onnx'),
        '--out',
        'o',
      ],
    ],
    usage,
  );
  add(
    'run 1, a transform for another model',
    /--transform-for .*model/,
    run(1, 'model.onnx', good, good, '--transform-for', 'modle=unit'),
    {
      ...usage,
      quick: true,
    },
  );
  add(
    'extract, an option that the provider does not have',
    /found 'nonsense'/,
    extract('model.onnx', good, '--provider', 'webgpu', '--provider-option', 'nonsense=1'),
    usage,
  );
  add('extract, an unknown option', /unknown option '--modle'/, () => ['extract', '--modle', 'a.onnx'], usage);

  // Stopped from outside, while a model runs.
  const long = ['--data-dir', at('long'), '--batch-size', '1', '--threads', '1'];
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const stopped = (name: string, args: (out: string) => string[], quick = false): void => {
      list.push({
        name: `${name}, ${signal}`,
        code,
        says: /Stopped\./,
        quick,
        start: (out) => stop(args(out), out, signal),
      });
    };
    stopped('extract', extract('model.onnx', 'cifar100:train', ...long), true);
    stopped('run 1', run(1, 'model.onnx', 'cifar100:train', 'cifar100:test', ...long));
    stopped('run 1 --no-store', run(1, 'model.onnx', 'cifar100:train', 'cifar100:test', '--no-store', ...long), true);
    stopped('sweep', (out) => [...sweep('model.onnx', 'cifar100:train', 'cifar100:test')(out), ...long]);
    stopped('audit', audit('model.onnx', 'cifar100:train', ...long), true);
  }
  return list;
}

/** Ten lines as a user of the library writes them; what the library throws is caught and told by exit code 3. */
function script(folder: string, out: string, call: string): Promise<Finished> {
  const library = pathToFileURL(path.join(process.cwd(), 'dist', 'index.js')).href;
  const lines = `
    import { extractFeatures } from '${library}';
    process.chdir(${JSON.stringify(folder)});
    try {
      const { features } = await ${call};
      console.log(features.shape);
    } catch (error) {
      console.error('error: ' + error.message);
      process.exitCode = 3;
    }`;
  return start(process.execPath, ['--input-type=module', '-e', lines], { cwd: out }).finished;
}

/** Starts a command, and sends it a signal once ONNX Runtime is loaded and has had a moment. */
async function stop(args: readonly string[], out: string, signal: NodeJS.Signals): Promise<Finished> {
  const { child, finished } = startCli(args, { cwd: out });
  const maps = `/proc/${child.pid}/maps`;
  const loaded = async (): Promise<boolean> =>
    child.exitCode !== null || (await readFile(maps, 'latin1').catch(() => '')).includes('onnxruntime');
  // Elsewhere than on Linux some seconds must do.
  if (existsSync('/proc/self/maps')) await until(loaded, 'ONNX Runtime in the process', 300);
  await new Promise((resolve) => setTimeout(resolve, existsSync('/proc/self/maps') ? 700 : 5000));
  child.kill(signal);
  return finished;
}

/** What is wrong with the end of a failing command; null where it ended as it should. */
export async function wrongIn({ code, says }: Failing, ended: Finished, out: string): Promise<string | null> {
  const { stdout, stderr } = ended;
  if (ended.code !== code)
    return `exit code ${ended.code ?? ended.signal}: ${stderr.trim().slice(-200) || 'said nothing'}`;
  if (stdout !== '') return `printed a result: ${stdout.slice(0, 80)}`;
  if (!says.test(stderr)) return `said ${stderr.trim().slice(-200) || 'nothing'}`;
  if (/^\s+at .+:\d+/m.test(stderr) || /defect/.test(stderr)) return 'printed a stack';
  const lines = stderr
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('Add --help') && !line.startsWith('('));
  if (code < 128 && lines.length > 1) return `said ${lines.length} lines`;
  const half = (await readdir(out, { recursive: true })).find((name) =>
    /results\.json|report\.html|\.tmp|map\.safetensors$/.test(name),
  );
  return half === undefined ? null : `left ${half}`;
}
