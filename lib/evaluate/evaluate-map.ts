import type { NdArray } from 'ndarray';
import { UsageError } from '../base/index.js';
import { toRowSource, type LinearMap, type RowsLike, type RowSource, type VectorLike } from '../tensor/index.js';
import type { Span } from '../fit/index.js';
import { AgreementTally, mostOf, type Agreement } from './agreement.js';
import { agreementByMargin, type MarginGroup } from './margins.js';
import { checkTopk, OriginalAnswers, toClasses } from './originals.js';
import type { ScreenedHead } from './screened-head.js';
import { toAffine, toFloat64 } from './affine.js';
import { checkCount, checkNotEmpty, checkWidth } from './checks.js';
import { ReconstructionTally, type Reconstruction } from './reconstruction.js';
import { headRowSpace, isEverything, SPAN_TOLERANCE, toBasis, toCentredSpan } from './spaces.js';
import { headFor, walk, type EvaluateOptions } from './walk.js';

/** One fit on one test set. `sameModel` needs the training rows' span: only within it has agreement to be exact. */
export type MapUnderTest = FitOnTest &
  (
    | {
        sameModel?: false | undefined;
        /** The affine space that the training rows of X fill. */
        span?: Span | undefined;
      }
    | {
        /** Source and target are one model, so that agreement within the span has to be exact. */
        sameModel?: boolean | undefined;
        span: Span;
      }
  );

/** A fit, and the rows that it is tried on. */
export interface FitOnTest {
  /** The target's head: weight (c, d), bias (c). */
  head: LinearMap;
  /** `rowSpace(head)`, where it is known already: (d, r). */
  rowSpace?: NdArray<Float64Array> | undefined;
  /** From the source's outputs to the target's features: weight (d, p), bias (d). */
  map: LinearMap;
  /** The source's outputs (n, p): logits, or features. */
  X: RowsLike;
  /** The target's features (n, d). */
  Y: RowsLike;
  /** The target's logits (n, c). */
  Z: RowsLike;
  /** Class of each image (n), −1 where it has none. */
  labels?: VectorLike | undefined;
  /** Default [5]. */
  topk?: readonly number[] | undefined;
}

/** An image on which the answers differ although, with the right tensors, head and solver, they could not. */
export interface Violation {
  row: number;
  /** The original's largest logit less the second largest. */
  margin: number;
  /** The original's largest absolute logit on this image. */
  scale: number;
}

/** All that a row of results says of a fit on a test set. */
export interface MapEvaluation {
  n: number;
  agreement: Agreement;
  reconstruction: Reconstruction;
  /** Images within the span of the training rows; null without one. */
  span: {
    /** Images of relative residual at most 1e-5. */
    n: number;
    share: number;
    agreed: number;
    /** Agreement among them; null where there are none. */
    agreement: number | null;
    /** Relative residual of each image, ‖(x − mean) − B Bᵀ(x − mean)‖ / ‖x − mean‖. */
    residual: Float64Array;
  } | null;
  /** Agreement by tenths of the images, from the least clear to the clearest of the original's answers. */
  agreementByMargin: MarginGroup[];
  /** The original's largest logit less the second largest, of each image; 0 is a tie. */
  margin: Float64Array;
  /** The least of them. */
  minMargin: number;
  /**
   * Only with `sameModel`: images that disagree although they lie in the span (relative residual at most 1e-5) and
   * their top-2 margin is above 1e-4 of the logits' scale, which is the image's largest absolute logit. Float32's
   * rounding of an image's logits is some 1e-7 of that scale, so any entry means a wrong tensor, head or solver.
   */
  violations: Violation[];
  /** Arg-max of each image's original logits. */
  originalClass: Int32Array;
  /** Arg-max of each image's reconstructed logits. */
  reconstructedClass: Int32Array;
  /** Σ over the features of (ŷ − y)², of each image. */
  squaredErrors: Float64Array;
  /** Accuracy against the labels over the images that have one; null without labels. */
  accuracy: { n: number; original: number; reconstructed: number } | null;
}

/** A margin above this share of the largest absolute logit cannot be lost to rounding. */
const clearMargin = 1e-4;

/**
 * Evaluates a fitted map on a test set: agreement, errors, span and margins, in one pass over the rows.
 * @throws FeatReconstructError where widths or counts do not match, or a row (which is named) is not finite
 */
export function evaluateMap(test: MapUnderTest, options: EvaluateOptions = {}): Promise<MapEvaluation> {
  return evaluateSharing({}, test, options);
}

/** What fits on one test set share, where its head and logits do not change meanwhile. */
export interface SharedTest {
  /** The head, made ready. */
  screened?: ScreenedHead;
  /** What the original logits say of each image. */
  answers?: OriginalAnswers;
}

