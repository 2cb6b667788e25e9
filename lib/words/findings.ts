/**
 * What an audit found of outputs, as data: the verdict of results.json is a list of these, the most important first.
 * `finding-texts.ts` has the sentences.
 */

import type { NoWidth, SeveralInWords } from './outputs-notes.js';

/** An interface, and whether it was read through a logarithm. */
export interface Shown {
  /** As `observe` reads it: `probs+topk:5+round:2`. */
  observe: string;
  by?: 'plain' | 'log';
}

/** An interface, with the R² of the features that one linear map reads off it. */
export interface ShownReading extends Shown {
  r2: number;
  /** 95 % interval of the R², where it was read off images that were kept out. */
  interval?: [number, number];
}

/** A finding on a model whose features are known beside its outputs. */
export type AuditFinding =
  /** A normalised vector came back from the outputs alone; `compared`: its R² beside the model's own features. */
  | {
      kind: 'vector-recovered';
      model: string;
      classes: number;
      features: number;
      images: number;
      vary: number;
      compared: number | null;
    }
  | {
      kind: 'features-recovered';
      model: string;
      classes: number;
      features: number;
      images: number;
      vary: number;
      recovered: number;
      /** Seconds after which the search was stopped, where it was: there may be more. */
      stopped?: number;
    }
  /** What somebody learns who has the features of some images (`fitted`): the best of what was read. */
  | {
      kind: 'learnt';
      model: string;
      classes: number;
      features: number;
      fitted: number | null;
      /**
       * Present where the head's algebra proves it, and not the images: `fitted` is then the number of images that it
       * takes.
       */
      exact?: true;
      vary: number;
      best: ShownReading & { above99: number | null };
    }
  | { kind: 'nothing-learnt'; model: string; classes: number; features: number }
  /** Interfaces that show as much as the logits, the least R² of them; `recovered`: features came back from outputs alone. */
  | {
      kind: 'shown-as-much';
      shown: Shown[];
      r2: number;
      recovered: boolean;
      /**
       * Whether the head's algebra proves it for these, as for the best, or it was measured; absent where algebra
       * proves nothing.
       */
      exact?: boolean;
    }
  /**
   * Of the interfaces that show less, those with the most and the least; `isLess`: less was read than off whole
   * outputs.
   */
  | { kind: 'shown-less'; most: ShownReading; least: ShownReading | null; isLess: boolean }
  /** Interfaces for which there are too few images to say what they give away. */
  | { kind: 'images-too-few'; shown: string[]; numbers: number; needed: number; fitted: number }
  /** Interfaces that were read no better than by the mean of the features. */
  | { kind: 'not-read'; shown: string[] }
  /** Least width that the outputs show of the layer before the last, which has `features`. */
  | { kind: 'width-shown'; width: number; exact: boolean; features: number }
  | { kind: 'search-ended' }
  /**
   * None of what was asked about shows all outputs at full precision, from which alone features are searched for; `recovered`: how
   * many were found in these.
   */
  | { kind: 'outputs-not-whole'; recovered: number | null; stopped?: number }
  /**
   * There was no time left for the search: seconds that the audit was given, and those that all audits of one command share, where it
   * is one of several.
   */
  | { kind: 'search-skipped'; budget: number; shared?: number }
  /** Why the outputs alone gave nothing. */
  | { kind: 'more-features-than-outputs'; features: number; classes: number }
  | { kind: 'as-many-features-as-outputs'; classes: number }
  /**
   * Images that a search needs, for a normalised vector and for features that are often zero, and variations that make
   * as many.
   */
  | {
      kind: 'more-images-needed';
      needed: number | null;
      variations: number;
      rectified: { needed: number; variations: number } | null;
      /** The sentence of the search that was tried; null where none was. */
      search: string | null;
      /** Seconds that these variations take on the machine of the audit; absent where that was not measured. */
      seconds?: number;
      stopped?: number;
    }
  | { kind: 'search-without-result'; search: string; rows: boolean; stopped?: number }
  | { kind: 'outputs-hidden'; rows: boolean }
  | { kind: 'no-gap'; rows: boolean };

/** A finding on outputs without their model. */
export type OutputsFinding =
  | { kind: 'rows-give-vector'; name: string; rows: number; classes: number }
  | { kind: 'rows-give-features'; name: string; rows: number; classes: number; recovered: number; stopped?: number }
  /** `rank`: directions that the rows fill; null where they do not show it. */
  | { kind: 'rows-too-few'; rank: number | null; sphere: number; rectified: number; rows: number }
  | { kind: 'least-width'; width: number }
  /** `reason` is a sentence of an earlier version. */
  | { kind: 'width-not-shown'; reason: string | null; why?: NoWidth }
  /** Rows of several models: features of none of them were looked for. */
  | { kind: 'several-models'; several: SeveralInWords }
  /** `width`: of the layer before the last as all outputs at full precision show it; they are then as open as logits. */
  | { kind: 'readings-unknown'; width?: number };

export type Finding = AuditFinding | OutputsFinding | { kind: 'text'; text: string };
