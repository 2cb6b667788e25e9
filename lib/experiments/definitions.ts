/** A figure of the original work, to be shown beside ours. */
export interface PublishedFigure {
  source: string;
  target: string;
  train: string;
  test: string;
  /** Share of images; null where the original names none. */
  agreement: number | null;
  /** Sum of batch means, see PROTOCOL in docs; null where the original names none. */
  mseTotal: number | null;
  /** Experiment 5: the target's own zero-shot top-1 accuracy on the test set, as its makers report it. */
  accuracy?: number;
}

/** Which maps an experiment fits, in terms of the models that are given. */
export interface ExperimentDefinition {
  id: number;
  title: string;
  question: string;
  /** Names of the models that it wants. */
  models: readonly ('source' | 'target' | 'models')[];
  /**
   * Pairs of them, logits of the first to features of the second; all pairs, from logits and from features; or the one
   * pair of a model and an image tower with a zero-shot head, from logits and from features.
   */
  pairs: readonly (readonly ['source' | 'target', 'source' | 'target'])[] | 'all' | 'zero-shot';
  published: readonly PublishedFigure[];
  /** The published answer where it is in words only. */
  publishedWords?: string;
}

const cifar10 = { train: 'cifar10:train', test: 'cifar10:test' };
const cifar100 = { train: 'cifar100:train', test: 'cifar100:test' };
const resnet18 = { source: 'resnet18', target: 'resnet18' };
const resnet50 = { source: 'resnet50', target: 'resnet50' };

/**
 * The experiments, as data. The published figures are those of the original's own runs with `nn.Linear` and SGD; what is
 * off in their headings is set right here: experiment 2's came from ResNet-50's own logits, and the second row of
 * experiment 3 was fitted on CIFAR-100.
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
    published: [],
    publishedWords:
      'on the diagonal “very well” for DenseNet, Inception and ResNet, “poorly” for ConvNeXt, “can’t” for ViT and Mixer; off the diagonal “poor”',
  },
  {
    id: 5,
    title: "Into CLIP: one model's logits → image embeddings with a zero-shot head",
    question: "Can a classifier's logits be read as CLIP's image embeddings, well enough for CLIP's class prompts?",
    models: ['source', 'target'],
    pairs: 'zero-shot',
    // Never finished, so that there is no published agreement. The accuracies are open_clip's for the weights
    // laion2b_s34b_b79k, through their own transform and not the protocol's.
    published: [
      { ...resnet18, target: 'ViT-B-32', ...cifar10, agreement: null, mseTotal: null, accuracy: 0.9356 },
      { ...resnet18, target: 'ViT-B-32', ...cifar100, agreement: null, mseTotal: null, accuracy: 0.7555 },
    ],
  },
];

/**
 * The published figure that stands nearest to a row: same experiment, same kind of pair, same training data set
 * (slices aside). It is of the original's models, so it is shown with their names.
 */
export function publishedFor(
  experiment: number,
  row: { source: string; target: string; train: string; test: string },
): PublishedFigure | null {
  const published = definitions.find(({ id }) => id === experiment)?.published ?? [];
  const base = row.train.replace(/\[.*$/, '');
  const same = row.source === row.target;
  const candidates = published.filter(
    (figure) =>
      figure.train === base &&
      (figure.source === figure.target) === same &&
      // Fitted on one data set and tested on another is another question than tested on the same.
      (dataName(figure.train) === dataName(figure.test)) === (dataName(row.train) === dataName(row.test)) &&
      // An accuracy is of the test set, whatever was fitted on.
      (figure.accuracy === undefined || figure.test === row.test.replace(/\[.*$/, '')),
  );
  return (
    candidates.find(({ source, target }) => source === row.source && target === row.target) ?? candidates[0] ?? null
  );
}

/** `cifar100:train[0:10]` → `cifar100`. */
const dataName = (spec: string): string => spec.replace(/:.*$/, '');
