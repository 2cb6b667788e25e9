import { evenlyOf, max, sqrt } from '../base/index.js';
import {
  cholesky,
  dot,
  eigenInTurns,
  eigenvaluesInTurns,
  forwardSolve,
  gatherRows,
  matrix,
  rowsOf,
  transpose,
  type Matrix,
} from '../linalg/index.js';
import { weightedGram } from './graphs.js';
import { linesAmong } from './lines.js';
import { positiveSolver } from './solve-positive.js';

/** Singular values below this of the largest are null: a true facet has 1e-2 and more, a sum of two 1e-5. */
const rankCut = 1e-2;
/** A row of more leverage fixes a direction of its own: without it the function would be open. */
export const mostLeverage = 0.99;
/**
 * Rows for each unknown, spread evenly, that a function is fitted to: what the fit adds to the rounding of a row is less
 * than a fiftieth of it.
 */
const fitted = 32;
/** Rows for each unknown that are weighed first. What they fix all of them fix. */
const weighedFirst = 8;
/** Fewest rows on a facet among which lines are looked for, and where the first ones are too few. */
const [fewLines, manyLines] = [200, 1200];

/** A function that is fixed by the rows on which it is zero, or what they leave open. */
export interface Fixed {
  /** Second smallest singular value of the rows over the largest. */
  rankRatio: number;
  /** Where more than one function is zero on the rows: an orthonormal basis (k, r + 1) of all of them. */
  open: Matrix | null;
  /** (r + 1) The function that is nearest to zero on them, at length 1, turned as the candidate is. */
  least: Float64Array;
}

/**
 * The function that rows fix, near a candidate.
 * @param rows (n, r + 1)
 * @param touched positions of the rows on which the candidate is zero, near copies left out
 */
export async function fixedBy(rows: Matrix, touched: Int32Array, candidate: Float64Array): Promise<Fixed> {
  const p = rows.cols;
  const some = evenlyOf(touched, fitted * p);
  const gram = await gramOf(gatherRows(rows, some));
  const ratios = ratiosOf(await eigenvaluesInTurns(gram.data, p));
  const rankRatio = ratios[p - 2];
  if (rankRatio >= rankCut) return { rankRatio, open: null, least: nearestToZero(gram, candidate) };
  // What some of them leave open, all of them may fix.
  const all = some.length < touched.length ? await gramOf(gatherRows(rows, touched)) : gram;
  const { values, vectors } = await eigenInTurns(all.data, p);
  const ratiosOfAll = ratiosOf(values);
  const from = ratiosOfAll.findIndex((ratio) => ratio < rankCut);
  const found = { rankRatio: ratiosOfAll[p - 2], least: nearestToZero(all, candidate) };
  return { ...found, open: found.rankRatio < rankCut ? matrix(p - from, p, vectors.data.slice(from * p)) : null };
}

const gramOf = (rows: Matrix): Promise<Matrix> => weightedGram(rows, new Float64Array(rows.rows).fill(1));

const ratiosOf = (values: Float64Array): number[] => Array.from(values, (value) => sqrt(max(value, 0) / values[0]));

/** Passes of inverse iteration: the next eigenvalue is 1e-4 of the largest at least, that of the function rounding alone. */
const passes = 4;

/** The least eigenvector of a Gram, by inverse iteration from a candidate. */
function nearestToZero(gram: Matrix, candidate: Float64Array): Float64Array {
  const solve = positiveSolver(gram);
  let least = candidate;
  for (let pass = 0; pass < passes; pass++) {
    const next = solve(least);
    const length = sqrt(dot(next, next));
    least = next.map((value) => value / length);
  }
  return dot(least, candidate) < 0 ? least.map((value) => -value) : least;
}

/** What the rows on a facet do for the function that is zero on them. */
export interface Weights {
  /** The largest share that one of them, a row or all rows on a line, has in fixing it. */
  leverage: number;
  /** How many directions they are: rows, or lines where some of them lie on lines. */
  directions: number;
  /** Whether the rest fix it without those that may be there by chance. */
  fixedWithout: boolean;
}

