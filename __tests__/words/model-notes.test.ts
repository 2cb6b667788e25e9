import { expect, test } from '@jest/globals';
import { modelNoteInWords, type ModelNote, type NotFollowed, type OutputForm } from '../../lib/words/index.js';
import type { Said } from '../support/said.js';

const output = { kind: 'output-form', output: 'p', logits: 'z' } as const;
const softmax = { kind: 'softmax', as: 'node' } as const;
const attributes = { kind: 'attributes', node: "LinearClassifier 'c'", logits: 'scores' } as const;
const array = { kind: 'head-of-arrays', file: 'head.npz', weight: 'coef_', shape: [3, 2], transposed: false } as const;
const stated = { file: 'config.json' };

const notes: Said<ModelNote> = {
  'output-form': [[{ ...output, form: softmax }, "The output 'p' is a Softmax; the logits before it, 'z', are used."]],
  'rounded-output': [
    [
      { kind: 'rounded-output', node: "QuantizeLinear 'q'", logits: 'z' },
      "The output is rounded to a few bits (QuantizeLinear 'q'); the logits before that, 'z', are used. What the model publishes is coarser, and gives away less.",
    ],
  ],
  attributes: [
    [
      { ...attributes, post: null },
      "The weights of LinearClassifier 'c' are attributes of the node: its scores, 'scores', are the logits.",
    ],
    [
      { ...attributes, post: 'SOFTMAX' },
      "The weights of LinearClassifier 'c' are attributes of the node: its scores, before its SOFTMAX, 'scores', are the logits.",
    ],
  ],
  folded: [
    [{ kind: 'folded', node: "Mul 'm'", several: false }, "The constant of Mul 'm' is folded into the head."],
    [
      { kind: 'folded', node: "BatchNormalization 'b'", several: true },
      "The constants of BatchNormalization 'b' are folded into the head.",
    ],
  ],
  'mean-over-positions': [
    [
      { kind: 'mean-over-positions', node: "ReduceMean 'm'", tensor: 'f' },
      "The head stands before a mean over positions (ReduceMean 'm'): the features are the means of 'f', which the same head takes to the same logits.",
    ],
  ],
  'side-by-side': [
    [
      { kind: 'side-by-side', tensors: ['f', 'g'] },
      "The logits are one linear map of 2 tensors, 'f', 'g': the features are these side by side.",
    ],
  ],
  'rounded-features': [
    [
      { kind: 'rounded-features', node: "DequantizeLinear 'd'" },
      "The model is quantised: its features are rounded to 8 bits (DequantizeLinear 'd'), and the head's weight is what its integers stand for. Figures are of these features, not of those before quantisation.",
    ],
  ],
  'no-head': [[{ kind: 'no-head', features: 'f' }, "The model has no head: 'f' is taken for its features."]],
  'open-size': [
    [
      { kind: 'open-size', size: [224, 160] },
      'The model leaves the size of its images open: 224 x 160 is assumed, since none was given.',
    ],
  ],
  'transform-stated': [[{ kind: 'transform-stated', ...stated }, 'config.json beside the model states the transform.']],
  'transform-not-followed': [
    [
      { kind: 'transform-not-followed', ...stated, why: { kind: 'borders' } },
      'config.json beside the model is not followed: it trims borders. Name the transform yourself.',
    ],
  ],
  'graph-by-tensors': [
    [
      { kind: 'graph-by-tensors', graph: 'timm.resnet18', source: 'timm 1.0' },
      "The graph timm.resnet18 (timm 1.0) was chosen by the names and shapes of the tensors. These do not show the activations; the model's config.json beside the checkpoint would.",
    ],
  ],
  'stored-types': [
    [
      { kind: 'stored-types', types: ['float16', 'bfloat16'] },
      'The checkpoint holds float16 and bfloat16 numbers; the model computes in float32.',
    ],
  ],
  'head-of-arrays': [
    [{ ...array, bias: 'intercept_' }, 'The head is coef_ (3, 2) of head.npz with the bias intercept_.'],
    [
      { ...array, bias: null },
      'The head is coef_ (3, 2) of head.npz without a bias, which is taken as 0. Give one if the model has it.',
    ],
    [
      { ...array, shape: [2, 3], transposed: true, bias: 'b.npy' },
      'The head is coef_ (2, 3), transposed, of head.npz with the bias b.npy.',
    ],
    [
      { ...array, shape: [2, 3], transposed: true, bias: null },
      'The head is coef_ (2, 3), transposed, of head.npz without a bias, which is taken as 0. Give one if the model has it.',
    ],
  ],
};

