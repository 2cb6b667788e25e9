import type { TaskOptions } from '../base/index.js';
import { evenly, isCoded, wilsonInterval, random } from '../base/index.js';
import { keptOutShare } from '../evaluate/index.js';
import type { Store } from '../extract/index.js';
import { applyLinearMap, headCondition } from '../fit/index.js';
import {
  fingerprint,
  imagesToRecognise,
  mayShowSpan,
  observe,
  observeColumns,
  sameHead,
  type InterfaceAnswer,
  type InterfaceBound,
  type InterfaceCost,
} from '../leaks/index.js';
import type { ResultRow } from '../results/index.js';
import { chooseRows, denseData, memoryRows, toNdArray, type LinearMap, type RowSource } from '../tensor/index.js';
import { beforeListed, nearlyAll, parseObserve } from '../words/index.js';
import type { FewImagesBound } from './few-images.js';
import { spaceOf } from './head-spaces.js';
import { readOnce } from './kept-rows.js';
import { factsOf } from './reading.js';
import { widest } from './shown.js';
import { spreadOver } from './split.js';
import { topProbabilityOf } from './top-probability.js';

/** Most images that tell what an interface costs, and what its outputs show of the model. */
const mostCounted = 2000;

/** What the audit of an interface starts from: a model's rows on images as they are, without variations. */
export interface Audited {
  store: Store;
  /** (rows) The group of each row: images that are the same, or nearly, have the same number. */
  groups: Int32Array;
  /** The model's class of each row by its label, −1 where it has none; absent where labels are not its classes. */
  labels?: Int32Array;
}

/** Whether an interface shows the logits themselves, or their differences: all but what every class has in common. */
function whole(spec: string): 'logits' | 'differences' | null {
  let found: 'logits' | 'differences' = 'logits';
  for (const { step } of parseObserve(spec).steps) {
    if (step === 'log-probs' || step === 'probs') found = 'differences';
    else if (step !== 'logits' && step !== 'temperature' && step !== 'log') return null;
  }
  return found;
}

/**
 * Whether a head loses nothing of the features, so that logits, or their differences, at full precision are the features in
 * another basis: by algebra, whatever the images.
 */
export async function undoneBy(head: LinearMap): Promise<Record<'logits' | 'differences', boolean>> {
  const [classes, features] = head.weight.shape;
  if (classes < features) return { logits: false, differences: false };
  const all = (await spaceOf(head)).rank === features;
  if (!all || classes === features || classes > widest) return { logits: all, differences: false };
  const data = Float64Array.from(denseData(head.weight));
  for (let j = 0; j < features; j++) {
    let mean = 0;
    for (let i = 0; i < classes; i++) mean += data[i * features + j] / classes;
    for (let i = 0; i < classes; i++) data[i * features + j] -= mean;
  }
  const centred = { weight: toNdArray(data, [classes, features]), bias: head.bias };
  return { logits: true, differences: (await headCondition(centred)).rank === features };
}

/** The bound from repeated splits of few images. */
export function boundOfFew(
  spec: string,
  found: FewImagesBound,
  images: number,
  undone: Record<'logits' | 'differences', boolean>,
): InterfaceBound {
  const { folds, repeats } = found;
  return boundOf(spec, undone, {
    ...{ r2: found.r2, interval: found.interval, over: found.over, images, by: found.by },
    ...{ fitted: images - Math.ceil(images / folds), splits: { folds, repeats }, alpha: null },
  });
}

/**
 * The bound from images that took no part in a fit.
 * @param errors (rows of `test`) squared error of each row
 */
export async function boundOfRow(
  row: ResultRow,
  errors: Float64Array,
  test: Store,
  { groups, classes, undone, variations }: BoundContext,
): Promise<InterfaceBound> {
  const share = keptOutShare(errors, await squaresAboutMean(test.features), { groups, classes });
  return boundOf(row.observe ?? 'logits', undone, {
    ...share,
    images: new Set(groups).size,
    fitted: Math.floor(row.nTrain / variations),
    splits: null,
    by: row.reading?.by ?? 'plain',
    alpha: row.alpha,
  });
}

interface BoundContext {
  groups: Int32Array;
  classes?: Int32Array;
  undone: Record<'logits' | 'differences', boolean>;
  variations: number;
}

