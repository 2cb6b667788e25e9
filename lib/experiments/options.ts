import type { TaskOptions } from '../base/index.js';
import type { OpenDatasetOptions } from '../datasets/index.js';
import type { CrossValidation, FoldOptions } from '../fit/index.js';
import type { SgdOptions } from '../sgd/index.js';
import type { TransformChoice } from '../images/index.js';
import type { LoadModelOptions, ModelOptions } from '../runtime/index.js';
import type { ZeroShotSource } from './zero-shot-head.js';

/** The data sets of an experiment, by their specs. */
export interface ExperimentData {
  /** To fit on. */
  train: string;
  /** One or several to test on. */
  test: string | readonly string[];
}

/** Experiments 1 and 3: one model's logits to its own features, within a data set or from one to another. */
export interface OneModelSpec extends ExperimentData {
  experiment: 1 | 3;
  /** The model (path). */
  source: string;
  target?: undefined;
  models?: undefined;
  zeroShot?: undefined;
}

/** Experiment 2: one model's logits to another's features. */
export interface TwoModelsSpec extends ExperimentData {
  experiment: 2;
  /** The model whose logits are read. */
  source: string;
  /** The model whose features are wanted. */
  target: string;
  models?: undefined;
  zeroShot?: undefined;
}

/** Experiment 4: every model's logits to every model's features. */
export interface AllPairsSpec extends ExperimentData {
  experiment: 4;
  /** Two models or more. */
  models: readonly string[];
  source?: undefined;
  target?: undefined;
  zeroShot?: undefined;
}

/** Experiment 5: a model's logits to an image tower's embeddings. */
export interface ZeroShotSpec extends ExperimentData {
  experiment: 5;
  /** The model whose logits are read. */
  source: string;
  /** CLIP's image tower. */
  target: string;
  /** What makes the image tower a classifier. */
  zeroShot: ZeroShotSource;
  models?: undefined;
}

/** What to run: an experiment, its models (paths) and its data sets (specs). */
export type ExperimentSpec = OneModelSpec | TwoModelsSpec | AllPairsSpec | ZeroShotSpec;

/** An experiment as it was asked for, before it is checked: as the command line has it. */
export interface AskedExperiment extends ExperimentData {
  experiment: number;
  source?: string | undefined;
  target?: string | undefined;
  models?: readonly string[] | undefined;
  zeroShot?: ZeroShotSource | undefined;
}

/** What every experiment takes. */
export interface CommonOptions extends TaskOptions {
  /**
   * For every model that is not among `transforms`. Default: the one that the model's files state; for a model that states
   * none, `protocol` where the images to fit on are CIFAR, Places365 or drawn, and `imagenet` where they are anyone's.
   */
  transform?: TransformChoice | undefined;
  batchSize?: number | undefined;
  skipBadImages?: boolean | undefined;
  dataset?: OpenDatasetOptions | undefined;
  /** Where models run, and the statistics of fits if the provider has float64. Default `cpu`. */
  executionProviders?: LoadModelOptions['executionProviders'] | undefined;
  /** How models are read. */
  model?: ModelOptions | undefined;
  rcond?: number | undefined;
  /** k of `topkAgreement`. Default 5. */
  topk?: readonly number[] | undefined;
  /** What to write into the results as the command that makes them again. */
  command?: string | undefined;
}

/** What tells the models of a run apart. */
export interface ByModel {
  /** By model name (without folder and ending): a transform of its own. */
  transforms?: Readonly<Record<string, TransformChoice>> | undefined;
  /**
   * By model name: the tensors of logits and features, where the model's graph leaves them open or others are meant.
   * `model` has those of a run of one model.
   */
  tensors?: Readonly<Record<string, Pick<ModelOptions, 'features' | 'logits'>>> | undefined;
}

/** Test images of each fit, to be shown in the results. */
export interface SampleOptions {
  /** How many, with their thumbnails. Default 6; 0 for none. */
  samples?: number | undefined;
  /**
   * Names of the target's classes, for those images: the names, `cifar10`, `cifar100`, or a file with one on each line or as
   * JSON. Default: those of config.json beside the model. A data set's own names are not taken for the model's, even where
   * they are as many.
   */
  classNames?: string | readonly string[] | undefined;
}

/** How a penalty is chosen in an experiment. To select by agreement the target's head decides. */
export type ChosenPenalty = FoldOptions & {
  alphas?: readonly number[] | undefined;
  select?: CrossValidation['select'] | undefined;
};

/** Penalties that are given, or one that is chosen. */
export type Penalties =
  | {
      /** Ridge penalties, in units of the centred Gram; a row each. Default 0 alone: exact least squares. */
      alphas?: readonly number[] | undefined;
      crossValidation?: undefined;
    }
  | {
      /** Each fit at the penalty that k-fold cross-validation on the training images finds best. */
      crossValidation: ChosenPenalty;
      alphas?: undefined;
    };

/** Activations are kept. */
export interface Stored {
  /** Folder for stores of activations; what is there already is used again. */
  stores: string;
}

/** What else can be fitted where the activations of the training images are kept. */
export interface MoreFits {
  /** What the fits get to see of the source's logits, a row each: `observe`'s specs. Default: all of them. */
  observe?: readonly string[] | undefined;
  /** Also the published SGD recipe on the same activations, as rows of their own. */
  sgd?: SgdOptions | undefined;
}

/** No activations are kept. */
export interface Streamed {
  /**
   * Statistics are accumulated while the model runs, no activations are written, and those of the test sets stay in memory. The
   * figures are the same to the bit.
   */
  stores: null;
  /** Ridge penalties, in units of the centred Gram; a row each. Default 0 alone: exact least squares. */
  alphas?: readonly number[] | undefined;
  crossValidation?: undefined;
  observe?: undefined;
  sgd?: undefined;
}

/** Options that an experiment does not take: none of them may be given. */
export type None<Options> = { [Name in keyof Options]?: undefined };

/** For experiments 1 to 3. */
export type PairOptions = CommonOptions & ByModel & SampleOptions & ((Stored & MoreFits & Penalties) | Streamed);

/** For experiment 4: all pairs at one alpha, held against each other. */
export type AllPairsOptions = CommonOptions &
  ByModel &
  Stored &
  None<SampleOptions & MoreFits> & { alphas?: readonly number[] | undefined; crossValidation?: undefined };

/** For experiment 5. */
export type ZeroShotRunOptions = CommonOptions & ByModel & Stored & Penalties & None<SampleOptions & MoreFits>;

/** What each experiment takes, by its number. */
export interface OptionsByExperiment {
  1: PairOptions;
  2: PairOptions;
  3: PairOptions;
  4: AllPairsOptions;
  5: ZeroShotRunOptions;
}

/** The options of experiment E. */
export type ExperimentOptions<E extends keyof OptionsByExperiment = keyof OptionsByExperiment> = OptionsByExperiment[E];

/** The options of any experiment, where nobody has checked yet which of them go together. */
export interface RunOptions extends CommonOptions, ByModel, SampleOptions, MoreFits {
  stores: string | null;
  alphas?: readonly number[] | undefined;
  crossValidation?: ChosenPenalty | undefined;
}
