import { FeatReconstructError, type TaskOptions } from '../base/index.js';
import { toNdArray, type LinearMap, type RowSource } from '../tensor/index.js';
import {
  beside,
  denseWeight,
  matrix,
  slice,
  timesVector,
  transpose,
  type Matrix,
  multiply,
  pivotedCholesky,
} from '../linalg/index.js';
import { applyLinearMap } from './apply.js';
import { accumulate, type AccumulateOptions } from './accumulate.js';
import { panels } from './block-graph.js';
import { Statistics } from './statistics.js';

/** A model in a joint Gram: its features on the common images, and its head. */
export interface JointModel {
  name: string;
  /** (n, d); row i of every model is the same image. */
  features: RowSource;
  /** weight (c, d), bias (c) */
  head: LinearMap;
}

/**
 * Means and centred Gram blocks of several models' features on the same images: enough for the least-squares map from
 * any model's features or logits to any model's features, since logits are linear in features.
 */
export class JointStatistics {
  constructor(
    readonly models: readonly JointModel[],
    /** Entry k: X the features of model k, Y those of models 0 to k − 1 side by side (of itself for k = 0). */
    readonly parts: readonly Statistics[],
  ) {}

  get n(): number {
    return this.parts[0].n;
  }

  /** (d) of model i */
  mean(i: number): Float64Array {
    return this.parts[i].meanX;
  }

  /** (dᵢ, dⱼ): centred FᵢᵀFⱼ. */
  block(i: number, j: number): Matrix {
    const p = this.models[i].features.cols;
    if (i === j) return matrix(p, p, this.parts[i].gram);
    if (i < j) return transpose(this.block(j, i));
    const from = this.models.slice(0, j).reduce((sum, { features }) => sum + features.cols, 0);
    const { q, cross } = this.parts[i];
    return slice(matrix(p, q, cross), 0, p, from, from + this.models[j].features.cols);
  }
}

/**
 * One pass over the features of several models on the same images.
 * @param options `onto`: statistics of other models on these images, to add to; only products with the new models are
 *   formed
 * @throws FeatReconstructError when the models do not have the same number of rows
 */
export async function accumulateJoint(
  models: readonly JointModel[],
  options: TaskOptions & Pick<AccumulateOptions, 'executionProviders'> & { onto?: JointStatistics | undefined } = {},
): Promise<JointStatistics> {
  const { onto, signal, onProgress, executionProviders } = options;
  const all: JointModel[] = [...(onto?.models ?? [])];
  const parts: Statistics[] = onto ? [...onto.parts] : [];
  for (const model of models) {
    const [first = model] = all;
    if (model.features.rows !== first.features.rows) {
      throw new FeatReconstructError(
        `Expected ${first.features.rows} rows for every model, as ${first.name} has, found ${model.features.rows} for ${model.name}. Extract all models on the same images.`,
        { code: 'mismatch' },
      );
    }
    const before = all.length > 0 ? sideBySide(all.map(({ features }) => features)) : model.features;
    parts.push(
      await accumulate(model.features, before, {
        signal,
        executionProviders,
        onProgress: (progress) => onProgress?.({ ...progress, stage: `joint Gram: ${model.name}` }),
      }),
    );
    all.push(model);
  }
  return new JointStatistics(all, parts);
}

/** The problems of fitting maps from one model to all: what the maps read of their source, and the statistics to fit them from. */
export interface JointProblem {
  /** From the source's features (d) to what is read (p); null where the features themselves are read. */
  read: LinearMap | null;
  /** X: what is read of model `source`; Y: the features of all models side by side. */
  statistics: Statistics;
  /** Entry j: the columns [start, end) of Y that are model j's: `solve`'s `targets`, so that X is factorised once for all. */
  targets: [number, number][];
}

/**
 * The least-squares problems from one model to every model, by algebra on the joint blocks.
 *
 * From logits z = W f + b they are posed in u = Qᵀ(z − b) = R f, where W = Q R and Q has orthonormal columns: at
 * most min(c, d) wide, with the same singular values and the same smallest maps as z itself, so that no c x c matrix is
 * formed. R with RᵀR = WᵀW comes from a pivoted Cholesky factor; W itself serves where c < d.
 */