/** As {@link evaluateMap}, with what was computed for other fits on the same test set. */
export async function evaluateSharing(
  shared: SharedTest,
  test: MapUnderTest,
  options: EvaluateOptions,
): Promise<MapEvaluation> {
  const { head, map, x, y, z, topk, labels } = checked(test, shared.screened ?? headFor(test.head, options));
  const c = head.outputs;
  const n = x.rows;
  const rowSpace = test.rowSpace ? toBasis(test.rowSpace) : await headRowSpace(test.head);
  const span = test.span && toCentredSpan(test.span, x.cols);

  const tally = new AgreementTally(c, topk);
  const features = new ReconstructionTally(head.inputs, rowSpace.rank);
  const answers = shared.answers ?? new OriginalAnswers(z);
  const { index: original, margin, scale } = answers;
  const reconstructed = new Int32Array(n);
  const residual = new Float64Array(n);
  const squaredErrors = new Float64Array(n);
  const plan = {
    head,
    map,
    features: {
      first: toFloat64(await y.read(0, 1)).slice(),
      rowSpace,
    },
    // A span of all dimensions leaves nothing outside.
    span: span && !isEverything(span) ? span : undefined,
  };
  const sources = {
    x: { source: x, name: "the source's outputs" },
    y: { source: y, name: "the target's features" },
    z: { source: z, name: "the target's logits" },
  };
  await walk(plan, sources, options, async (block) => {
    features.add(block.sums!);
    squaredErrors.set(block.sums!.errorByRow, block.start);
    if (block.residual) residual.set(block.residual, block.start);
    answers.readTo(block.start + block.rows, block.z!, block.start);
    const of = original.subarray(block.start, block.start + block.rows);
    const { index, tied, rank } = await block.answers!(of, mostOf(topk));
    reconstructed.set(index, block.start);
    for (let i = 0; i < block.rows; i++) {
      tally.add(of[i], index[i], tied[i] === 1 || margin[block.start + i] === 0, rank[i]);
    }
  });

  const agrees = original.map((value, row) => (value === reconstructed[row] ? 1 : 0));
  return {
    n,
    agreement: tally.result(),
    reconstruction: features.result(),
    span: span ? withinSpan(residual, agrees) : null,
    agreementByMargin: agreementByMargin(margin, agrees),
    margin: margin.slice(),
    minMargin: margin.reduce((a, b) => Math.min(a, b)),
    violations: test.sameModel ? violationsOf(residual, agrees, margin, scale) : [],
    originalClass: original.slice(),
    reconstructedClass: reconstructed,
    squaredErrors,
    accuracy: labels ? accuracyOf(labels, original, reconstructed) : null,
  };
}

/** The inputs as they are read, once they are known to fit together. */
function checked(
  test: MapUnderTest,
  head: ReturnType<typeof headFor>,
): {
  head: ReturnType<typeof headFor>;
  map: ReturnType<typeof toAffine>;
  x: RowSource;
  y: RowSource;
  z: RowSource;
  topk: readonly number[];
  labels?: Int32Array;
} {
  if (test.sameModel && !test.span) {
    throw new UsageError(
      'Expected the span of the training rows with sameModel, found none: pass span, so that images outside it are told apart.',
    );
  }
  const map = toAffine(test.map, 'the map');
  const x = toRowSource(test.X, "the source's outputs X");
  const y = toRowSource(test.Y, "the target's features Y");
  const z = toRowSource(test.Z, "the target's logits Z");
  checkNotEmpty(x, "the source's outputs X");
  checkWidth(map.outputs, head.inputs, 'features from the map', 'the head');
  checkWidth(x.cols, map.inputs, "the source's outputs X", 'the map');
  checkWidth(y.cols, head.inputs, "the target's features Y", 'the head');
  checkWidth(z.cols, head.outputs, "the target's logits Z", 'the head');
  checkCount(y.rows, x.rows, "the target's features Y", "the source's outputs X");
  checkCount(z.rows, x.rows, "the target's logits Z", "the source's outputs X");
  const labels = test.labels && toClasses(test.labels, head.outputs, 'the labels', -1);
  if (labels) checkCount(labels.length, x.rows, 'the labels', "the source's outputs X");
  return { head, map, x, y, z, topk: checkTopk(test.topk, head.outputs), labels };
}

function withinSpan(residual: Float64Array, agrees: Int32Array): NonNullable<MapEvaluation['span']> {
  let n = 0;
  let agreed = 0;
  residual.forEach((value, row) => {
    if (value > SPAN_TOLERANCE) return;
    n++;
    agreed += agrees[row];
  });
  return { n, share: n / residual.length, agreed, agreement: n === 0 ? null : agreed / n, residual };
}

function violationsOf(
  residual: Float64Array,
  agrees: Int32Array,
  margin: Float64Array,
  scale: Float64Array,
): Violation[] {
  const found: Violation[] = [];
  agrees.forEach((same, row) => {
    if (same || residual[row] > SPAN_TOLERANCE || margin[row] <= clearMargin * scale[row]) return;
    found.push({ row, margin: margin[row], scale: scale[row] });
  });
  return found;
}

function accuracyOf(labels: Int32Array, original: Int32Array, reconstructed: Int32Array): MapEvaluation['accuracy'] {
  const known = labels.reduce((count, label) => count + (label >= 0 ? 1 : 0), 0);
  const right = (predicted: Int32Array): number =>
    labels.reduce((count, label, row) => count + (label >= 0 && label === predicted[row] ? 1 : 0), 0) / known;
  return known === 0 ? null : { n: known, original: right(original), reconstructed: right(reconstructed) };
}
