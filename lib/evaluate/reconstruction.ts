import { quantile } from '../base/index.js';

/** R² over the features that vary, one number a feature. */
export interface FeatureQuantiles {
  min: number | null;
  q05: number | null;
  q25: number | null;
  median: number | null;
  q75: number | null;
  q95: number | null;
  max: number | null;
  /** Features with zero variance on these images: they have no R² and are left out of the quantiles. */
  constant: number;
  /** Share of the features that vary whose R² is above 0.99; null where none varies. Missing in results of earlier versions. */
  above99?: number | null;
}

/** How far reconstructed features are from the true ones. */
export interface Reconstruction {
  /** Images. */
  n: number;
  /** Mean squared error over all n · d elements. */
  mse: number;
  /** Sum over batches of 256 (the last one smaller) of each batch's mean squared error: the published experiments' training figure. */
  mseTotal256: number;
  /** The same over batches of 16: the published experiments' evaluation figure. */
  mseTotal16: number;
  /** Mean over the features of their variance on these images (divided by n). */
  variance: number;
  /** 1 − SSE/SST over all elements, SST about these images' mean; null where nothing varies. */
  r2: number | null;
  /** R² of each feature, as quantiles. */
  r2PerFeature: FeatureQuantiles;
  /** R² of the part of the features that the head sees (its weight's row space); null without a head. */
  r2RowSpace: number | null;
  /**
   * R² of the part that the head cannot see; null without a head, where the row space is everything, or where no more
   * than 1e-9 of the variance lies outside it (nothing there but rounding).
   */
  r2NullSpace: number | null;
}

/** One block's sums, all in float64. `first` is the first row of all: sums about it lose at most log10(n) digits. */
export interface BlockSums {
  /** Σ over the block's features of (ŷ − y)², by row. */
  errorByRow: Float64Array;
  /** Σ over the block's rows of (ŷ − y)², by feature. */
  errorByFeature: Float64Array;
  /** Σ (y − first), by feature. */
  shift: Float64Array;
  /** Σ (y − first)², by feature. */
  square: Float64Array;
  /** The same within the row space, in coordinates of an orthonormal basis of it; absent where it is everything. */
  rowSpace?: { error: number; shift: Float64Array; square: number };
}

/** A share of variance outside the row space up to this is nothing but float32's rounding of the features. */
const negligible = 1e-9;

/**
 * Sums up errors and variances block by block.
 *
 * Variances are about the first row: Σ(y − m)² = Σ(y − y₀)² − (Σ(y − y₀))²/n. A row is at most √(n − 1) standard
 * deviations from the mean, so that the difference loses at most a factor n of float64's precision however large the mean is,
 * and a constant feature gives exactly 0.
 */
export class ReconstructionTally {
  private n = 0;
  private readonly error: Float64Array;
  private readonly shift: Float64Array;
  private readonly square: Float64Array;
  private readonly totals = [new BatchTotal(256), new BatchTotal(16)];
  private readonly rowSpace?: { error: number; square: number; shift: Float64Array };

  /** @param d features @param rank width of the head's row space, where there is a head */
  constructor(
    private readonly d: number,
    private readonly rank?: number,
  ) {
    this.error = new Float64Array(d);
    this.shift = new Float64Array(d);
    this.square = new Float64Array(d);
    if (rank !== undefined && rank < d) this.rowSpace = { error: 0, square: 0, shift: new Float64Array(rank) };
  }

  add(sums: BlockSums): void {
    this.n += sums.errorByRow.length;
    addTo(this.error, sums.errorByFeature);
    addTo(this.shift, sums.shift);
    addTo(this.square, sums.square);
    for (const error of sums.errorByRow) for (const total of this.totals) total.add(error / this.d);
    if (this.rowSpace && sums.rowSpace) {
      this.rowSpace.error += sums.rowSpace.error;
      this.rowSpace.square += sums.rowSpace.square;
      addTo(this.rowSpace.shift, sums.rowSpace.shift);
    }
  }

  result(): Reconstruction {
    const { n, d, error } = this;
    const scatter = this.square.map((square, j) => Math.max(0, square - this.shift[j] ** 2 / n));
    const sse = sum(error);
    const sst = sum(scatter);
    const perFeature = Float64Array.from(error.filter((_, j) => scatter[j] > 0));
    scatter.filter((value) => value > 0).forEach((value, j) => (perFeature[j] = 1 - perFeature[j] / value));
    return {
      n,
      mse: sse / (n * d),
      mseTotal256: this.totals[0].result(),
      mseTotal16: this.totals[1].result(),
      variance: sst / (n * d),
      r2: rSquared(sse, sst),
      r2PerFeature: quantiles(perFeature, d),
      ...this.spaces(sse, sst),
    };
  }

  private spaces(sse: number, sst: number): Pick<Reconstruction, 'r2RowSpace' | 'r2NullSpace'> {
    if (this.rank === undefined) return { r2RowSpace: null, r2NullSpace: null };
    if (!this.rowSpace) return { r2RowSpace: rSquared(sse, sst), r2NullSpace: null };
    const { error, square, shift } = this.rowSpace;
    const rowSst = Math.max(0, square - shift.reduce((total, value) => total + value ** 2, 0) / this.n);
    // The two spaces are orthogonal, so their sums of squares add up to the whole.
    const nullSst = sst - rowSst;
    return {
      r2RowSpace: rSquared(error, rowSst),
      r2NullSpace: nullSst <= negligible * sst ? null : rSquared(Math.max(0, sse - error), nullSst),
    };
  }
}

/** Sum over batches of the mean over a batch's rows; the last batch may be smaller. */
class BatchTotal {
  private total = 0;
  private sum = 0;
  private rows = 0;

  constructor(private readonly size: number) {}

  add(value: number): void {
    this.sum += value;
    if (++this.rows < this.size) return;
    this.total += this.sum / this.rows;
    this.sum = this.rows = 0;
  }

  result(): number {
    return this.rows === 0 ? this.total : this.total + this.sum / this.rows;
  }
}

const rSquared = (sse: number, sst: number): number | null => (sst > 0 ? 1 - sse / sst : null);

function quantiles(values: Float64Array, d: number): FeatureQuantiles {
  const sorted = values.sort();
  const at = (q: number): number | null => (sorted.length === 0 ? null : quantile(sorted, q));
  return {
    min: at(0),
    q05: at(0.05),
    q25: at(0.25),
    median: at(0.5),
    q75: at(0.75),
    q95: at(0.95),
    max: at(1),
    constant: d - sorted.length,
    above99: sorted.length === 0 ? null : sorted.filter((value) => value > 0.99).length / sorted.length,
  };
}

function addTo(into: Float64Array, values: Float64Array): void {
  for (let i = 0; i < into.length; i++) into[i] += values[i];
}

const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
