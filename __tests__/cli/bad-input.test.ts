import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildModel } from '../../lib/onnx/index.js';
import { toNdArray, writeNpy, writeSafetensors } from '../../lib/tensor/index.js';
import { modelFile } from '../onnx/fixtures.js';
import { runCli, temporaryFolder, truncate, writeCifar, writeClassifier, writeJpeg } from './support.js';

/** Whatever is wrong with the input, the command line ends with one sentence or two, and with nothing half-written. */

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const datasetFixture = (...names: string[]): string =>
  path.join(process.cwd(), '__tests__', 'fixtures', 'datasets', ...names);

/** Overwrites some bytes. */
async function damage(file: string, position: number, length = 1): Promise<void> {
  const bytes = await readFile(file);
  bytes.fill(0xff, position, position + length);
  await writeFile(file, bytes);
}

const rows = (n: number, width: number, bad?: [at: number, value: number]) => {
  const data = Float32Array.from({ length: n * width }, (_, i) => Math.sin(i * i));
  if (bad) data[bad[0]] = bad[1];
  return toNdArray(data, [n, width]);
};

/** A classifier of ready vectors that hands NaN and infinity on. */
const passing = (): Uint8Array =>
  buildModel({
    inputs: [{ name: 'x', type: 'float32', dims: ['n', 4] }],
    outputs: [{ name: 'y', type: 'float32', dims: ['n', 2] }],
    constants: [{ name: 'w', type: 'float32', dims: [4, 2], data: Float32Array.from({ length: 8 }, (_, i) => i + 1) }],
    nodes: [
      { op: 'Relu', inputs: ['x'], outputs: ['f'] },
      { op: 'MatMul', inputs: ['f', 'w'], outputs: ['y'] },
    ],
  });

beforeAll(async () => {
  await writeCifar(at('data'));
  await writeClassifier(at('model.onnx'), { d: 5, c: 4 });
  await writeClassifier(at('other.onnx'), { d: 5, c: 4, seed: 3 });
  await writeFile(at('passing.onnx'), passing());

  await copyFile(at('model.onnx'), at('short.onnx'));
  await truncate(at('short.onnx'), 0.7);
  await copyFile(at('model.onnx'), at('damaged.onnx'));
  await damage(at('damaged.onnx'), 20, 60);
  await writeFile(at('text.onnx'), 'this is no model at all');
  await writeFile(at('empty.onnx'), '');

  for (const name of ['short-record', 'wrong-label', 'cut-archive', 'damaged-archive', 'dotdot']) await mkdir(at(name));
  await mkdir(at('short-record', 'cifar-100-binary'));
  await writeFile(at('short-record', 'cifar-100-binary', 'test.bin'), new Uint8Array(3 * 3074 - 1));
  await mkdir(at('wrong-label', 'cifar-100-binary'));
  await writeFile(at('wrong-label', 'cifar-100-binary', 'test.bin'), new Uint8Array(3 * 3074).fill(100));
  const archive = datasetFixture('cifar', 'binary-archive', 'cifar-100-binary.tar.gz');
  await copyFile(archive, at('cut-archive', 'cifar-100-binary.tar.gz'));
  await truncate(at('cut-archive', 'cifar-100-binary.tar.gz'), 0.6);
  await copyFile(archive, at('damaged-archive', 'cifar-100-binary.tar.gz'));
  await damage(at('damaged-archive', 'cifar-100-binary.tar.gz'), 400, 20);
  await copyFile(datasetFixture('tars', 'dotdot.tar.gz'), at('dotdot', 'cifar-100-binary.tar.gz'));

  await mkdir(at('nothing'));
  for (const name of ['one', 'two']) await writeJpeg(at('cut-image', `${name}.jpg`), 1);
  await truncate(at('cut-image', 'two.jpg'), 0.5);
  await mkdir(at('no-image'));
  await writeFile(at('no-image', 'a.png'), 'no image');

  if (process.platform !== 'win32') await symlink('/dev/zero', at('zero.csv'));
  await writeNpy(at('x.npy'), rows(20, 4));
  await writeNpy(at('y.npy'), rows(20, 3));
  await writeNpy(at('y19.npy'), rows(19, 3));
  await writeNpy(at('nan.npy'), rows(20, 4, [7 * 4 + 2, NaN]));
  await writeNpy(at('infinite.npy'), rows(20, 4, [11 * 4 + 1, Infinity]));
  await writeNpy(at('vector.npy'), toNdArray(new Float32Array(20), [20]));
  await copyFile(at('x.npy'), at('cut.npy'));
  await truncate(at('cut.npy'), 0.5);
  await writeFile(at('text.npy'), 'no array');
  await writeSafetensors(at('two.safetensors'), { a: rows(20, 4), b: rows(20, 3) });
  await copyFile(at('two.safetensors'), at('cut.safetensors'));
  await truncate(at('cut.safetensors'), 0.8);
  await copyFile(at('two.safetensors'), at('damaged.safetensors'));
  await damage(at('damaged.safetensors'), 20);
  await writeSafetensors(at('head.safetensors'), { weight: rows(2, 3), bias: toNdArray(new Float32Array(2), [2]) });
  await writeSafetensors(at('map.safetensors'), { weight: rows(3, 4), bias: toNdArray(new Float32Array(3), [3]) });
  await writeNpy(at('classes.npy'), toNdArray(new Int32Array(20).fill(1), [20]));
  await writeNpy(at('classes9.npy'), toNdArray(new Int32Array(20).fill(9), [20]));

  const { code } = await runCli([...extract('model.onnx', 'cifar100:test'), '--store', at('store.safetensors')]);
  expect(code).toBe(0);
  await copyFile(at('store.safetensors'), at('cut-store.safetensors'));
  await truncate(at('cut-store.safetensors'), 0.9);
});

