import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { mismatch } from '../../lib/results/index.js';
import {
  distinctWarnings,
  failureInWords,
  notKnownInWords,
  recordedWarnings,
  warningInWords,
  warningsInWords,
  type Failure,
  type NotKnown,
  type Warning,
} from '../../lib/words/index.js';
import type { Said } from '../support/said.js';

// Every sentence, for each kind: the one place where tests hold what they say.

const left = { kind: 'columns-left-out', first: 3, ratio: 5.2e-7 } as const;
const sgd = { kind: 'diverged', learningRate: 0.1, momentum: 0.9, limit: 0.0871 } as const;
const test_ = 'folder:/home/me/scenes:val';
const all = { kind: 'collapse', target: 'b', test: test_, share: 0.9 } as const;
const outside = { kind: 'outside-span', source: 'a', from: 'logits', test: test_, of: 10000 } as const;
const picked = {
  kind: 'outputs-picked',
  observe: 'probs+round:2',
  outputs: 1024,
  of: 5000,
  trainingRows: 20000,
} as const;
const choice = { kind: 'choice', source: 'a', target: 'b', from: 'logits' } as const;
const edge = { kind: 'edge-of-grid', alpha: 1000, edge: 'largest' } as const;

const warnings: Said<Warning> = {
  'no-variation': [[{ kind: 'no-variation' }, 'X does not vary: the map answers with the mean of Y.']],
  'unclear-rank': [
    [
      { kind: 'unclear-rank', rank: 48, gap: 1.778 },
      'The rank, 48, depends on rcond: the eigenvalues on either side of the cut differ by a factor of only 1.78.',
    ],
  ],
  'columns-left-out': [
    [
      { ...left, columns: 1 },
      'Column 3 of X was left out, wholly or in part: it varies 5e-7 times as much as the widest column, which is below the cut. Scale the columns of X alike, or lower rcond.',
    ],
    [
      { ...left, columns: 1200 },
      '1,200 columns of X were left out, wholly or in part: column 3, the first of them, varies 5e-7 times as much as the widest column, which is below the cut. Scale the columns of X alike, or lower rcond.',
    ],
  ],
  'direction-left-out': [
    [
      { kind: 'direction-left-out', ratio: 3.2e-7 },
      'A direction of X with 3e-7 times the spread of the widest was left out: below the cut it counts as float32 rounding. If X is exact in float64, lower rcond.',
    ],
  ],
  'no-difference': [
    [
      { kind: 'no-difference', alphas: 11, select: 'error', tolerance: 1e-9 },
      'All 11 alphas have the same error, to 1e-9 of the variance of the targets: the choice makes no difference, and the first in the grid is taken.',
    ],
    [
      { kind: 'no-difference', alphas: 11, select: 'agreement', tolerance: 1e-9 },
      'All 11 alphas agree on as many rows: the choice makes no difference, and the first in the grid is taken.',
    ],
  ],
  'edge-of-grid': [
    [edge, 'The best alpha, 1000, is the largest of the grid: a still larger one may be better.'],
    [
      { ...edge, alpha: 1e-6, edge: 'smallest' },
      'The best alpha, 0.000001, is the smallest of the grid: a still smaller one, or 0, may be better.',
    ],
  ],
  'errors-at-rounding': [
    [
      { kind: 'errors-at-rounding', alphas: 2 },
      'The errors of 2 alphas are within rounding of 0: they count as equal, and the first in the grid is taken.',
    ],
  ],
  diverged: [
    [
      { ...sgd, epoch: 3, losses: null },
      'SGD diverged at learning rate 0.1: its loss was no longer finite in epoch 3. Gradient descent with momentum 0.9 is stable on these inputs only below a learning rate of 2(1 + momentum)/λ_max = 0.0871. Lower the learning rate, or use the exact solver.',
    ],
    [
      { ...sgd, limit: 0.2, epoch: null, losses: [1.5, 1234567] },
      'SGD diverged at learning rate 0.1: its loss grew from 1.50 in the first epoch to 1.23e+6 in the last. Gradient descent with momentum 0.9 is stable on these inputs only below a learning rate of 2(1 + momentum)/λ_max = 0.200, and single batches can be steeper. Lower the learning rate, or use the exact solver.',
    ],
    [
      { ...sgd, limit: null, epoch: 1, losses: null },
      'SGD diverged at learning rate 0.1: its loss was no longer finite in epoch 1. Lower the learning rate, or use the exact solver.',
    ],
  ],
  collapse: [
    [
      { ...all, variations: false },
      'b gives 90.0 % of the images of folder:scenes:val one class: agreement is then easy. Kappa corrects for that.',
    ],
    [
      { ...all, variations: true },
      'b gives 90.0 % of the images and variations of folder:scenes:val one class: agreement is then easy. Kappa corrects for that.',
    ],
  ],
  'outside-span': [
    [
      { ...outside, outside: 1200, variations: false },
      '1,200 of the 10,000 images of folder:scenes:val have logits outside the span of the training logits of a. There the data do not determine the map, and the minimum-norm map is used.',
    ],
    [
      { ...outside, outside: 1, variations: true },
      '1 of the 10,000 images and variations of folder:scenes:val has logits outside the span of the training logits of a. There the data do not determine the map, and the minimum-norm map is used.',
    ],
  ],
  'not-held-out': [
    [
      { kind: 'not-held-out', train: 'cifar100:train', test: test_, overlap: 10, of: 1000 },
      '10 of the 1,000 images of folder:scenes:val are also in cifar100:train: they were not held out.',
    ],
  ],
  choice: [
    [
      { ...choice, prior: null, found: [edge] },
      'Cross-validation of a → b from logits: the best alpha, 1000, is the largest of the grid: a still larger one may be better.',
    ],
    [
      { ...choice, prior: 'head', found: [edge, { kind: 'errors-at-rounding', alphas: 2 }] },
      'Cross-validation of a → b from logits, with the head as prior: the best alpha, 1000, is the largest of the grid: a still larger one may be better. The errors of 2 alphas are within rounding of 0: they count as equal, and the first in the grid is taken.',
    ],
  ],
  'rows-enough': [
    [
      { kind: 'rows-enough', observe: 'logits', rows: 20480, of: 50000 },
      'The map from logits was fitted on 20,480 of the 50,000 training rows, which determine it.',
    ],
  ],
  'outputs-picked': [
    [
      { ...picked, rows: null, imagesNeeded: 15000 },
      'The map reads the 1,024 outputs of probs+round:2 that vary most, out of 5,000. A map of all outputs would need 15,000 images and a matrix of 5,000 x 5,000. All outputs together give away as much or more.',
    ],
    [
      { ...picked, rows: 10240, imagesNeeded: 15000 },
      'The map reads the 1,024 outputs of probs+round:2 that vary most, out of 5,000, fitted on 10,240 of the 20,000 training rows. A map of all outputs would need 15,000 images and a matrix of 5,000 x 5,000. All outputs together give away as much or more.',
    ],
  ],
  'labels-by-number': [
    [
      { kind: 'labels-by-number', labels: 'folders', dataset: 'folder:/a/photos', classes: 1000, model: 'm' },
      'Accuracy assumes that the 1,000 folders of folder:photos, in the order of their names, are the 1,000 classes of m. Only their number suggests it.',
    ],
  ],
  'classes-apart': [
    [
      {
        ...{ kind: 'classes-apart', train: 'folder:/a/photos[0:1500]', test: 'folder:/a/photos[1500:2000]' },
        ...{ images: 400, of: 500, classes: 2 },
      },
      'In folder:photos[1500:2000], 400 of the 500 images are of 2 classes that have no image in folder:photos[0:1500]. A slice takes images in their order, and a folder is in the order of its classes. Split the classes by folders, or name the images of each part in a list (list:FILE).',
    ],
  ],
  'span-unknown': [
    [
      { kind: 'span-unknown' },
      'The rows of the fit were not given. So it is not known which test rows are in their span, or whether a test row is one of them.',
    ],
  ],
  'rows-fitted-on': [
    [
      { kind: 'rows-fitted-on', shared: 120, of: 1200 },
      '120 of the 1,200 test rows are equal to a training row, bit for bit. Either these images were not held out, or the model cannot tell them apart.',
    ],
  ],
  'embeddings-not-unit': [
    [
      { kind: 'embeddings-not-unit', file: 'e.npy', least: 1, most: 24 },
      "The class embeddings of e.npy are not of unit norm (1.00 to 24.0). They are normalised here. If templates were averaged before normalising, the answers differ from open_clip's.",
    ],
  ],
  'embeddings-alike': [
    [
      { kind: 'embeddings-alike', file: 'e.npy', classes: 24, distinct: 22 },
      'Only 22 of the 24 class embeddings of e.npy are distinct: among classes that share one, the first always wins.',
    ],
  ],
  'embeddings-far': [
    [
      { kind: 'embeddings-far', model: 'm', cosine: 0.1234, byChance: 0.2 },
      'The class embeddings are no nearer to the embeddings of m than the same numbers in random order (mean of the best cosines 0.123, in random order up to 0.200): they may be of another model, or saved in the wrong order.',
    ],
  ],
  'made-tower': [
    [
      { kind: 'made-tower' },
      'The tower stands in for CLIP: it was trained to match class embeddings that were drawn by seed; no text was read.',
    ],
  ],
  text: [[{ kind: 'text', text: 'As it was.' }, 'As it was.']],
};

