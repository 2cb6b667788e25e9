import type { TaskOptions } from '../base/index.js';
import { ownSpan, spreadRows, type Fold, type OwnSpan } from '../fit/index.js';
import { observe, observeColumns, type ObservedColumns } from '../leaks/index.js';
import type { LinearMap, RowSource } from '../tensor/index.js';
import type { RowWarning } from '../words/index.js';
import { readersOf } from './readers.js';
import { affineReads, manyOutputs, factsOf, type Reads } from './reading.js';

/** The numbers that a map is fitted on for an interface, and how it becomes a map of what `reads` gives. */
export interface ShownLogits {
  /** What the fit reads of the training images. */
  x: RowSource;
  /** Which training images these are; null for all of them. */
  rows: Fold | null;
  /** What the fitted map reads of any images. */
  reads: Reads;
  /** The fitted map, from `x`, as one from what `reads` gives. */
  lift(map: LinearMap): Promise<LinearMap>;
  /** What to know of it. */
  warnings: RowWarning[];
}

/** Most outputs of which a matrix of outputs x outputs is formed, as in `fitLinearMap`. */
export const widest = 4096;
/**
 * Outputs that are read where there are more: half as many again as there are features, since fewer than features could not give
 * them all away. The cube of it is the time that a fit takes.
 */
const columnsFor = (features: number): number => Math.min(2048, Math.max(1024, Math.ceil(1.5 * features)));
/** Images that a map of all outputs needs for each of them. */
const imagesPerColumn = 3;
/** Outputs of very many that a reader is tried on: enough to tell which of two reads more. */
export const columnsTried = 512;
/**
 * Images for each output that is picked: a map of fewer outputs with ten images for each predicts better and is found
 * sooner.
 */
export const imagesPerPicked = 10;

const asItIs = (map: LinearMap): Promise<LinearMap> => Promise.resolve(map);

/**
 * The numbers that a fit from what `spec` shows of the logits is posed in, on the training rows of a model. Exactly: in the
 * dimensions of the head where the outputs are affine in the features, and in those of the rows where there are fewer of them
 * than outputs. Of more than 4,096 outputs, from those that vary most: a matrix of all of them would not fit into memory, and
 * a map of that many takes more images than anybody has; and on no more rows than such a map has use for.
 *
 * @param train the model's part, whose rows are all that there are
 * @param options `variations`: neighbouring rows that are of one image. Default 1. `columns`: most outputs that are read where
 * they are picked
 */
export async function shownOf(
  train: { features: RowSource; logits: RowSource; head: LinearMap },
  spec: string,
  {
    rcond,
    variations = 1,
    columns: mostColumns = Infinity,
    ...task
  }: TaskOptions & { rcond?: number; variations?: number; columns?: number },
): Promise<ShownLogits> {
  const { logits } = train;
  const affine = await affineReads(spec, train.head);
  if (affine) {
    // The numbers that are read are as many as the head has rank, and one: so many rows determine the map.
    const few = logits.cols > widest ? imagesPerPicked * columnsFor(train.features.cols) : logits.rows;
    const some = spreadRows(logits.rows, few, variations);
    const x = affine(train);
    const warnings: RowWarning[] = some ? [{ kind: 'rows-enough', observe: spec, rows: some.n, of: logits.rows }] : [];
    return { x: some ? some.of(x) : x, rows: some, reads: affine, lift: asItIs, warnings };
  }
  const reads: Reads = (store) => observe(store.logits, spec);
  const x = reads(train);
  const { rows, cols } = logits;
  if (cols > manyOutputs && cols <= widest && rows < cols) {
    const span: OwnSpan = await ownSpan(x, { rcond, ...task });
    return { x: span.rows, rows: null, reads, lift: (map) => span.lift(map), warnings: [] };
  }
  if (cols <= widest) return { x, rows: null, reads, lift: asItIs, warnings: [] };
  const columns = await mostVaried(
    logits,
    spec,
    Math.max(1, Math.min(mostColumns, columnsFor(train.features.cols), Math.floor(rows / imagesPerPicked))),
    task,
  );
  const picked: Reads = (store) => observedAt(store.logits, spec, columns);
  const some = spreadRows(rows, imagesPerPicked * columns.length, variations);
  return {
    x: some ? some.of(picked(train)) : picked(train),
    rows: some,
    reads: picked,
    lift: asItIs,
    warnings: [
      {
        ...{ kind: 'outputs-picked', observe: spec, outputs: columns.length, of: cols },
        ...{ rows: some?.n ?? null, trainingRows: rows, imagesNeeded: imagesPerColumn * cols },
      },
    ],
  };
}

