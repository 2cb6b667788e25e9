import { UsageError } from '../base/index.js';
import { definitions } from '../results/index.js';
import type { AskedExperiment } from './options.js';

/** One run of the published experiments, as it was made: models by name, data by their specs. */
export interface PublishedRun {
  /** Name of its folder: `1-cifar10`. */
  name: string;
  spec: AskedExperiment;
  /** Whether the published recipe is fitted too, which the figures of experiments 1 to 3 come from. */
  sgd: boolean;
}

/** Images of each split. */
const sizes: Readonly<Record<string, number>> = {
  'cifar10:train': 50_000,
  'cifar10:test': 10_000,
  'cifar100:train': 50_000,
  'cifar100:test': 10_000,
  'places365:val': 36_500,
};

/** The models of experiment 4, in the published order. */
const models = [
  'resnet18',
  'resnet50',
  'vit_base_patch16_224_in21k',
  'densenet121',
  'inception_v4',
  'convnext_base',
  'mixer_b16_224',
] as const;
const zeroShot = { textModel: 'ViT-B-32.text', classNames: 'cifar100' };

/**
 * The runs behind the published figures.
 * @param experiment its number; undefined: all five
 * @param first images of each split, in its order. Default: all
 * @throws UsageError for a number that no experiment has
 */
export function publishedRuns(experiment?: number, first?: number): PublishedRun[] {
  if (experiment !== undefined && !definitions.some(({ id }) => id === experiment)) {
    throw new UsageError(`Expected an experiment of 1 to ${definitions.length}, or all, found ${experiment}.`);
  }
  return allRuns
    .filter(({ spec }) => experiment === undefined || spec.experiment === experiment)
    .map((run) => ({
      ...run,
      spec: { ...run.spec, train: part(run.spec.train, first), test: part(run.spec.test as string, first) },
    }));
}

/** The spec of a split's first images, or of the split where these are all. */
const part = (spec: string, first?: number): string =>
  first === undefined || first >= sizes[spec] ? spec : `${spec}[0:${first}]`;

/** How many images a split or its first part has. */
export function imagesOf(spec: string): number {
  const [, split, end] = /^([^[]+)(?:\[0:(\d+)\])?$/.exec(spec)!;
  return end === undefined ? sizes[split] : Number(end);
}

const on = (data: string): { train: string; test: string } => ({ train: `${data}:train`, test: `${data}:test` });
const places = (data: string): { train: string; test: string } => ({ train: `${data}:train`, test: 'places365:val' });

const allRuns: readonly PublishedRun[] = [
  { name: '1-cifar10', spec: { experiment: 1, source: 'resnet18', ...on('cifar10') }, sgd: true },
  { name: '1-cifar100', spec: { experiment: 1, source: 'resnet18', ...on('cifar100') }, sgd: true },
  { name: '2-cifar10', spec: { experiment: 2, source: 'resnet18', target: 'resnet50', ...on('cifar10') }, sgd: true },
  { name: '2-cifar100', spec: { experiment: 2, source: 'resnet18', target: 'resnet50', ...on('cifar100') }, sgd: true },
  { name: '3-resnet18-cifar10', spec: { experiment: 3, source: 'resnet18', ...places('cifar10') }, sgd: true },
  { name: '3-resnet18-cifar100', spec: { experiment: 3, source: 'resnet18', ...places('cifar100') }, sgd: true },
  { name: '3-resnet50-cifar100', spec: { experiment: 3, source: 'resnet50', ...places('cifar100') }, sgd: true },
  { name: '4-cifar100', spec: { experiment: 4, models: [...models], ...on('cifar100') }, sgd: false },
  {
    name: '5-cifar100',
    spec: { experiment: 5, source: 'resnet18', target: 'ViT-B-32', zeroShot, ...on('cifar100') },
    sgd: false,
  },
];

/** The models that some runs need, each once. */
export const modelsOf = (runs: readonly PublishedRun[]): string[] => [
  ...new Set(
    runs.flatMap(({ spec: { source, target, models: all, zeroShot: words } }) =>
      [source, target, ...(all ?? []), words?.textModel].filter((name) => name !== undefined),
    ),
  ),
];

/** The data sets that some runs need, each once. */
export const datasetsOf = (runs: readonly PublishedRun[]): string[] => [
  ...new Set(runs.flatMap(({ spec: { train, test } }) => [train, test as string])),
];