const notKnown: Said<NotKnown> = {
  'few-images': [
    [{ kind: 'few-images', images: 2999, numbers: 1000 }, '2,999 images for a map from 1,000 numbers'],
    [{ kind: 'few-images', images: 1, numbers: 3 }, '1 image for a map from 3 numbers'],
  ],
  'no-better-than-mean': [[{ kind: 'no-better-than-mean' }, 'the map does no better than the mean of the features']],
  text: [[{ kind: 'text', text: 'why' }, 'why']],
};

const failures: Said<Failure> = {
  'class-changed': [
    [
      { kind: 'class-changed', model: 'm', test: 'folder:/a/b', images: 7, row: 3, margin: 0.51234 },
      'm on folder:b: 7 images inside the span change their class, the first in row 3 with a margin of 0.512. Exact least squares cannot do that: the tapped tensor, the head or the solver is wrong.',
    ],
  ],
  text: [[{ kind: 'text', text: 'wrong' }, 'wrong']],
};

const schema = JSON.parse(readFileSync('assets/results.schema.json', 'utf8'));
const wrong = (value: unknown, name: string): string | null =>
  mismatch(JSON.parse(JSON.stringify(value)), schema.definitions[name], '', schema);
const kindsOf = (name: string): string[] =>
  schema.definitions[name].oneOf.map((each: { properties: { kind: { const: string } } }) => each.properties.kind.const);

