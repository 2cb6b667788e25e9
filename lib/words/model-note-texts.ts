/** The sentences on how a model was read. */
import type { ModelNote, NotFollowed, OutputForm } from './model-notes.js';

/** One note, in a sentence or two. */
export function modelNoteInWords(note: ModelNote): string {
  switch (note.kind) {
    case 'output-form':
      return `The output '${note.output}' is ${outputForm(note.form)}; the logits before it, '${note.logits}', are used.`;
    case 'rounded-output':
      return `The output is rounded to a few bits (${note.node}); the logits before that, '${note.logits}', are used. What the model publishes is coarser, and gives away less.`;
    case 'attributes': {
      const behind = note.post === null ? '' : `, before its ${note.post}`;
      return `The weights of ${note.node} are attributes of the node: its scores${behind}, '${note.logits}', are the logits.`;
    }
    case 'folded':
      return `The ${note.several ? 'constants' : 'constant'} of ${note.node} ${note.several ? 'are' : 'is'} folded into the head.`;
    case 'mean-over-positions':
      return `The head stands before a mean over positions (${note.node}): the features are the means of '${note.tensor}', which the same head takes to the same logits.`;
    case 'side-by-side': {
      const { tensors } = note;
      return `The logits are one linear map of ${tensors.length} tensors, ${tensors.map((each) => `'${each}'`).join(', ')}: the features are these side by side.`;
    }
    case 'rounded-features':
      return `The model is quantised: its features are rounded to 8 bits (${note.node}), and the head's weight is what its integers stand for. Figures are of these features, not of those before quantisation.`;
    case 'no-head':
      return `The model has no head: '${note.features}' is taken for its features.`;
    case 'open-size':
      return `The model leaves the size of its images open: ${bySides(note.size)} is assumed, since none was given.`;
    case 'transform-stated':
      return `${note.file} beside the model states the transform.`;
    case 'transform-not-followed':
      return `${note.file} beside the model is not followed: ${whyNot(note.why)}. Name the transform yourself.`;
    case 'graph-by-tensors':
      return `The graph ${note.graph} (${note.source}) was chosen by the names and shapes of the tensors. These do not show the activations; the model's config.json beside the checkpoint would.`;
    case 'stored-types':
      return `The checkpoint holds ${note.types.join(' and ')} numbers; the model computes in float32.`;
    case 'head-of-arrays': {
      const { file, weight, shape, transposed, bias } = note;
      const head = `The head is ${weight} (${shape.join(', ')})${transposed ? ', transposed,' : ''} of ${file}`;
      return bias === null
        ? `${head} without a bias, which is taken as 0. Give one if the model has it.`
        : `${head} with the bias ${bias}.`;
    }
  }
}

const bySides = (size: readonly number[]): string => size.join(' x ');

/** What an output is: `a Softmax`. */
function outputForm(form: OutputForm): string {
  switch (form.kind) {
    case 'softmax':
    case 'log-softmax':
    case 'sigmoid':
      if (form.as === 'pieces') return `a ${form.kind} in pieces`;
      return `a ${operators[form.kind]}${form.as === 'node' ? '' : ' over the images of a batch, and not over the classes'}`;
    case 'made-by':
      return `what ${form.node} makes of it`;
    case 'exponential':
    case 'logarithm':
      return `the ${form.kind} of ${outputForm(form.of)}`;
    case 'over-its-sum':
      return `${outputForm(form.of)} over its sum`;
  }
}

/** As ONNX calls them. */
const operators = { softmax: 'Softmax', 'log-softmax': 'LogSoftmax', sigmoid: 'Sigmoid' };

/** Why a stated transform is not followed, as it stands behind a colon. */
function whyNot(why: NotFollowed): string {
  switch (why.kind) {
    case 'field':
      return `it has '${why.field}', which is not supported`;
    case 'processor':
      return `what a ${why.name} processor does to sizes is not supported`;
    case 'resizing':
      return 'how it resizes is not supported';
    case 'resample':
      return `it resizes by filter '${why.filter}', which is none of Pillow's`;
    case 'interpolation':
      return `its interpolation '${why.filter}' is none of Pillow's filters`;
    case 'crop-mode':
      return `its crop mode '${why.mode}' is not known`;
    case 'crop-without-size':
      return 'it crops to no size';
    case 'no-resize':
      return 'it does not resize';
    case 'shorter-side':
      return 'it resizes the shorter side and does not crop, so that sizes depend on the image';
    case 'borders':
      return 'it trims borders';
    case 'normalisation':
      return 'it normalises by no three numbers';
    case 'other-size':
      return `it makes images of ${bySides(why.made)}, and the model reads ${bySides(why.read)}`;
    case 'refused':
      return why.message.replace(/\.$/, '');
  }
}
