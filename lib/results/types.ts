import type { AbilityAnswer, Advice, Failure, Finding, LeftOut, NotKnown, ToldApart, Warning } from '../words/index.js';
import type { FeatureQuantiles } from '../evaluate/index.js';
import type { CrossValidation } from '../fit/index.js';
import type { Transform } from '../images/index.js';
import type {
  FeatureMatch,
  Fingerprint,
  InterfaceAnswer,
  RecoveryReport,
  RotationComparison,
  Verdict,
} from '../leaks/index.js';

/** What a fit stays near where the data do not determine it: the inverse of the target's head, or zero. */
export type Prior = 'head' | null;

/**
 * One line of an experiment's answer: features of `target` read back from the logits of `source`, fitted on `train`,
 * judged on `test`. Shares are between 0 and 1. Null: not defined here (or, for SGD that
 * diverged, not there at all).
 */
export interface ResultRow {
  /** Model names without folder and ending. */
  source: string;
  target: string;
  /** The names of the models' files, where a report gives them others; results.json never has it. */
  named?: { source: string; target: string };
  train: string;
  test: string;
  /** What the target's features are read from: the source's logits or features. */
  from: 'logits' | 'features';
  /** What the fit was shown of the source's logits: `probs+topk:5+round:2`. Absent where that was all of them. */
  observe?: string;
  nTrain: number;
  nTest: number;
  /** Rows that each image has in `nTrain` and `nTest`, itself and its variations. Absent: 1. */
  variations?: number;
  /**
   * A sweep or an audit: why the figures of this row do not say what such outputs give away (a map of few images fits
   * chance). Absent where they do.
   */
  notKnown?: NotKnown;
  /**
   * A sweep or an audit, of probabilities: how they were read, as they stand (`plain`) or through a logarithm with a floor
   * (`log`), whichever does better on training images that were kept out of a first fit (a fifth, or the folds of a
   * cross-validation), with both scores: R², or agreement where that decides. Absent: one way only.
   */
  reading?: { by: 'plain' | 'log'; select: 'r2' | 'agreement'; plain: number; log: number };
  /** Test images that are in the training set too, by content: more than none is a leak, unless it is meant. */
  overlap: number;
  /** Test images on which the target's head gives the same class on the reconstructed features as on its own. */
  agreed: number | null;
  agreement: number | null;
  /**
   * Which of the test images agree, a bit each: base64, the first image in the first byte's highest bit. Missing in
   * results of earlier versions.
   */
  outcomes?: string | null;
  /** Wilson's 95 % interval; with `variations`, counted by image. Where `exact` stands, no share was estimated. */
  agreementInterval: [number, number] | null;
  /**
   * The agreement is 100 % by theorem, and no estimate: `always`, on any image; `in-span`, on any image inside the span of
   * the training rows, as all of these are. Absent elsewhere, also where every image happens to agree.
   */
  exact?: 'always' | 'in-span';
  /** By k: share of images whose original class is among the k first of the reconstructed logits. */
  topkAgreement: Record<string, number>;
  /** Share of test images whose source logits lie in the span of the training logits (relative residual <= 1e-5). */
  inSpanShare: number | null;
  /** Agreement on those images. */
  agreementInSpan: number | null;
  /** Deciles of the original's top-2 margin. */
  agreementByMargin: { from: number; to: number; n: number; agreement: number }[];
  /** Cohen's kappa; null where both name the same one class for every image. */
  kappa: number | null;
  /** Share of the target's most frequent class, and how many classes it names at all. */
  majorityShare: number | null;
  distinctClasses: number | null;
  /** Images with a tied arg-max on either side. */
  ties: number | null;
  /** Agreement of source's and target's own answers; null where their classes are not the same. */
  rawAgreement: number | null;
  /** Agreement of the target's head on W⁺(z − b) with the source's logits z and the target's own W and b: no data at all. */
  pinvAgreement: number | null;
  /** Linear CKA of the two models' features on the training images. */
  cka: number | null;
  /** Share of the target's features that the best rotation and scale of the source's leaves over. */
  procrustesError: number | null;
  /** Accuracy against the labels; null where they are not the model's classes. */
  accuracy: { original: number; reconstructed: number; n: number } | null;
  /** Mean squared error over all features and test images. */
  mse: number | null;
  /** The published "MSE total": the sum of each batch's mean squared error, for batches of 256 and of 16. */
  mseTotal256: number | null;
  mseTotal16: number | null;
  /** Mean variance of the target's features on the test images. */
  variance: number | null;
  r2: number | null;
  r2RowSpace: number | null;
  r2NullSpace: number | null;
  /** R² of each feature, as quantiles over the features that vary. */
  r2PerFeature: FeatureQuantiles | null;
  /** Rank of the centred Gram of what the map reads, on the training images; null for fits that have none. */
  rank: number | null;
  /** Last eigenvalue kept over the first dropped; null at full rank. */
  gap: number | null;
  condition: number | null;
  alpha: number | null;
  prior: Prior;
  /** `sgd` for the published recipe, else the closed-form solver that was used. */
  solver: string;
  /** Settings of the SGD recipe; null for closed-form fits. */
  sgd: { epochs: number; batchSize: number; learningRate: number; momentum: number; shuffle: number | false } | null;
  /** Wall-clock time; extraction 0 where a store was used again. */
  seconds: { extract: number; fit: number; evaluate: number };
  /** What else is worth knowing: a collapse, a missing gap, images outside the span. */
  warnings: Warning[];
}

