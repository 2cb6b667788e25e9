import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadHead as loadHeadInWords } from '../../lib/fit/for-callers.js';
import { loadHead, saveLinearMap, type HeadFileOptions } from '../../lib/fit/index.js';
import { denseData, toNdArray, writeNpy, writeSafetensors, type AnyNdArray } from '../../lib/tensor/index.js';
import { modelNoteInWords, type ModelNote } from '../../lib/words/index.js';
import { coded } from '../support/coded.js';

const folder = mkdtempSync(path.join(tmpdir(), 'heads-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => path.join(folder, name);

/** A head of 3 classes on 2 features, a layer of 2 on 2 before it. */
const [c, d] = [3, 2];
const W = toNdArray(Float32Array.of(1, 2, 3, 4, 5, 6), [c, d]);
const Wt = toNdArray(Float32Array.of(1, 3, 5, 2, 4, 6), [d, c]);
const b = toNdArray(Float32Array.of(7, 8, 9), [c]);
const S = toNdArray(Float32Array.of(1, 2, 3, 4), [2, 2]);
const known = { features: d, classes: c };

async function read(text: string, options: HeadFileOptions = known): Promise<[number[], number[], ModelNote[]]> {
  const { head, notes } = await loadHead(text, options);
  expect([head.weight.shape, head.bias.shape]).toEqual([[head.bias.shape[0], options.features], head.bias.shape]);
  return [Array.from(denseData(head.weight)), Array.from(denseData(head.bias)), notes];
}

async function stateDict(name: string, tensors: Record<string, AnyNdArray>): Promise<string> {
  await writeSafetensors(at(name), tensors);
  return at(name);
}

describe('a weight alone', () => {
  beforeAll(async () => {
    await writeNpy(at('W.npy'), W);
    await writeNpy(at('Wt.npy'), Wt);
    await writeNpy(at('b.npy'), b);
    await writeNpy(at('S.npy'), S);
  });

  test.each(['W.npy', 'Wt.npy'])('%s: its shape tells which way round it is', async (name) => {
    expect(await read(at(name), { ...known, bias: at('b.npy') })).toEqual([
      [1, 2, 3, 4, 5, 6],
      [7, 8, 9],
      [
        {
          ...{ kind: 'head-of-arrays', file: at(name), weight: 'the array', bias: at('b.npy') },
          ...(name === 'W.npy' ? { shape: [3, 2], transposed: false } : { shape: [2, 3], transposed: true }),
        },
      ],
    ]);
    expect((await read(at(name), { features: d }))[0]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('without a bias, which is noted; callers read it in a sentence', async () => {
    const [weight, bias, notes] = await read(at('W.npy'));
    expect([weight, bias]).toEqual([
      [1, 2, 3, 4, 5, 6],
      [0, 0, 0],
    ]);
    expect(notes).toMatchObject([{ weight: 'the array', bias: null }]);
    expect((await loadHeadInWords(at('W.npy'), known)).notes).toEqual(notes.map(modelNoteInWords));
  });

  test('square: which way round it is has to be told by a name', async () => {
    await expect(loadHead(at('S.npy'), { features: 2, classes: 2 })).rejects.toThrow(coded('ambiguous'));
    const [kernel, weight] = [
      await stateDict('kernel.safetensors', { kernel: S }),
      await stateDict('weight.safetensors', { weight: S }),
    ];
    expect((await read(weight, { features: 2, classes: 2 }))[0]).toEqual([1, 2, 3, 4]);
    expect((await read(kernel, { features: 2, classes: 2 }))[0]).toEqual([1, 3, 2, 4]);
  });

  test('a bias of another layer, a weight of another model', async () => {
    await expect(loadHead(at('W.npy'), { ...known, bias: at('S.npy') })).rejects.toThrow(coded('mismatch', '3'));
    await expect(loadHead(at('W.npy'), { features: 5, classes: 3 })).rejects.toThrow(coded('mismatch', '5', '3'));
  });
});

describe('a state dict', () => {
  const body = { 'conv.weight': toNdArray(new Float32Array(54), [2, 3, 3, 3]), 'block.weight': S, 'block.bias': b };

  test.each(['fc', 'head', 'classifier', 'heads.head', 'linear', 'module.fc', 'model.classifier.6'])(
    '%s.weight with its bias',
    async (prefix) => {
      const file = await stateDict('model.safetensors', { ...body, [`${prefix}.weight`]: W, [`${prefix}.bias`]: b });
      expect((await read(file)).slice(0, 2)).toEqual([
        [1, 2, 3, 4, 5, 6],
        [7, 8, 9],
      ]);
    },
  );

  test('a 1x1 convolution', async () => {
    const weight = toNdArray(Float32Array.of(1, 2, 3, 4, 5, 6), [c, d, 1, 1]);
    const file = await stateDict('conv.safetensors', { ...body, 'classifier.weight': weight, 'classifier.bias': b });
    expect((await read(file)).slice(0, 2)).toEqual([
      [1, 2, 3, 4, 5, 6],
      [7, 8, 9],
    ]);
  });

  test('several that fit: named, or asked for', async () => {
    const file = await stateDict('two.safetensors', {
      ...{ 'head.weight': W, 'head.bias': b, 'head_dist.weight': W, 'head_dist.bias': b },
    });
    await expect(loadHead(file, known)).rejects.toThrow(coded('ambiguous', '2', 'head_dist', '#head'));
    const named = async (name: string) => (await read(`${file}#${name}`))[2];
    expect(await named('head_dist')).toMatchObject([{ weight: 'head_dist.weight', bias: 'head_dist.bias' }]);
    expect(await named('head.weight')).toMatchObject([{ weight: 'head.weight', bias: 'head.bias' }]);
    await expect(loadHead(`${file}#neck`, known)).rejects.toThrow(coded('mismatch'));
  });

  test('none that fits: what is there is listed', async () => {
    const file = await stateDict('none.safetensors', body);
    await expect(loadHead(file, known)).rejects.toThrow('block.weight (2, 2)');
  });
});

test('a .npz that numpy.savez wrote without names', async () => {
  // goldens/tensor.py: its arrays are scores (4, 3) and labels (4).
  const file = fileURLToPath(new URL('../fixtures/tensor/deflated.npz', import.meta.url));
  expect(await read(file, { features: 3, classes: 4 })).toEqual([
    Array.from({ length: 12 }, (_, i) => i * 0.5 - 3),
    [0, 1, 2, 3],
    [expect.objectContaining({ weight: 'scores', shape: [4, 3] })],
  ]);
});

test('a map of this library, as before', async () => {
  await saveLinearMap(at('map.safetensors'), { weight: W, bias: b });
  expect(await read(at('map.safetensors'))).toEqual([[1, 2, 3, 4, 5, 6], [7, 8, 9], []]);
});

test.each([
  ['model.pth', 'save_file(model.state_dict()'],
  ['model.joblib', 'coef_=model.coef_'],
  ['model.h5', 'get_weights()'],
])('%s: how to write one that is read', async (name, how) => {
  await expect(loadHead(at(name), known)).rejects.toThrow(how);
});
