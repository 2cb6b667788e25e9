import { FeatReconstructError } from '../base/index.js';
import { fitLinearMap } from '../fit/index.js';
import { blocks, matrix, multiply, type Matrix, nearestOrthonormal } from '../linalg/index.js';
import { toNdArray, toRowSource, type RowsLike, type RowSource } from '../tensor/index.js';

/** How near recovered features are to true ones, up to a rotation. Plain: serialises to JSON. */
export interface RotationComparison {
  /** R² of the true features on rows kept out of fitting the rotation. */
  r2: number;
  /** Correlation of cosines of pairs of those rows. */
  cosineCorrelation: number;
  /** Share of those rows whose nearest neighbour among them is the same. */
  equalNeighbours: number;
  rows: number;
  /** Residual of the true features' own sphere, null without one; above 1e-2 they were compared as they are, not normalised. */
  truthResidual: number | null;
  normalised: boolean;
}

/** Rows kept out of fitting the rotation; neighbours are sought among them. */
const mostHeldOut = 2000;

/**
 * Compares recovered (n, r) with true features (n, d), d >= r, after the best rotation, shift and common scale
 * (orthogonal Procrustes: Schönemann 1966; the radius of the recovered features is a convention). A normalisation's own
 * scales and shifts are taken off the true features first, by fitting the ellipsoid Σ aⱼfⱼ² + bⱼfⱼ = 1 with axes along
 * the features: what the outputs give away are the features before them.
 * @throws FeatReconstructError (`mismatch`) when the two differ in rows, or r > d
 */
export async function compareUpToRotation(recovered: RowsLike, truth: RowsLike): Promise<RotationComparison> {
  const [x, raw] = [
    await wholeMatrix(toRowSource(recovered, 'the recovered features')),
    await wholeMatrix(toRowSource(truth, 'the true features')),
  ];
  if (x.rows !== raw.rows || x.cols > raw.cols) {
    throw new FeatReconstructError(
      `Expected recovered and true features of the same images, found ${x.rows} x ${x.cols} and ${raw.rows} x ${raw.cols}; recover from the outputs of those images.`,
      { code: 'mismatch' },
    );
  }
  const unscaled = await normalisedFeatures(raw);
  const normalised = unscaled.residual < 1e-2;
  const t = normalised ? unscaled.features : raw;
  const stride = Math.max(2, Math.ceil(x.rows / mostHeldOut));
  const heldOut = (i: number): boolean => i % stride === 0;
  const meanX = meansOf(x, (i) => !heldOut(i));
  const meanT = meansOf(t, (i) => !heldOut(i));
  const rotation = await nearestRotation(
    centred(x, meanX, (i) => !heldOut(i)),
    centred(t, meanT, (i) => !heldOut(i)),
  );
  const test = centred(x, meanX, heldOut);
  const truthTest = centred(t, meanT, heldOut);
  const turned = await multiply(test, rotation);
  // Cosines are about the centre of the recovered sphere, on both sides.
  const centre = (await multiply(matrix(1, x.cols, meanX), rotation)).data;
  const [here, there] = [shiftBy(turned, centre), shiftBy(truthTest, centre)];
  return {
    r2: 1 - squaredDistance(turned, truthTest) / squares(truthTest),
    cosineCorrelation: cosineCorrelation(here, there),
    equalNeighbours: await equalNeighbours(test, truthTest),
    rows: test.rows,
    truthResidual: Number.isFinite(unscaled.residual) ? unscaled.residual : null,
    normalised,
  };
}

/**
 * Takes a normalisation's scales and shifts off features (n, d): fits Σ aⱼgⱼ² + bⱼgⱼ = 1, g the standardised features,
 * and scales each row to radius √d.
 * @returns also the residual of that fit; Infinity, and the features as they were, where it is no ellipsoid
 */
async function normalisedFeatures(features: Matrix): Promise<{ features: Matrix; residual: number }> {
  const { rows, cols } = features;
  const mean = meansOf(features, () => true);
  const deviation = deviationsOf(features, mean);
  const g = matrix(rows, cols);
  const design = new Float64Array(rows * 2 * cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const value = (features.data[i * cols + j] - mean[j]) / deviation[j];
      g.data[i * cols + j] = value;
      design[i * 2 * cols + j] = value * value;
      design[i * 2 * cols + cols + j] = value;
    }
  }
  const ones = toNdArray(new Float64Array(rows).fill(1), [rows, 1]);
  const map = await fitLinearMap(toNdArray(design, [rows, 2 * cols]), ones, { intercept: false });
  const a = Float64Array.from({ length: cols }, (_, j) => map.weight.get(0, j));
  const b = Float64Array.from({ length: cols }, (_, j) => map.weight.get(0, cols + j));
  const shift = 1 + a.reduce((sum, value, j) => sum + b[j] ** 2 / (4 * value), 0);
  if (!(shift > 0) || a.some((value) => value <= 0)) return { features, residual: Infinity };
  let error = 0;
  for (let i = 0; i < rows; i++) {
    let q = -1;
    for (let j = 0; j < cols; j++) q += a[j] * design[i * 2 * cols + j] + b[j] * design[i * 2 * cols + cols + j];
    error += q * q;
  }
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      g.data[i * cols + j] = Math.sqrt((cols * a[j]) / shift) * (g.data[i * cols + j] + b[j] / (2 * a[j]));
    }
  }
  return { features: g, residual: Math.sqrt(error / rows) / shift };
}

