import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { runAsked, type AskedExperiment, type RunOptions } from '../../lib/experiments/index.js';
import { type Results } from '../../lib/results/index.js';
import { openStore, type Store } from '../../lib/extract/index.js';
import { temporaryFolder } from '../cli/support.js';
import { figures, leastSquares, table } from './independent.js';

/** Pretrained models on slices of real images. `npm run verify` looks at all of them. */

const [models, dataDir] = [process.env.FEATRECONSTRUCT_MODELS, process.env.FEATRECONSTRUCT_DATA];
const real = models && dataDir ? describe : describe.skip;
const folder = temporaryFolder();
const model = (name: string): string => path.join(models!, `${name}.onnx`);

const run = (spec: AskedExperiment, options: Partial<RunOptions> = {}): Promise<Results> =>
  runAsked(spec, { stores: folder, dataset: { dataDir, allowPartial: true }, ...options });

real('real models (needs FEATRECONSTRUCT_MODELS and FEATRECONSTRUCT_DATA)', () => {
  test('resnet20_cifar100, 64 features of 100 classes: all of them come back, and its answers', async () => {
    const { rows, failures } = await run(
      {
        experiment: 1,
        source: model('resnet20_cifar100'),
        train: 'cifar100:train[0:3000]',
        test: 'cifar100:test[0:1000]',
      },
      {
        transform: { name: 'unit', mean: [0.5071, 0.4866, 0.4409], std: [0.2673, 0.2564, 0.2762] },
        sgd: { epochs: 10 },
      },
    );
    expect(failures).toEqual([]);
    for (const row of rows.slice(0, 2)) {
      expect(row).toMatchObject({ agreed: 1000, rank: 64, inSpanShare: 1 });
      expect(row.mse! / row.variance!).toBeLessThan(1e-9);
      expect(row.accuracy!.original).toBeGreaterThan(0.6);
    }
    // The published recipe stops short of what the logits hold.
    expect(rows[2]).toMatchObject({ solver: 'sgd', nTrain: 3000 });
    expect(rows[2].agreement).toBeGreaterThan(0.85);
    expect(rows[2].agreement).toBeLessThan(1);
  });

  test.each([
    ['mobilenet_v1_025', 2000, 500, 255], // one feature never fires on these images
    ['vit_tiny_patch16_224', 300, 50, 191], // LayerNorm ties one feature to the others
  ])('%s, fewer features than classes', async (name, train, tested, rank) => {
    const { rows, failures } = await run({
      ...{ experiment: 1, source: model(name) },
      ...{ train: `cifar100:train[0:${train}]`, test: `cifar100:test[0:${tested}]` },
    });
    expect(failures).toEqual([]);
    for (const row of rows) {
      expect(row).toMatchObject({ rank, agreement: 1, agreementInSpan: 1 });
      expect(row.r2RowSpace).toBeGreaterThan(0.999999);
    }
  });

  test('efficientnet_lite0 outside the span: nothing known without the head, everything with it', async () => {
    const { rows, failures } = await run({
      ...{ experiment: 3, source: model('efficientnet_lite0'), train: 'cifar100:train[0:200]' },
      ...{ test: ['cifar100:test[0:50]', `folder:${dataDir}/scenes[0:40]`] },
    });
    expect(failures).toEqual([]);
    expect(rows.map(({ prior, nTest, rank, inSpanShare }) => [prior, nTest, rank, inSpanShare])).toEqual([
      [null, 50, 199, 0],
      ['head', 50, 199, 0],
      [null, 40, 199, 0],
      ['head', 40, 199, 0],
    ]);
    for (const at of [0, 2]) expect(rows[at].agreement).toBeLessThan(1);
    for (const at of [1, 3]) expect(rows[at].agreement).toBe(1);
  });

  test('resnet20_cifar10 → resnet56_cifar10, as textbook equations answer it', async () => {
    const [train, tested] = ['cifar10:train[0:2000]', 'cifar10:test[0:500]'];
    const { rows, failures } = await run(
      { experiment: 2, source: model('resnet20_cifar10'), target: model('resnet56_cifar10'), train, test: tested },
      { transform: { name: 'unit', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } },
    );
    expect(failures).toEqual([]);
    expect(rows.map(({ source, target, prior }) => [source, target, prior])).toEqual([
      ['resnet20_cifar10', 'resnet56_cifar10', null],
      ['resnet56_cifar10', 'resnet56_cifar10', null],
      ['resnet56_cifar10', 'resnet56_cifar10', 'head'],
    ]);
    for (const row of rows.slice(1)) expect(row).toMatchObject({ agreed: 500, rank: 10 });
    for (const row of rows) expect(row.accuracy!.original).toBeGreaterThan(0.9);

    const x = await storeOf('resnet20_cifar10', 'train');
    const y = await storeOf('resnet56_cifar10', 'train');
    const [xTest, yTest] = [await storeOf('resnet20_cifar10', 'test'), await storeOf('resnet56_cifar10', 'test')];
    const map = leastSquares(await table(x.logits), await table(y.features), 0);
    const expected = figures(map, yTest.head, {
      X: await table(xTest.logits),
      Y: await table(yTest.features),
      Z: await table(yTest.logits),
    });
    for (const store of [x, y, xTest, yTest]) await store.close();
    expect(rows[0].agreed).toBe(expected.agreed);
    expect(rows[0].r2).toBeCloseTo(expected.r2, 8);
  });

  async function storeOf(name: string, split: string): Promise<Store> {
    const file = (await readdir(folder)).find((each) => each.startsWith(`${name}-cifar10-${split}-`));
    return openStore(path.join(folder, file!));
  }
});
