import type { TaskOptions } from '../base/index.js';
import { matrix, multiply, rowsOf, eigenInTurns, timesVector, type Matrix } from '../linalg/index.js';
import { toNdArray, type LinearMap } from '../tensor/index.js';
import type { NoSphere } from '../words/index.js';
import type { Ending } from './ending.js';
import { quadratics, transposedRows, type TransposedRows } from './graphs.js';
import { conjugateGradients, isotropic, quadricNorm, randomQuadric, type Quadric } from './quadric.js';

/** What shows that recovered features are the true normalised ones up to a rotation. Plain: serialises to JSON. */
export interface SphereCertificate {
  kind: 'sphere';
  /** Whether all of it holds. */
  holds: boolean;
  /** Whether the fitted quadric is an ellipsoid: every eigenvalue of M above 0. */
  ellipsoid: boolean;
  /** Root mean square over rows kept out of the fit of (|x|² − d) / d, x the recovered features. */
  residual: number;
  /** The same over the rows fitted. */
  residualFit: number;
  /** The same before the fit: how far from a sphere the whitened outputs are. */
  residualBefore: number;
  /**
   * What another quadric of the same size comes to on the rows fitted, the least that was met: hᵀMh + 2vᵀh away from 0,
   * root mean square, weighted like the fit. Not above three times the fit's own, the ellipsoid is one of many, and
   * nothing holds. Null where no ellipsoid was good enough to ask, or the work was ended before.
   */
  rivalResidual: number | null;
  /** R² against the true features that such a residual leaves, by the noise that it stands for. */
  expectedR2: number;
  rowsFit: number;
  rowsHeldOut: number;
  iterations: number;
}

/** A certificate, and the map that it stands for. */
export interface SphereFit {
  certificate: SphereCertificate;
  /** Whitened outputs → features. Null where the quadric is no ellipsoid. */
  map: LinearMap | null;
}

export interface SphereOptions extends TaskOptions {
  /** Most steps of conjugate gradients. Default 600. */
  iterations?: number;
  /** Ends the fit with what it has come to, where `signal` gives it up. */
  finish?: Ending;
}

/** Unknowns of an ellipsoid in r dimensions: M symmetric and v. */
const sphereUnknowns = (r: number): number => (r * (r + 3)) / 2;

/** Distinct rows that a fit needs: 1.15 times its unknowns, and those that are kept out of it. */
export const sphereRowsNeeded = (r: number): number => Math.ceil(1.15 * sphereUnknowns(r)) + heldOutRows(r);

/**
 * How many variations of each image make enough rows, with a tenth to spare for variations that come out alike; null
 * where there are enough.
 * @param needed distinct rows that are needed
 * @param distinct distinct rows that there are, with `vary` variations of each image
 */
export function variationsNeeded(needed: number, distinct: number, vary: number): number | null {
  return distinct >= needed ? null : Math.ceil((1.1 * needed * vary) / distinct);
}

/** Rows beyond which the fit gains nothing: the certificate is at rounding level long before. */
export const sphereRowsEnough = (r: number): number => Math.ceil(2.2 * sphereUnknowns(r)) + heldOutRows(r);

/** Rows kept out of the fit: enough for a residual to two digits, few beside the unknowns. */
const heldOutRows = (r: number): number => Math.max(64, Math.min(1000, Math.ceil(sphereUnknowns(r) / 20)));

/** Steps between looks at the rows kept out. */
const lookEvery = 10;

/** Looks without gain after which the fit stops. */
const patience = 3;

/** The R² that a residual must stand for. Features that are on no sphere come to 0.3 and below (see docs/certificates.md). */
const leastR2 = 0.99;

/**
 * Another quadric fits as well if its misfit is at most this many times that of the ellipsoid. Measured: 0.9 to 1.3
 * times where there is one, 12 and more where there is none (features of two values, spheres; outputs from float32 to a
 * single decimal).
 */
const alike = 3;

