/** What a reader must know before the figures of a result, as data, and the sentences of it. */
import { count, share } from '../base/index.js';
import { imageCount } from './image-count.js';
import { leftOutInWords, type LeftOut } from './left-out.js';
import { list } from './some.js';
import { shortSpec } from './specs.js';
import type { Failure, Warning } from './warnings.js';
import { failureInWords, warningInWords } from './warning-texts.js';

/** What is said of each channel: the numbers, and whether they are those of the published recipe. */
export interface Normalisation {
  mean: string;
  std: string;
  published: boolean;
}

/** One notice, however many rows, models or slices of a data set it concerns. `dataset` and `test` are specs. */
export type Notice =
  | { kind: 'failed-check'; failure: Failure }
  /** Files of kinds that are not read, and images that cannot be decoded. */
  | {
      kind: 'left-out';
      dataset: string;
      files?: LeftOut;
      bad?: { images: number; of: number; first?: string };
    }
  | { kind: 'copies'; dataset: string; images: number }
  /** One class takes more than half of the answers of each of these models. */
  | { kind: 'collapse'; test: string; answers: readonly { target: string; share: number }[] }
  /** `fitted`: the images of the fit, where one model has several. */
  | {
      kind: 'outside-span';
      test: string;
      logits: readonly { source: string; share: number; fitted: { rows: number; variations?: number } | null }[];
    }
  | { kind: 'not-held-out'; test: string; train: string; images: number; of: number }
  /** The best penalty is an end of the grid. */
  | {
      kind: 'edge-of-grid';
      source: string;
      target: string;
      from: string;
      prior: boolean;
      test: string;
      alpha: number;
      edge: 'largest' | 'smallest';
    }
  /** These collapse, and saw the middles of images alone. */
  | { kind: 'cropped'; models: readonly string[] }
  /** `used`, `stated`: what differs, where both transforms have the same name. */
  | {
      kind: 'other-transform';
      models: readonly string[];
      transform: string;
      used?: readonly string[];
      stated?: readonly string[];
    }
  /** `scaled`: what normalises pixels, for those that do not read them as they are. */
  | { kind: 'assumed-transform'; models: readonly string[]; scaled: readonly Normalisation[] }
  /** `all`: there are no other models. */
  | { kind: 'unstated-transform'; models: readonly string[]; all: boolean; normalisation: Normalisation }
  /** A warning that came with a row. */
  | { kind: 'warning'; warning: Warning };

/** One notice, in a sentence or two. */
export function noticeInWords(notice: Notice): string {
  switch (notice.kind) {
    case 'failed-check':
      return `Failed check: ${failureInWords(notice.failure)}`;
    case 'left-out':
      return leftOut(notice);
    case 'copies': {
      const { images, dataset } = notice;
      return `${count(images)} ${images === 1 ? 'image' : 'images'} of ${shortSpec(dataset)} ${images === 1 ? 'is a copy' : 'are copies'} of others; an image counts once.`;
    }
    case 'collapse': {
      const named = notice.answers.map((one) => `${share(one.share, 1)} of the answers of ${one.target}`);
      return `Collapse: on ${shortSpec(notice.test)}, one class takes ${list(named)}. Agreement is then easy; kappa corrects for that.`;
    }
    case 'outside-span': {
      const named = notice.logits.map(
        (one) =>
          `${share(one.share, 1)} of the logits of ${one.source}${one.fitted ? ` (fitted on ${imageCount(one.fitted.rows, one.fitted.variations)})` : ''}`,
      );
      return `Outside the span: on ${shortSpec(notice.test)}, ${list(named)} are outside the span of the training logits. There the data do not determine the map, and the minimum-norm map is used.`;
    }
    case 'not-held-out':
      return `${count(notice.images)} of the ${count(notice.of)} images of ${shortSpec(notice.test)} are also in ${shortSpec(notice.train)}: they were not held out.`;
    case 'edge-of-grid':
      return `Alpha at the edge: for ${notice.source} → ${notice.target} from ${notice.from}${notice.prior ? ', with the head as prior,' : ''} on ${shortSpec(notice.test)} the error is least at α = ${notice.alpha}, the ${notice.edge} of the grid. A better value may lie beyond it.`;
    case 'cropped':
      return `${list(notice.models)} saw only the middle of each image, padded if the image is smaller. The transform ‘upsample’ shows the whole image and may spread the answers.`;
    case 'other-transform': {
      const [are, their] = notice.models.length === 1 ? ['is', 'its file states'] : ['are', 'their files state'];
      const { transform, used, stated } = notice;
      if (used && stated) {
        return `${list(notice.models)} ${are} seen through ‘${transform}’ with ${used.join(', ')} and not through the transform that ${their}, ‘${transform}’ with ${stated.join(', ')}: in use the answers may differ. The transform ‘model’ takes the model’s own.`;
      }
      return `${list(notice.models)} ${are} seen through ‘${transform}’ and not through the transform that ${their}: in use the answers may differ. The transform ‘model’ takes the model’s own.`;
    }
    case 'assumed-transform': {
      const one = notice.models.length === 1;
      const normalised = notice.scaled.map((each) => `, ${normalisationInWords(each)}`).join(' or');
      return `${list(notice.models)} ${one ? 'states' : 'state'} no transform: the usual one, ‘imagenet’ (shorter side resized, middle cropped${normalised}), is assumed. If ${one ? 'the model was' : 'the models were'} trained with another one, ${one ? 'its' : 'their'} answers in use differ: give its transform, or its mean and deviation.`;
    }
    case 'unstated-transform': {
      const { models, all, normalisation } = notice;
      const recipe = normalisation.published
        ? 'the published recipe’s transform'
        : 'the steps of the published recipe’s transform';
      return `${all && models.length > 2 ? `All ${models.length} models` : list(models)} ${models.length === 1 ? 'is' : 'are'} seen through ‘protocol’, ${recipe} (a centred crop without resizing, ${normalisationInWords(normalisation)}). The files do not say whether a model was trained with another one; if so, its answers in use differ.`;
    }
    case 'warning':
      return warningInWords(notice.warning);
  }
}

const normalisationInWords = ({ mean, std, published }: Normalisation): string =>
  published ? 'ImageNet’s mean and deviation' : `with mean ${mean} and deviation ${std} as they were given`;

function leftOut({ dataset, files, bad }: Extract<Notice, { kind: 'left-out' }>): string {
  const parts = [
    ...(files ? [leftOutInWords(files)] : []),
    ...(bad
      ? [
          `${count(bad.images)} of ${count(bad.of)} images, which cannot be decoded${bad.first === undefined ? '' : ` (the first: ${bad.first})`}`,
        ]
      : []),
  ];
  return `Left out of ${shortSpec(dataset)}: ${parts.join(', and ')}.`;
}
