import type { Store } from '../extract/index.js';
import { composeLinearMaps, pseudoInverse, readerOfGram, readJoint, type Span } from '../fit/index.js';
import { matrix, type Matrix } from '../linalg/index.js';
import { parseObserve, type ObserveStep } from '../words/index.js';
import { RowFacts } from '../leaks/index.js';
import { denseData, toNdArray, type LinearMap, type RowSource } from '../tensor/index.js';
import { spaceOf } from './head-spaces.js';

/** Above this number of outputs a fit's matrix of outputs x outputs, and its spectrum, take more than a second. */
export const manyOutputs = 1024;

/** What a fit reads of a model on some images, where that is not its logits as they stand in the store. */
export type Reads = (store: Pick<Store, 'features' | 'logits'>) => RowSource;

/**
 * From features to what is read for the logits of a head of many classes and fewer features: u = R f of `jointProblem`, as many
 * numbers as the head has rank, with the same singular values and the same smallest maps as the logits. Null where the logits
 * themselves are read.
 */
export const headReader = async (head: LinearMap): Promise<LinearMap | null> =>
  isReadThroughHead(head) ? readerOfGram((await spaceOf(head)).gram!) : null;

function isReadThroughHead({ weight }: LinearMap): boolean {
  const [classes, features] = weight.shape;
  return classes > manyOutputs && classes > features;
}

/** The rows of a head reader (`headReader`) on any images. */
export const readsOf =
  (read: LinearMap): Reads =>
  ({ features }) =>
    readJoint(read, features);

/** A span of what is read, as one of the logits: their directions are those of u, seen through Q = W R⁺. */
export async function spanOfLogits(span: Span, read: LinearMap, head: LinearMap): Promise<Span> {
  const [p, r] = span.basis.shape;
  const columns: LinearMap = { weight: span.basis, bias: toNdArray(span.mean, [p]) };
  // The head last: with very many classes it is by far the largest of the three.
  const back = await composeLinearMaps(await pseudoInverse(read), columns);
  const { weight, bias } = await composeLinearMaps(head, back);
  return {
    mean: denseData(bias) as Float64Array,
    basis: toNdArray(denseData(weight) as Float64Array, [head.weight.shape[0], r]),
    rank: span.rank,
  };
}

/**
 * What a fit reads for an interface whose outputs are affine in the features and one more number: logits at a
 * temperature T and log-probabilities are W f/T + b/T − l, with l the logarithm of the sum of exponentials, the same for
 * every class. Null for any other.
 */
export async function affineReads(spec: string, head: LinearMap): Promise<Reads | null> {
  const shown = affineIn(parseObserve(spec).steps);
  if (!shown || !isReadThroughHead(head)) return null;
  const { temperature, normalised } = shown;
  const read = await readerOfGram(gramWith(head, (await spaceOf(head)).gram!, shown));
  return (store) => readJoint(read, normalised ? withSum(store, temperature) : withColumn(store.features));
}

/** WᵀW of the weight of such an interface, [W/T, −1] or [W/T, 0], out of that of the head. */
function gramWith({ weight }: LinearMap, gram: Matrix, { temperature, normalised }: AffineShown): Matrix {
  const [classes, d] = weight.shape;
  const out = matrix(d + 1, d + 1);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++) out.data[i * (d + 1) + j] = gram.data[i * d + j] / temperature ** 2;
  if (!normalised) return out;
  const data = denseData(weight);
  const sums = new Float64Array(d);
  for (let i = 0, at = 0; i < classes; i++) for (let j = 0; j < d; j++, at++) sums[j] += data[at];
  for (let j = 0; j < d; j++) out.data[j * (d + 1) + d] = out.data[d * (d + 1) + j] = -sums[j] / temperature;
  out.data[(d + 1) ** 2 - 1] = classes;
  return out;
}

interface AffineShown {
  temperature: number;
  normalised: boolean;
}

function affineIn(steps: readonly ObserveStep[]): AffineShown | null {
  let [temperature, normalised] = [1, false];
  for (const step of steps) {
    if (step.step === 'temperature') temperature *= step.temperature;
    else if (step.step === 'log-probs') normalised = true;
    else if (step.step !== 'logits') return null;
  }
  return { temperature, normalised };
}

const known = new WeakMap<RowSource, RowFacts>();

/** The row facts of a model's logits on some images, shared by all that is fitted and judged on them. */
export function factsOf(logits: RowSource): RowFacts {
  const facts = known.get(logits) ?? new RowFacts(logits);
  known.set(logits, facts);
  return facts;
}

/** Features, and the logarithm of the sum of exponentials of the logits over T. */
const withSum = ({ features, logits }: Pick<Store, 'features' | 'logits'>, temperature: number): RowSource =>
  withColumn(features, async (start, end) => {
    const out = new Float64Array(end - start);
    // Logits of very many classes are read a few rows at a time.
    const step = Math.max(1, Math.floor(2 ** 22 / logits.cols));
    for (let from = start; from < end; from += step) {
      const block = await logits.read(from, Math.min(end, from + step));
      out.set(await factsOf(logits).logSums(block, from, temperature), from - start);
    }
    return out;
  });

/** Rows with one more number at the end of each, 0 by default. */
function withColumn(
  features: RowSource,
  last: (start: number, end: number) => Promise<Float64Array> = (start, end) =>
    Promise.resolve(new Float64Array(end - start)),
): RowSource {
  const { rows, cols } = features;
  return {
    ...{ rows, cols: cols + 1, dtype: 'float64' },
    async read(start, end) {
      const [block, column] = [await features.read(start, end), await last(start, end)];
      const out = new Float64Array((end - start) * (cols + 1));
      for (let i = 0; i < end - start; i++) {
        out.set(block.subarray(i * cols, (i + 1) * cols), i * (cols + 1));
        out[i * (cols + 1) + cols] = column[i];
      }
      return out;
    },
  };
}