/**
 * Finds the ellipsoid hᵀMh + 2vᵀh = 1 on which whitened outputs lie when a normalisation stands right before the head,
 * by conjugate gradients, and makes sure that it is the only one. M^½ (h + M⁻¹v), scaled to radius √(r + 1), are then
 * the normalised features up to a rotation.
 * @param h (n, r) whitened; `heldOutRows(r)` of its rows, spread evenly, are kept out of the fit. Overwritten
 */
export async function fitSphere(h: Matrix, options: SphereOptions = {}): Promise<SphereFit> {
  const { iterations = 600, signal, finish, onProgress } = options;
  const r = h.cols;
  const kept = heldOutRows(r);
  moveToEnd(h, kept);
  const fitted = transposedRows(rowsOf(h, 0, h.rows - kept));
  const outside = transposedRows(rowsOf(h, h.rows - kept, h.rows));
  const start = isotropic(r);
  const residualBefore = residualOf(await quadratics(fitted, start.m, start.v), 0);
  let best = { x: start, misfit: Infinity, residual: Infinity };
  let looksSince = 0;
  let step = 0;
  for await (const { x, misfit } of conjugateGradients(fitted, start, 1)) {
    signal?.throwIfAborted();
    step++;
    if (step % lookEvery === 0) {
      const residual = residualOf(await quadratics(outside, x.m, x.v), 0);
      looksSince = residual < best.residual * 0.99 ? 0 : looksSince + 1;
      if (residual < best.residual) best = { x, misfit, residual };
      onProgress?.({ stage: 'search for a normalised vector', done: step, total: iterations, unit: 'steps' });
    } else if (best.residual === Infinity) best = { ...best, x, misfit };
    if (looksSince >= patience || step >= iterations || finish?.aborted) break;
  }
  const fit = await conclude(best.x, fitted, outside, residualBefore, step);
  if (!fit.certificate.holds) return fit;
  const rival = await rivalResidual(fitted, quadricNorm(best.x), best.misfit, step, options);
  fit.certificate.rivalResidual = rival;
  fit.certificate.holds = rival !== null && rival > alike * best.misfit;
  return fit;
}

/**
 * Looks for another quadric that vanishes on the rows as well as the ellipsoid fits them: conjugate gradients on the
 * homogeneous problem, from a random start, leave what the rows do not see. The ellipsoid of features of two values, for
 * one, is one of many and proves nothing.
 * @param size norm of the ellipsoid, to which the other is scaled
 * @param misfit of the ellipsoid
 * @param steps the most that are made: as many as the fit took
 * @returns the least root mean square met, or null where `finish` ended the search
 */
async function rivalResidual(
  fitted: TransposedRows,
  size: number,
  misfit: number,
  steps: number,
  { signal, finish, onProgress }: SphereOptions,
): Promise<number | null> {
  const start = randomQuadric(fitted.cols);
  // A tenth of what one direction, not seen by any row, keeps of a random start.
  const gone = (0.1 * quadricNorm(start)) / Math.sqrt(sphereUnknowns(fitted.cols));
  let least = Infinity;
  let step = 0;
  for await (const { x, misfit: left } of conjugateGradients(fitted, start, 0)) {
    signal?.throwIfAborted();
    if (finish?.aborted) return null;
    const length = quadricNorm(x);
    least = Math.min(least, (left / length) * size);
    onProgress?.({ stage: 'search for a rival vector', done: ++step, total: steps, unit: 'steps' });
    if (least <= alike * misfit || length <= gone || step >= steps) break;
  }
  return least;
}

/** Why a certificate does not hold, as data; `noSphereInWords` has the clause. */
export function noSphere({
  ellipsoid,
  residual,
  residualBefore,
  rivalResidual,
  expectedR2,
}: SphereCertificate): NoSphere {
  if (rivalResidual !== null) return { kind: 'many-ellipsoids' };
  if (ellipsoid && expectedR2 >= leastR2) return { kind: 'ended' };
  if (!ellipsoid && residual < 1e-2) return { kind: 'open-quadric', residual };
  return { kind: 'no-ellipsoid', residual, before: residualBefore };
}

