import {
  agreedWithin,
  allAgree,
  allInSpanAgree,
  featuresRecovered,
  isThere,
  r2AsExpected,
  rankAsExpected,
  rankIs,
  spanAsExpected,
} from '../bars.js';
import { notRun, type Check, type Point } from '../check.js';
import { checkRun, type Claim, type Run } from '../claims.js';
import { exportModel } from '../exported.js';
import type { Settings } from '../settings.js';

const cifar100 = { train: 'cifar100:train', tests: ['cifar100:test'] };

/** The features themselves come back, from the data alone and with the head as prior. */
const recovered = (rank: number): Claim[] =>
  (['least squares', 'head as prior'] as const).map((fit) => ({
    fit,
    bars: [allAgree, featuresRecovered, rankIs(rank)],
  }));

const sections: { run: Run; claims: Claim[] }[] = [
  {
    run: {
      experiment: 1,
      source: 'resnet20_cifar100',
      ...cifar100,
      own: { mean: '0.5071,0.4866,0.4409', std: '0.2673,0.2564,0.2762' },
      sgd: true,
    },
    claims: [...recovered(64), { fit: 'sgd', bars: [isThere] }],
  },
  { run: { experiment: 1, source: 'mobilenet_v1_025', ...cifar100 }, claims: recovered(255) },
  { run: { experiment: 1, source: 'vit_tiny_patch16_224', ...cifar100 }, claims: recovered(191) },
  {
    run: { experiment: 3, source: 'mobilenet_v1_025', train: 'cifar10:train', tests: ['scenes'] },
    claims: [
      {
        fit: 'least squares',
        bars: [agreedWithin(2), allInSpanAgree, spanAsExpected, r2AsExpected, rankAsExpected],
      },
      { fit: 'head as prior', bars: [allAgree] },
    ],
  },
];

export const point: Point = {
  id: 2,
  title: 'fewer features than classes',
  needs: ['models', 'data'],
  async run(settings) {
    const checks: Check[] = [];
    for (const { run, claims } of sections) checks.push(...(await checkRun(run, claims, settings)));
    return [...checks, ...(await randomResnet18(settings))];
  },
};

/** A ResNet-18 of random weights: 512 features, 1000 classes. */
async function randomResnet18(settings: Settings): Promise<Check[]> {
  const { file, problem } = await exportModel('resnet18', settings);
  if (!file) return [notRun('run 1 resnet18, random weights', 'agreement, mse, rank', problem!)];
  return checkRun(
    { experiment: 1, source: file, train: 'cifar100:train[0:3000]', tests: ['cifar100:test[0:1000]'] },
    recovered(512),
    settings,
  );
}