/** Rows that variances are taken from. */
const sampleRows = 512;

/** The columns of the largest variance on a sample of rows, ascending; of equal ones the first. */
async function mostVaried(logits: RowSource, spec: string, most: number, task: TaskOptions): Promise<Int32Array> {
  const known = variances.get(logits) ?? new Map<string, Float64Array>();
  variances.set(logits, known);
  if (!known.has(spec)) {
    // Whoever reads probabilities as they stand reads their logarithms next: both are taken in one pass.
    const [, log] = readersOf(spec);
    for (const [of, found] of await variancesOf(logits, spec, log?.spec ?? null, task)) known.set(of, found);
  }
  const variance = known.get(spec)!;
  return Int32Array.from(variance.keys())
    .sort((a, b) => variance[b] - variance[a] || a - b)
    .slice(0, most)
    .sort();
}

/** By logits and spec: variances are needed when a reader is tried and again when it is fitted. */
const variances = new WeakMap<RowSource, Map<string, Float64Array>>();

/** @param log the spec of the logarithms of what `spec` shows, which are looked at as well; else null */
async function variancesOf(
  logits: RowSource,
  spec: string,
  log: string | null,
  task: TaskOptions,
): Promise<Map<string, Float64Array>> {
  const { signal, onProgress } = task;
  const { rows, cols } = logits;
  const x = observedAt(
    logits,
    log ?? spec,
    Int32Array.from({ length: cols }, (_, j) => j),
  );
  const n = Math.min(sampleRows, rows);
  const [plain, logarithms] = [new ColumnSums(cols), new ColumnSums(cols)];
  const last = log === null ? plain : logarithms;
  // A few runs of neighbouring rows: single ones take as long to read as whole blocks.
  const step = 32;
  for (let i = 0; i < n; i += step) {
    signal?.throwIfAborted();
    const start = Math.floor((i * rows) / n);
    await x.each(
      start,
      Math.min(rows, start + step),
      (shown) => last.add(shown),
      log === null ? undefined : (shown) => plain.add(shown),
    );
    onProgress?.({ stage: 'outputs that vary most', done: Math.min(n, i + step), total: n, unit: 'rows' });
  }
  if (log === null) return new Map([[spec, plain.variances()]]);
  // Not every way to show them passes the numbers themselves by.
  const own = plain.rows > 0 ? [[spec, plain.variances()] as const] : await variancesOf(logits, spec, null, task);
  return new Map([...own, [log, logarithms.variances()]]);
}

/** Sums of some rows, column by column, relative to the first row. */
class ColumnSums {
  rows = 0;
  readonly #sum: Float64Array;
  readonly #squares: Float64Array;
  readonly #first: Float64Array;

  constructor(cols: number) {
    [this.#sum, this.#squares, this.#first] = [cols, cols, cols].map((length) => new Float64Array(length));
  }

  add(row: Float64Array): void {
    if (this.rows === 0) this.#first.set(row);
    this.rows++;
    const [sum, squares, first] = [this.#sum, this.#squares, this.#first];
    for (let j = 0; j < row.length; j++) {
      const value = row[j] - first[j];
      sum[j] += value;
      squares[j] += value * value;
    }
  }

  /** Of each column, up to one factor. */
  variances(): Float64Array {
    return this.#squares.map((value, j) => value - this.#sum[j] ** 2 / this.rows);
  }
}

const observedAt = (logits: RowSource, spec: string, columns: Int32Array): ObservedColumns =>
  observeColumns(logits, spec, columns, factsOf(logits));
