/** Terms that a reader of results meets, each with one sentence. The page and the terminal say the same. */
const sentences = {
  features: 'Features: the input of the model’s last linear layer, its head. Logits: its output.',
  agreement:
    'Agreement: the share of test images that keep their class when the head gets the features read back instead of the model’s own.',
  r2: 'R²: the share of the features’ variance that is read back; 1 is all of it.',
  span: 'In span: the share of test images whose logits are in the span of the training logits. Outside it the training images do not determine the map.',
  'row space': 'Row space: the part of the features that reaches the logits; the rest changes none of them.',
  prior:
    'Head as prior: the map follows the inverse of the model’s own head where the training images do not determine it.',
  ridge: 'Ridge α: a penalty that keeps the map small, so that it does not fit chance; α is how strong it is.',
  rectified: 'Rectified: set to zero wherever it would be negative, as a ReLU does.',
  affine: 'Affine function: each output times a number of its own, all added up, plus a constant.',
  scale: 'Up to its scale: each feature times one unknown number, the same for every image.',
  normalisation:
    'Normalisation: a layer that brings the features of every image to the same length, as a LayerNorm does.',
  sgd: 'SGD: the published recipe, which approaches the exact solution by stochastic gradient descent.',
  kappa: 'Kappa: agreement beyond chance, given the class shares of both sides; 1 is perfect, 0 is chance.',
  mse: 'MSE: the mean squared error of a feature; total/256 is the published sum over batches of 256.',
  raw: 'Raw: the share of test images on which the two models’ own answers agree.',
  cka: 'CKA: how alike the two models’ features are before any map; 1 is the same up to rotation and scale.',
} as const;

export type Term = keyof typeof sentences;

/** Says what a term means where it is first used, and not again. */
export class Glossary {
  private readonly told = new Set<Term>();

  /** Sentences of the terms that were not said yet, in the order of the list above. */
  firstUse(terms: Iterable<Term>): string[] {
    const asked = new Set(terms);
    return (Object.keys(sentences) as Term[]).flatMap((term) => {
      if (!asked.has(term) || this.told.has(term)) return [];
      this.told.add(term);
      return [sentences[term]];
    });
  }
}
