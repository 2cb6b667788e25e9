import { mkdir, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { parseHubName, snapshotOf, type Consent } from '../../lib/hub/index.js';
import { renameExternalData } from '../../lib/onnx/index.js';
import { describeModel, loadModel, modelNameOf, wantedOfModel } from '../../lib/runtime/index.js';
import { runCli, temporaryFolder, writeClassifier, writeJpeg } from '../cli/support.js';
import { modelFile } from '../onnx/fixtures.js';
import { coded, naming } from '../support/coded.js';
import { hubEnvironment, startHub, withEnvironment, type HubServer, type RepoOfServer } from '../support/hub.js';

const folder = temporaryFolder();
let hub: HubServer;
let cache: string;
let restore: () => void;
let number = 0;
let tiny: Buffer;

beforeAll(async () => {
  tiny = await readFile(await writeClassifier(path.join(folder, 'tiny.onnx'), { d: 6, c: 9 }));
});
beforeEach(async () => {
  cache = path.join(folder, `cache-${number++}`);
  hub = await startHub([], { pageSize: 2 });
  restore = withEnvironment(hubEnvironment(hub.endpoint, cache));
});
afterEach(async () => {
  restore();
  await hub.close();
});

const config = JSON.stringify({ id2label: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [i, `thing ${i}`])) });
const processor = JSON.stringify({
  do_resize: true,
  size: { height: 8, width: 8 },
  resample: 2,
  do_normalize: true,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
});
const add = (files: RepoOfServer['files'], id = 'maker/tiny-vit', more: Partial<RepoOfServer> = {}): void =>
  hub.add({ id, files, ...more });
const fetch = { consent: true };
const fetched = (): string[] =>
  hub.requests.flatMap(({ line }) => /^GET .*\/resolve\/[^/]+\/(.*)$/.exec(line)?.[1] ?? []);

describe('names', () => {
  test.each([
    ['hf:maker/net', { repo: 'maker/net' }],
    ['hf:maker/net@v1.0', { repo: 'maker/net', revision: 'v1.0' }],
    [
      'hf:maker/net@refs%2Fpr%2F1/onnx/model.onnx',
      { repo: 'maker/net', revision: 'refs/pr/1', path: 'onnx/model.onnx' },
    ],
    ['hf:a.b_c/d-e.f/x.onnx', { repo: 'a.b_c/d-e.f', path: 'x.onnx' }],
  ])('%s', (text, parts) => expect(parseHubName(text)).toEqual({ text, ...parts }));

  test.each(['model.onnx', 'C:\\hf\\model', './hf:x', ''])("'%s' is none", (text) => {
    expect(parseHubName(text)).toBeNull();
  });

  test.each([
    'hf:',
    'hf:net',
    'hf:/net',
    'hf:maker/',
    'hf:https://huggingface.co/maker/net',
    'hf://maker/net',
    'hf:maker/../net',
    'hf:maker/n--et',
    'hf:maker/net@',
    'hf:maker/net@../x',
    'hf:maker/net@a b',
    'hf:maker/net/../../x.onnx',
    'hf:maker/net/a\\b.onnx',
    'hf:maker/net//x',
    'hf:mak er/net',
    'hf:maker/net\n',
  ])("'%s' is no name, and said to be none", (text) => {
    expect(() => parseHubName(text)).toThrow(coded('usage', 'hf:owner/name'));
  });
});

describe('a repository with an .onnx', () => {
  test.each([
    ['model.onnx', ''],
    ['onnx/model.onnx', ''],
    ['onnx/model_fp16.onnx', '/onnx/model_fp16.onnx'],
    ['export/onnx/model.onnx', '/export'],
  ])('%s is read with its configs, and named after the repository', async (place, rest) => {
    add({
      [place]: tiny,
      'config.json': config,
      'preprocessor_config.json': processor,
      'pytorch_model.bin': 'x',
      'export/config.json': config,
      'export/preprocessor_config.json': processor,
    });
    const model = await describeModel(`hf:maker/tiny-vit${rest}`, { fetch });
    expect(model).toMatchObject({
      name: place.includes('fp16') ? 'tiny-vit_fp16' : rest === '/export' ? 'tiny-vit' : 'tiny-vit',
      classNames: expect.arrayContaining(['thing 8']),
    });
    expect(model.transform?.name).toBe('steps');
    expect(fetched()).not.toContain('pytorch_model.bin');
    const before = hub.requests.length;
    expect((await describeModel(`hf:maker/tiny-vit${rest}`)).digest).toBe(model.digest);
    expect(await modelNameOf(`hf:maker/tiny-vit${rest}`)).toBe(model.name);
    expect(hub.requests.length).toBe(before);
  });

  test('what would be fetched is known before, and asked once', async () => {
    add({ 'model.onnx': tiny, 'config.json': config });
    expect(await wantedOfModel('hf:maker/tiny-vit', {})).toMatchObject([
      { name: 'hf:maker/tiny-vit', file: 'model.onnx', size: tiny.length },
      { file: 'config.json', size: config.length },
    ]);
    await expect(describeModel('hf:maker/tiny-vit')).rejects.toThrow(coded('not-fetched', '2 files', 'consent'));
    expect(fetched()).toEqual([]);
    expect(await wantedOfModel(path.join(folder, 'tiny.onnx'), {})).toEqual([]);
  });

  test('external data come with it, whatever they are called, and the model runs from the cache', async () => {
    const [graph, data] = await Promise.all(
      [modelFile('torch_dynamo_external'), `${modelFile('torch_dynamo_external')}.data`].map((file) => readFile(file)),
    );
    const expected = await loadModel(modelFile('torch_dynamo_external'));
    await expected.release();
    const renamed = Buffer.from(renameExternalData(graph, () => 'model.onnx_data'));
    add(
      { 'onnx/model.onnx': renamed, 'onnx/model.onnx_data': data, 'onnx/model_other.onnx_data': 'x' },
      'maker/usual',
      { large: ['onnx/model.onnx_data'] },
    );
    add({ 'model.onnx': graph, 'torch_dynamo_external.onnx.data': data }, 'maker/odd', {
      large: ['torch_dynamo_external.onnx.data'],
    });
    const asked: number[] = [];
    const consent: Consent = async (wanted) => asked.push(wanted.length) > 0;
    for (const name of ['usual', 'odd']) {
      const model = await loadModel(`hf:maker/${name}`, { fetch: { consent } });
      expect(model.head.weight.data).toEqual(expected.head.weight.data);
      await model.release();
    }
    // The graph alone knows of data that are called after nothing.
    expect(asked).toEqual([2, 1, 1]);
    expect(fetched()).not.toContain('onnx/model_other.onnx_data');
  });

  test('a branch that moved on, a tag, a commit', async () => {
    add({ 'model.onnx': tiny }, 'maker/net', { revisions: ['main', 'v1', 'refs/pr/1'] });
    const first = await describeModel('hf:maker/net@v1', { fetch });
    const [commit] = await readdir(path.join(cache, 'models--maker--net', 'snapshots'));
    expect(snapshotOf(path.join(cache, 'models--maker--net', 'snapshots', commit, 'x'))).toEqual({
      repo: 'maker/net',
      type: 'model',
      commit,
    });
    expect((await describeModel(`hf:maker/net@${commit}`)).digest).toBe(first.digest);
    expect((await describeModel('hf:maker/net@refs%2Fpr%2F1', { fetch })).digest).toBe(first.digest);
    await describeModel('hf:maker/net', { fetch });
    const second = await readFile(await writeClassifier(path.join(folder, 'second.onnx'), { d: 6, c: 9, seed: 2 }));
    add({ 'model.onnx': tiny, 'second.onnx': second }, 'maker/net');
    expect((await describeModel('hf:maker/net')).digest).toBe(first.digest);
    expect((await describeModel('hf:maker/net/second.onnx', { fetch })).name).toBe('second');
  });
});