const choices = new Set(['no-difference', 'edge-of-grid', 'errors-at-rounding']);

describe.each(Object.values(warnings).flat())('%j', (warning, sentence) => {
  test('in words', () => expect(warningInWords(warning)).toBe(sentence));
  test('fits the schema', () =>
    expect(wrong(warning, choices.has(warning.kind) ? 'choiceWarning' : 'warning')).toBeNull());
});

describe.each(Object.values(notKnown).flat())('%j', (reason, words) => {
  test('in words', () => expect(notKnownInWords(reason)).toBe(words));
  test('fits the schema', () => expect(wrong(reason, 'notKnown')).toBeNull());
});

describe.each(Object.values(failures).flat())('%j', (failure, sentence) => {
  test('in words', () => expect(failureInWords(failure)).toBe(sentence));
  test('fits the schema', () => expect(wrong(failure, 'failure')).toBeNull());
});

test('the schema has each kind, and no other', () => {
  const row = Object.keys(warnings).filter((kind) => !choices.has(kind));
  expect(kindsOf('warning').sort()).toEqual(row.sort());
  expect(kindsOf('choiceWarning').sort()).toEqual([...choices, 'text'].sort());
  expect(kindsOf('notKnown').sort()).toEqual(Object.keys(notKnown).sort());
  expect(kindsOf('failure').sort()).toEqual(Object.keys(failures).sort());
});

test('several stand one after the other, and each once', () => {
  const [a, b] = [edge, { kind: 'no-variation' } as const];
  expect(warningsInWords([b, a])).toBe(`${warningInWords(b)} ${warningInWords(a)}`);
  expect([warningsInWords([]), warningsInWords(null)]).toEqual([null, null]);
  expect(distinctWarnings([{ warnings: [a, b] }, { warnings: [{ ...a }] }])).toEqual([a, b].map(warningInWords));
});

test('of a record out of a file what is no warning is left out', () => {
  const good = { kind: 'unclear-rank', rank: 3, gap: 2 } as const;
  expect(recordedWarnings([good, { kind: 'unclear-rank', rank: 3 }, { kind: 'toString' }, null, 3, 'x'])).toEqual([
    good,
  ]);
  expect(recordedWarnings('The rank 3 is …')).toEqual([{ kind: 'text', text: 'The rank 3 is …' }]);
  for (const none of [null, undefined, {}, 3, []]) expect(recordedWarnings(none)).toEqual([]);
});
