import type { TaskOptions } from '../base/index.js';
import { gatherRows, matrix, multiply, type Matrix, orthonormalised } from '../linalg/index.js';
import { evenly, random } from '../base/index.js';
import type { Ending } from './ending.js';
import { tanhMoments } from './graphs.js';

/** Rows that the components are estimated from, spread evenly; more do not move them by what matters for a start. */
const mostRows = 30_000;
const mostSteps = 40;

/**
 * FastICA with tanh, all components at once (Hyvärinen 1999, "Fast and robust fixed-point algorithms for independent
 * component analysis"), inside a subspace of whitened rows: directions along which the rows are least like noise.
 * @param h (n, r) whitened
 * @param subspace (k, r) orthonormal rows
 * @param options `finish` ends the iteration where it stands
 * @returns (k, r) orthonormal directions, each turned so that its long tail lies on the positive side
 */
export async function independentComponents(
  h: Matrix,
  subspace: Matrix,
  seed: number,
  options: TaskOptions & { finish?: Ending } = {},
): Promise<Matrix> {
  const sample = evenRows(h, mostRows);
  const inside = await multiply(sample, subspace, 'nt');
  const k = subspace.rows;
  const numbers = random(seed, k);
  const start = new Float64Array(k * k).map(() => numbers.normal());
  let w = await orthonormalised(matrix(k, k, start));
  for (let step = 0; step < mostSteps && !options.finish?.aborted; step++) {
    options.signal?.throwIfAborted();
    const { cross, slope } = await tanhMoments(inside, w);
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < k; j++) cross.data[i * k + j] -= slope[i] * w.data[i * k + j];
    }
    const next = await orthonormalised(cross);
    const turn = largestTurn(next, w);
    w = next;
    options.onProgress?.({ stage: 'independent components', done: step + 1, total: mostSteps, unit: 'steps' });
    if (turn < 1e-4) break;
  }
  await turnTails(inside, w);
  return multiply(w, subspace);
}

function evenRows(h: Matrix, most: number): Matrix {
  if (h.rows <= most) return h;
  return gatherRows(h, evenly(h.rows, most));
}

/** 1 − |cos| of the component that turned most. */
function largestTurn(a: Matrix, b: Matrix): number {
  let worst = 0;
  for (let i = 0; i < a.rows; i++) {
    let cosine = 0;
    for (let at = i * a.cols; at < (i + 1) * a.cols; at++) cosine += a.data[at] * b.data[at];
    worst = Math.max(worst, 1 - Math.abs(cosine));
  }
  return worst;
}

/** Flips components whose third moment is negative: features that are often zero have their tail above. */
async function turnTails(h: Matrix, w: Matrix): Promise<void> {
  const y = await multiply(h, w, 'nt');
  for (let j = 0; j < w.rows; j++) {
    let third = 0;
    for (let at = j; at < y.data.length; at += w.rows) third += y.data[at] ** 3;
    if (third >= 0) continue;
    for (let at = j * w.cols; at < (j + 1) * w.cols; at++) w.data[at] = -w.data[at];
  }
}
