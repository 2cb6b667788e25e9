import { matrix, multiply, symmetricEigen, type Matrix } from '../linalg/index.js';
import type { NoisySpace } from './in-span.js';
import type { OutputSpace } from './whiten.js';

/** A direction is outside if its variance is this many times what rounding leaves. */
const clearly = 4;

const basis = ({ vectors, rank }: OutputSpace): Matrix =>
  matrix(rank!, vectors.cols, vectors.data.subarray(0, rank! * vectors.cols));

/** How many directions of one set lie outside the span of the other, by more than rounding explains on both sides. */
export async function directionsOutside(one: NoisySpace, other: NoisySpace): Promise<number> {
  const [u, v] = [basis(one.space), basis(other.space)];
  const r = u.rows;
  // Each direction as long as its deviation, in the other's basis and beside it.
  const scaled = matrix(
    r,
    u.cols,
    u.data.map((value, i) => value * Math.sqrt(one.space.values[Math.floor(i / u.cols)])),
  );
  const within = await multiply(scaled, v, 'nt');
  const beside = less(scaled, await multiply(within, v));
  const { values } = symmetricEigen((await multiply(beside, beside, 'nt')).data, r);
  // An axis of variance λ is off by noise / (n λ) in each direction beside its span, times this set's variance along
  // it.
  let worst = 0;
  for (let k = 0; k < v.rows; k++) {
    let along = 0;
    for (let i = 0; i < r; i++) along += within.data[i * v.rows + k] ** 2;
    worst = Math.max(worst, along / other.space.values[k]);
  }
  const spread = (Math.sqrt(u.cols - v.rows) + Math.sqrt(r)) ** 2;
  const rounding = spread * (one.noise / one.rows.rows + (worst * other.noise) / other.rows.rows);
  const cut = Math.max(clearly * rounding, one.space.values[0] * 1e-14);
  let count = 0;
  while (count < r && values[count] > cut) count++;
  return count;
}

/** Sines of the principal angles of the smaller span to the larger, the largest first (Björck and Golub 1973). */
export async function principalSines(a: OutputSpace, b: OutputSpace): Promise<number[]> {
  const [small, large] = a.rank! <= b.rank! ? [a, b] : [b, a];
  const [u, v] = [basis(small), basis(large)];
  const left = less(u, await multiply(await multiply(u, v, 'nt'), v));
  const { values } = symmetricEigen((await multiply(left, left, 'nt')).data, u.rows);
  return Array.from(values, (value) => Math.sqrt(Math.min(1, Math.max(0, value))));
}

const less = (a: Matrix, b: Matrix): Matrix =>
  matrix(
    a.rows,
    a.cols,
    a.data.map((value, i) => value - b.data[i]),
  );
