import { multiply, rowsOf, type Matrix } from '../linalg/index.js';
import { toRowSource, type RowsLike } from '../tensor/index.js';
import type { TaskOptions } from '../base/index.js';
import { checkFacet, type FacetCertificate } from './certificate.js';
import { wholeMatrix } from './compare.js';
import type { ExaminedRows } from './examine.js';
import { withOnes } from './search.js';
import { outputSpace, whiten } from './whiten.js';

/** Whether images show a known feature to those who see outputs alone. Plain: serialises to JSON. */
export interface Identifiability {
  /** Column of the feature. */
  feature: number;
  /** Images on which it is exactly zero. */
  zeros: number;
  /** Whether the certificate would hold for it: no search can be sure of it otherwise. */
  identifiable: boolean;
  /** Null for a feature that never changes. */
  certificate: FacetCertificate | null;
}

/**
 * The certificate's test on known features (n, d): which of them the given images identify at all, by outputs of a head
 * of full column rank.
 * @returns one a feature, in the order of the columns
 */
export async function identifiableFeatures(features: RowsLike, options: TaskOptions = {}): Promise<Identifiability[]> {
  const source = toRowSource(features, 'the features');
  const seen = asTheyAre(source.rows, source.cols);
  const space = await outputSpace(source, seen, options);
  space.rank = space.values.filter((value) => value > space.values[0] * 1e-12).length;
  const { h, noise } = await whiten(source, seen, space, seen.distinct, options);
  const rows = withOnes(h);
  const f = await wholeMatrix(source);
  // Each feature over (h, 1): its covariances with whitened rows, and its mean.
  const affine = await multiply(f, rows, 'tn', options.signal);
  const out: Identifiability[] = [];
  for (let j = 0; j < f.cols; j++) {
    options.signal?.throwIfAborted();
    const { zeros, changes } = valuesOf(f, j);
    const a = rowsOf(affine, j, j + 1).data.map((sum) => sum / rows.rows);
    const certificate = changes ? (await checkFacet(rows, noise, a)).certificate : null;
    out.push({ feature: j, zeros, identifiable: certificate?.holds ?? false, certificate });
    options.onProgress?.({ stage: 'identifiable features', done: j + 1, total: f.cols, unit: 'features' });
  }
  return out;
}

/** How often a column is exactly zero, and whether it ever changes. */
function valuesOf({ rows, cols, data }: Matrix, column: number): { zeros: number; changes: boolean } {
  let zeros = 0;
  let changes = false;
  for (let i = 0; i < rows; i++) {
    const value = data[i * cols + column];
    if (value === 0) zeros++;
    if (value !== data[column]) changes = true;
  }
  return { zeros, changes };
}

/** Features are taken as they stand: nothing is hidden, rounded or dropped. */
const asTheyAre = (rows: number, classes: number): ExaminedRows => ({
  rows,
  classes,
  kind: 'logits',
  scale: 'logits',
  decimals: null,
  topk: null,
  precision: 'float32',
  rowsWithZeros: 0,
  duplicates: 0,
  noise: 0,
  distinct: Int32Array.from({ length: rows }, (_, i) => i),
  withZero: new Uint8Array(rows),
  equalColumns: [],
});