/** The kind of a bound, by algebra or by its interval; an exact one has no interval. */
function boundOf(
  spec: string,
  undone: Record<'logits' | 'differences', boolean>,
  bound: Omit<InterfaceBound, 'kind'> & { interval: [number, number] },
): InterfaceBound {
  const shows = whole(spec);
  // Float32 may hide what algebra proves of differences, so that there the measured R² has to agree.
  const isExact = shows !== null && undone[shows] && (shows === 'logits' || bound.r2 >= nearlyAll);
  if (isExact) {
    const { r2, images, fitted, splits, by, alpha } = bound;
    return { kind: 'exact', r2, interval: null, images, fitted, splits, by, alpha };
  }
  return { kind: bound.interval[0] > 0 ? 'at-least' : 'not-shown', ...bound };
}

const knownSquares = new WeakMap<RowSource, Promise<Float64Array>>();

/** Squared distance of each row from the mean of all, computed once for all interfaces. */
function squaresAboutMean(rows: RowSource): Promise<Float64Array> {
  const found = knownSquares.get(rows) ?? computeSquares(rows);
  knownSquares.set(rows, found);
  return found;
}

async function computeSquares(rows: RowSource): Promise<Float64Array> {
  const { rows: n, cols } = rows;
  const mean = new Float64Array(cols);
  const out = new Float64Array(n);
  const step = Math.max(1, Math.floor(2 ** 22 / cols));
  const each = async (visit: (block: ArrayLike<number>, start: number) => void): Promise<void> => {
    for (let start = 0; start < n; start += step) visit(await rows.read(start, Math.min(n, start + step)), start);
  };
  await each((block) => {
    for (let at = 0; at < block.length; at++) mean[at % cols] += block[at] / n;
  });
  await each((block, start) => {
    for (let at = 0; at < block.length; at++) out[start + Math.floor(at / cols)] += (block[at] - mean[at % cols]) ** 2;
  });
  return out;
}

/**
 * The spec that tells which class an interface names: where it lists the best classes, what it has in hand when it does, since a
 * list comes with the best first.
 */
function naming(spec: string): string {
  const before = beforeListed(parseObserve(spec).steps);
  if (before === null) return spec;
  return before.some(({ step }) => step === 'round' || step === 'float16' || step === 'noise')
    ? spec.split('+').slice(0, before.length).join('+')
    : 'logits';
}

/** What an interface costs those who use it honestly: how often it names another class than the model. */
export async function costOf(
  spec: string,
  { store, labels }: Audited,
  { signal }: TaskOptions,
): Promise<InterfaceCost> {
  const { logits } = store;
  const { rows: n, cols } = logits;
  const all = Int32Array.from({ length: cols }, (_, j) => j);
  const shown = observeColumns(logits, naming(spec), all, factsOf(logits));
  const [right, known] = [
    { original: 0, shown: 0 },
    labels?.reduce((sum, label) => sum + (label >= 0 ? 1 : 0), 0) ?? 0,
  ];
  let same = 0;
  const step = Math.max(1, Math.floor(2 ** 20 / cols));
  for (let start = 0; start < n; start += step) {
    signal?.throwIfAborted();
    const end = Math.min(n, start + step);
    const before = await logits.read(start, end);
    await shown.each(start, end, (after, row) => {
      const [one, other] = [firstLargest(before, (row - start) * cols, cols), firstLargest(after, 0, cols)];
      if (one === other) same++;
      const label = labels?.[row] ?? -1;
      if (label < 0) return;
      if (one === label) right.original++;
      if (other === label) right.shown++;
    });
  }
  const topProbability = await topProbabilityOf(spec, logits, { signal });
  return {
    ...{ images: n, sameTop: same / n, interval: wilsonInterval(same, n) },
    accuracy: known === 0 ? null : { original: right.original / known, shown: right.shown / known, n: known },
    ...(topProbability === null ? {} : { topProbability }),
  };
}

function firstLargest(block: ArrayLike<number>, at: number, cols: number): number {
  let best = 0;
  for (let j = 1; j < cols; j++) if (block[at + j] > block[at + best]) best = j;
  return best;
}

/** Size of the change, in root mean squares of the weights, of the version that a head is told from. */
const changed = 0.01;

/**
 * What such outputs show of the model: the least width of the layer before the last, and whether they tell the model from a
 * version whose head is changed by 1 % of its weights.
 */
