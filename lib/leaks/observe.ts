import { exp, floor, fround, log, max, min, random, UsageError } from '../base/index.js';
import { logSumExp } from '../linalg/index.js';
import { parseObserve, showsLabel, type ObserveSpec, type ObserveStep } from '../words/index.js';
import { float16ToFloat32, float32ToFloat16, toRowSource, type RowSource, type RowsLike } from '../tensor/index.js';
import { largest } from './largest.js';
import { logFloor, takeLogarithms, type Hiding } from './logarithm.js';
import { aboutShown, checkSteps, type Given } from './observed-logs.js';

/**
 * What an interface publishes of these logits, row by row in float64, rounded to float32 at the end where the logits
 * are not float64. Outside the top K (ties: the lowest index is kept) a probability is 0, as such interfaces print it;
 * a log-probability is that of an even share of what the shown ones leave; a logit is the lowest one shown, the
 * least that is known of it. A label is 1 in the column of its class, 0 in all others. These are what a fit gets to see. `log` takes logarithms of probabilities, of a 0 as `logFloor` says.
 * Of a log that lists some classes of each row, these alone are shown, in its order where numbers are tied.
 * @param outputs logits (n, c)
 * @returns (n, c)
 * @throws UsageError for a spec that `parseObserve` does not read, or where K is not below the number of classes; FeatReconstructError
 * (`hidden`) for a softmax of a log of the best classes alone
 */
export const observe = (outputs: RowsLike, spec: string | ObserveSpec): RowSource => observeAs(outputs, spec, 'logits');

/** The same of outputs that may be probabilities. @param given what the outputs are */
export function observeAs(outputs: RowsLike, spec: string | ObserveSpec, given: Given): RowSource {
  const { steps } = typeof spec === 'string' ? parseObserve(spec) : spec;
  const logits = toRowSource(outputs, 'the logits');
  const { rows, cols } = logits;
  for (const step of steps) {
    if (step.step === 'topk' && step.k >= cols) {
      throw new UsageError(
        `Expected topk below the ${cols} classes, found ${step.k}; leave it out to show all of them.`,
      );
    }
  }
  const { about } = logits;
  checkSteps(steps, about, given);
  const halves = steps.some(({ step }) => step === 'float16');
  // Logarithms of halves are no halves.
  const wide = logits.dtype === 'float64' && (!halves || isLog(steps));
  const hiding = hidingOf(steps, wide);
  return {
    rows,
    cols,
    dtype: isLog(steps) ? (wide ? 'float64' : 'float32') : halves ? 'float16' : logits.dtype,
    async read(start, end) {
      const block = await logits.read(start, end);
      const out = new (wide ? Float64Array : Float32Array)(block.length);
      // One row in float64, whatever rows are kept in.
      const row = new Float64Array(cols);
      for (let at = 0, i = start; at < out.length; at += cols, i++) {
        row.set(block.subarray(at, at + cols));
        if (about?.listed) observeListed(row, about.listed(i), steps, given);
        else observeRow(row, steps, given);
        if (isLog(steps)) {
          roundAsPublished(row, wide);
          takeLogarithms(row, logFloor(row, cols, hiding));
        }
        out.set(row, at);
      }
      return out;
    },
    ...aboutShown(about, steps),
  };
}

/** Shows a row of a log that lists some of the classes: the others stay as the log has them, 0 or the least that is listed. */
function observeListed(row: Float64Array, listed: Int32Array, steps: readonly ObserveStep[], given: Given): void {
  const isListed = new Set(listed);
  const other = listed.length < row.length ? row.findIndex((_, j) => !isListed.has(j)) : -1;
  const isShare = given === 'probs' || (other >= 0 && row[other] === 0);
  const own = Float64Array.from(listed, (j) => row[j]);
  const fewer = steps.filter((each) => each.step !== 'topk' || each.k < own.length);
  observeRow(own, fewer, isShare ? 'probs' : 'logits');
  row.fill(isShare || showsLabel(steps) ? 0 : min(...own));
  for (const [k, j] of listed.entries()) row[j] = own[k];
}

const isLog = (steps: readonly ObserveStep[]): boolean => steps.at(-1)?.step === 'log';

