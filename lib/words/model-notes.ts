/**
 * How a model was read, as data: what was taken for its head, its features and its transform. `model-note-texts.ts` has the sentences. A
 * `node` is an operator with its name (`Gemm '/fc/Gemm'`); `output`, `logits`, `features` and `tensor` are names of tensors.
 */

/** What an output is, as a function of the logits in front of it. */
export type OutputForm =
  /** `node-over-images`: a common mistake in exports, so that the numbers of one image depend on the others of its batch. */
  | { kind: 'softmax' | 'log-softmax' | 'sigmoid'; as: 'node' | 'node-over-images' | 'pieces' }
  | { kind: 'made-by'; node: string }
  | { kind: 'exponential' | 'logarithm' | 'over-its-sum'; of: OutputForm };

/** Why a transform that a file beside a model states is not followed. */
export type NotFollowed =
  /** A switch that has no counterpart here. */
  | { kind: 'field'; field: string }
  /** A class of processors whose resizing has no counterpart here. */
  | { kind: 'processor'; name: string }
  | { kind: 'resizing' }
  /** Filters that Pillow does not have, as transformers and timm name them. */
  | { kind: 'resample'; filter: string }
  | { kind: 'interpolation'; filter: string }
  | { kind: 'crop-mode'; mode: string }
  | { kind: 'crop-without-size' }
  | { kind: 'no-resize' }
  /** The longer side, which is not cropped, hangs on the image. */
  | { kind: 'shorter-side' }
  | { kind: 'borders' }
  | { kind: 'normalisation' }
  /** It makes images of another size than the model reads. */
  | { kind: 'other-size'; made: readonly number[]; read: readonly number[] }
  /** What was said where the transform was to be made. */
  | { kind: 'refused'; message: string };

export type ModelNote =
  /** What was taken off the end of the graph. */
  | { kind: 'output-form'; output: string; form: OutputForm; logits: string }
  /** The output is rounded to a few bits. */
  | { kind: 'rounded-output'; node: string; logits: string }
  /** The weights are attributes of a node. `post`: what it makes of its scores; null for nothing. */
  | { kind: 'attributes'; node: string; post: string | null; logits: string }
  /** Constants behind the head, or between it and features that were named, are folded into it. */
  | { kind: 'folded'; node: string; several: boolean }
  /** Features are means of a tensor, since the head stands in front of a mean over its positions. */
  | { kind: 'mean-over-positions'; node: string; tensor: string }
  | { kind: 'side-by-side'; tensors: readonly string[] }
  /** The model itself rounds its features to 8 bits. */
  | { kind: 'rounded-features'; node: string }
  | { kind: 'no-head'; features: string }
  /** Height and width that are assumed, since neither the graph nor anybody says them. */
  | { kind: 'open-size'; size: readonly [number, number] }
  /** A file beside the model states the transform. */
  | { kind: 'transform-stated'; file: string }
  | { kind: 'transform-not-followed'; file: string; why: NotFollowed }
  /** A checkpoint's graph was taken by the names and shapes of its tensors. `source`: what the graph was made from. */
  | { kind: 'graph-by-tensors'; graph: string; source: string }
  /** Types of a checkpoint's numbers, other than float32, in which the model computes. */
  | { kind: 'stored-types'; types: readonly string[] }
  /** A head in a file of arrays: the weight's shape as it is stored, (c, d), or (d, c) where it is transposed. A bias of null is 0. */
  | {
      kind: 'head-of-arrays';
      file: string;
      weight: string;
      shape: readonly [number, number];
      transposed: boolean;
      bias: string | null;
    };