/**
 * Weighs the rows that fix a function. Some of them first: where these fix it, and no one of them is needed for that, the
 * others cannot make it less fixed. Lines are looked for only where `needed` is above 0.
 * @param least (r + 1) the function
 */
export async function weighed(
  rows: Matrix,
  touched: Int32Array,
  noise: Float64Array,
  least: Float64Array,
  { needed, byChance }: { needed: number; byChance: number },
): Promise<Weights> {
  let seen: Weights | null = null;
  for (const most of [max(2000, weighedFirst * rows.cols), Infinity]) {
    const some = evenlyOf(touched, most);
    const all = touched.length;
    seen = await weighedOf(gatherRows(rows, some), noise, least, { needed, byChance, all });
    if (some.length === all || (seen.leverage <= mostLeverage && seen.fixedWithout && seen.directions >= needed)) break;
  }
  return seen!;
}

async function weighedOf(
  touched: Matrix,
  noise: Float64Array,
  least: Float64Array,
  { needed, byChance, all }: { needed: number; byChance: number; all: number },
): Promise<Weights> {
  const open = matrix(1, least.length, least);
  // Rounding in a direction that these rows leave open would be weighed as if it fixed one.
  const ofRows = (await areFixing(touched)) ? await leverages(touched, open) : null;
  if (!ofRows) return { leverage: 1, directions: all, fixedWithout: false };
  const { own, scaled } = ofRows;
  const leverage = largestOf(own);
  const asRows = (): Weights => ({
    leverage,
    directions: all,
    fixedWithout: leverage <= mostLeverage && isFixedWithout(scaled, own, Int32Array.from(own.keys()), byChance),
  });
  if (needed === 0 || leverage > mostLeverage) return asRows();
  const withOne = new Float64Array(touched.cols);
  withOne.set(noise);
  let seen: Weights = { leverage, directions: all, fixedWithout: false };
  // Of 2 k + 1 rows on k lines three are on one, so that no line among these shows more than k. More rows are looked at
  // where the first ones are too few for an answer.
  for (const most of [max(fewLines, 2 * needed + 1), manyLines]) {
    const found = linesAmong(touched, withOne, most);
    if (found.lines === found.rows.length) return asRows();
    const looked = gatherRows(touched, found.rows);
    // Rows that fix it but are so few that they were not met are those of chance.
    const weights = (await areFixing(looked)) ? await leverages(looked, open) : null;
    seen = {
      leverage: max(leverage, weights ? largestOfLines(weights.scaled, found.line, found.lines) : 1),
      directions: found.lines,
      fixedWithout: weights !== null && isFixedWithout(weights.scaled, weights.own, found.line, byChance),
    };
    if (seen.leverage <= mostLeverage && seen.directions >= needed && seen.fixedWithout) break;
    // With so many on each line, a line that was not met would be a rare one.
    if (found.rows.length > 8 * found.lines) break;
  }
  return seen;
}

/** Whether rows leave one function open and no more. */
async function areFixing(rows: Matrix): Promise<boolean> {
  const values = await eigenvaluesInTurns((await gramOf(rows)).data, rows.cols);
  return values[rows.cols - 2] >= rankCut ** 2 * values[0];
}

const largestOf = (values: Float64Array): number => values.reduce((most, value) => max(most, value), 0);

/**
 * Whether rows fix a function without `most` of them, those left out one after another that then do most for it, each
 * with all rows on its line. Leverages of the rows that are left follow from Sherman and Morrison's formula: with
 * K = (AᵀA − Σ aⱼaⱼᵀ)⁻¹ over those left out, hᵢ = aᵢᵀKaᵢ grows by (aᵢᵀKaⱼ)² / (1 − hⱼ) with each.
 * @param scaled (n, r) rows in coordinates in which AᵀA = I
 * @param own (n) their leverages
 * @param line (n) the number of each row's line
 */
