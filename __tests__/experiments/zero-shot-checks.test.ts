import path from 'node:path';
import { FeatReconstructError, runExperiment, toNdArray, writeSafetensors, zeroShotHead } from '../../lib/index.js';
import type { Warning } from '../../lib/words/index.js';
import { temporaryFolder } from '../cli/support.js';
import { coded } from '../support/coded.js';

/** Class embeddings that have the right shape and are wrong all the same. */

const folder = temporaryFolder();
const at = (name: string): string => path.join(folder, name);
const demo = (name: string): string => path.join(process.cwd(), 'onnx', 'demo', name);
const [c, d] = [24, 32];

let right: Float32Array;
beforeAll(async () => {
  const { weight } = await zeroShotHead({ textEmbeddings: demo('demo_class_embeddings.safetensors') });
  right = Float32Array.from(weight.data);
});

async function noticesOf(values: Float32Array): Promise<readonly Warning[]> {
  const file = at(`${values.length}-${values[0]}-${values[1]}.safetensors`);
  await writeSafetensors(file, { embeddings: toNdArray(values, [values.length / d, d]) });
  return (await zeroShotHead({ textEmbeddings: file })).notices;
}

const isOfHead = ({ kind }: Warning): boolean => kind.startsWith('embeddings-');

/** Warnings of experiment 5 with these class embeddings on the demo's models. */
async function warningsOf(values: Float32Array): Promise<readonly Warning[]> {
  const file = at('head.safetensors');
  await writeSafetensors(file, { embeddings: toNdArray(values, [c, d]) });
  const { rows } = await runExperiment(
    {
      experiment: 5,
      source: demo('demo_resnet.onnx'),
      target: demo('demo_image_tower.onnx'),
      zeroShot: { textEmbeddings: file },
      train: 'synthetic:train[0:300]',
      test: 'synthetic:test[0:40]',
    },
    { stores: at('stores') },
  );
  // The same in every row.
  for (const { warnings } of rows) expect(warnings.filter(isOfHead)).toEqual(rows[0].warnings.filter(isOfHead));
  return rows[0].warnings.filter(isOfHead);
}

/** The memory of the transpose under the shape of the matrix, as safetensors.numpy writes a `.T`. */
const strideless = (values: Float32Array): Float32Array =>
  values.map((_, at) => values[(at % c) * d + Math.floor(at / c)]);

test('embeddings as they should be get no notice', async () => {
  expect(await noticesOf(right)).toEqual([]);
  expect(await warningsOf(right)).toEqual([]);
});

test('embeddings in half precision get none either', async () => {
  expect(await noticesOf(right.map((value) => Math.round(value * 1024) / 1024))).toEqual([]);
});

test('the memory of a transposed array is refused', async () => {
  await expect(noticesOf(strideless(right))).rejects.toBeInstanceOf(FeatReconstructError);
  await expect(noticesOf(strideless(right))).rejects.toThrow('.T.contiguous()');
});

test('rows that are not of unit norm get a notice, and the same head', async () => {
  const scaled = right.map((value, at) => value * (1 + Math.floor(at / d)));
  const notices = await noticesOf(scaled);
  expect(notices).toMatchObject([
    { kind: 'embeddings-not-unit', least: expect.closeTo(1, 3), most: expect.closeTo(24, 1) },
  ]);
});

test('a norm within rounding of half precision is of unit norm, 2 % off is not', async () => {
  expect(await noticesOf(right.map((value) => value * 1.005))).toEqual([]);
  expect(await noticesOf(right.map((value) => value * 1.02))).toHaveLength(1);
});

test('classes that share an embedding are counted, scaled ones too', async () => {
  const shared = right.slice();
  shared.set(right.subarray(0, d), 5 * d);
  shared.set(right.subarray(0, d), 9 * d);
  expect(await noticesOf(shared)).toMatchObject([{ kind: 'embeddings-alike', classes: c, distinct: 22 }]);
  const scaled = right.slice();
  scaled.set(
    right.subarray(0, d).map((value) => 1.004 * value),
    5 * d,
  );
  expect(await noticesOf(scaled)).toMatchObject([{ kind: 'embeddings-alike', classes: c, distinct: 23 }]);
});

test('class embeddings that have nothing to do with the images get a warning in every row', async () => {
  // Normalised afterwards, so that norms no longer tell: only the images do.
  const wrong = strideless(right);
  for (let i = 0; i < c; i++) {
    const row = wrong.subarray(i * d, (i + 1) * d);
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    for (let j = 0; j < d; j++) row[j] /= norm;
  }
  expect(await warningsOf(wrong)).toMatchObject([{ kind: 'embeddings-far', model: 'demo_image_tower' }]);
});

test('a head of (d, c) is told from one of another model', async () => {
  const file = at('turned.safetensors');
  await writeSafetensors(file, { embeddings: toNdArray(right, [d, c]) });
  const run = runExperiment(
    {
      experiment: 5,
      source: demo('demo_resnet.onnx'),
      target: demo('demo_image_tower.onnx'),
      zeroShot: { textEmbeddings: file },
      train: 'synthetic:train[0:300]',
      test: 'synthetic:test[0:40]',
    },
    { stores: at('stores') },
  );
  await expect(run).rejects.toThrow(coded('mismatch'));
});