const extract = (model: string, dataset: string, data = 'data'): string[] => [
  ...['extract', '--model', path.isAbsolute(model) ? model : at(model), '--dataset', dataset],
  ...['--data-dir', at(data), '--quiet'],
];
const toNew = (model: string, dataset: string, data?: string): string[] => [
  ...extract(model, dataset, data),
  ...['--store', at('new', 'store.safetensors')],
];
const fit = (x: string, y: string, ...more: string[]): string[] => [
  ...['fit', '--x', at(x), '--y', at(y), '--out', at('new', 'map.safetensors'), ...more],
];
const run = (source: string, train: string, test: string, ...more: string[]): string[] => [
  ...['run', '1', '--source', at(source), '--train', train, '--test', test, '--data-dir', at('data')],
  ...['--out', at('new', 'out'), '--quiet', ...more],
];

describe('each ends with exit 1 and one message', () => {
  test.each<[what: string, args: () => string[], message: RegExp]>([
    ['no such model', () => ['inspect', at('none.onnx')], /Expected an \.onnx file at .*none\.onnx, found nothing/],
    ['a folder as model', () => ['inspect', at('data')], /found a folder/],
    ['a model cut short', () => ['inspect', at('short.onnx')], /short\.onnx: .*truncated or corrupted/],
    ['a corrupted model', () => ['inspect', at('damaged.onnx')], /damaged\.onnx/],
    ['a text as model', () => ['inspect', at('text.onnx')], /text\.onnx: .*protobuf/],
    ['an empty model', () => ['inspect', at('empty.onnx')], /empty\.onnx/],
    ['NaN in the head', () => ['inspect', modelFile('nan_head')], /NaN/],
    ['a head of zeros', () => ['inspect', modelFile('zero_head')], /all weights of Gemm 'n_y' are 0/],
    ['a head that is not linear', () => ['inspect', modelFile('relu_head')], /comes from Relu/],
    ['an active dropout', () => ['inspect', modelFile('dropout_active')], /[Dd]ropout/],
    ['external data outside its folder', () => ['inspect', modelFile('external_parent')], /outside|leads out|folder/],
    ['external data that is absent', () => ['inspect', modelFile('external_missing')], /external/i],
    ['external data cut short', () => ['inspect', modelFile('external_short')], /external_short/],
    [
      'no such data set',
      () => toNew('model.onnx', 'cifar100:test', 'nothing'),
      /cifar100:test is not on this machine.*169 MB.*--yes.*cifar-100-binary.*--data-dir/,
    ],
    [
      'a wrong record length',
      () => toNew('model.onnx', 'cifar100:test', 'short-record'),
      /9221 bytes.*multiple of 3074/,
    ],
    ['a wrong label', () => toNew('model.onnx', 'cifar100:test', 'wrong-label'), /label 100, expected 0 to 99/],
    ['an archive cut short', () => toNew('model.onnx', 'cifar100:test', 'cut-archive'), /tar\.gz is cut short/],
    ['a corrupted archive', () => toNew('model.onnx', 'cifar100:test', 'damaged-archive'), /tar\.gz is corrupted/],
    [
      'an entry that leads out',
      () => toNew('model.onnx', 'cifar100:test', 'dotdot'),
      /'folder\/\.\.\/\.\.\/evil\.txt'/,
    ],
    ['an empty folder', () => toNew('model.onnx', `folder:${at('nothing')}`), /nothing has no images/],
    ['no such folder', () => toNew('model.onnx', `folder:${at('none')}`), /none is not there/],
    ['an image cut short', () => toNew('model.onnx', `folder:${at('cut-image')}`), /Bad image '.*two\.jpg'/],
    ['no image', () => toNew('model.onnx', `folder:${at('no-image')}`), /'.*a\.png' to be a JPEG, PNG/],
    ['no such file of inputs', () => toNew('passing.onnx', `tensors:${at('none.npy')}`), /none\.npy', found none/],
    ['inputs cut short', () => toNew('passing.onnx', `tensors:${at('cut.npy')}`), /cut\.npy/],
    [
      'inputs of another width',
      () => toNew('passing.onnx', `tensors:${at('y.npy')}`),
      /shape \[n, 4\].*found \[20, 3\]/,
    ],
    ['NaN', () => toNew('passing.onnx', `tensors:${at('nan.npy')}`), /NaN in feature 2 of image nan\.npy\/00007/],
    [
      'infinity',
      () => toNew('passing.onnx', `tensors:${at('infinite.npy')}`),
      /Infinity in .* image infinite\.npy\/00011/,
    ],
    [
      'an unknown provider',
      () => [...toNew('model.onnx', 'cifar100:test'), '--provider', 'gpu'],
      /execution provider out of .*cpu.*found 'gpu'/,
    ],
    [
      'a store of another model',
      () => [...extract('other.onnx', 'cifar100:test'), '--store', at('store.safetensors')],
      /written for another extraction; it differs in: model \(model, not other/,
    ],
    [
      'a store of another transform',
      () => [...extract('model.onnx', 'cifar100:test'), '--store', at('store.safetensors'), '--transform', 'unit'],
      /differs in: transform \('protocol' → 'unit'; mean 0.485/,
    ],
    [
      'a store cut short',
      () => [...extract('model.onnx', 'cifar100:test'), '--store', at('cut-store.safetensors')],
      /cut-store\.safetensors.*truncated, corrupted/,
    ],
    [
      'a store in a file',
      () => [...extract('model.onnx', 'cifar100:test'), '--store', at('x.npy', 'store.safetensors')],
      /Could not write '.*x\.npy'/,
    ],
    ...(process.platform === 'linux'
      ? ([
          [
            'a store where the system makes no folder',
            () => [...extract('model.onnx', 'cifar100:test'), '--store', '/proc/x/store.safetensors'],
            /Could not make the folder '\/proc\/x'/,
          ],
          [
            'a log that is a device',
            () => ['fingerprint', at('zero.csv')],
            /zero\.csv', found a pipe, a socket or a device/,
          ],
        ] as [string, () => string[], RegExp][])
      : []),
    ['a store that is a folder', () => [...extract('model.onnx', 'cifar100:test'), '--store', at('data')], /a folder/],
    ['no such X', () => fit('none.npy', 'y.npy'), /none\.npy', found none/],
    ['no array', () => fit('text.npy', 'y.npy'), /text\.npy/],
    ['an array cut short', () => fit('cut.npy', 'y.npy'), /cut\.npy/],
    ['a prior of another height', () => fit('x.npy', 'vector.npy', '--prior', at('map.safetensors')), /prior/],
    ['safetensors cut short', () => fit('cut.safetensors#a', 'y.npy'), /cut\.safetensors.*truncated/],
    ['corrupted safetensors', () => fit('damaged.safetensors#a', 'y.npy'), /damaged\.safetensors/],
    ['no tensor of that name', () => fit('two.safetensors#c', 'y.npy'), /tensor 'c' in .*found a, b\. Name one/],
    ['no tensor named', () => fit('two.safetensors', 'y.npy'), /tensor 'logits' in .*found a, b\. Name one/],
    ['another number of rows', () => fit('x.npy', 'y19.npy'), /20 rows in X and 19 in Y/],
    ['NaN in X', () => fit('nan.npy', 'y.npy'), /\b7\b/],
    ['infinity in Y', () => fit('y.npy', 'infinite.npy'), /\b11\b/],
    ['a prior of another width', () => fit('x.npy', 'y.npy', '--prior', at('head.safetensors')), /prior/],
    ['a prior that is no map', () => fit('x.npy', 'y.npy', '--prior', at('two.safetensors')), /Expected a linear map/],
    [
      'a head of another width',
      () => [
        ...['evaluate', '--head', at('head.safetensors'), '--features', at('x.npy')],
        ...['--logits', at('classes.npy')],
      ],
      /head of 4 features.*found .* of 3/,
    ],
    [
      'a class that the head has not',
      () => [
        ...['evaluate', '--head', at('head.safetensors'), '--features', at('y.npy')],
        ...['--logits', at('classes9.npy')],
      ],
      /Row 0 of the original classes.*found 9/,
    ],
    [
      'NaN in features',
      () => [
        ...['evaluate', '--head', at('head.safetensors'), '--map', at('map.safetensors'), '--x', at('nan.npy')],
        ...['--logits', at('classes.npy')],
      ],
      /\b7\b/,
    ],
    [
      'a folder as map',
      () => ['evaluate', '--head', at('data'), '--features', at('y.npy'), '--logits', at('y.npy')],
      /folder/,
    ],
    ['run: no model', () => run('none.onnx', 'cifar100:train', 'cifar100:test'), /none\.onnx, found nothing/],
    ['run: no data set', () => run('model.onnx', 'cifar100:train', `folder:${at('nothing')}`), /no images/],
    ['run: a single image to fit on', () => run('model.onnx', 'cifar100:train[0:1]', 'cifar100:test'), /at least 2/],
    ['run: a bad image', () => run('model.onnx', 'cifar100:train', `folder:${at('cut-image')}`), /two\.jpg/],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await runCli([...args(), ...(args()[0] === 'inspect' ? [] : ['--quiet'])]);
    expect(stderr).toMatch(/^error: [^\n]{20,700}\n$/);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    await expectNothingHalfWritten();
  });

  // Where CUDA is installed, this provider loads.
  test('a provider that does not load', async () => {
    const { stdout } = await runCli(['doctor', '--json']);
    const report = JSON.parse(stdout) as { providers: { name: string; available: boolean }[] };
    const missing = report.providers.filter(({ available }) => !available);
    for (const { name } of missing.slice(0, 2)) {
      const { code, stderr } = await runCli([...toNew('model.onnx', 'cifar100:test'), '--provider', name]);
      expect(stderr).toMatch(new RegExp(`^error: Execution provider '${name}' does not load: .*[Uu]se cpu.*\n$`, 'm'));
      expect(code).toBe(1);
      await expectNothingHalfWritten();
    }
  });
});

/** Where output was asked for there is no file: the input was bad before the first row was there. */
async function expectNothingHalfWritten(): Promise<void> {
  const names = await readdir(at('new'), { recursive: true, withFileTypes: true }).catch(() => []);
  // A run keeps the stores that it has finished.
  const files = names.filter((entry) => entry.isFile() && path.basename(entry.parentPath) !== 'stores');
  expect(files.map(({ name }) => name)).toEqual([]);
}
