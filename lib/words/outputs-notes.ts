/**
 * What was seen of outputs on the way to an answer, as data: `outputs-note-texts.ts` has the sentences. Rows and columns are counted
 * from 0.
 */
import type { RowPlace } from '../base/index.js';

/** How numbers were stored, as they show it themselves. */
export interface Stored {
  /** What decimals and precision do not say. */
  storage?: { type: 'bfloat16' } | { type: 'digits'; digits: number } | { type: 'steps'; step: number } | undefined;
  decimals: number | null;
  precision: 'float64' | 'float32' | 'float16';
  /** Present where probabilities sum to 100. */
  percent?: true | undefined;
}

/** Rows that alone carry `directions`, and how many the outputs fill `with` them (null: all) and `without`. */
export interface CarriedInWords {
  rows: readonly number[];
  directions: number;
  with: number | null;
  without: number;
  /** Where the rows stand in a log. */
  places?: readonly RowPlace[];
}

/** Models in one file, told apart by a column; null: by its files. */
export interface SeveralInWords {
  column: string | null;
  models: number;
  /** Rows with one value: of which model, counted from 0, and how wide its layer is; null where that does not show. */
  parts: readonly { value: string; rows: number; model: number | null; hiddenWidth: number | null }[];
}

/** How many of the rows hold a probability of 0, and how the outputs were stored, which may be why. */
export interface Zeros extends Stored {
  zeros: number;
  rows: number;
  /** Whether the probabilities were rounded, which hides small ones. */
  rounded: boolean;
}

/** Why the hidden width does not show. */
export type NoWidth =
  /** The top k of c outputs alone are shown; `atLeast`: of c or more. */
  | { kind: 'outputs-hidden'; classes: number; topk: number | null; atLeast?: true }
  | ({ kind: 'zeros' } & Zeros)
  /** The rows are too few: they fill all the directions that so many can; `features`: how wide the layer is, where that is known. */
  | { kind: 'few-rows'; rows: number; features?: number }
  /** The layer is known to be as wide as the outputs, or wider. */
  | { kind: 'wide-layer'; features: number; classes: number }
  /** No gap: of the `most` directions that the classes leave, `above` are above the noise of storing. */
  | ({ kind: 'no-gap'; above: number; most: number; classes: number; coarse: boolean } & Stored);

/** Why no normalisation shows: residuals of the ellipsoid, on rows kept out of its fit and before it. */
export type NoSphere =
  | { kind: 'many-ellipsoids' }
  | { kind: 'ended' }
  | { kind: 'open-quadric'; residual: number }
  | { kind: 'no-ellipsoid'; residual: number; before: number };

export type OutputsNote =
  | ({
      kind: 'scale';
      /** `unknown`: they may be percentages or logits. */
      scale: 'logits' | 'log-probabilities' | 'probabilities' | 'unknown';
      shown: 'logits' | 'log-probabilities' | 'probabilities' | 'rounded' | 'truncated';
      classes: number;
      topk: number | null;
      /** Present where there may be more classes. */
      atLeast?: true;
    } & Stored)
  | { kind: 'copies'; copies: number; rows: number }
  | { kind: 'equal-columns'; pairs: readonly (readonly [number, number])[] }
  | { kind: 'clipped'; share: number }
  | { kind: 'zeros-left-out'; zeros: number; rows: number }
  | { kind: 'carried'; carried: CarriedInWords; classes: number }
  /** A few rows that agree on the directions that they carry: they are not left out. */
  | { kind: 'carried-together'; carried: CarriedInWords }
  /** Parts of the file fill fewer directions than all of it. */
  | { kind: 'stacked'; first: number; last: number; all: number }
  /** Rows with different values of a column look like those of several models; `directions` of all rows, null without a gap. */
  | { kind: 'several-models'; several: SeveralInWords; directions: number | null }
  /** A column is called as one that says which model answered, and its rows are too few to tell. */
  | { kind: 'models-not-told'; column: string | null; values: number }
  | { kind: 'width-not-shown'; why: NoWidth }
  | { kind: 'directions'; rank: number; gap: number }
  | { kind: 'multiple-of-8'; width: number }
  | { kind: 'sphere-takes-rows'; needed: number; rows: number }
  | { kind: 'sphere'; residual: number }
  | { kind: 'no-sphere'; why: NoSphere }
  | { kind: 'rectified-takes-rows'; needed: number; rows: number }
  /** A feature is zero on `zeros` images; `searched`: all functions were looked for, and not one alone. */
  | { kind: 'rectified'; zeros: number; searched: boolean }
  | { kind: 'function-not-told'; zeros: number }
  | { kind: 'no-rectified'; descents: number }
  /** A sentence of an earlier version. */
  | { kind: 'text'; text: string };
