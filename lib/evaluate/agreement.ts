import { cohenKappa, wilsonInterval } from '../base/index.js';

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

/** The largest rank that is counted. */
export const mostOf = (topk: readonly number[]): number => Math.max(1, ...topk);

/** Counts agreement row by row. */
export class AgreementTally {
  private n = 0;
  private agreed = 0;
  private ties = 0;
  private readonly original: Float64Array;
  private readonly reconstructed: Float64Array;
  private readonly withinK: number[];

  /** @param classes c @param topk ranks to count, each at least 1 */
  constructor(
    classes: number,
    private readonly topk: readonly number[],
  ) {
    this.original = new Float64Array(classes);
    this.reconstructed = new Float64Array(classes);
    this.withinK = topk.map(() => 0);
  }

  /**
   * Counts one image.
   * @param original the class that the original logits name
   * @param index the class that the reconstructed ones name
   * @param tied whether either of them shares its largest logit with another class
   * @param rank how many classes come before the original's among the reconstructed logits
   */
  add(original: number, index: number, tied: boolean, rank: number): void {
    if (rank === 0) this.agreed++;
    if (tied) this.ties++;
    for (let i = 0; i < this.topk.length; i++) if (rank < this.topk[i]) this.withinK[i]++;
    this.original[original]++;
    this.reconstructed[index]++;
    this.n++;
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
