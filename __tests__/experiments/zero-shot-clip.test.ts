import { existsSync, readFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FeatReconstructError, UsageError } from '../../lib/base/index.js';
import { loadClipTokenizer } from '../../lib/experiments/clip-tokenizer.js';
import { openaiTemplates } from '../../lib/experiments/zero-shot-templates.js';
import { buildModel } from '../../lib/onnx/index.js';
import { loadModel, toNdArray, writeSafetensors, zeroShotHead } from '../../lib/index.js';
import { temporaryFolder } from '../cli/support.js';
import { coded } from '../support/coded.js';

/** The tiny CLIP of __tests__/goldens/clip.py against what open_clip says of it. */

const fixture = (name: string): string => path.join(process.cwd(), '__tests__', 'fixtures', 'clip', name);
const expected = JSON.parse(readFileSync(fixture('expected.json'), 'utf8')) as {
  prompts: { text: string; tokens: number[] }[];
  words: { text: string; tokens: number[] }[];
  embeddings: string;
  classifiers: { simple: string; openai: string };
  predictions: number[];
  classNames: string[];
  openai: string[];
};
const floats = (base64: string): Float32Array =>
  new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
const folder = temporaryFolder();
const at = (name: string): string => path.join(folder, name);
const prompts = { textModel: fixture('tiny.text.onnx'), tokenizer: fixture('tokenizer.json') };
const width = 16;

/** Image i of clip.py. */
const image = (i: number, length: number): Float32Array =>
  Float32Array.from({ length }, (_, k) => 2 * Math.sin(0.05 * (i + 1) * k + i));

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0);
};

/** Class of each embedding by a head of unit rows. */
const classesOf = (embeddings: Float32Array, weight: ArrayLike<number>): number[] =>
  Array.from({ length: embeddings.length / width }, (_, row) => {
    const logits = expected.classNames.map((_name, k) =>
      Array.from({ length: width }, (_value, j) => embeddings[row * width + j] * weight[k * width + j]).reduce(
        (sum, product) => sum + product,
      ),
    );
    return logits.indexOf(Math.max(...logits));
  });

async function embedImages(): Promise<Float32Array> {
  const tower = await loadModel(fixture('tiny.image.onnx'), { output: 'features' });
  try {
    const length = 3 * 32 * 32;
    const data = new Float32Array(24 * length);
    for (let i = 0; i < 24; i++) data.set(image(i, length), i * length);
    return (await tower.run({ type: 'float32', data, dims: [24, 3, 32, 32] })).features;
  } finally {
    await tower.release();
  }
}

describe('tokens are those of open_clip', () => {
  const named = expected.prompts.map(({ text, tokens }) => [text.slice(0, 40), text, tokens] as const);
  test.each(named)('%j', async (_name, text, tokens) => {
    const tokenizer = await loadClipTokenizer(fixture('tokenizer.json'));
    const ids = tokenizer.encode(text, 77);
    expect(ids.slice(0, tokens.length)).toEqual(tokens);
    expect(ids).toHaveLength(77);
    expect(ids.slice(tokens.length).every((id) => id === 0)).toBe(true);
  });

  test('a long text is cut with the end token last', async () => {
    const tokenizer = await loadClipTokenizer(fixture('tokenizer.json'));
    const [start, end] = [tokenizer.encode('', 77)[0], tokenizer.encode('', 77)[1]];
    const ids = tokenizer.encode('the cat '.repeat(50), 10);
    expect(ids).toHaveLength(10);
    expect([ids[0], ids[9]]).toEqual([start, end]);
    expect(ids.slice(1, 9)).not.toContain(end);
  });

  const whole = process.env.FEATRECONSTRUCT_CLIP_TOKENIZER;
  const there = whole !== undefined && existsSync(whole);
  (there ? test : test.skip)('with the whole vocabulary (FEATRECONSTRUCT_CLIP_TOKENIZER names it)', async () => {
    const tokenizer = await loadClipTokenizer(whole!);
    for (const { text, tokens } of expected.words) {
      expect(tokenizer.encode(text, 77)).toEqual([...tokens, ...new Array<number>(77 - tokens.length).fill(0)]);
    }
  });

  test('an HTML entity that is not known is refused by name, as text', async () => {
    const tokenizer = await loadClipTokenizer(fixture('tokenizer.json'));
    expect(() => tokenizer.encode('a &hearts; cat', 77)).toThrow(UsageError);
    expect(() => tokenizer.encode('a &hearts; cat', 77)).toThrow('&hearts;');
  });
});