/** Swaps rows spread evenly over all with the last ones. */
function moveToEnd({ rows, cols, data }: Matrix, count: number): void {
  const stride = Math.floor(rows / count);
  for (let i = 0; i < count; i++) {
    const [a, b] = [i * stride * cols, (rows - count + i) * cols];
    const row = data.slice(a, a + cols);
    data.copyWithin(a, b, b + cols);
    data.set(row, b);
  }
}

/** Root mean square of (hᵀMh + 2vᵀh − 1) / (1 + shift): with shift = cᵀMc, of the squared radius about the centre. */
function residualOf(q: Float64Array, shift: number): number {
  let sum = 0;
  for (const value of q) sum += (value - 1) ** 2;
  return Math.sqrt(sum / q.length) / (1 + shift);
}

/** What the fitted quadric proves, and the map of its ellipsoid. */
async function conclude(
  { m, v }: Quadric,
  fitted: TransposedRows,
  outside: TransposedRows,
  residualBefore: number,
  iterations: number,
): Promise<SphereFit> {
  const r = v.length;
  for (let i = 0; i < r; i++) for (let j = 0; j < i; j++) m.data[i * r + j] = m.data[j * r + i];
  const { values, vectors } = await eigenInTurns(m.data, r);
  const rotation = matrix(r, r, vectors.data);
  // In M's own axes: centre = −M⁻¹ v.
  const turned = timesVector(rotation, v);
  const centre = turned.map((value, i) => -value / values[i]);
  const shift = centre.reduce((sum, value, i) => sum + value * value * values[i], 0);
  const ellipsoid = values[r - 1] > 0 && Number.isFinite(shift);
  const residual = residualOf(await quadratics(outside, m, v), ellipsoid ? shift : 0);
  const residualFit = residualOf(await quadratics(fitted, m, v), ellipsoid ? shift : 0);
  const expectedR2 = ellipsoid ? 1 - residual ** 2 * r * (1 / 4 + spread(values) / 8) : 0;
  return {
    certificate: {
      kind: 'sphere',
      holds: ellipsoid && expectedR2 >= leastR2,
      ellipsoid,
      residual,
      residualFit,
      residualBefore,
      rivalResidual: null,
      expectedR2: Math.max(expectedR2, 0),
      rowsFit: fitted.rows,
      rowsHeldOut: outside.rows,
      iterations,
    },
    map: ellipsoid ? await sphereMap(values, rotation, centre, shift) : null,
  };
}

/**
 * How much larger an error of M makes that of M^½ where M's eigenvalues differ: the mean over pairs of
 * 1 / (√mᵢ + √mⱼ)², times four times the mean eigenvalue (1 where all are equal).
 */
function spread(values: Float64Array): number {
  const roots = values.map(Math.sqrt);
  let sum = 0;
  for (const a of roots) for (const b of roots) sum += 1 / (a + b) ** 2;
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  return (4 * mean * sum) / values.length ** 2;
}

/** h → √(d / (1 + cᵀMc)) M^½ (h − c). */
async function sphereMap(
  values: Float64Array,
  rotation: Matrix,
  centre: Float64Array,
  shift: number,
): Promise<LinearMap> {
  const r = values.length;
  // A normalisation over d numbers that are centred first leaves r = d − 1 directions and the radius √d.
  const scale = Math.sqrt((r + 1) / (1 + shift));
  const scaled = matrix(r, r);
  for (let i = 0; i < r; i++) {
    for (let j = 0; j < r; j++) scaled.data[i * r + j] = scale * Math.sqrt(values[i]) * rotation.data[i * r + j];
  }
  const weight = await multiply(rotation, scaled, 'tn');
  const bias = new Float64Array(r);
  for (let i = 0; i < r; i++) {
    const pull = scale * Math.sqrt(values[i]) * centre[i];
    for (let j = 0; j < r; j++) bias[j] -= rotation.data[i * r + j] * pull;
  }
  return { weight: toNdArray(weight.data, [r, r]), bias: toNdArray(bias, [r]) };
}
