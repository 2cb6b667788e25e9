import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { graphNames, openGraph, registeredModels, writeDrawnCheckpoint } from '../../lib/models/index.js';
import { describeModel, modelNameOf, tokenizerOf, wantedOfModel } from '../../lib/runtime/index.js';
import { runCli, temporaryFolder } from '../cli/support.js';
import { coded } from '../support/coded.js';
import { hubEnvironment, startHub, withEnvironment, type HubServer } from '../support/hub.js';
import { layoutOf, writeZeros } from './support.js';

const folder = temporaryFolder();
let hub: HubServer;
let cache: string;
let environment: Record<string, string | undefined>;
let restore: () => void;
let number = 0;
let lite0: Buffer;
let vit: Buffer;

beforeAll(async () => {
  const drawn = async (name: string, classes?: number): Promise<Buffer> => {
    const file = path.join(folder, 'drawn.safetensors');
    await writeDrawnCheckpoint(await openGraph(name), file, { classes });
    return readFile(file);
  };
  lite0 = await drawn('timm.tf_efficientnet_lite0');
  vit = await drawn('transformers.vit-tiny-16', 7);
});
beforeEach(async () => {
  cache = path.join(folder, `cache-${number++}`);
  hub = await startHub();
  environment = hubEnvironment(hub.endpoint, cache);
  restore = withEnvironment(environment);
});
afterEach(async () => {
  restore();
  await hub.close();
});

