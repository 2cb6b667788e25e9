import { join } from 'node:path';
import type { FeatureMatch, RecoveryReport } from 'featreconstruct/leaks';
import { failed, type Check, type Point } from '../check.js';
import { callJson, extracted, type Images } from '../leaks.js';
import { outFolder, type Settings } from '../settings.js';

interface Subject extends Images {
  model: string;
  /** Share of the features that are zero on 3 r images or more that has to be found. */
  share: number;
}

const subjects: readonly Subject[] = [
  {
    model: 'resnet20_cifar100',
    dataset: 'cifar100:train',
    vary: 3,
    transform: ['--mean', '0.5071,0.4866,0.4409', '--std', '0.2673,0.2564,0.2762'],
    share: 1,
  },
  {
    model: 'mobilenet_v1_025',
    dataset: 'cifar100:train[0:20000]',
    vary: 4,
    transform: ['--transform', 'timm', '--mean', '0.5', '--std', '0.5', '--interpolation', 'bicubic'],
    share: 0.95,
  },
];

export const point: Point = {
  id: 19,
  title: 'features one by one from outputs alone: networks that end in ReLU and pooling',
  needs: ['models', 'data'],
  async run(settings) {
    const checks: Check[] = [];
    for (const subject of subjects) checks.push(...(await recovered(subject, settings)));
    return checks;
  },
};

async function recovered({ model, share, ...images }: Subject, settings: Settings): Promise<Check[]> {
  const store = await extracted(model, images, settings);
  const out = join(await outFolder('recover'), `${model}.safetensors`);
  const subject = `recover ${model}, ${images.dataset}, ${images.vary} variations`;
  const { value, problem } = await callJson<
    RecoveryReport & { comparison: FeatureMatch & { oftenZero: number; oftenZeroFound: number } }
  >(['recover', store, '--kind', 'rectified', '--out', out, '--features', store]);
  if (!value) return [failed(subject, problem)];
  const { truth, worst, oftenZero, oftenZeroFound } = value.comparison;
  return [
    {
      subject,
      bar: 'no certified feature is wrong',
      figure: `${value.features} certified, least correlation 1 − ${(1 - worst).toExponential(1)}`,
      held: worst >= 0.999999 && new Set(truth).size === value.features,
    },
    {
      subject,
      bar: `${100 * share} % of those zero on 3 r images found`,
      figure: `${oftenZeroFound} of ${oftenZero}, ${value.iterations} descents, ${value.seconds.toFixed(0)} s`,
      held: oftenZeroFound >= share * oftenZero,
    },
  ];
}
