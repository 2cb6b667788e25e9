import type { NdArray } from 'ndarray';
import { evaluateSharing, OriginalAnswers, ScreenedHead, type MapEvaluation } from '../evaluate/index.js';
import type { Store } from '../extract/index.js';
import type { LinearMap, RowSource } from '../tensor/index.js';
import { spaceOf } from './head-spaces.js';
import type { RunOptions } from './options.js';
import type { Fit } from './result-row.js';

/** A fit, and the test rows that it is judged on. */
export interface FitToJudge {
  fit: Fit;
  /** What the map reads of the source, on the test images. */
  X: RowSource;
  source: Store;
  target: Store;
  sameModel: boolean;
  /** The target's classes by label, where the data set has them. */
  labels?: Int32Array;
}

/** Evaluates one fit on one test set. */
export async function judge(
  { fit, X, source, target, sameModel, labels }: FitToJudge,
  { topk = [5], signal, onProgress }: RunOptions,
): Promise<MapEvaluation> {
  const stage = `evaluate ${source.provenance.model.name} → ${target.provenance.model.name} on ${target.provenance.dataset.spec}`;
  const test = {
    head: target.head,
    rowSpace: await rowSpaceOf(target.head),
    map: fit.map,
    X,
    Y: target.features,
    Z: target.logits,
    labels,
    topk: topk.filter((k) => k <= target.logits.cols),
  };
  const shared = {
    screened: once(heads, target.head, (head) => new ScreenedHead(head)),
    answers: once(answers, target.logits, (logits) => new OriginalAnswers(logits)),
  };
  return evaluateSharing(shared, fit.span ? { ...test, span: fit.span, sameModel } : test, {
    signal,
    onProgress: (progress) => onProgress?.({ ...progress, stage }),
  });
}

const heads = new WeakMap<LinearMap, ScreenedHead>();
const answers = new WeakMap<RowSource, OriginalAnswers>();

/** Of a store's head and logits, which never change: made once for all the fits that are judged on them. */
function once<Key extends WeakKey, Made>(known: WeakMap<Key, Made>, key: Key, make: (key: Key) => Made): Made {
  const found = known.get(key) ?? make(key);
  known.set(key, found);
  return found;
}

const rowSpaces = new WeakMap<LinearMap, Promise<NdArray<Float64Array>>>();

/** The row space of a store's head, found once for all the fits that are judged on it. */
export function rowSpaceOf(head: LinearMap): Promise<NdArray<Float64Array>> {
  return once(rowSpaces, head, async (of) => (await spaceOf(of)).rowSpace());
}
