import { FeatReconstructError, cohenKappa, wilsonInterval } from '../base/index.js';
import { rankOf, readTop, type Top } from './top.js';

/** How often two sets of logits name the same class. */
export interface Agreement {
  /** Images compared. */
  n: number;
  /** Images on which both arg-max are the same (ties: the lowest index, as in NumPy and PyTorch). */
  agreed: number;
  /** agreed / n */
  agreement: number;
  /** Wilson's 95 % interval of `agreement`. */
  interval: [number, number];
  /** By k: the share of images whose original top-1 class is among the k largest reconstructed logits. */
  topk: Record<string, number>;
  /** Cohen's kappa; null where both always name the same one class (agreement then shows nothing). */
  kappa: number | null;
  /** Share of the original's most frequent class: near 1, agreement is easy. */
  majorityShare: number;
  /** How many classes the original names at all. */
  distinctClasses: number;
  /** Images whose largest logit is shared by two classes, in the original or in the reconstruction. */
  ties: number;
}

/** Counts agreement row by row. */
export class AgreementTally {
  private n = 0;
  private agreed = 0;
  private ties = 0;
  private readonly original: Float64Array;
  private readonly reconstructed: Float64Array;
  private readonly withinK: number[];
  private readonly top: Top = { index: 0, margin: 0, scale: 0, finite: true };

  /** @param classes c @param topk ranks to count, each at least 1 */
  constructor(
    private readonly classes: number,
    private readonly topk: readonly number[],
  ) {
    this.original = new Float64Array(classes);
    this.reconstructed = new Float64Array(classes);
    this.withinK = topk.map(() => 0);
  }

  /**
   * Counts one image.
   * @param original the class that the original logits name
   * @param tied whether it shares its largest logit with another class
   * @param zhat block of reconstructed logits, the image's from `offset` on
   * @returns the class that they name
   * @throws FeatReconstructError naming the row where they are not finite
   */
  add(original: number, tied: boolean, zhat: Float64Array, offset: number): number {
    const { index, margin, finite } = readTop(zhat, offset, this.classes, this.top);
    if (!finite) {
      throw new FeatReconstructError(
        `Row ${this.n} of the reconstructed logits: expected finite numbers, found NaN or Inf. Check that row of the features, and the map and head.`,
        { code: 'not-finite' },
      );
    }
    const rank = index === original ? 0 : rankOf(original, zhat, offset, this.classes);
    if (rank === 0) this.agreed++;
    if (tied || margin === 0) this.ties++;
    for (let i = 0; i < this.topk.length; i++) if (rank < this.topk[i]) this.withinK[i]++;
    this.original[original]++;
    this.reconstructed[index]++;
    this.n++;
    return index;
  }

  result(): Agreement {
    const { n, agreed, ties, original } = this;
    return {
      n,
      agreed,
      agreement: agreed / n,
      interval: wilsonInterval(agreed, n),
      topk: Object.fromEntries(this.topk.map((k, i) => [k, this.withinK[i] / n])),
      kappa: cohenKappa(agreed, original, this.reconstructed),
      majorityShare: original.reduce((a, b) => Math.max(a, b)) / n,
      distinctClasses: original.reduce((count, images) => count + (images > 0 ? 1 : 0), 0),
      ties,
    };
  }
}
