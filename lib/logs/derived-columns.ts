import { logSumExp, symmetricEigen } from '../linalg/index.js';
import type { RowStatistic, Whole } from '../words/index.js';

/** Relations between columns of a table, as a sample of its rows shows them. */

/** Some rows of a table. */
export interface RowSample {
  rows: number;
  /** Rows of the whole table. */
  total: number;
  /** The row of the table that is row i of the sample. */
  row(i: number): number;
  /** The number in row i of the sample and column j of the table. */
  value(i: number, j: number): number;
}

/** How many decimals the values are written with; 9 for more. */
function decimalsOf(values: Iterable<number>): number {
  let decimals = 0;
  for (const value of values) {
    while (decimals < 9 && Math.abs(value * 10 ** decimals - Math.round(value * 10 ** decimals)) > 1e-6) decimals++;
  }
  return decimals;
}

function columnOf(sample: RowSample, j: number): Float64Array {
  const out = new Float64Array(sample.rows);
  for (let i = 0; i < out.length; i++) out[i] = sample.value(i, j);
  return out;
}

/** Whether every row of these columns sums to one, to a hundred, or to one after exp; null for none of these. */
export function wholeOf(sample: RowSample, columns: readonly number[]): Whole | null {
  if (columns.length < 2) return null;
  const { rows } = sample;
  const some = columns.filter((_, k) => k % Math.ceil(columns.length / 64) === 0);
  const decimals = decimalsOf(some.flatMap((j) => Array.from(columnOf(sample, j).subarray(0, 50))));
  const slack = decimals > 8 ? 0 : 0.5 * columns.length * 10 ** -decimals;
  let [one, hundred, logarithms] = [true, true, true];
  const row = new Float64Array(columns.length);
  for (let i = 0; i < rows && (one || hundred || logarithms); i++) {
    let sum = 0;
    let lowest = Infinity;
    for (const [k, j] of columns.entries()) {
      row[k] = sample.value(i, j);
      sum += row[k];
      if (row[k] < lowest) lowest = row[k];
    }
    if (lowest < 0) one = hundred = false;
    one &&= Math.abs(sum - 1) <= Math.max(1e-3, slack);
    hundred &&= Math.abs(sum - 100) <= Math.max(0.1, slack);
    logarithms &&= Math.abs(logSumExp(row)) < 0.02;
  }
  return one ? 'one' : hundred ? 'hundred' : logarithms ? 'logarithms' : null;
}

/** Numbers that are often logged beside outputs, computed from a row of them. */
function statisticsOf(row: Float64Array, whole: Whole | null): Map<RowStatistic, number> {
  const sorted = Float64Array.from(row).sort().reverse();
  const total = logSumExp(row);
  const shares =
    whole === 'one'
      ? sorted
      : whole === 'hundred'
        ? sorted.map((value) => value / 100)
        : sorted.map((value) => Math.exp(value - total));
  const entropy = -shares.reduce((sum, share) => sum + (share > 0 ? share * Math.log(share) : 0), 0);
  const sum = row.reduce((a, b) => a + b, 0);
  return new Map<RowStatistic, number>([
    ['largest', sorted[0]],
    ['second-largest', sorted[1]],
    ['smallest', sorted[sorted.length - 1]],
    ['sum', sum],
    ['mean', sum / row.length],
    ['margin', sorted[0] - sorted[1]],
    ['largest-probability', shares[0]],
    ['second-largest-probability', shares[1]],
    ['largest-percentage', 100 * shares[0]],
    ['least-confidence', 1 - shares[0]],
    ['probability-margin', shares[0] - shares[1]],
    ['log-probability', Math.log(shares[0])],
    ['negative-log-probability', -Math.log(shares[0])],
    ['entropy', entropy],
    ['entropy-in-bits', entropy / Math.LN2],
    ['normalised-entropy', entropy / Math.log(row.length)],
    ['log-sum-exp', total],
    ['energy', -total],
  ]);
}

/** Which statistic of the others a column is; null where it is none. */
export function statisticIn(
  sample: RowSample,
  column: number,
  others: readonly number[],
  whole: Whole | null,
): RowStatistic | null {
  if (sample.rows < 3 || others.length < 2) return null;
  const own = columnOf(sample, column);
  const decimals = decimalsOf(own);
  let open: Map<RowStatistic, number> | null = null;
  const row = new Float64Array(others.length);
  const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const tolerance = Math.max(1e-4 * largest, decimals > 8 ? 0 : 0.6 * 10 ** -decimals);
  for (let i = 0; i < sample.rows; i++) {
    others.forEach((j, k) => (row[k] = sample.value(i, j)));
    const found = statisticsOf(row, whole);
    open ??= new Map(found);
    for (const [name, value] of found) if (!(Math.abs(value - own[i]) <= tolerance)) open.delete(name);
    if (open.size === 0) return null;
  }
  return [...open!.keys()][0] ?? null;
}

