import type { TaskOptions } from '../base/index.js';
import { keptOutShare, type KeptOutShare } from '../evaluate/index.js';
import { keptOutErrors, pseudoInverse, repeatedFolds, type RepeatedFolds } from '../fit/index.js';
import { observe } from '../leaks/index.js';
import { matrix, multiply, subtract, type Matrix } from '../linalg/index.js';
import { denseData, toNdArray, type LinearMap, type RowSource } from '../tensor/index.js';
import { nearlyAll, parseObserve } from '../words/index.js';
import { readersOf } from './readers.js';
import { widest } from './shown.js';

/** A model's rows on a few images. */
export interface FewImages {
  features: RowSource;
  logits: RowSource;
  head: LinearMap;
  /** Of each row: rows of one group are one image, or copies of it. */
  groups: Int32Array;
  /** Class of each row, −1 where it has none; absent where there are no classes. */
  classes?: Int32Array;
}

/** What repeated splits read off an interface. */
export interface FewImagesBound extends KeptOutShare {
  folds: number;
  repeats: number;
  /** The best way to read it on all of the images, and its penalty. */
  by: 'plain' | 'log' | 'head';
  alpha: number;
  /**
   * The best of the ways without the head, and the R² of each; null where none was tried, since the head undoes all of
   * it.
   */
  reading: { by: 'plain' | 'log'; alpha: number; plain: number; log: number | null } | null;
}

/** One way to read what is shown, at one penalty: by repeat, the error on each image. */
interface Candidate {
  by: 'plain' | 'log' | 'head';
  reader: 'plain' | 'log';
  alpha: number;
  errors: Float64Array[];
}

/** What progress calls it. */
export const eachInterface = 'what each interface gives away';

/**
 * Enough repeats that errors hardly depend on how the images were split: few images take more of them, but less time
 * for each.
 */
const splitsFor = (n: number): { folds: number; repeats: number } =>
  n <= 200 ? { folds: 10, repeats: 10 } : n <= 500 ? { folds: 5, repeats: 6 } : { folds: 5, repeats: 3 };

/**
 * For each interface the share of the features' variance that ridge regression reads off images which it did not see, in
 * repeated splits: as it stands, through a logarithm, and with what the head itself undoes as a start. Which of these reads an
 * image, and with what penalty, is chosen by the errors on images of the other folds alone.
 *
 * Time goes with the cube of the images: up to a thousand or so.
 */
export async function readFewImages(
  images: FewImages,
  specs: readonly string[],
  { seed = 0, signal, onProgress }: TaskOptions & { seed?: number } = {},
): Promise<Map<string, FewImagesBound>> {
  const { features, logits, groups, classes } = images;
  const split = repeatedFolds(groups, { ...splitsFor(features.rows), seed });
  const y = centred(await matrixOf(features));
  const variances = squaresOf(y);
  const found = new Map<string, FewImagesBound>();
  for (const [done, spec] of specs.entries()) {
    const candidates: Candidate[] = [];
    // The logarithm first: where the head undoes it, nothing else is tried.
    for (const reader of readersOf(spec).reverse()) {
      signal?.throwIfAborted();
      const x = centred(await matrixOf(observe(logits, reader.spec)));
      const back = await undoing(reader.spec, images.head);
      const byHead = back && (await leftBy(x, back, y));
      // What the head undoes needs no fit. With fewer images than features a fit would not come to the same, and is
      // tried as well.
      if (byHead && isNothing(byHead, variances) && x.rows > y.cols + 1) {
        const errors = squaresOf(centred(byHead));
        candidates.push({ by: 'head', reader: reader.by, alpha: Infinity, errors: split.repeats.map(() => errors) });
        break;
      }
      const targets = byHead ? [y, byHead] : [y];
      for (const { alpha, errors } of await keptOutErrors(x, targets, split, { signal })) {
        for (const [t, ofTarget] of errors.entries()) {
          candidates.push({ by: t === 1 ? 'head' : reader.by, reader: reader.by, alpha, errors: ofTarget });
        }
      }
    }
    found.set(spec, {
      ...keptOutShare(meanOf(chosenBySplit(candidates, split)), variances, { groups, classes, folds: split.folds }),
      ...{ folds: split.folds, repeats: split.repeats.length, ...bestOf(candidates, variances) },
    });
    onProgress?.({ stage: eachInterface, done: done + 1, total: specs.length, unit: 'interfaces' });
  }
  return found;
}