const fetch = { consent: true };
const timm = (more: object = {}): string =>
  JSON.stringify({
    architecture: 'tf_efficientnet_lite0',
    num_classes: 1000,
    pretrained_cfg: {
      ...{ input_size: [3, 224, 224], interpolation: 'bicubic', crop_pct: 0.875 },
      ...{ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    },
    ...more,
  });
const ofVit = (more: object = {}): string =>
  JSON.stringify({
    architectures: ['ViTForImageClassification'],
    model_type: 'vit',
    ...{ hidden_size: 192, num_attention_heads: 3, intermediate_size: 768, image_size: 224 },
    id2label: Object.fromEntries(Array.from({ length: 7 }, (_, i) => [i, `kind ${i}`])),
    ...more,
  });

describe('a published name', () => {
  beforeEach(() => hub.add({ id: 'timm/tf_efficientnet_lite0.in1k', files: { 'model.safetensors': lite0 } }));

  test.each(['tf_efficientnet_lite0', 'efficientnet_lite0', 'timm/tf_efficientnet_lite0.in1k', 'EfficientNet_Lite0'])(
    '%s is fetched once, and has its transform and classes',
    async (name) => {
      const found = await describeModel(name, { fetch });
      expect(found).toMatchObject({ name: 'tf_efficientnet_lite0', featureDim: 1280, classCount: 1000 });
      expect(found.transform).toMatchObject({ name: 'timm', cropPct: 0.875, mean: [0.5, 0.5, 0.5] });
      expect(found.classNames![0]).toMatch(/^tench/);
      const before = hub.requests.length;
      expect((await describeModel(name)).digest).toBe(found.digest);
      expect(hub.requests).toHaveLength(before);
      expect(await wantedOfModel(name, {})).toEqual([]);
    },
  );

  test('is not fetched unasked: the command says how much it would be, and what to add', async () => {
    const without = await runCli(['inspect', 'tf_efficientnet_lite0'], { env: environment });
    expect(without.code).toBe(1);
    expect(without.stderr).toMatch(/18\.\d MB.*--yes/s);
    const agreed = await runCli(['inspect', 'tf_efficientnet_lite0', '--yes', '--json'], { env: environment });
    expect(agreed.code).toBe(0);
    expect(JSON.parse(agreed.stdout)).toMatchObject({ name: 'tf_efficientnet_lite0', classCount: 1000 });
  });

  test('is known without a file, and a file of that name comes first', async () => {
    expect(await modelNameOf('ResNet18')).toBe('resnet18');
    const places = path.join(folder, 'places');
    await mkdir(path.join(places, 'vit_tiny'), { recursive: true });
    await writeFile(path.join(places, 'resnet18'), 'no model');
    const { code, stderr } = await runCli(['inspect', 'resnet18'], { cwd: places, env: environment });
    expect([code, stderr]).toEqual([1, expect.not.stringContaining('timm/resnet18')]);
    // A folder hides a name only where it holds a model.
    const vitTiny = path.join(places, 'vit_tiny');
    const tiny = await runCli(['inspect', 'vit_tiny', '--offline'], { cwd: places, env: environment });
    expect(tiny.stderr).toContain('timm/vit_tiny_patch16_224');
    await writeFile(path.join(vitTiny, 'model.safetensors'), vit);
    await writeFile(path.join(vitTiny, 'config.json'), ofVit());
    const own = await runCli(['inspect', 'vit_tiny', '--offline', '--json'], { cwd: places, env: environment });
    expect(JSON.parse(own.stdout)).toMatchObject({ name: 'vit_tiny', classCount: 7 });
  });
});

test('a repository whose checkpoint is that of another network is refused with the names of its tensors', async () => {
  hub.add({ id: 'timm/tf_efficientnet_lite0.in1k', files: { 'model.safetensors': vit } });
  await expect(describeModel('tf_efficientnet_lite0', { fetch })).rejects.toThrow(
    coded('mismatch', 'conv_stem.weight', 'place', 'vit.'),
  );
});

describe('a repository with a checkpoint', () => {
  test('of timm', async () => {
    hub.add({ id: 'me/mine', files: { 'model.safetensors': lite0, 'config.json': timm() } });
    const found = await describeModel('hf:me/mine', { fetch });
    expect(found).toMatchObject({ name: 'mine', classCount: 1000, transform: { name: 'timm', mean: [0.5, 0.5, 0.5] } });
    expect(found.notes.join()).not.toContain('activations');
  });

  test('of transformers, with the names of its classes', async () => {
    hub.add({ id: 'me/vit', files: { 'model.safetensors': vit, 'config.json': ofVit() } });
    const found = await describeModel('hf:me/vit', { fetch });
    expect(found).toMatchObject({ name: 'vit', featureDim: 192, classCount: 7 });
    expect(found.classNames![3]).toBe('kind 3');
  });

  test.each([
    ['another size', ofVit({ hidden_size: 320 })],
    ['another activation', ofVit({ hidden_act: 'gelu_new' })],
    ['another epsilon', ofVit({ layer_norm_eps: 1e-6 })],
    ['no head', ofVit({ architectures: ['ViTModel'] })],
    ['another architecture', JSON.stringify({ architecture: 'eva02_tiny_patch14_224' })],
    ['no JSON', '{'],
  ])('whose config says %s has no graph here, and none is guessed', async (_, config) => {
    hub.add({ id: 'me/other', files: { 'model.safetensors': vit, 'config.json': config } });
    await expect(describeModel('hf:me/other', { fetch })).rejects.toThrow(coded('not-found', 'model.safetensors'));
    expect(hub.requests.some(({ line }) => line.startsWith('cdn'))).toBe(false);
  });

  test.each([
    ['global_pool', timm({ global_pool: 'max' })],
    ['model_args', timm({ model_args: { act_layer: 'gelu' } })],
  ])("that changes timm's architecture by %s is refused", async (key, config) => {
    hub.add({ id: 'me/changed', files: { 'model.safetensors': lite0, 'config.json': config } });
    await expect(describeModel('hf:me/changed', { fetch })).rejects.toThrow(coded('mismatch', key));
  });
});

describe('a folder or a file', () => {
  test('with a config.json is the same model, by its folder’s name', async () => {
    const own = path.join(folder, 'my-vit');
    await mkdir(own);
    await writeFile(path.join(own, 'model.safetensors'), vit);
    await writeFile(path.join(own, 'config.json'), ofVit());
    expect(await describeModel(own)).toMatchObject({ name: 'my-vit', classCount: 7 });
    expect(await modelNameOf(own)).toBe('my-vit');
    const { code, stdout } = await runCli(['inspect', own, '--json']);
    expect([code, (JSON.parse(stdout) as { classCount: number }).classCount]).toEqual([0, 7]);
    const head = path.join(own, 'model.safetensors');
    expect((await describeModel(head)).digest).toBe((await describeModel(own)).digest);
  });

  test('alone goes by its tensors, and says that these do not tell all', async () => {
    const file = path.join(folder, 'alone.safetensors');
    await writeFile(file, vit);
    const { name, notes } = await describeModel(file);
    expect([name, notes.join()]).toEqual(['alone', expect.stringContaining('transformers.vit-tiny-16')]);
  });

  test('of tensors that no graph has is told what would do', async () => {
    const file = path.join(folder, 'other.safetensors');
    await writeZeros(file, (await layoutOf('timm.vit_tiny_patch16_224')).slice(1));
    await expect(describeModel(file)).rejects.toThrow(coded('bad-input', 'other.safetensors', 'export'));
  });

  test('in parts is told to be saved in one', async () => {
    const own = path.join(folder, 'parts');
    await mkdir(own);
    await writeFile(path.join(own, 'model-00001-of-00002.safetensors'), vit);
    await expect(describeModel(own)).rejects.toThrow(coded('bad-input', 'model-00001-of-00002'));
  });

  test('behind a link out of its folder is read where it really lies', async () => {
    const own = path.join(folder, 'linked');
    await mkdir(own);
    await writeFile(path.join(folder, 'real-weights'), vit);
    await symlink('../real-weights', path.join(own, 'model.safetensors'));
    await writeFile(path.join(own, 'config.json'), ofVit());
    expect(await describeModel(own)).toMatchObject({ classCount: 7 });
  });
});

test('a tower of texts has the tokenizer beside it', async () => {
  const own = path.join(folder, 'tower');
  await mkdir(own);
  await writeFile(path.join(own, 'text.onnx'), '');
  await expect(tokenizerOf(path.join(own, 'text.onnx'))).rejects.toThrow(coded('not-found', 'tokenizer'));
  await writeFile(path.join(own, 'tokenizer.json'), '{}');
  expect(await tokenizerOf(path.join(own, 'text.onnx'))).toBe(path.join(own, 'tokenizer.json'));
});

test('every entry of the list has a graph, and names are told apart', async () => {
  const names = registeredModels().flatMap(({ name, aliases }) => [name, ...aliases].map((each) => each.toLowerCase()));
  expect(new Set(names).size).toBe(names.length);
  for (const { graph, numbers, classCount, featureDim } of registeredModels()) {
    expect(graphNames()).toContain(graph);
    const { weights, classes } = await openGraph(graph);
    const [rows] = [...weights.values()].map((shape) => shape.reduce((product, dim) => product * dim, 1)).sort();
    expect(rows).toBeGreaterThan(0);
    expect(classes.length > 0).toBe(classCount !== null);
    if (classes.length > 0) expect(weights.get(classes[0])!.at(-1)).toBe(featureDim);
    expect(numbers).toBeGreaterThan(1e6);
  }
});