/** Whether a column holds the position of the largest of the others, counted from 0 or 1. */
export function isArgMax(sample: RowSample, column: number, others: readonly number[]): boolean {
  let [fromZero, fromOne] = [true, true];
  for (let i = 0; i < sample.rows && (fromZero || fromOne); i++) {
    let best = 0;
    for (let k = 1; k < others.length; k++) if (sample.value(i, others[k]) > sample.value(i, others[best])) best = k;
    const value = sample.value(i, column);
    fromZero &&= value === best;
    fromOne &&= value === best + 1;
  }
  return fromZero || fromOne;
}

/** Whether in every row each column is at most the one before it, and not all rows are constant. */
export function isSorted(sample: RowSample, columns: readonly number[]): boolean {
  let differs = false;
  for (let i = 0; i < sample.rows; i++) {
    for (let k = 1; k < columns.length; k++) {
      const [before, value] = [sample.value(i, columns[k - 1]), sample.value(i, columns[k])];
      if (value > before) return false;
      differs ||= value < before;
    }
  }
  return differs;
}

/** Whether the second columns are a softmax of the first ones, or its logarithm, times one or a hundred. */
export function isSoftmaxOf(sample: RowSample, second: readonly number[], first: readonly number[]): boolean {
  if (second.length !== first.length) return false;
  let [shares, percent, logarithms] = [true, true, true];
  const row = new Float64Array(first.length);
  for (let i = 0; i < Math.min(sample.rows, 50) && (shares || percent || logarithms); i++) {
    first.forEach((j, k) => (row[k] = sample.value(i, j)));
    const total = logSumExp(row);
    for (let k = 0; k < first.length; k++) {
      const value = sample.value(i, second[k]);
      const log = row[k] - total;
      shares &&= Math.abs(Math.exp(log) - value) < 6e-3;
      percent &&= Math.abs(100 * Math.exp(log) - value) < 0.06;
      logarithms &&= Math.abs(log - value) < 6e-3 * Math.max(1, Math.abs(log));
    }
  }
  return shares || percent || logarithms;
}

/** Most columns that a span is made from, for speed. */
const mostBasis = 256;

/**
 * Which of some columns are affine functions of the others, as a class's logit is where a head has fewer features than
 * classes; null where the others themselves fill all directions and so cannot tell. Gram-Schmidt, twice.
 */
export function columnsInSpan(
  sample: RowSample,
  columns: readonly number[],
  others: readonly number[],
): boolean[] | null {
  if (columns.length === 0) return null;
  const step = Math.max(1, others.length / mostBasis);
  const used = Array.from({ length: Math.min(others.length, mostBasis) }, (_, k) => others[Math.floor(k * step)]);
  if (sample.rows < used.length + 10) return null;
  const basis: Float64Array[] = [];
  const residual = (j: number): { left: Float64Array; share: number } => {
    const values = columnOf(sample, j);
    const decimals = decimalsOf(values);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const left = values.map((value) => value - mean);
    const before = length(left);
    for (let pass = 0; pass < 2; pass++) {
      for (const direction of basis) {
        let along = 0;
        for (let i = 0; i < left.length; i++) along += left[i] * direction[i];
        for (let i = 0; i < left.length; i++) left[i] -= along * direction[i];
      }
    }
    const after = length(left);
    // What rounding of this column and of those in the basis leaves of a true function of them.
    const rounding = decimals > 8 ? 0 : 10 * 10 ** -decimals * Math.sqrt(left.length);
    return { left, share: before === 0 || after <= rounding ? 0 : after / before };
  };
  let dependent = 0;
  for (const j of used) {
    const { left, share } = residual(j);
    if (share < 1e-4) dependent++;
    else {
      const size = length(left);
      basis.push(left.map((value) => value / size));
    }
  }
  return dependent === 0 ? null : columns.map((j) => residual(j).share < 1e-4);
}

const length = (x: Float64Array): number => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));

/** An eigenvalue below this share of the largest is a linear relation, up to the rounding of values to a few decimals. */
const dependence = 1e-7;

/**
 * Columns that take part in no linear relation, where most others do: those without a component in the directions in which the
 * standardised columns do not vary. Null where the columns are too many, the rows too few, or most columns take part in none.
 */
export function outOfSpan(sample: RowSample, columns: readonly number[]): Set<number> | null {
  const p = columns.length;
  const { rows } = sample;
  if (p < 4 || p > mostBasis || rows < p + 10) return null;
  const standard = columns.map((j) => {
    const values = columnOf(sample, j);
    const mean = values.reduce((a, b) => a + b, 0) / rows;
    const centred = values.map((value) => value - mean);
    const size = length(centred) || 1;
    return centred.map((value) => value / size);
  });
  const gram = new Float64Array(p * p);
  for (let a = 0; a < p; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += standard[a][i] * standard[b][i];
      gram[a * p + b] = gram[b * p + a] = sum;
    }
  }
  const { values, vectors } = symmetricEigen(gram, p);
  const part = new Float64Array(p);
  for (let k = 0; k < p; k++) {
    if (values[k] > dependence * values[0]) continue;
    for (let j = 0; j < p; j++) part[j] += vectors.data[k * p + j] ** 2;
  }
  const tied = part.filter((share) => share > 1e-4).length;
  // A constant column takes part in none, and is found elsewhere.
  return tied * 2 < p ? null : new Set(columns.filter((_, j) => part[j] <= 1e-4));
}
