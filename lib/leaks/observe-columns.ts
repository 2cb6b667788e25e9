import { exp, floor, log, max, min } from '../base/index.js';
import { softmaxes } from '../linalg/index.js';
import { type RowSource } from '../tensor/index.js';
import { parseObserve, type ObserveStep } from '../words/index.js';
import { logFloor, takeLogarithms } from './logarithm.js';
import { hidingOf, observe, observeRow, roundAsPublished } from './observe.js';
import type { RowFacts, TopLogits } from './row-facts.js';

/** Some columns of what an interface shows. */
export interface ObservedColumns extends RowSource {
  /**
   * Shows rows one by one in one array, which is used again for the next: of very many columns, the arrays of whole blocks
   * take as long to be had and dropped as what they hold takes to compute. The numbers are those that `read` gives.
   * @param before where logarithms are taken: given each row as it is without them
   */
  each(
    start: number,
    end: number,
    visit: (shown: Float64Array, row: number) => void,
    before?: (shown: Float64Array, row: number) => void,
  ): Promise<void>;
}

/**
 * Some columns of what `observe` shows. With very many classes the exponentials are most of the work: what takes all of a
 * row is kept in `facts`, and the rest is computed for the columns alone. Where only the largest are shown, rows that are
 * known are not read again.
 * @param outputs logits (n, c)
 * @param columns ascending
 * @returns (n, columns)
 */
export function observeColumns(
  outputs: RowSource,
  spec: string,
  columns: Int32Array,
  facts: RowFacts,
): ObservedColumns {
  const { steps } = parseObserve(spec);
  const short = shortOf(steps);
  const whole = observe(outputs, spec);
  const { rows, cols } = outputs;
  const width = columns.length;
  // A few rows of very many classes at a time: blocks of a few megabytes are used again, larger ones are mapped anew.
  const step = max(1, floor(2 ** 19 / cols));
  const wide = whole.dtype === 'float64';
  const hiding = hidingOf(steps, wide);

  const showLogarithms = (
    shown: Float64Array,
    row: number,
    known: Short,
    above: () => Float64Array,
    before?: (shown: Float64Array, row: number) => void,
  ): void => {
    roundAsPublished(shown, wide);
    before?.(shown, row);
    // Where nothing is shown as 0 there is no need to look at all of the row.
    const ofZero = !shown.includes(0)
      ? NaN
      : facts.kept(spec, row, () => {
          const all = above();
          observeRow(all, known.after);
          roundAsPublished(all, wide);
          return logFloor(all, cols, hiding);
        });
    takeLogarithms(shown, ofZero);
  };

  const each: ObservedColumns['each'] = async (start, end, visit, before) => {
    // One row in float64, whatever rows are kept in.
    const shown = new Float64Array(width);
    const give = (row: number): void => {
      roundAsPublished(shown, wide);
      visit(shown, row);
    };
    for (let from = start; from < end; from += step) {
      const to = min(end, from + step);
      if (short?.topk) {
        const { top, totals } = await topOf(outputs, from, to, short, facts);
        const k = short.topk;
        for (let i = 0; i < to - from; i++) {
          const places = top.places.subarray(i * k, (i + 1) * k);
          const values = top.values.slice(i * k, (i + 1) * k);
          publish(values, short, totals ? totals[i] : 0);
          shown.fill(short.probs ? 0 : values[k - 1]);
          for (let j = 0; j < k; j++) {
            const place = placeOf(columns, places[j]);
            if (place >= 0) shown[place] = values[j];
          }
          observeRow(shown, short.after);
          if (short.log) showLogarithms(shown, from + i, short, () => byClass(places, values), before);
          give(from + i);
        }
        continue;
      }
      const block = await (short ? outputs : whole).read(from, to);
      const totals = short?.probs ? await facts.logSums(block, from, short.temperature) : null;
      const shares = totals && width === cols ? await softmaxes(block, cols, short!.temperature, totals) : null;
      for (let i = 0; i < to - from; i++) {
        const row = block.subarray(i * cols, (i + 1) * cols);
        if (shares) shown.set(shares.subarray(i * cols, (i + 1) * cols));
        else if (width === cols) shown.set(row);
        else for (let j = 0; j < width; j++) shown[j] = row[columns[j]];
        if (short) {
          if (!shares) publish(shown, short, totals ? totals[i] : 0);
          observeRow(shown, short.after);
          if (short.log)
            showLogarithms(shown, from + i, short, () => aboveZero(row, short, totals![i], hiding.least), before);
        }
        give(from + i);
      }
    }
  };

  return {
    ...{ rows, cols: width, dtype: whole.dtype, each },
    async read(start, end) {
      const out = new (wide ? Float64Array : Float32Array)((end - start) * width);
      await each(start, end, (shown, row) => out.set(shown, (row - start) * width));
      return out;
    },
  };
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

/** The steps in short; null where one of them hides or rounds what a later one looks for. */
function shortOf(steps: readonly ObserveStep[]): Short | null {
  const short: Short = { temperature: 1, probs: false, topk: null, after: [], log: false };
  for (const step of steps) {
    // Noise is drawn for all of a row, and a label is that of all of it.
    if (step.step === 'noise' || step.step === 'label') return null;
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

/** The largest logits of rows, and the sums of their exponentials where probabilities are shown. */
async function topOf(
  outputs: RowSource,
  start: number,
  end: number,
  { topk, probs, temperature }: Short,
  facts: RowFacts,
): Promise<{ top: TopLogits; totals: Float64Array | null }> {
  const known = facts.knownTop(start, end, topk!);
  const sums = probs ? facts.knownLogSums(start, end, temperature) : null;
  if (known && (sums || !probs)) return { top: known, totals: sums };
  const block = await outputs.read(start, end);
  return {
    top: facts.top(block, start, topk!),
    totals: probs ? await facts.logSums(block, start, temperature) : null,
  };
}

/** Values in the order of their classes, as sums over a row take them. */
const byClass = (places: Int32Array, values: Float64Array): Float64Array =>
  Float64Array.from(
    Array.from(places.keys()).sort((a, b) => places[a] - places[b]),
    (i) => values[i],
  );

/** Makes logits what is shown of them, in place: over a temperature, and as probabilities. */
function publish(row: Float64Array, { temperature, probs }: Short, total: number): void {
  for (let j = 0; j < row.length; j++) {
    const logit = row[j] / temperature;
    row[j] = probs ? exp(logit - total) : logit;
  }
}

/**
 * The probabilities of a row that may be shown above zero, in the order of the classes. Of very many classes most are shown as 0,
 * which their logits tell without an exponential.
 * @param least the largest probability that is shown as 0
 */
function aboveZero(
  row: Float32Array | Float64Array,
  { temperature }: Short,
  total: number,
  least: number,
): Float64Array {
  // Rounding of the logarithm and of the exponential is far less than that.
  const cut = temperature * (log(least) + total - 1e-9);
  const above: number[] = [];
  for (let i = 0; i < row.length; i++) if (row[i] > cut) above.push(exp(row[i] / temperature - total));
  return Float64Array.from(above);
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
