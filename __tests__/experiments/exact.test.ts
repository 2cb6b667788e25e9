import path from 'node:path';
import { auditModel, runAsked } from '../../lib/experiments/index.js';
import { type ResultRow, parseResults } from '../../lib/results/index.js';
import { decodeOutcomes } from '../../lib/results/outcomes.js';
import { clusteredInterval } from '../../lib/evaluate/index.js';
import { temporaryFolder, writeCifar, writeClassifier } from '../cli/support.js';

/** Which agreements of 100 % are so by theorem, and which happen to be. */

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const options = { stores: at('stores'), dataset: { dataDir: at('data') }, model: { intraOpNumThreads: 1 }, samples: 0 };
const sets = { train: 'cifar10:train', test: 'cifar10:test' };

beforeAll(async () => {
  await writeCifar(at('data'));
  await writeClassifier(at('narrow.onnx'), { d: 12, c: 20 });
  await writeClassifier(at('wide.onnx'), { d: 20, c: 9, seed: 5 });
});

const rowsOf = async (spec: object, more: object = {}): Promise<ResultRow[]> => {
  const results = await runAsked({ experiment: 1, ...sets, ...spec }, { ...options, ...more });
  return (await parseResults(JSON.stringify(results))).rows;
};

const kinds = (rows: readonly ResultRow[]) => rows.map(({ exact = 'no' }) => exact);

test.each(['narrow', 'wide'])(
  '%s from its own logits: exact at α = 0, and with the head as prior at any α',
  async (name) => {
    const rows = await rowsOf({ source: at(`${name}.onnx`) }, { alphas: [0, 1e-9, 1e4] });
    expect(rows.map(({ alpha, prior }) => [alpha, prior])).toEqual(
      [0, 1e-9, 1e4].flatMap((alpha) => [
        [alpha, null],
        [alpha, 'head'],
      ]),
    );
    expect(kinds(rows)).toEqual(['always', 'always', 'no', 'always', 'no', 'always']);
    // With next to no penalty every image agrees, which no theorem promises.
    expect(rows[2].agreement).toBe(1);
    expect(rows[2].agreementInterval![0]).toBeLessThan(0.99);
    // Rank and condition are those of the Gram, whatever alpha is.
    for (const row of rows) {
      expect(row.rank).toBe(rows[0].rank);
      expect(row.condition! / rows[0].condition!).toBeCloseTo(1, 3);
    }
  },
);

test('fewer training images than directions: not where images leave the span, but with the head as prior', async () => {
  const rows = await rowsOf({ source: at('narrow.onnx'), train: 'cifar10:train[0:8]' });
  expect(rows[0].inSpanShare).toBeLessThan(1);
  expect(kinds(rows)).toEqual(['no', 'always']);
  // Tested on the very images that were fitted: all of them lie in the span, others do not.
  const same = await rowsOf({ source: at('narrow.onnx'), train: 'cifar10:train[0:8]', test: 'cifar10:train[0:8]' });
  expect(kinds(same)).toEqual(['in-span', 'always']);
});

test('not across models, by SGD or from hidden outputs; from a model’s own features, too', async () => {
  const all = await rowsOf({ experiment: 4, models: [at('narrow.onnx'), at('wide.onnx')] });
  for (const { source, target, exact } of all) expect(exact !== undefined).toBe(source === target);
  const swept = await rowsOf(
    { source: at('narrow.onnx') },
    { observe: ['logits', 'probs+round:6'], sgd: { epochs: 1 } },
  );
  expect(swept.map(({ observe = 'logits', sgd, exact = 'no' }) => [observe, sgd !== null, exact])).toEqual([
    ['logits', false, 'always'],
    ['logits', false, 'always'],
    ['probs+round:6', false, 'no'],
    ['logits', true, 'no'],
  ]);
});

test('an audit of variations counts images', async () => {
  const { rows } = await auditModel(at('narrow.onnx'), 'cifar10:train', {
    ...options,
    ...{ vary: 4, observe: ['logits', 'probs+topk:2'], recoverySeconds: 1 },
  });
  const row = rows.find(({ observe }) => observe === 'probs+topk:2')!;
  const agrees = decodeOutcomes(row.outcomes!, row.nTest)!;
  const images = Array.from({ length: row.nTest / 4 }, (_, i) => ({
    agreed: agrees.subarray(4 * i, 4 * i + 4).reduce((sum, value) => sum + value, 0),
    n: 4,
  }));
  expect(row.agreementInterval).toEqual(clusteredInterval(images));
  expect(kinds(rows.slice(0, 2))).toEqual(['always', 'always']);
});