export async function shownOfModel(
  spec: string,
  { store }: Audited,
  options: TaskOptions,
): Promise<Pick<InterfaceAnswer, 'width' | 'recognised'>> {
  if (!mayShow(spec, store)) return { width: null, recognised: null };
  const few = withFewerClasses(store);
  const all = await logitsOf(few, store.features);
  const width = await widthOf(all, spec, options);
  const { rows } = store.logits;
  const half = Math.floor(rows / 2);
  if (rows < imagesToRecognise(store.features.cols)) return { width, recognised: null };
  if (width === null) return { width, recognised: 'no' };
  const part = (source: RowSource, odd: number): RowSource =>
    chooseRows(
      source,
      Int32Array.from({ length: half }, (_, i) => 2 * i + odd),
    );
  const [one, other] = [part(all, 0), part(all, 1)];
  const another = await logitsOf(changedHead(few), part(store.features, 1));
  const same = await orNull(() => sameHead(observe(one, spec), observe(other, spec), options));
  if (same?.same !== true) return { width, recognised: 'no' };
  const told = await orNull(() => sameHead(observe(one, spec), observe(another, spec), options));
  return { width, recognised: told?.same === false ? 'yes' : 'no' };
}

/** Whether a row of such outputs can lie in the span of others, and the span end before the classes do. */
const mayShow = (spec: string, { logits, features }: Pick<Store, 'logits' | 'features'>): boolean =>
  mayShowSpan({ observe: spec }) && logits.cols <= widest && logits.cols > features.cols;

const widthOf = (logits: RowSource, spec: string, options: TaskOptions): Promise<number | null> =>
  orNull(async () => (await fingerprint(observe(logits, spec), { ...options, features: false })).hiddenWidth);

/** Of some interfaces those whose outputs show the whole width of the layer, on a model's rows of images and their variations. */
export async function showingWidth(specs: readonly string[], store: Store, options: TaskOptions): Promise<string[]> {
  const some = readOnce(spreadOver(store, mostCounted));
  const logits = await logitsOf(withFewerClasses(some), some.features);
  const found: string[] = [];
  for (const spec of specs) {
    if (mayShow(spec, store) && (await widthOf(logits, spec, options)) === store.features.cols) found.push(spec);
  }
  return found;
}

/**
 * The head for some classes, evenly spread: as many as comparing heads needs, since its time goes with the cube of
 * them.
 */
function withFewerClasses({ head }: Pick<Store, 'head'>): LinearMap {
  const [classes, features] = head.weight.shape;
  const at = evenly(classes, Math.ceil(1.25 * features) + 16);
  const [from, bias] = [denseData(head.weight), denseData(head.bias)];
  const data = new Float64Array(at.length * features);
  for (const [i, k] of at.entries()) data.set(from.subarray(k * features, (k + 1) * features), i * features);
  return {
    weight: toNdArray(data, [at.length, features]),
    bias: toNdArray(
      Float64Array.from(at, (k) => bias[k]),
      [at.length],
    ),
  };
}

/**
 * The answer, or null where outputs cannot show it: that is no failure of an audit. Rounding may leave what no classifier
 * gives (rows that are all equal), float16 an infinity; a cancelled audit or a fault of the machine passes on.
 */
async function orNull<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (isCoded(error, 'too-few-rows', 'no-gap', 'hidden', 'not-outputs', 'not-finite')) return null;
    throw error;
  }
}

function changedHead({ weight, bias }: LinearMap): LinearMap {
  const data = Float64Array.from(denseData(weight));
  const scale = changed * Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
  const { normal } = random(data.length, 1);
  return {
    weight: toNdArray(
      data.map((value) => value + scale * normal()),
      weight.shape,
    ),
    bias,
  };
}

/** The logits that a head gives, in float32 as a store has them. */
async function logitsOf(head: LinearMap, features: RowSource): Promise<RowSource> {
  const rows = applyLinearMap(head, features);
  return memoryRows(Float32Array.from(await rows.read(0, rows.rows)), rows.rows, rows.cols);
}

/** Some of the rows, evenly spread, for costs and widths. */
export function counted({ store, groups, labels }: Audited): Audited {
  const most = Math.max(mostCounted, imagesToRecognise(store.features.cols));
  const some = spreadOver(store, store.logits.cols > widest ? 256 : most);
  if (some === store) return { store, groups, labels };
  const places = new Map(Array.from(store.positions, (position, row) => [position, row]));
  const rows = Array.from(some.positions, (position) => places.get(position)!);
  return {
    store: readOnce(some),
    groups: Int32Array.from(rows, (row) => groups[row]),
    ...(labels ? { labels: Int32Array.from(rows, (row) => labels[row]) } : {}),
  };
}