test.each(Object.values(notes).flat())('%j', (note, sentence) => expect(modelNoteInWords(note)).toBe(sentence));

const overImages = 'over the images of a batch, and not over the classes';

const forms: Record<OutputForm['kind'], [OutputForm, string][]> = {
  softmax: [
    [softmax, 'a Softmax'],
    [{ kind: 'softmax', as: 'node-over-images' }, `a Softmax ${overImages}`],
    [{ kind: 'softmax', as: 'pieces' }, 'a softmax in pieces'],
  ],
  'log-softmax': [
    [{ kind: 'log-softmax', as: 'node' }, 'a LogSoftmax'],
    [{ kind: 'log-softmax', as: 'node-over-images' }, `a LogSoftmax ${overImages}`],
    [{ kind: 'log-softmax', as: 'pieces' }, 'a log-softmax in pieces'],
  ],
  sigmoid: [
    [{ kind: 'sigmoid', as: 'node' }, 'a Sigmoid'],
    [{ kind: 'sigmoid', as: 'pieces' }, 'a sigmoid in pieces'],
  ],
  'made-by': [[{ kind: 'made-by', node: "ZipMap 'z'" }, "what ZipMap 'z' makes of it"]],
  exponential: [[{ kind: 'exponential', of: { kind: 'log-softmax', as: 'node' } }, 'the exponential of a LogSoftmax']],
  logarithm: [[{ kind: 'logarithm', of: softmax }, 'the logarithm of a Softmax']],
  'over-its-sum': [
    [{ kind: 'over-its-sum', of: { kind: 'sigmoid', as: 'pieces' } }, 'a sigmoid in pieces over its sum'],
  ],
};

test.each(Object.values(forms).flat())('%j', (form, said) =>
  expect(modelNoteInWords({ ...output, form })).toBe(`The output 'p' is ${said}; the logits before it, 'z', are used.`),
);

const reasons: Said<NotFollowed> = {
  field: [[{ kind: 'field', field: 'do_pad' }, "it has 'do_pad', which is not supported"]],
  processor: [[{ kind: 'processor', name: 'Perceiver' }, 'what a Perceiver processor does to sizes is not supported']],
  resizing: [[{ kind: 'resizing' }, 'how it resizes is not supported']],
  resample: [[{ kind: 'resample', filter: '9' }, "it resizes by filter '9', which is none of Pillow's"]],
  interpolation: [
    [{ kind: 'interpolation', filter: 'random' }, "its interpolation 'random' is none of Pillow's filters"],
  ],
  'crop-mode': [[{ kind: 'crop-mode', mode: 'spiral' }, "its crop mode 'spiral' is not known"]],
  'crop-without-size': [[{ kind: 'crop-without-size' }, 'it crops to no size']],
  'no-resize': [[{ kind: 'no-resize' }, 'it does not resize']],
  'shorter-side': [
    [{ kind: 'shorter-side' }, 'it resizes the shorter side and does not crop, so that sizes depend on the image'],
  ],
  borders: [[{ kind: 'borders' }, 'it trims borders']],
  normalisation: [[{ kind: 'normalisation' }, 'it normalises by no three numbers']],
  'other-size': [
    [{ kind: 'other-size', made: [16, 12], read: [8, 8] }, 'it makes images of 16 x 12, and the model reads 8 x 8'],
  ],
  refused: [[{ kind: 'refused', message: 'As it was said.' }, 'As it was said']],
};

test.each(Object.values(reasons).flat())('%j', (why, said) =>
  expect(modelNoteInWords({ kind: 'transform-not-followed', ...stated, why })).toBe(
    `config.json beside the model is not followed: ${said}. Name the transform yourself.`,
  ),
);
