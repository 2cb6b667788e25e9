import { eigenvaluesInTurns, multiply, type Matrix } from '../linalg/index.js';

/** Centred products of two sets of features F (n, p) and G (n, q) on the same images. */
export interface Products {
  /** FᵀG (p, q) */
  cross: Matrix;
  /** FᵀF (p, p) */
  left: Matrix;
  /** GᵀG (q, q) */
  right: Matrix;
}

/**
 * Linear centred kernel alignment (Kornblith, Norouzi, Lee and Hinton 2019): ‖FᵀG‖²_F / (‖FᵀF‖_F ‖GᵀG‖_F), 1 where the
 * features are the same up to a rotation and a scale.
 */
export function linearCka({ cross, left, right }: Products): number {
  return squares(cross) / Math.sqrt(squares(left) * squares(right));
}

/**
 * What the best rotation and scale leave of G: min over s and Q of ‖G − s F Q‖² / ‖G‖², which is
 * 1 − ‖FᵀG‖²_* / (‖F‖² ‖G‖²) with the nuclear norm ‖·‖_* (Schönemann 1966; the narrower set is padded with zeros).
 */
export async function procrustesError({ cross, left, right }: Products, signal?: AbortSignal): Promise<number> {
  const gram = await multiply(cross, cross, cross.rows < cross.cols ? 'nt' : 'tn');
  const values = await eigenvaluesInTurns(gram.data, gram.rows, signal);
  const nuclear = values.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
  return Math.max(0, 1 - nuclear ** 2 / (trace(left) * trace(right)));
}

const squares = ({ data }: Matrix): number => data.reduce((sum, value) => sum + value * value, 0);

function trace({ data, rows }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += data[i * (rows + 1)];
  return sum;
}