describe('a file that is no CLIP tokenizer', () => {
  test.each([
    ['missing.json', null, coded('bad-input', 'missing.json')],
    ['cut.json', '{"model": ', coded('bad-input', 'cut.json')],
    [
      'other.json',
      JSON.stringify({
        added_tokens: [],
        normalizer: null,
        pre_tokenizer: null,
        post_processor: null,
        decoder: null,
        model: { type: 'BPE', vocab: { a: 0, b: 1 }, merges: [] },
      }),
      coded('bad-input', '<|startoftext|>'),
    ],
  ])('%s', async (name, text, message) => {
    if (text !== null) await writeFile(at(name), text);
    const loading = loadClipTokenizer(at(name));
    await expect(loading).rejects.toBeInstanceOf(FeatReconstructError);
    await expect(loading).rejects.toThrow(message);
  });
});

describe('towers', () => {
  test('image embeddings are those of open_clip; the identity stands for the head', async () => {
    expect(largestDifference(await embedImages(), floats(expected.embeddings))).toBeLessThan(2e-5);
    const tower = await loadModel(fixture('tiny.image.onnx'), { output: 'features' });
    expect(tower).toMatchObject({ featureDim: width, classCount: width, layout: 'nchw', imageSize: [32, 32] });
    expect(tower.featuresTensor).toBe('embeddings');
    await tower.release();
  });

  test('a model that ends in features and names logits, several outputs or no width is refused', async () => {
    const both = path.join(process.cwd(), '__tests__', 'fixtures', 'onnx', 'outputs_features_logits.onnx');
    const load = (options: object, model: string | Uint8Array = both): Promise<unknown> =>
      loadModel(model, { output: 'features', ...options });
    await expect(load({ logits: 'logits' })).rejects.toBeInstanceOf(UsageError);
    await expect(load({})).rejects.toThrow(coded('ambiguous', "'features'"));
    const open = buildModel({
      inputs: [{ name: 'x', type: 'float32', dims: ['n', 3] }],
      outputs: [{ name: 'y', type: 'float32', dims: ['n', 'width'] }],
      nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
    });
    await expect(load({}, open)).rejects.toThrow(coded('bad-input', "'y'"));
  });

  test('a tower that ends in no linear layer gives its output', async () => {
    const bytes = buildModel({
      inputs: [{ name: 'x', type: 'float32', dims: ['n', 3] }],
      outputs: [{ name: 'y', type: 'float32', dims: ['n', 3] }],
      nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
    });
    const tower = await loadModel(bytes, { output: 'features' });
    const { features } = await tower.run({ type: 'float32', data: Float32Array.of(-1, 2, 3), dims: [1, 3] });
    expect(Array.from(features)).toEqual([0, 2, 3]);
    await tower.release();
  });

  test('the templates are those of open_clip', () => {
    expect(openaiTemplates).toEqual(expected.openai);
  });

  test.each(['simple', 'openai'] as const)('class embeddings by the templates "%s"', async (templates) => {
    const head = await zeroShotHead({ ...prompts, classNames: 'cifar10', templates });
    expect(head.weight.shape).toEqual([10, width]);
    expect(largestDifference(head.weight.data, floats(expected.classifiers[templates]))).toBeLessThan(1e-5);
    expect(Array.from(head.bias.data).every((value) => value === 0)).toBe(true);
    expect(head.classNames).toEqual(expected.classNames);
    expect(head.textModel?.name).toBe('tiny.text');
  });

  test('predictions are those of open_clip, though it normalises the image embeddings and this does not', async () => {
    const head = await zeroShotHead({ ...prompts, classNames: expected.classNames });
    expect(new Set(expected.predictions).size).toBeGreaterThan(4);
    expect(classesOf(await embedImages(), head.weight.data)).toEqual(expected.predictions);
  });

  test('class names and templates may come from files', async () => {
    await writeFile(at('names.txt'), 'cat\r\n\nmaple tree\n');
    await writeFile(at('templates.txt'), 'a photo of a {}.\nart of the {}.\n');
    const head = await zeroShotHead({ ...prompts, classNames: at('names.txt'), templates: at('templates.txt') });
    expect(head.classNames).toEqual(['cat', 'maple tree']);
    const same = await zeroShotHead({
      ...prompts,
      classNames: ['cat', 'maple tree'],
      templates: ['a photo of a {}.', 'art of the {}.'],
    });
    expect(head.weight.data).toEqual(same.weight.data);
  });

  test.each([
    [{ classNames: ['cat'] }, coded('usage', 'names', 1)],
    [{ classNames: 'cifar11' }, coded('usage', '"cifar11"')],
    [{ classNames: 'cifar10', templates: ['a photo'] }, coded('usage', '{}')],
  ])('refused: %j', async (options, message) => {
    await expect(zeroShotHead({ ...prompts, ...options })).rejects.toThrow(message);
  });

  test('the tokenizer of another model is told', async () => {
    const json = JSON.parse(readFileSync(fixture('tokenizer.json'), 'utf8')) as {
      added_tokens: { id: number }[];
      model: { vocab: Record<string, number> };
    };
    json.added_tokens[1].id = json.model.vocab['<|endoftext|>'] = 49407;
    await writeFile(at('larger.json'), JSON.stringify(json));
    const wrong = zeroShotHead({ ...prompts, tokenizer: at('larger.json'), classNames: 'cifar10' });
    await expect(wrong).rejects.toBeInstanceOf(FeatReconstructError);
    await expect(wrong).rejects.toThrow(coded('not-run', 'tokenizer.json'));
  });

  test('an image tower in place of the text tower is told', async () => {
    const wrong = zeroShotHead({ ...prompts, textModel: fixture('tiny.image.onnx'), classNames: 'cifar10' });
    await expect(wrong).rejects.toThrow(coded('bad-input', 'tiny.image', 'float32'));
  });
});

