import { UsageError } from '../base/index.js';
import { float16ToFloat32, float32ToFloat16, toRowSource, type RowSource, type RowsLike } from '../tensor/index.js';

/** One step between a model's logits and what its interface publishes. */
export type ObserveStep =
  | { step: 'logits' | 'log-probs' | 'probs' | 'float16' }
  | { step: 'topk'; k: number }
  | { step: 'round'; decimals: number }
  | { step: 'temperature'; temperature: number };

/** What an interface publishes of its logits, as data. */
export interface ObserveSpec {
  /** As asked for: `temperature:2+probs+topk:5+round:2`. */
  text: string;
  steps: ObserveStep[];
}

const forms =
  'logits, log-probs, probs, topk:K, round:DECIMALS, float16, temperature:T, joined by + in the order in which the interface applies them (probs+topk:5+round:2)';

/**
 * Reads a spec such as `probs+topk:5+round:2`. `temperature`, `log-probs` and `probs` act on logits, so they stand
 * before everything that hides a part of them.
 * @throws UsageError for an unknown step, a number out of range or an order that no interface has
 */
export function parseObserve(spec: string): ObserveSpec {
  const steps = spec.split('+').map((part) => parseStep(part.trim(), spec));
  let onLogits = true;
  for (const { step } of steps) {
    if ((step === 'log-probs' || step === 'probs' || step === 'temperature' || step === 'logits') && !onLogits) {
      throw new UsageError(
        `Expected '${step}' to stand before log-probs, probs and topk in '${spec}', since it acts on logits; put it first.`,
      );
    }
    if (step === 'log-probs' || step === 'probs' || step === 'topk') onLogits = false;
  }
  return { text: spec, steps };
}

function parseStep(part: string, spec: string): ObserveStep {
  const [name, argument, ...rest] = part.split(':');
  const number = argument === undefined || argument === '' ? NaN : Number(argument);
  if (rest.length === 0) {
    if (argument === undefined) {
      if (name === 'logits' || name === 'log-probs' || name === 'probs' || name === 'float16') return { step: name };
    } else if (name === 'topk' && Number.isInteger(number) && number >= 1) return { step: 'topk', k: number };
    else if (name === 'round' && Number.isInteger(number) && number >= 0 && number <= 15) {
      return { step: 'round', decimals: number };
    } else if (name === 'temperature' && number > 0 && Number.isFinite(number)) {
      return { step: 'temperature', temperature: number };
    }
  }
  throw new UsageError(`Expected ${forms}, found '${part}' in '${spec}'.`);
}

/**
 * What an interface publishes of these logits, row by row in float64, rounded to float32 at the end where the logits
 * are not float64. Outside the top K (ties: the lowest index is kept) a probability is 0, as such interfaces print it;
 * a log-probability is that of an even share of what the shown ones leave; a logit is the lowest one shown, the
 * least that is known of it. These are what a fit gets to see.
 * @param outputs logits (n, c)
 * @throws UsageError where K is not below the number of classes
 */
export function observe(outputs: RowsLike, spec: string | ObserveSpec): RowSource {
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
  const halves = steps.some(({ step }) => step === 'float16');
  const wide = logits.dtype === 'float64' && !halves;
  return {
    rows,
    cols,
    dtype: halves ? 'float16' : logits.dtype,
    async read(start, end) {
      const data = new Float64Array(await logits.read(start, end));
      for (let at = 0; at < data.length; at += cols) observeRow(data.subarray(at, at + cols), steps);
      return wide ? data : new Float32Array(data);
    },
  };
}

/**
 * Some columns of what `observe` shows, ascending. Of very many classes the exponentials are most of the work: the sums of them are
 * kept in `sums`, and what does not need all of a row is computed for the columns alone.
 */
