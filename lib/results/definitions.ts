import type { ResultRow } from './types.js';

/** A figure of the original work, to be shown beside ours. */
export interface PublishedFigure {
  source: string;
  target: string;
  train: string;
  test: string;
  /** Share of images; null where the original names none. */
  agreement: number | null;
  /** Sum of batch means, see docs/protocol.md; null where the original names none. */
  mseTotal: number | null;
  /** Experiment 5: the target's own zero-shot top-1 accuracy on the test set, as its makers report it. */
  accuracy?: number;
  /** Experiment 5: the weights of the target that the accuracy is of. */
  weights?: string;
}

/** What an experiment may not be able to do; an option that asks for it is refused then. */
export type Capability = 'samples' | 'sgd' | 'sweep' | 'cross-validation' | 'running without stores';

/** An experiment as data: its models, the maps that it fits, and the published figures. */
export interface ExperimentDefinition {
  id: number;
  title: string;
  question: string;
  /** Names of the models that it wants. */
  models: readonly ('source' | 'target' | 'models')[];
  /** Of `models`, where it wants these. Default 1. */
  fewestModels?: number;
  /**
   * Pairs of them, logits of the first to features of the second; all pairs, from logits and from features; or the one
   * pair of a model and an image tower with a zero-shot head, from logits and from features.
   */
  pairs: readonly (readonly ['source' | 'target', 'source' | 'target'])[] | 'all' | 'zero-shot';
  /** Absent: it takes everything. */
  lacks?: readonly Capability[];
  /** Whether the target is made a classifier by texts, which have to be given then. */
  wantsZeroShot?: true;
  /** Whether its fits read logits that are computed from features and heads. */
  computesLogits?: true;
  /** Absent: a table for each pair and data set. */
  shownAs?: 'matrix';
  published: readonly PublishedFigure[];
  /** The published answer where it is in words only. */
  publishedWords?: string;
}

const cifar10 = { train: 'cifar10:train', test: 'cifar10:test' };
const cifar100 = { train: 'cifar100:train', test: 'cifar100:test' };
const resnet18 = { source: 'resnet18', target: 'resnet18' };
const weights = 'laion2b_s34b_b79k';
const resnet50 = { source: 'resnet50', target: 'resnet50' };

/**
 * The experiments. The published figures are those of the original's own runs with `nn.Linear` and SGD. Two of its headings
 * are corrected here: the figures of experiment 2 came from ResNet-50's own logits, and the second row of experiment 3 was
 * fitted on CIFAR-100.
 */
export const definitions: readonly ExperimentDefinition[] = [
  {
    id: 1,
    title: 'One model: its logits → its own features',
    question: "How much of a model's features can be read back from its own logits by one linear map?",
    models: ['source'],
    pairs: [['source', 'source']],
    published: [
      { ...resnet18, ...cifar10, agreement: 0.9918, mseTotal: 0.28 },
      { ...resnet18, ...cifar100, agreement: 0.9924, mseTotal: 0.224 },
    ],
  },
  {
    id: 2,
    title: "Across models: one model's logits → another's features",
    question: "How much of one model's features can be read from another model's logits?",
    models: ['source', 'target'],
    // The question as asked, and the pair that the published figures came from.
    pairs: [
      ['source', 'target'],
      ['target', 'target'],
    ],
    published: [
      { ...resnet50, ...cifar10, agreement: 0.9947, mseTotal: 5.17 },
      { ...resnet50, ...cifar100, agreement: 0.9822, mseTotal: 6.52 },
    ],
  },
  {
    id: 3,
    title: 'Across data sets: fitted on one, tested on another',
    question: 'Does a map that was fitted on one data set hold on images of another?',
    models: ['source'],
    pairs: [['source', 'source']],
    published: [
      { ...resnet18, train: 'cifar10:train', test: 'places365:val', agreement: 0.9648, mseTotal: null },
      { ...resnet18, train: 'cifar100:train', test: 'places365:val', agreement: 0.9765, mseTotal: null },
      { ...resnet50, train: 'cifar100:train', test: 'places365:val', agreement: 0.9054, mseTotal: null },
    ],
  },
  {
    id: 4,
    title: "Every model's logits → every model's features",
    question:
      "From which models' logits can which models' features be read, and what does the source's head throw away?",
    models: ['models'],
    pairs: 'all',
    fewestModels: 2,
    lacks: ['samples', 'sgd', 'sweep', 'cross-validation', 'running without stores'],
    computesLogits: true,
    shownAs: 'matrix',
    published: [],
    publishedWords:
      'on the diagonal “very well” for DenseNet, Inception and ResNet, “poorly” for ConvNeXt, “can’t” for ViT and Mixer; off the diagonal “poor”',
  },
  {
    id: 5,
    title: "Into an image tower: one model's logits → image embeddings with a zero-shot head",
    question: "Can a classifier's logits be read as an image tower's embeddings, well enough for its class embeddings?",
    models: ['source', 'target'],
    pairs: 'zero-shot',
    lacks: ['samples', 'sgd', 'sweep', 'running without stores'],
    wantsZeroShot: true,
    computesLogits: true,
    // Never finished, so that there is no published agreement. The accuracies are open_clip's for the weights
    // laion2b_s34b_b79k, through their own transform and not the protocol's.
    published: [
      { ...resnet18, target: 'ViT-B-32', ...cifar10, agreement: null, mseTotal: null, accuracy: 0.9356, weights },
      { ...resnet18, target: 'ViT-B-32', ...cifar100, agreement: null, mseTotal: null, accuracy: 0.7555, weights },
    ],
  },
];

/**
 * The published figure of a row: of the same experiment, models and data sets (slices aside), from all of the logits and
 * without a prior. Null for all others: a figure beside another model's would be read as that model's. Models are
 * identified by the names of their files.
 */
export function publishedFor(
  experiment: number,
  row: Pick<ResultRow, 'source' | 'target' | 'train' | 'test'> &
    Partial<Pick<ResultRow, 'observe' | 'prior' | 'named'>>,
): PublishedFigure | null {
  const models = row.named ?? row;
  const published = definitionOf(experiment)?.published ?? [];
  return (
    published.find(
      ({ source, target, train, test, accuracy }) =>
        target === withoutTower(models.target) &&
        test === withoutSlice(row.test) &&
        // A zero-shot accuracy is of the target and the test set, whatever was read and fitted on.
        (accuracy !== undefined ||
          (source === models.source && train === withoutSlice(row.train) && row.observe === undefined && !row.prior)),
    ) ?? null
  );
}

/** As onnx/export.py names the half of a model with two: `ViT-B-32.image` → `ViT-B-32`. */
const withoutTower = (name: string): string => name.replace(/\.image$/, '');

/** `cifar100:train[0:10]` → `cifar100:train`. */
const withoutSlice = (spec: string): string => spec.replace(/\[[^\]]*\]$/, '');

/** The definition of an experiment; undefined for an unknown number, which results of another version may have. */
export const definitionOf = (experiment: number): ExperimentDefinition | undefined =>
  definitions.find(({ id }) => id === experiment);