/**
 * How a result came about: by one of the experiments; by a sweep over what is shown of the logits; by an audit of a
 * model, or of a log of outputs without one; by evaluating arrays.
 */
export type ResultKind = 'experiment' | 'sweep' | 'audit' | 'log' | 'evaluation';

/** What an experiment found: `results.json`. */
export interface Results {
  schema: 2;
  kind: ResultKind;
  /** The experiment's number; an audit and a log have that of experiment 1. */
  experiment: number;
  question: string;
  rows: ResultRow[];
  /** What the maps read, seen through its eigenvalues; one for each source. */
  spectra: SpectrumRecord[];
  /** Where alphas were chosen by cross-validation: how, one for each fit. */
  crossValidations?: CrossValidationRecord[];
  /** Some test images, for people to look at; experiments 1 to 3 and audits have them, unless they were left out. */
  samples?: SampleGroup[];
  /** What the model's outputs give away by themselves; an audit has it. */
  leaks?: Leaks;
  /** Failed checks. Not empty means that a figure above must not be trusted. */
  failures: Failure[];
  environment: Environment;
}

/** How a fit's alpha was chosen: the curve over the grid, and what to know before trusting the choice. */
export interface CrossValidationRecord extends CrossValidation {
  source: string;
  target: string;
  train: string;
  from: 'logits' | 'features';
  /** What was shown of the logits, where that was not all. */
  observe?: string;
  prior: Prior;
}

/** A few test images of one fit, with what the target's head says of its own features and of those read back. */
export interface SampleGroup {
  source: string;
  target: string;
  train: string;
  test: string;
  /** Which of the rows it belongs to. */
  alpha: number | null;
  sgd: boolean;
  images: SampleImage[];
}

export interface SampleImage {
  /** As the data set calls it. */
  id: string;
  /**
   * Why it is there: the two answers differ; the original's two first classes tie; its logits lie outside the span of the
   * training logits; or none of these.
   */
  kind: 'differs' | 'tie' | 'outside' | 'agrees';
  /** By the data set; null where it has none, and for folders whose names are not known to be the model's classes. */
  label: NamedClass | null;
  /** A thumbnail of the image as it is stored, `data:image/png;base64,…`; null where it is no image. */
  picture: string | null;
  /** The first five classes of the model's own logits, and of the head on the features read back, the likeliest first. */
  original: LikelyClass[];
  reconstructed: LikelyClass[];
}

/** A class by its index; the name is null where nobody gave one. */
export interface NamedClass {
  index: number;
  name: string | null;
}

/** A class among the likeliest of an image. */
export interface LikelyClass extends NamedClass {
  /** Softmax of the logits. */
  probability: number;
}