export function observeColumns(outputs: RowSource, spec: string, columns: Int32Array, sums: LogSums): RowSource {
  const { steps } = parseObserve(spec);
  const short = shortOf(steps);
  const whole = observe(outputs, spec);
  const { rows, cols } = outputs;
  const width = columns.length;
  // Rows of very many classes are read a few at a time.
  const step = Math.max(1, Math.floor(2 ** 22 / cols));
  const wide = whole.dtype === 'float64';
  return {
    ...{ rows, cols: width, dtype: whole.dtype },
    async read(start, end) {
      const out = new Float64Array((end - start) * width);
      for (let from = start; from < end; from += step) {
        const to = Math.min(end, from + step);
        const block = await (short ? outputs : whole).read(from, to);
        const total = short?.probs ? sums.of(block, from, short.temperature) : null;
        for (let i = 0; i < to - from; i++) {
          const row = block.subarray(i * cols, (i + 1) * cols);
          const shown = out.subarray((from - start + i) * width, (from - start + i + 1) * width);
          if (!short) for (let j = 0; j < width; j++) shown[j] = row[columns[j]];
          else showColumns(row, columns, short, total ? total[i] : 0, shown);
        }
      }
      return wide ? out : new Float32Array(out);
    },
  };
}

/** Logarithms of the sums of exponentials of a model's logits, each computed once. */
export class LogSums {
  readonly #known = new Map<number, Float64Array>();

  /** @param rows of the logits (n, c) that are asked about */
  constructor(
    private readonly rows: number,
    private readonly classes: number,
  ) {}

  /** Of rows `start`, … of the logits over a temperature. */
  of(block: Float32Array | Float64Array, start: number, temperature: number): Float64Array {
    const known = this.#known.get(temperature) ?? new Float64Array(this.rows).fill(NaN);
    this.#known.set(temperature, known);
    const out = known.subarray(start, start + block.length / this.classes);
    for (let i = 0; i < out.length; i++) {
      if (!Number.isNaN(out[i])) continue;
      const row = new Float64Array(block.subarray(i * this.classes, (i + 1) * this.classes));
      if (temperature !== 1) for (let j = 0; j < row.length; j++) row[j] /= temperature;
      out[i] = logSumExp(row);
    }
    return out;
  }
}

/** Steps that need no more of a row than its largest logits and the sum of its exponentials. */
interface Short {
  temperature: number;
  probs: boolean;
  topk: number | null;
  /** What follows, column by column. */
  after: ObserveStep[];
}

/** Null where a step between hides or rounds what a later one looks for. */
function shortOf(steps: readonly ObserveStep[]): Short | null {
  const short: Short = { temperature: 1, probs: false, topk: null, after: [] };
  for (const step of steps) {
    if (step.step === 'round' || step.step === 'float16') short.after.push(step);
    else if (short.after.length > 0 || short.topk !== null || step.step === 'log-probs') return null;
    else if (step.step === 'temperature') {
      if (short.temperature !== 1) return null;
      short.temperature = step.temperature;
    } else if (step.step === 'probs') short.probs = true;
    else if (step.step === 'topk') short.topk = step.k;
  }
  return short;
}

function showColumns(
  row: Float32Array | Float64Array,
  columns: Int32Array,
  { temperature, probs, topk, after }: Short,
  total: number,
  shown: Float64Array,
): void {
  const at = (j: number): number => (probs ? Math.exp(row[j] / temperature - total) : row[j] / temperature);
  if (topk === null) for (let j = 0; j < columns.length; j++) shown[j] = at(columns[j]);
  else {
    // The largest probabilities are those of the largest logits.
    const order = largest(row, topk);
    shown.fill(probs ? 0 : at(order[topk - 1]));
    for (const j of order) {
      const place = placeOf(columns, j);
      if (place >= 0) shown[place] = at(j);
    }
  }
  if (after.length > 0) observeRow(shown, after);
}