/** The R = s Q, rows of Q (r, d) orthonormal, that brings X R nearest to T: Q nearest to C = XᵀT, s = Σσ(C) / ‖X‖². */
async function nearestRotation(x: Matrix, t: Matrix): Promise<Matrix> {
  const { rows, singular } = await nearestOrthonormal(await multiply(x, t, 'tn'));
  const size = singular.reduce((sum, value) => sum + value, 0) / squares(x);
  return matrix(
    rows.rows,
    rows.cols,
    rows.data.map((value) => value * size),
  );
}

/** Pairs of rows whose cosines are compared. */
const pairs = 20_000;

function cosineCorrelation(a: Matrix, b: Matrix): number {
  const [left, right] = [new Float64Array(pairs), new Float64Array(pairs)];
  for (let k = 0; k < pairs; k++) {
    const i = k % a.rows;
    const j = (i + 1 + ((Math.imul(k, 7919) >>> 0) % (a.rows - 1))) % a.rows;
    left[k] = cosine(a, i, j);
    right[k] = cosine(b, i, j);
  }
  return correlation(left, right);
}

function cosine({ cols, data }: Matrix, i: number, j: number): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let k = 0; k < cols; k++) {
    const [a, b] = [data[i * cols + k], data[j * cols + k]];
    ab += a * b;
    aa += a * a;
    bb += b * b;
  }
  return ab / Math.sqrt(aa * bb);
}

/** Pearson's correlation. */
export function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (x: Float64Array): number => x.reduce((sum, value) => sum + value, 0) / x.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - meanA) * (b[i] - meanB);
    aa += (a[i] - meanA) ** 2;
    bb += (b[i] - meanB) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

async function equalNeighbours(a: Matrix, b: Matrix): Promise<number> {
  const [left, right] = [await neighbours(a), await neighbours(b)];
  let equal = 0;
  for (let i = 0; i < left.length; i++) if (left[i] === right[i]) equal++;
  return equal / left.length;
}

/** The nearest other row of each row. */
async function neighbours(x: Matrix): Promise<Int32Array> {
  const { data: products } = await multiply(x, x, 'nt');
  const n = x.rows;
  return Int32Array.from({ length: n }, (_, i) => {
    let best = -1;
    let nearest = Infinity;
    for (let j = 0; j < n; j++) {
      const distance = products[j * (n + 1)] - 2 * products[i * n + j];
      if (j !== i && distance < nearest) [best, nearest] = [j, distance];
    }
    return best;
  });
}

/** All rows of a source in float64. */
export async function wholeMatrix(source: RowSource): Promise<Matrix> {
  const out = matrix(source.rows, source.cols);
  for (const [start, end] of blocks(source.rows, source.cols))
    out.data.set(await source.read(start, end), start * source.cols);
  return out;
}

function meansOf({ rows, cols, data }: Matrix, use: (row: number) => boolean): Float64Array {
  const out = new Float64Array(cols);
  let count = 0;
  for (let i = 0; i < rows; i++) {
    if (!use(i)) continue;
    count++;
    for (let j = 0; j < cols; j++) out[j] += data[i * cols + j];
  }
  return out.map((value) => value / count);
}

/** Standard deviations; 1 for a column that does not change. */
function deviationsOf({ rows, cols, data }: Matrix, mean: Float64Array): Float64Array {
  const out = new Float64Array(cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[j] += (data[i * cols + j] - mean[j]) ** 2;
  return out.map((value) => Math.sqrt(value / rows) || 1);
}

function centred({ rows, cols, data }: Matrix, mean: Float64Array, use: (row: number) => boolean): Matrix {
  const chosen = Array.from({ length: rows }, (_, i) => i).filter(use);
  const out = matrix(chosen.length, cols);
  chosen.forEach((row, i) => {
    for (let j = 0; j < cols; j++) out.data[i * cols + j] = data[row * cols + j] - mean[j];
  });
  return out;
}

const shiftBy = ({ rows, cols, data }: Matrix, by: Float64Array): Matrix =>
  matrix(
    rows,
    cols,
    data.map((value, i) => value + by[i % cols]),
  );

function squaredDistance(a: Matrix, b: Matrix): number {
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += (a.data[i] - b.data[i]) ** 2;
  return sum;
}

const squares = ({ data }: Matrix): number => data.reduce((sum, value) => sum + value * value, 0);