/** What outputs give away of the model behind them, alone and by interface, and what that means. */
export interface Leaks {
  /** What was found, the most important first. */
  verdict: Verdict;
  fingerprint: Fingerprint;
  /** What came back from the outputs alone; null where it could not be tried, for `reason`. */
  recovery: RecoveryReport | null;
  /** Why no recovery was tried. */
  reason: Finding | null;
  /** The recovered features beside the model's own; null where nothing came back. */
  comparison:
    | ({ kind: 'sphere' } & RotationComparison)
    | ({
        kind: 'rectified';
        /** Features that are zero on enough images to be found at all. */
        identifiable: number;
      } & FeatureMatch)
    | null;
  /** What each interface gives away and costs. Missing in results of earlier versions, and of a log. */
  interfaces?: InterfaceAnswer[];
  /** Who can do what with the outputs. Missing as these are. */
  abilities?: AbilityAnswer[];
  /** Which interface of those tried is the first off which less than a share was read. Missing as these are. */
  advice?: Advice[];
  /**
   * Variations of each image that were looked at for what the outputs alone give away. Absent: 1, or those of the rows.
   */
  variations?: number;
  /**
   * An audit of two models: the digest of the other one, and on how many images the two show something else, by what is
   * published; null where they have different numbers of outputs. Absent elsewhere.
   */
  toldApart?: { beside: string; answers: ToldApart[] | null };
  /**
   * The log that was looked at, where there was no model, and sentences on what was read of it. Absent with a model.
   */
  log?: { name: string; notes: string[] };
}

/** Where and how a result was made. */
export interface Environment {
  featreconstruct: string;
  onnxruntime: string;
  node: string;
  platform: string;
  cpu: string;
  cores: number;
  date: string;
  /** The command that makes it again, where there was one. */
  command: string | null;
  /** Experiment 5: what makes the image tower a classifier. */
  zeroShot?: ZeroShotRecord;
  /** Experiments 4 and 5: seconds for the joint Gram and all maps together, of which a row's `seconds.fit` is its share. */
  jointSeconds: number | null;
  provider: string;
  /** Where the statistics of fits were computed: graphs in float64, which few providers have. */
  fitProvider: string;
  models: ModelRecord[];
  datasets: DatasetRecord[];
}

/** Eigenvalues of the centred Gram of what a map reads, on the training images. Found outside the timed fit. */
export interface SpectrumRecord {
  source: string;
  from: 'logits' | 'features';
  train: string;
  /** How many there are; how many lie above the cut. */
  p: number;
  rank: number;
  /** rcond times the largest: what is no larger counts as rounding. */
  cut: number;
  /** [place, eigenvalue], descending, places counted from 1; thinned where there are more than 256, never at the cut. */
  eigenvalues: [number, number][];
}

/** A model that a result was made with. */
export interface ModelRecord {
  name: string;
  digest: string;
  featureDim: number;
  classCount: number;
  headRank: number;
  headCondition: number;
  /**
   * The largest |W f + b − z| over the first images of a store; null where logits are computed from the head when they
   * are read.
   */
  headError: number | null;
  /** The largest |z| over the same images. */
  logitScale: number | null;
  transform: Transform | null;
  /** The one that the model's file states, where it states one. */
  ownTransform?: Transform;
  /** Nobody said what the transform is, and the usual one for photographs was taken. */
  transformAssumed?: true;
  /**
   * Nodes of the graph by the provider that ran them, and those that were left to the CPU; null on `cpu`, which runs
   * all.
   */
  placement: { nodes: Record<string, number>; onCpu: string[] } | null;
}

/** The zero-shot head that a result was made with. */
export interface ZeroShotRecord {
  /** In the order of the labels; null where they were not given. */
  classNames: readonly string[] | null;
  /** Templates of the prompts; null where class embeddings were given. */
  templates: readonly string[] | null;
  textModel: { name: string; digest: string } | null;
  /** SHA-256 of the class embeddings (c, d), float32. */
  digest: string;
}

/** A data set that a result was made with. */
export interface DatasetRecord {
  spec: string;
  size: number;
  digest: string;
  /** Where only some of the images were asked for: out of how many, and the seed of a sample; absent where all were. */
  part?: { of: number; seed?: number };
  /** Images left out because they could not be decoded; of a log, what was left out of it for lack of scores. */
  skipped: number;
  /** The first of them, as the data set calls it; absent where there is none. */
  firstSkipped?: string;
  /** Files left out that should be images and cannot be read as any, by ending or by what is wrong: `{ '.heic': 30, missing: 1 }`; absent where there are none. */
  leftOut?: LeftOut;
  /** Images of an audit that are the same as an earlier one, byte for byte; absent elsewhere, and where there are none. */
  duplicates?: number;
}