/** By bisection; −1 where it is not among them. */
function placeOf(columns: Int32Array, wanted: number): number {
  let [low, high] = [0, columns.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (columns[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return columns[low] === wanted ? low : -1;
}

/** A spec as people say it: `probs+topk:5+round:2` → `the top 5 probabilities rounded to 2 decimals`. */
export function inWords(spec: string): string {
  let [what, which, how] = ['logits', 'all', ''];
  for (const step of parseObserve(spec).steps) {
    if (step.step === 'log-probs') what = 'log-probabilities';
    if (step.step === 'probs') what = 'probabilities';
    if (step.step === 'topk') which = step.k === 1 ? 'only the largest of the' : `the top ${step.k}`;
    if (step.step === 'temperature') how += ` at temperature ${step.temperature}`;
    if (step.step === 'round') how += ` rounded to ${step.decimals} decimals`;
    if (step.step === 'float16') how += ' in float16';
  }
  return `${which} ${what}${how}`;
}

function observeRow(row: Float64Array, steps: readonly ObserveStep[]): void {
  let scale: 'logits' | 'log-probs' | 'probs' = 'logits';
  for (const step of steps) {
    switch (step.step) {
      case 'temperature':
        for (let j = 0; j < row.length; j++) row[j] /= step.temperature;
        break;
      case 'log-probs':
      case 'probs': {
        scale = step.step;
        const total = logSumExp(row);
        for (let j = 0; j < row.length; j++) row[j] = scale === 'probs' ? Math.exp(row[j] - total) : row[j] - total;
        break;
      }
      case 'topk':
        keepTop(row, step.k, scale);
        break;
      case 'round':
        for (let j = 0; j < row.length; j++) row[j] = roundTo(row[j], step.decimals);
        break;
      case 'float16':
        row.set(float16ToFloat32(float32ToFloat16(Float32Array.from(row))));
        break;
    }
  }
}

/** log Σ exp, with the largest taken out so that nothing overflows. */
export function logSumExp(row: Float64Array | Float32Array): number {
  let largest = -Infinity;
  for (const value of row) if (value > largest) largest = value;
  let sum = 0;
  for (const value of row) sum += Math.exp(value - largest);
  return largest + Math.log(sum);
}

function keepTop(row: Float64Array, k: number, scale: 'logits' | 'log-probs' | 'probs'): void {
  if (scale === 'log-probs') {
    const order = Array.from(row.keys()).sort((i, j) => row[j] - row[i] || i - j);
    // Of the hidden ones themselves: the same as one less the shown ones, without their rounding.
    const hidden = Float64Array.from(order.slice(k), (j) => row[j]);
    const fill = logSumExp(hidden) - Math.log(hidden.length);
    for (let i = k; i < row.length; i++) row[order[i]] = fill;
    return;
  }
  const order = largest(row, k);
  const values = order.map((j) => row[j]);
  row.fill(scale === 'probs' ? 0 : values[k - 1]);
  for (const [i, j] of order.entries()) row[j] = values[i];
}

/** Places of the k largest, descending, of equal ones the lowest first. Few of many are found without sorting them all. */
function largest(row: Float32Array | Float64Array, k: number): number[] {
  if (k > 32) {
    return Array.from(row.keys())
      .sort((i, j) => row[j] - row[i] || i - j)
      .slice(0, k);
  }
  const found: number[] = [];
  for (let j = 0; j < row.length; j++) {
    if (found.length === k && !(row[j] > row[found[k - 1]])) continue;
    let at = Math.min(found.length, k - 1);
    for (; at > 0 && row[found[at - 1]] < row[j]; at--) found[at] = found[at - 1];
    found[at] = j;
  }
  return found;
}

/** The nearest number of so many decimals, ties to even as in Python's and NumPy's `round`. */
function roundTo(value: number, decimals: number): number {
  const power = 10 ** decimals;
  const scaled = value * power;
  const below = Math.floor(scaled);
  const rest = scaled - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  return (up ? below + 1 : below) / power;
}
