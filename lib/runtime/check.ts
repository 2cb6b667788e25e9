import { uniform, count, FeatReconstructError, option } from '../base/index.js';
import type { LinearMap } from '../tensor/index.js';
import type { InputPlace, ModelInput, ModelBatch } from './input.js';
import type { ModelOutput } from './output.js';

/**
 * How far a logit may be from the head of the features: a share of the largest logit, plus a share of the sum over
 * |weight| |feature|, since rounding grows with that sum.
 */
const tolerances: Record<string, { scale: number; sum: number }> = {
  float64: { scale: 1e-5, sum: 1e-6 },
  float32: { scale: 1e-4, sum: 1e-6 },
  float16: { scale: 1e-2, sum: 2e-3 },
  bfloat16: { scale: 5e-2, sum: 1e-2 },
};

/**
 * Checks on a batch that the tapped tensors and the lifted head belong together.
 * @throws FeatReconstructError with the figures when head(features) is not the logits
 */
export function checkHead(head: LinearMap, precision: string, n: number, { features, logits }: ModelOutput): void {
  for (const [what, values] of Object.entries({ features, logits })) {
    const bad = values.find((value) => !Number.isFinite(value));
    if (bad === undefined) continue;
    throw new FeatReconstructError(
      `Expected finite ${what} for a random batch, found ${bad}: the model's weights or its precision are damaged; export it again.`,
      { code: 'not-finite' },
    );
  }
  const { scale, sum } = tolerances[precision] ?? tolerances.float32;
  const [c, d] = head.weight.shape;
  const weight = head.weight.data;
  const bias = head.bias.data;
  const logitScale = logits.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  let worst = 0;
  let allowed = 0;
  for (let row = 0; row < n; row++) {
    for (let k = 0; k < c; k++) {
      let value = bias[k];
      let magnitude = value < 0 ? -value : value;
      for (let j = 0; j < d; j++) {
        const product = weight[k * d + j] * features[row * d + j];
        value += product;
        magnitude += product < 0 ? -product : product;
      }
      const error = Math.abs(value - logits[row * c + k]);
      const limit = scale * logitScale + sum * magnitude;
      if (error / limit > worst / allowed || allowed === 0) [worst, allowed] = [error, limit];
    }
  }
  if (worst <= allowed) return;
  throw new FeatReconstructError(
    `Expected the head of the features to give the model's logits on a random batch, found a difference of ${worst.toPrecision(3)} where ${allowed.toPrecision(3)} is rounding (${precision}; the largest logit is ${logitScale.toPrecision(3)}): the head is not linear, or the tensors found are not its own. Name them with ${option("the options 'features' and 'logits'", '--features-tensor and --logits-tensor')}.`,
    { code: 'mismatch' },
  );
}

/** Lengths to try for open dimensions of a model that takes no images: of words, features, samples of sound. */
const openLengths = [16, 256, 16384];

/** Most numbers in a batch: half a gigabyte, or two images of over 4,000 x 4,000. */
const mostNumbers = 2 ** 27;

/** Random batches, the same at every load, one for each guess of open dimensions: normal floats, whole numbers of 0 and 1. */
export function* sampleBatches(input: ModelInput, rows: number): Generator<ModelBatch> {
  const { layout, imageSize, otherInputs } = input;
  const isOpen = [input, ...(otherInputs ?? [])].some(({ inputShape }) => inputShape.slice(1).some((dim) => dim < 0));
  for (const guess of layout === 'other' && isOpen ? openLengths : [0]) {
    const dimsOf = ({ inputShape }: InputPlace) => inputShape.map((dim, i) => (i === 0 ? rows : dim > 0 ? dim : guess));
    const dims = dimsOf(input);
    if (imageSize) dims.splice(layout === 'nchw' ? 2 : 1, 2, ...imageSize);
    const others = otherInputs?.map((other) => [other.inputName, sampleTensor(other.inputType, dimsOf(other))]);
    yield {
      ...sampleTensor(input.inputType, dims),
      ...(others ? { others: Object.fromEntries(others) as ModelBatch['others'] } : {}),
    };
  }
}

function sampleTensor(type: string, dims: number[]): ModelBatch {
  const length = dims.reduce((product, dim) => product * dim, 1);
  if (length > mostNumbers) {
    throw new FeatReconstructError(
      `Expected an input of at most ${count(mostNumbers)} numbers for ${dims[0]} examples, found the shape ${dims.join(' x ')}: no such batch fits in memory. If the file is not damaged, export the model with a smaller input.`,
      { code: 'too-large' },
    );
  }
  return { ...sampleData(type, length), dims };
}

function sampleData(type: string, length: number): Pick<ModelBatch, 'type' | 'data'> {
  const random = uniform(1);
  if (type === 'float32' || type === 'float16' || type === 'float64') {
    // Box and Muller 1958.
    const { sqrt, log, cos, PI } = Math;
    const data = new Float32Array(length);
    for (let i = 0; i < length; i++) data[i] = sqrt(-2 * log(1 - random())) * cos(2 * PI * random());
    return { type: 'float32', data };
  }
  const bit = () => Math.floor(2 * random());
  if (type === 'int64') return { type, data: BigInt64Array.from({ length }, () => BigInt(bit())) };
  const arrays: Record<string, { from(list: { length: number }, map: () => number): ModelBatch['data'] }> = {
    int32: Int32Array,
    uint8: Uint8Array,
    int8: Int8Array,
    bool: Uint8Array,
  };
  if (arrays[type]) return { type, data: arrays[type].from({ length }, bit) };
  throw new FeatReconstructError(
    `Expected a model that reads floats or whole numbers, found the input type ${type}: export it with float32 input.`,
  );
}
