import type { TaskOptions } from '../base/index.js';
import type { OpenDatasetOptions } from '../datasets/index.js';
import type { CrossValidationOptions, FoldOptions } from '../fit/index.js';
import type { SgdOptions } from '../sgd/index.js';
import type { TransformChoice } from '../images/index.js';
import type { LoadModelOptions } from '../runtime/index.js';
import type { ZeroShotSource } from './zero-shot-head.js';

/** What to run: an experiment, its models (paths) and its data sets (specs). */
export interface ExperimentSpec {
  experiment: number;
  /** The model whose logits are read, in experiments 1 to 3 and 5. */
  source?: string;
  /** The model whose features are wanted, in experiment 2; CLIP's image tower in experiment 5. */
  target?: string;
  /** All models, in experiment 4. */
  models?: readonly string[];
  /** What makes the image tower a classifier, in experiment 5. */
  zeroShot?: ZeroShotSource;
  /** Data set to fit on. */
  train: string;
  /** One data set or several to test on. */
  test: string | readonly string[];
}

export interface RunOptions extends TaskOptions {
  /**
   * Folder for stores of activations; what is there already is used again. Null, in experiments 1 to 3: statistics are
   * accumulated while the model runs, no activations are written, and those of the test sets stay in memory. The figures
   * are the same to the bit.
   */
  stores: string | null;
  /**
   * For every model that is not among `transforms`. Default: the one that the model's files state; for a model that states
   * none, `protocol` where the images to fit on are CIFAR, Places365 or drawn, and `imagenet` where they are anyone's.
   */
  transform?: TransformChoice;
  /** By model name (without folder and ending): a transform of its own. */
  transforms?: Readonly<Record<string, TransformChoice>>;
  /**
   * By model name: the tensors of logits and features of a model whose graph leaves them open, or of which others are meant.
   * `model` has those of a run of one model.
   */
  tensors?: Readonly<Record<string, Pick<LoadModelOptions, 'features' | 'logits'>>>;
  batchSize?: number;
  skipBadImages?: boolean;
  dataset?: OpenDatasetOptions;
  model?: LoadModelOptions;
  /** Ridge penalties, in units of the centred Gram; a row each. Default 0 alone: exact least squares. */
  alphas?: readonly number[];
  /**
   * Instead of `alphas`: each fit at the penalty that k-fold cross-validation on the training images finds best (experiments
   * 1 to 3 and 5, with stores). To select by agreement the target's head decides.
   */
  crossValidation?: Pick<CrossValidationOptions, 'alphas' | 'select'> & FoldOptions;
  rcond?: number;
  /** What the fits get to see of the source's logits (experiment 1), a row each: `observe`'s specs. Default: all of them. */
  observe?: readonly string[];
  /** k of `topkAgreement`. Default 5. */
  topk?: readonly number[];
  /** Also the published SGD recipe on the same activations, as rows of their own (experiments 1 to 3). */
  sgd?: SgdOptions;
  /** Test images of each fit to show in the results, with their thumbnails (experiments 1 to 3). Default 6; 0 for none. */
  samples?: number;
  /**
   * Names of the target's classes, for those images (experiments 1 to 3): the names, `cifar10`, `cifar100`, or a file with one
   * on each line or as JSON. Default: those of config.json beside the model. A data set's own names are not taken for the model's, even where they are as many.
   */
  classNames?: string | readonly string[];
  /** What to write into the results as the command that makes them again. */
  command?: string;
}