export async function jointProblem(
  joint: JointStatistics,
  source: number,
  from: 'logits' | 'features',
): Promise<JointProblem> {
  const { models, n } = joint;
  let gram = joint.block(source, source);
  let cross = beside(models.map((_, target) => joint.block(source, target)));
  let mean = joint.mean(source);
  let read: LinearMap | null = null;
  if (from === 'logits') {
    read = await logitReader(models[source].head);
    const r = denseWeight(read);
    gram = await multiply(await multiply(r, gram), r, 'nt');
    cross = await multiply(r, cross);
    mean = timesVector(r, mean);
  }
  const y = {
    mean: concatenate(models.map((_, j) => joint.mean(j))),
    squares: concatenate(models.map((_, j) => diagonal(joint.block(j, j)))),
  };
  let end = 0;
  const targets = models.map(({ features }): [number, number] => [end, (end += features.cols)]);
  return { read, statistics: statisticsFrom(n, mean, gram, cross, y), targets };
}

/**
 * What a map of {@link jointProblem} reads of images: R f, in float64, since rounding it to float32 can turn a near tie of
 * two classes; the features themselves where `read` is null.
 * @param features (n, d) of the source
 */
export function readJoint(read: LinearMap | null, features: RowSource): RowSource {
  if (!read) return features;
  return applyLinearMap(read, {
    ...{ rows: features.rows, cols: features.cols, dtype: 'float64' },
    read: async (start, end) => new Float64Array(await features.read(start, end)),
  });
}

/** From features to u = R f of {@link jointProblem}: weight (r, d), bias 0. */
export async function logitReader(head: LinearMap): Promise<LinearMap> {
  const w = denseWeight(head);
  return w.rows >= w.cols ? readerOfGram(await multiply(w, w, 'tn')) : unbiased(w);
}

/** The same by WᵀW (d, d) alone. */
export async function readerOfGram(gram: Matrix): Promise<LinearMap> {
  // A column that adds less than float32's rounding of the weights is no further direction of the logits.
  const floor = 1e-12 * Math.max(...diagonal(gram));
  return unbiased((await pivotedCholesky(gram, floor)).factor);
}

const unbiased = (r: Matrix): LinearMap => ({
  weight: toNdArray(r.data, [r.rows, r.cols]),
  bias: toNdArray(new Float64Array(r.rows), [r.rows]),
});

/** Statistics of means and products that are already computed. */
function statisticsFrom(
  n: number,
  meanX: Float64Array,
  gram: Matrix,
  cross: Matrix,
  y: { mean: Float64Array; squares: Float64Array },
): Statistics {
  const [p, q] = [cross.rows, cross.cols];
  const mean = new Float64Array(p + q);
  mean.set(meanX);
  mean.set(y.mean, p);
  const rectangles = panels(p, q).map(({ row, rows, col, cols }) => {
    const out = new Float64Array(rows * cols);
    const [from, start] = col < p ? [gram, col] : [cross, col - p];
    for (let i = 0; i < rows; i++) {
      const at = (row + i) * from.cols + start;
      out.set(from.data.subarray(at, at + cols), i * cols);
    }
    return out;
  });
  const moments = { n, mean, gram: rectangles, ssY: y.squares };
  return new Statistics(p, q, 'float32', [{ level: 0, index: 0, start: 0, end: n, moments }]);
}

const diagonal = (m: Matrix): Float64Array => Float64Array.from({ length: m.rows }, (_, i) => m.data[i * (m.cols + 1)]);

const concatenate = (parts: readonly Float64Array[]): Float64Array => {
  const out = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};

/** Rows of several sources, one beside the other. */
function sideBySide(sources: readonly RowSource[]): RowSource {
  if (sources.length === 1) return sources[0];
  const cols = sources.reduce((sum, source) => sum + source.cols, 0);
  return {
    rows: sources[0].rows,
    cols,
    dtype: 'float32',
    async read(start, end) {
      const out = new Float32Array((end - start) * cols);
      let offset = 0;
      for (const source of sources) {
        const block = await source.read(start, end);
        for (let row = 0; row < end - start; row++) {
          out.set(block.subarray(row * source.cols, (row + 1) * source.cols), row * cols + offset);
        }
        offset += source.cols;
      }
      return out;
    },
  };
}