describe('class embeddings on disk', () => {
  test('kept embeddings are used again without the text tower, and serve as a file of their own', async () => {
    const stores = at('kept');
    const stages: string[] = [];
    const options = { stores, onProgress: ({ stage }: { stage: string }) => stages.push(stage) };
    const first = await zeroShotHead({ ...prompts, classNames: 'cifar10' }, options);
    expect(stages).toEqual([expect.stringContaining('tiny.text')]);
    const again = await zeroShotHead({ ...prompts, classNames: 'cifar10' }, options);
    expect(stages).toHaveLength(1);
    expect(again).toMatchObject({ classNames: first.classNames, templates: first.templates });
    expect(largestDifference(again.weight.data, first.weight.data)).toBeLessThan(1e-7);
    const [name] = await readdir(stores);
    const file = await zeroShotHead({ textEmbeddings: path.join(stores, name) });
    expect(file.classNames).toEqual(expected.classNames);
    expect(file.weight.data).toEqual(again.weight.data);
    await zeroShotHead({ ...prompts, classNames: 'cifar10', templates: ['art of the {}.'] }, options);
    expect(await readdir(stores)).toHaveLength(2);
  });

  test('rows are normalised, whatever length they come in', async () => {
    const rows = Float32Array.from({ length: 3 * 4 }, (_, i) => (i % 4 === i >> 2 ? 10 * (i + 1) : 0));
    await writeSafetensors(at('long.safetensors'), { w: toNdArray(rows, [3, 4]) });
    const head = await zeroShotHead({ textEmbeddings: at('long.safetensors') });
    expect(Array.from(head.weight.data)).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
    expect(head.classNames).toBeNull();
  });

  test.each([
    ['zero row', Float32Array.of(1, 2, 0, 0), [2, 2], {}, coded('bad-input', 'class 1')],
    ['not a number', Float32Array.of(1, 2, NaN, 0), [2, 2], {}, coded('bad-input', 'NaN')],
    ['one class', Float32Array.of(1, 2), [1, 2], {}, coded('bad-input', '(1, 2)')],
    ['a name too few', Float32Array.of(1, 2, 3, 4), [2, 2], { classNames: '["cat"]' }, coded('mismatch', 'JSON', 2)],
    [
      'names that are no list',
      Float32Array.of(1, 2, 3, 4),
      [2, 2],
      { classNames: 'cat, dog' },
      coded('mismatch', 'JSON', 2),
    ],
  ])('refused: %s', async (name, data, shape, metadata, message) => {
    const file = at(`${name.replaceAll(' ', '-')}.safetensors`);
    await writeSafetensors(file, { embeddings: toNdArray(data, shape) }, metadata);
    const reading = zeroShotHead({ textEmbeddings: file });
    await expect(reading).rejects.toBeInstanceOf(FeatReconstructError);
    await expect(reading).rejects.toThrow(message);
  });
});