function isFixedWithout(scaled: Matrix, own: Float64Array, line: Int32Array, most: number): boolean {
  const { rows, cols, data } = scaled;
  const h = Float64Array.from(own);
  const isOut = new Uint8Array(rows);
  const taken: { v: Float64Array; left: number }[] = [];
  const row = (i: number): Float64Array => data.subarray(i * cols, (i + 1) * cols);
  for (let k = 0; k < most; k++) {
    let largest = -1;
    for (let i = 0; i < rows; i++) if (!isOut[i] && (largest < 0 || h[i] > h[largest])) largest = i;
    if (largest < 0) return false;
    for (let j = 0; j < rows; j++) {
      if (line[j] !== line[largest]) continue;
      if (h[j] > mostLeverage) return false;
      isOut[j] = 1;
      const v = Float64Array.from(row(j));
      for (const { v: other, left } of taken) {
        const times = dot(other, row(j)) / left;
        for (let c = 0; c < cols; c++) v[c] += times * other[c];
      }
      const left = 1 - h[j];
      for (let i = 0; i < rows; i++) if (!isOut[i]) h[i] += dot(row(i), v) ** 2 / left;
      taken.push({ v, left });
    }
  }
  return true;
}

/** Rows in coordinates in which AᵀA = I, and their leverages. */
interface Leverages {
  /** (n) */
  own: Float64Array;
  /** (n, r + 1) */
  scaled: Matrix;
}

/**
 * Leverages of rows A (n, p) in fixing all but the `open` functions (k, p; orthonormal), which are zero on them:
 * aᵢᵀ (AᵀA + s Σ vvᵀ)⁻¹ aᵢ, to which the open directions add (aᵢᵀv)² / s, as good as nothing. Null where they leave more
 * open.
 */
async function leverages(rows: Matrix, open: Matrix): Promise<Leverages | null> {
  const p = rows.cols;
  const gram = await gramOf(rows);
  let trace = 0;
  for (let j = 0; j < p; j++) trace += gram.data[j * (p + 1)];
  const s = trace / p;
  for (let k = 0; k < open.rows; k++) {
    const v = rowsOf(open, k, k + 1).data;
    for (let i = 0; i < p; i++) for (let j = 0; j < p; j++) gram.data[i * p + j] += s * v[i] * v[j];
  }
  const factor = await cholesky(gram, trace * 1e-14);
  if (!factor) return null;
  const scaled = transpose(await forwardSolve(factor, transpose(rows)));
  const own = new Float64Array(rows.rows);
  for (let i = 0; i < own.length; i++) {
    for (let at = i * p; at < (i + 1) * p; at++) own[i] += scaled.data[at] * scaled.data[at];
  }
  return { own, scaled };
}

/**
 * Whether rows leave a space of `open` functions open and no single one of them is needed for there to be no more: a few
 * rows that are touched by chance would close a wider one.
 */
export async function leaveOpen(touched: Matrix, open: number): Promise<boolean> {
  const p = touched.cols;
  const { vectors } = await eigenInTurns((await gramOf(touched)).data, p);
  const weights = await leverages(touched, rowsOf(vectors, p - open, p));
  return weights !== null && largestOf(weights.own) <= mostLeverage;
}

/**
 * The largest leverage that the rows of one line have together: an eigenvalue of their part of AᵀA = I, by power
 * iteration.
 */
function largestOfLines({ cols, data }: Matrix, line: Int32Array, lines: number): number {
  const members = Array.from({ length: lines }, (): number[] => []);
  line.forEach((of, i) => members[of].push(i));
  let largest = 0;
  for (const rows of members) {
    if (rows.length < 3) continue;
    let x = data.slice(rows[0] * cols, (rows[0] + 1) * cols);
    let size = 0;
    for (let step = 0; step < 30; step++) {
      const length = sqrt(dot(x, x)) || 1;
      const next = new Float64Array(cols);
      for (const i of rows) {
        const row = data.subarray(i * cols, (i + 1) * cols);
        const along = dot(row, x) / length;
        for (let j = 0; j < cols; j++) next[j] += along * row[j];
      }
      size = sqrt(dot(next, next));
      x = next;
    }
    largest = max(largest, size);
  }
  return largest;
}