/** By repeat: for the images of each fold the errors of the candidate that does best on those of the others. */
function chosenBySplit(candidates: readonly Candidate[], { folds, repeats }: RepeatedFolds): Float64Array[] {
  return repeats.map((of, r) => {
    const byFold = candidates.map(({ errors }) => {
      const sums = new Float64Array(folds);
      for (const [i, error] of errors[r].entries()) sums[of[i]] += error;
      return { sums, total: total(sums) };
    });
    const best = Array.from({ length: folds }, (_, fold) =>
      leastOf(byFold.map(({ sums, total: all }) => all - sums[fold])),
    );
    return Float64Array.from(of, (fold, i) => candidates[best[fold]].errors[r][i]);
  });
}

/** The candidate of the least error on all images, and the best of those without the head. */
function bestOf(
  candidates: readonly Candidate[],
  variances: Float64Array,
): Pick<FewImagesBound, 'by' | 'alpha' | 'reading'> {
  const all = total(variances);
  const lefts = candidates.map(({ errors }) => total(meanOf(errors)) / all);
  const { by, alpha } = candidates[leastOf(lefts)];
  const of = (reader: 'plain' | 'log'): { alpha: number; r2: number } | null => {
    const some = lefts.map((left, i) => (candidates[i].by === reader ? left : Infinity));
    const place = leastOf(some);
    return place >= 0 && Number.isFinite(some[place]) ? { alpha: candidates[place].alpha, r2: 1 - some[place] } : null;
  };
  const [plain, log] = [of('plain'), of('log')];
  if (!plain) return { by, alpha, reading: null };
  const better = log && log.r2 > plain.r2 ? 'log' : 'plain';
  return {
    by,
    alpha,
    reading: { by: better, alpha: (better === 'log' ? log! : plain).alpha, plain: plain.r2, log: log?.r2 ?? null },
  };
}

const leastOf = (values: readonly number[]): number => values.indexOf(Math.min(...values));

const isNothing = (left: Matrix, variances: Float64Array): boolean =>
  total(squaresOf(left)) <= (1 - nearlyAll) * total(variances);

/**
 * From what is shown to features, by the head alone: its smallest map back, of outputs less each row's mean where only
 * differences of classes are shown. Null where what is shown is no function of that kind, and of very many classes.
 */
async function undoing(spec: string, head: LinearMap): Promise<Matrix | null> {
  const { steps } = parseObserve(spec);
  const isLog = steps.at(-1)!.step === 'log';
  if (steps.some(({ step }) => step === 'topk' || step === 'label' || (step === 'probs' && !isLog))) return null;
  const [classes, width] = head.weight.shape;
  if (classes > widest) return null;
  let temperature = 1;
  for (const step of steps) if (step.step === 'temperature') temperature *= step.temperature;
  const differences = isLog || steps.some(({ step }) => step === 'log-probs');
  const data = Float64Array.from(denseData(head.weight), (value) => value / temperature);
  if (differences) takeRowMeans(data, classes, width);
  const weight = toNdArray(data, [classes, width]);
  const back = await pseudoInverse({ weight, bias: toNdArray(new Float64Array(classes), [classes]) });
  // W⁺ sees no row means: its rows are orthogonal to what all classes have in common.
  return matrix(width, classes, denseData(back.weight) as Float64Array);
}

/** A head's weights less their mean over the classes. */
function takeRowMeans(data: Float64Array, classes: number, width: number): void {
  const mean = new Float64Array(width);
  for (let at = 0; at < data.length; at++) mean[at % width] += data[at] / classes;
  for (let at = 0; at < data.length; at++) data[at] -= mean[at % width];
}

/** What a map (q, p) of rows x leaves of y. */
async function leftBy(x: Matrix, back: Matrix, y: Matrix): Promise<Matrix> {
  const left = matrix(y.rows, y.cols, y.data.slice());
  subtract(left, await multiply(x, back, 'nt'));
  return left;
}

async function matrixOf(rows: RowSource): Promise<Matrix> {
  const out = matrix(rows.rows, rows.cols);
  const step = Math.max(1, Math.floor(2 ** 22 / rows.cols));
  for (let start = 0; start < rows.rows; start += step) {
    out.data.set(await rows.read(start, Math.min(rows.rows, start + step)), start * rows.cols);
  }
  return out;
}

/** In place. */
function centred(m: Matrix): Matrix {
  const mean = new Float64Array(m.cols);
  for (let at = 0; at < m.data.length; at++) mean[at % m.cols] += m.data[at] / m.rows;
  for (let at = 0; at < m.data.length; at++) m.data[at] -= mean[at % m.cols];
  return m;
}

const squaresOf = ({ rows, cols, data }: Matrix): Float64Array =>
  Float64Array.from({ length: rows }, (_, i) =>
    data.subarray(i * cols, (i + 1) * cols).reduce((sum, value) => sum + value * value, 0),
  );

const meanOf = (repeats: readonly Float64Array[]): Float64Array =>
  repeats[0].map((_, i) => repeats.reduce((sum, errors) => sum + errors[i], 0) / repeats.length);

const total = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
