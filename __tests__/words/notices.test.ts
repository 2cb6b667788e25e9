import { describe, expect, test } from '@jest/globals';
import { noticeInWords, type Notice } from '../../lib/words/index.js';
import type { Said } from '../support/said.js';

const folder = 'folder:/home/me/scenes';
const recipe = { mean: '0.485, 0.456, 0.406', std: '0.229, 0.224, 0.225', published: true };
const own = { mean: '0.5', std: '0.25', published: false };
const edge = { kind: 'edge-of-grid', source: 'a', target: 'b', from: 'logits', test: folder } as const;

const sentences: Said<Notice> = {
  'failed-check': [
    [
      { kind: 'failed-check', failure: { kind: 'text', text: 'the head is another.' } },
      'Failed check: the head is another.',
    ],
  ],
  'left-out': [
    [
      { kind: 'left-out', dataset: folder, files: { '.heic': 1 }, bad: { images: 2, of: 1200, first: 'b/bad.jpg' } },
      'Left out of folder:scenes: 1 file of a kind that is not read (1 .heic), and 2 of 1,200 images, which cannot be decoded (the first: b/bad.jpg).',
    ],
    [
      { kind: 'left-out', dataset: `${folder}[0:30]`, bad: { images: 2, of: 30 } },
      'Left out of folder:scenes[0:30]: 2 of 30 images, which cannot be decoded.',
    ],
  ],
  copies: [
    [
      { kind: 'copies', dataset: folder, images: 1 },
      '1 image of folder:scenes is a copy of others; an image counts once.',
    ],
    [
      { kind: 'copies', dataset: folder, images: 1300 },
      '1,300 images of folder:scenes are copies of others; an image counts once.',
    ],
  ],
  collapse: [
    [
      {
        kind: 'collapse',
        test: folder,
        answers: [
          { target: 'a', share: 0.9 },
          { target: 'b', share: 0.61 },
        ],
      },
      'Collapse: on folder:scenes, one class takes 90.0 % of the answers of a and 61.0 % of the answers of b. Agreement is then easy; kappa corrects for that.',
    ],
  ],
  'outside-span': [
    [
      {
        kind: 'outside-span',
        test: folder,
        logits: [
          { source: 'a', share: 0.25, fitted: null },
          { source: 'b', share: 0.5, fitted: { rows: 900, variations: 3 } },
        ],
      },
      'Outside the span: on folder:scenes, 25.0 % of the logits of a and 50.0 % of the logits of b (fitted on 300 images in 3 variations each) are outside the span of the training logits. There the data do not determine the map, and the minimum-norm map is used.',
    ],
  ],
  'not-held-out': [
    [
      { kind: 'not-held-out', test: folder, train: 'cifar100:train', images: 12, of: 1200 },
      '12 of the 1,200 images of folder:scenes are also in cifar100:train: they were not held out.',
    ],
  ],
  'edge-of-grid': [
    [
      { ...edge, prior: false, alpha: 1000, edge: 'largest' },
      'Alpha at the edge: for a → b from logits on folder:scenes the error is least at α = 1000, the largest of the grid. A better value may lie beyond it.',
    ],
    [
      { ...edge, prior: true, alpha: 0.001, edge: 'smallest' },
      'Alpha at the edge: for a → b from logits, with the head as prior, on folder:scenes the error is least at α = 0.001, the smallest of the grid. A better value may lie beyond it.',
    ],
  ],
  cropped: [
    [
      { kind: 'cropped', models: ['a', 'b', 'c'] },
      'a, b and c saw only the middle of each image, padded if the image is smaller. The transform ‘upsample’ shows the whole image and may spread the answers.',
    ],
  ],
  'other-transform': [
    [
      { kind: 'other-transform', models: ['a'], transform: 'protocol' },
      'a is seen through ‘protocol’ and not through the transform that its file states: in use the answers may differ. The transform ‘model’ takes the model’s own.',
    ],
    [
      { kind: 'other-transform', models: ['a', 'b'], transform: 'upsample' },
      'a and b are seen through ‘upsample’ and not through the transform that their files state: in use the answers may differ. The transform ‘model’ takes the model’s own.',
    ],
    [
      {
        ...{ kind: 'other-transform', models: ['a'], transform: 'timm' },
        ...{ used: ['mean 0.5', 'std 0.5'], stated: ['mean 0.4', 'std 0.2, 0.2, 0.3'] },
      },
      'a is seen through ‘timm’ with mean 0.5, std 0.5 and not through the transform that its file states, ‘timm’ with mean 0.4, std 0.2, 0.2, 0.3: in use the answers may differ. The transform ‘model’ takes the model’s own.',
    ],
  ],
  'assumed-transform': [
    [
      { kind: 'assumed-transform', models: ['a'], scaled: [recipe] },
      'a states no transform: the usual one, ‘imagenet’ (shorter side resized, middle cropped, ImageNet’s mean and deviation), is assumed. If the model was trained with another one, its answers in use differ: give its transform, or its mean and deviation.',
    ],
    [
      { kind: 'assumed-transform', models: ['a', 'b'], scaled: [] },
      'a and b state no transform: the usual one, ‘imagenet’ (shorter side resized, middle cropped), is assumed. If the models were trained with another one, their answers in use differ: give its transform, or its mean and deviation.',
    ],
  ],
  'unstated-transform': [
    [
      { kind: 'unstated-transform', models: ['a'], all: true, normalisation: recipe },
      'a is seen through ‘protocol’, the published recipe’s transform (a centred crop without resizing, ImageNet’s mean and deviation). The files do not say whether a model was trained with another one; if so, its answers in use differ.',
    ],
    [
      { kind: 'unstated-transform', models: ['a', 'b', 'c'], all: true, normalisation: own },
      'All 3 models are seen through ‘protocol’, the steps of the published recipe’s transform (a centred crop without resizing, with mean 0.5 and deviation 0.25 as they were given). The files do not say whether a model was trained with another one; if so, its answers in use differ.',
    ],
  ],
  warning: [
    [{ kind: 'warning', warning: { kind: 'no-variation' } }, 'X does not vary: the map answers with the mean of Y.'],
  ],
};

describe.each(Object.values(sentences).flat())('%j', (notice, sentence) => {
  test('in words', () => expect(noticeInWords(notice)).toBe(sentence));
});
