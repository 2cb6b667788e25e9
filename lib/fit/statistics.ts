import { FeatReconstructError } from '../base/index.js';
import { panels } from './block-graph.js';

/** Counts, means and centred sums of products of some rows of Z = [X | Y]. */
export interface Moments {
  n: number;
  /** (p + q) */
  mean: Float64Array;
  /** The rectangles of `panels(p, q)`, each row-major. */
  gram: Float64Array[];
  /** (q): centred sum of squares of each target. */
  ssY: Float64Array;
}

/**
 * A node of the merge tree: level 0 is one block, level l holds the blocks [index 2^l, (index + 1) 2^l). A node's
 * moments do not depend on what else was merged before or beside it, which is what makes whole, resumed and sharded
 * runs agree to the bit.
 */
export interface MergeNode {
  level: number;
  index: number;
  /** Rows [start, end) of the whole data set. */
  start: number;
  end: number;
  moments: Moments;
}

/** What numbers were stored as. */
export type Dtype = 'float16' | 'float32' | 'float64';

/** What least squares needs to know about rows of X (n, p) and Y (n, q). Made by `accumulate` and `mergeStatistics`. */
export class Statistics {
  private whole?: Moments;
  private fullGram?: Float64Array;
  private fullCross?: Float64Array;

  constructor(
    readonly p: number,
    readonly q: number,
    /** What X was stored as; the rank cut moves with it. */
    readonly dtype: Dtype,
    /** Complete subtrees of the merge tree, in the order of their rows. */
    readonly nodes: readonly MergeNode[],
  ) {}

  /** Rows seen. */
  get n(): number {
    return this.nodes.reduce((sum, node) => sum + node.moments.n, 0);
  }

  /** (p) */
  get meanX(): Float64Array {
    return this.total().mean.subarray(0, this.p);
  }

  /** (q) */
  get meanY(): Float64Array {
    return this.total().mean.subarray(this.p);
  }

  /** (q): centred sum of squares of each target. */
  get ssY(): Float64Array {
    return this.total().ssY;
  }

  /** (p, p), symmetric: XᵀX of centred rows. */
  get gram(): Float64Array {
    return (this.fullGram ??= this.expanded(this.p, 0));
  }

  /** (p, q): XᵀY of centred rows. */
  get cross(): Float64Array {
    return (this.fullCross ??= this.expanded(this.q, this.p));
  }

  /** The rectangles of Z's columns [from, from + width) as one array (p, width). */
  private expanded(width: number, from: number): Float64Array {
    const out = new Float64Array(this.p * width);
    const { gram } = this.total();
    for (const [k, { row, rows, col, cols }] of panels(this.p, this.q).entries()) {
      if (col < from || col >= from + width) continue;
      for (let i = 0; i < rows; i++) {
        out.set(gram[k].subarray(i * cols, (i + 1) * cols), (row + i) * width + col - from);
        // The panels of X's Gram cover it on and above the diagonal only: it is symmetric.
        if (from === 0) for (let j = 0; j < cols; j++) out[(col + j) * width + row + i] = gram[k][i * cols + j];
      }
    }
    return out;
  }

  /** The nodes folded into one, from the last (and smallest) to the first. */
  total(): Moments {
    if (!this.whole) {
      if (this.nodes.length === 0)
        throw new FeatReconstructError('Expected statistics of at least one row, found none.', {
          code: 'too-few-rows',
        });
      let right = this.nodes[this.nodes.length - 1].moments;
      for (let k = this.nodes.length - 2; k >= 0; k--) right = mergeMoments(this.nodes[k].moments, right, this.p);
      this.whole = right;
    }
    return this.whole;
  }
}

/**
 * Statistics of the rows of all parts together. The parts are shards of one data set (`accumulate`'s `firstRow`); they
 * may come in any order and number, and the result is the same to the bit as from one run over all rows.
 * @throws FeatReconstructError when the parts differ in width or overlap
 */
export function mergeStatistics(...parts: readonly Statistics[]): Statistics {
  if (parts.length === 0)
    throw new FeatReconstructError('Expected statistics to merge, found none.', { code: 'too-few-rows' });
  const { p, q } = parts[0];
  for (const part of parts) {
    if (part.p !== p || part.q !== q) {
      throw new FeatReconstructError(
        `Expected statistics of the same widths, found X ${p} and Y ${q} wide beside X ${part.p} and Y ${part.q}.`,
        { code: 'mismatch' },
      );
    }
  }
  const order: Dtype[] = ['float16', 'float32', 'float64'];
  const dtype = order[Math.min(...parts.map((part) => order.indexOf(part.dtype)))];
  const nodes = parts.flatMap((part) => part.nodes).sort((a, b) => a.start - b.start);
  return new Statistics(p, q, dtype, mergeNodes(nodes, p));
}

/**
 * Merges siblings until none are left.
 * @param nodes in the order of their rows
 * @param own whether the nodes are the caller's alone, so that their memory may be overwritten
 * @throws FeatReconstructError where two of them overlap
 */
export function mergeNodes(nodes: readonly MergeNode[], p: number, own = false): MergeNode[] {
  const stack: MergeNode[] = [];
  for (let node of nodes) {
    for (let last = stack.at(-1); last; last = stack.at(-1)) {
      if (last.end > node.start) {
        throw new FeatReconstructError(
          `Expected parts without common rows, found rows ${node.start} to ${Math.min(last.end, node.end) - 1} twice; give each part its own firstRow.`,
        );
      }
      const siblings = last.level === node.level && last.index + 1 === node.index && last.index % 2 === 0;
      if (!siblings || last.end !== node.start) break;
      stack.pop();
      node = {
        level: node.level + 1,
        index: last.index / 2,
        start: last.start,
        end: node.end,
        moments: mergeMoments(last.moments, node.moments, p, own),
      };
    }
    stack.push(node);
  }
  return stack;
}

/**
 * Chan, Golub and LeVeque (1979), "Updating formulae and a pairwise algorithm for computing sample variances":
 * with d the difference of the means, the sums of products add up, plus nₐ n_b / n · d dᵀ.
 * @param inPlace whether a's Gram may be overwritten
 */
export function mergeMoments(a: Moments, b: Moments, p: number, inPlace = false): Moments {
  const n = a.n + b.n;
  const factor = (a.n * b.n) / n;
  const width = a.mean.length;
  const mean = new Float64Array(width);
  const difference = new Float64Array(width);
  for (let j = 0; j < width; j++) {
    difference[j] = b.mean[j] - a.mean[j];
    mean[j] = a.mean[j] + difference[j] * (b.n / n);
  }
  const gram = panels(p, width - p).map(({ row, rows, col, cols }, k) => {
    const [left, right] = [a.gram[k], b.gram[k]];
    const out = inPlace ? left : new Float64Array(rows * cols);
    for (let i = 0, at = 0; i < rows; i++) {
      const scaled = factor * difference[row + i];
      for (let j = 0; j < cols; j++, at++) out[at] = left[at] + right[at] + scaled * difference[col + j];
    }
    return out;
  });
  const ssY = a.ssY.map((value, j) => value + b.ssY[j] + factor * difference[p + j] ** 2);
  return { n, mean, gram, ssY };
}
