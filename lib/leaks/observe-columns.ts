import { type RowSource } from '../tensor/index.js';
import { logFloor, takeLogarithms } from './logarithm.js';
import { hidingOf, largest, logSumExp, observe, observeRow, parseObserve, store, type ObserveStep } from './observe.js';

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
  const hiding = hidingOf(steps, wide);
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
          else {
            showColumns(row, columns, short, total ? total[i] : 0, shown);
            if (!short.log) continue;
            store(shown, wide);
            const floor = sums.kept(spec, from + i, () => {
              const all = aboveZero(row, short, total![i], hiding.least);
              store(all, wide);
              return logFloor(all, cols, hiding);
            });
            takeLogarithms(shown, floor);
          }
        }
      }
      return wide ? out : new Float32Array(out);
    },
  };
}

/** Logarithms of the sums of exponentials of a model's logits, each computed once. */
export class LogSums {
  readonly #known = new Map<number, Float64Array>();
  readonly #kept = new Map<string, Float64Array>();

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

  /** Another number of a row that takes all of it to compute, by name. */
  kept(name: string, row: number, compute: () => number): number {
    const known = this.#kept.get(name) ?? new Float64Array(this.rows).fill(NaN);
    this.#kept.set(name, known);
    if (Number.isNaN(known[row])) known[row] = compute();
    return known[row];
  }
}

/** Steps that need no more of a row than its largest logits and the sum of its exponentials. */
interface Short {
  temperature: number;
  probs: boolean;
  topk: number | null;
  /** What follows, column by column. */
  after: ObserveStep[];
  /** Whether a reader takes logarithms in the end. */
  log: boolean;
}

/** Null where a step between hides or rounds what a later one looks for. */
function shortOf(steps: readonly ObserveStep[]): Short | null {
  const short: Short = { temperature: 1, probs: false, topk: null, after: [], log: false };
  for (const step of steps) {
    if (step.step === 'log') short.log = true;
    else if (step.step === 'round' || step.step === 'float16') short.after.push(step);
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

/**
 * The probabilities of a row that are shown and may be above zero, in the order of the classes. Of very many classes most are
 * shown as 0, which their logits tell without an exponential.
 * @param least the largest probability that is shown as 0
 */
function aboveZero(
  row: Float32Array | Float64Array,
  { temperature, topk, after }: Short,
  total: number,
  least: number,
): Float64Array {
  // Rounding of the logarithm and of the exponential is far less than that.
  const cut = temperature * (Math.log(least) + total - 1e-9);
  const places = topk === null ? null : largest(row, topk).sort((a, b) => a - b);
  const shown: number[] = [];
  const count = places?.length ?? row.length;
  for (let i = 0; i < count; i++) {
    const value = row[places ? places[i] : i];
    if (value > cut) shown.push(Math.exp(value / temperature - total));
  }
  const out = Float64Array.from(shown);
  observeRow(out, after);
  return out;
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