/** Rounds probabilities as they are published, in place: those below float32's smallest become 0. */
export function roundAsPublished(row: Float64Array, wide: boolean): void {
  if (!wide) for (let j = 0; j < row.length; j++) row[j] = fround(row[j]);
}

/** What is known of a probability that is shown as 0, by the numbers that it is shown in: the coarsest of them decides. */
export function hidingOf(steps: readonly ObserveStep[], wide: boolean): Hiding {
  const hiding: Hiding = { least: wide ? 0 : 2 ** -150, step: wide ? 2 ** -53 : 2 ** -24, topk: null };
  for (const step of steps) {
    if (step.step === 'topk') hiding.topk = step.k;
    const [least, unit] =
      step.step === 'round'
        ? [10 ** -step.decimals / 2, 10 ** -step.decimals]
        : step.step === 'float16'
          ? [2 ** -25, 2 ** -11]
          : step.step === 'noise'
            ? [step.deviation, step.deviation]
            : [0, 0];
    hiding.least = max(hiding.least, least);
    hiding.step = max(hiding.step, unit);
  }
  return hiding;
}

/** Shows one row as the steps say, in place. @param given what the row is */
export function observeRow(row: Float64Array, steps: readonly ObserveStep[], given: Given = 'logits'): void {
  let scale: 'logits' | 'log-probs' | 'probs' = given;
  for (const step of steps) {
    switch (step.step) {
      case 'temperature':
        for (let j = 0; j < row.length; j++) row[j] /= step.temperature;
        break;
      case 'log-probs':
      case 'probs': {
        scale = step.step;
        const sum = logSumExp(row);
        for (let j = 0; j < row.length; j++) row[j] = scale === 'probs' ? exp(row[j] - sum) : row[j] - sum;
        break;
      }
      case 'topk':
        keepTop(row, step.k, scale);
        break;
      case 'round':
        roundTo(row, step.decimals);
        break;
      case 'float16':
        row.set(float16ToFloat32(float32ToFloat16(Float32Array.from(row))));
        break;
      case 'label': {
        const best = row.indexOf(row.reduce((a, b) => max(a, b), -Infinity));
        row.fill(0);
        if (best >= 0) row[best] = 1;
        break;
      }
      case 'noise':
        addNoise(row, step.deviation, scale);
        break;
    }
  }
}

function keepTop(row: Float64Array, k: number, scale: 'logits' | 'log-probs' | 'probs'): void {
  if (scale === 'log-probs') {
    const order = Array.from(row.keys()).sort((i, j) => row[j] - row[i] || i - j);
    // Summed over the hidden ones: 1 less the shown ones is the same, but for rounding.
    const hidden = Float64Array.from(order.slice(k), (j) => row[j]);
    const fill = logSumExp(hidden) - log(hidden.length);
    for (let i = k; i < row.length; i++) row[order[i]] = fill;
    return;
  }
  const order = largest(row, k);
  const values = order.map((j) => row[j]);
  row.fill(scale === 'probs' ? 0 : values[k - 1]);
  for (const [i, j] of order.entries()) row[j] = values[i];
}

/**
 * Normal noise that depends on the row alone, so that the same question gets the same answer and noise cannot be averaged
 * away. A probability does not fall below 0.
 */
function addNoise(row: Float64Array, deviation: number, scale: 'logits' | 'log-probs' | 'probs'): void {
  const bits = new Uint32Array(Float64Array.from(row).buffer);
  let seed = 0x811c9dc5;
  for (const word of bits) seed = Math.imul(seed ^ word, 0x01000193) >>> 0;
  const { normal } = random(seed, row.length);
  for (let j = 0; j < row.length; j++) {
    const value = row[j] + deviation * normal();
    row[j] = scale === 'probs' ? max(0, value) : value;
  }
}

/** To the nearest numbers of `decimals` decimals, in place; ties to even as in Python's and NumPy's `round`. */
function roundTo(row: Float64Array, decimals: number): void {
  const power = 10 ** decimals;
  for (let j = 0; j < row.length; j++) {
    const scaled = row[j] * power;
    const below = floor(scaled);
    const rest = scaled - below;
    const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
    row[j] = (up ? below + 1 : below) / power;
  }
}