describe('a repository without says what it has, and which file would do', () => {
  test.each([
    [
      { 'onnx/model_quantized.onnx': 'x', 'onnx/model_fp16.onnx': 'x' },
      '',
      ['hf:maker/tiny-vit/onnx/model_quantized.onnx'],
    ],
    [{ 'model.safetensors': 'x', 'config.json': '{}' }, '', ['model.safetensors', 'optimum-cli', 'maker/tiny-vit']],
    [{ 'pytorch_model.bin': 'x' }, '', ['pytorch_model.bin']],
    [{ 'README.md': 'x', 'a.gguf': 'x' }, '', ['.md, .gguf']],
    [{}, '', ['model']],
    [{ 'onnx/model.onnx': 'x' }, '/onnx/modle.onnx', ['hf:maker/tiny-vit/onnx/model.onnx']],
    [{ 'onnx/model.onnx': 'x', 'vocab.json': '{}' }, '/vocab.json', ['onnx/model.onnx']],
  ])('%o%s', async (files, rest, said) => {
    add(files as Record<string, string>);
    await expect(describeModel(`hf:maker/tiny-vit${rest}`, { fetch })).rejects.toThrow(coded('not-found', ...said));
    // What weights are is looked up once, in their config.
    expect(fetched().filter((file) => file !== 'config.json')).toEqual([]);
    expect(fetched().length).toBeLessThan(2);
  });

  test('a file that is no model is refused as one on disk is', async () => {
    add({ 'model.onnx': '<html>' });
    await expect(describeModel('hf:maker/tiny-vit', { fetch })).rejects.toThrow(coded('bad-input', 'model.onnx'));
  });
});

describe('the command line', () => {
  test('audit hf:owner/name photos: refused with the size, fetched with --yes, then offline', async () => {
    add({ 'onnx/model.onnx': tiny, 'config.json': config, 'preprocessor_config.json': processor });
    const photos = path.join(folder, 'photos');
    await mkdir(photos, { recursive: true });
    for (let i = 0; i < 24; i++) await writeJpeg(path.join(photos, `${i}.jpg`), i);
    const out = path.join(folder, 'audit');
    const audit = (...more: string[]) =>
      runCli(['audit', 'hf:maker/tiny-vit', photos, '--out', out, '--quiet', ...more]);
    const refused = await audit();
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(naming('hf:maker/tiny-vit', 3, 'kB', '--yes'));
    expect(fetched()).toEqual([]);
    const done = await audit('--yes');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toContain('tiny-vit');
    await hub.close();
    expect(await audit('--offline')).toMatchObject({ code: 0 });
    const { code, stderr } = await runCli(['inspect', 'hf:maker/none', '--offline']);
    expect(code).toBe(1);
    expect(stderr).toMatch(naming('maker/none', 'models--maker--none'));
    hub = await startHub();
  });

  test('run asks once for all that it names, and not before the command itself is right', async () => {
    add({ 'model.onnx': tiny });
    const run = (...more: string[]) =>
      runCli([
        'run',
        '2',
        '--source',
        'hf:maker/tiny-vit',
        '--train',
        'synthetic:train',
        '--test',
        'synthetic:test',
        '--out',
        path.join(folder, 'run'),
        ...more,
      ]);
    expect((await run()).stderr).toContain('wants --target');
    expect(hub.requests).toEqual([]);
    const { code, stderr } = await run('--target', 'hf:maker/none');
    expect(code).toBe(1);
    expect(stderr).toContain('hf:maker/none');
    expect((await run('--target', 'hf:nonsense')).code).toBe(2);
  });
});
