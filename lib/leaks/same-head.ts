import { FeatReconstructError, type TaskOptions } from '../base/index.js';
import { matrix, multiply, symmetricEigen, type Matrix } from '../fit/index.js';
import { toRowSource, type RowsLike } from '../tensor/index.js';
import { examineOutputs, type Examination } from './examine.js';
import { outputSpace, type OutputSpace } from './whiten.js';

/** Whether two sets of outputs come from heads of one span. Plain: serialises to JSON. */
export interface SameHead {
  /** `true` for one span, `false` for two, null where these outputs cannot tell. */
  same: boolean | null;
  /** Largest principal angle between the two spans, in degrees: of a feature that one set alone switches on it is large, too. */
  angle: number | null;
  /** The one in the middle: 0 for one head, above that where a head has changed, near 90 for two. */
  medianAngle?: number | null;
  ranks: [number | null, number | null];
  /** Directions of each set that the other does not fill, as far as rounding lets see. */
  alone?: [number, number];
  sentence: string;
}

/** Above what rounding leaves of a direction, by so much, one lies outside. */
const clearly = 4;

/**
 * Compares the spans of two sets of outputs (n, c) and (m, c), of any images: a head's weight fixes its span, and a head
 * W A has that of W. A feature that one set of images alone switches on opens a direction there alone, so that no single
 * angle decides: counted are the directions of each set outside the other's span, against what rounding leaves there.
 * Where one shows logits and the other log-probabilities or probabilities, both are compared as the latter.
 * @throws FeatReconstructError when they differ in classes or a set cannot be used
 */
export async function sameHead(a: RowsLike, b: RowsLike, options: TaskOptions = {}): Promise<SameHead> {
  const sources = [toRowSource(a, 'the first outputs'), toRowSource(b, 'the second outputs')];
  if (sources[0].cols !== sources[1].cols) {
    throw new FeatReconstructError(
      `Expected two sets of outputs of as many classes, found ${sources[0].cols} and ${sources[1].cols}: heads of other widths are others.`,
    );
  }
  const seen = [await examineOutputs(sources[0], options), await examineOutputs(sources[1], options)];
  const mixed = seen.some(({ scale }) => scale !== seen[0].scale);
  const sides: Side[] = [];
  for (const [i, source] of sources.entries()) {
    // The row mean is taken from logits too where the other side has none to show.
    const scale = mixed && seen[i].scale === 'logits' ? 'log-probabilities' : seen[i].scale;
    const space = await outputSpace(source, { ...seen[i], scale }, options);
    sides.push({ space, noise: noiseOf(space, seen[i]), rows: seen[i].rows - seen[i].duplicates });
  }
  const ranks: SameHead['ranks'] = [sides[0].space.rank, sides[1].space.rank];
  const unclear = sides.find(({ space }) => space.rank === null);
  if (unclear) {
    return { same: null, angle: null, ranks, sentence: `The spans cannot be compared. ${unclear.space.reason}` };
  }
  const sines = await principalSines(sides[0].space, sides[1].space);
  const beside = [await outside(sides[0], sides[1]), await outside(sides[1], sides[0])];
  // What they share has one dimension, seen from either side.
  const shared = Math.min(ranks[0]! - beside[0], ranks[1]! - beside[1]);
  const alone: [number, number] = [ranks[0]! - shared, ranks[1]! - shared];
  const centred = mixed || seen[0].scale !== 'logits';
  const found = {
    angle: degrees(sines[0]),
    medianAngle: degrees(sines[Math.floor(sines.length / 2)]),
    ranks,
    alone,
  };
  return { ...found, ...answer(found, sides[0].space.vectors.rows - (centred ? 1 : 0)) };
}

interface Side {
  space: OutputSpace;
  /** Variance that rounding leaves in a direction of none. */
  noise: number;
  rows: number;
}

/** What is left of the spectrum behind the gap says more than the storage type does: a network rounds on its way, too. */
function noiseOf({ values, rank }: OutputSpace, { noise }: Examination): number {
  if (rank === null) return noise;
  const behind = values.slice(rank);
  return Math.max(noise, behind.reduce((sum, value) => sum + value, 0) / Math.max(behind.length, 1), values[0] * 1e-16);
}

function answer(
  {
    alone,
    ranks,
    angle,
    medianAngle,
  }: Pick<SameHead, 'ranks'> & { alone: [number, number]; angle: number; medianAngle: number },
  dimensions: number,
): { same: boolean | null; sentence: string } {
  const [a, b] = ranks as [number, number];
  const angles = `median angle ${medianAngle.toPrecision(2)} degrees, largest ${angle.toPrecision(2)}`;
  if (alone[0] === 0 && alone[1] === 0) {
    return {
      same: true,
      sentence: `The same span: both sets of outputs fill the same ${Math.max(a, b)} directions (${angles}), as those of one head do, or of one that mixes the same features in another way.`,
    };
  }
  if (alone[0] === 0 || alone[1] === 0) {
    const [larger, smaller] = alone[0] > 0 ? ['first', 'second'] : ['second', 'first'];
    return {
      same: true,
      sentence: `The same span, as far as the ${smaller} set shows it: the ${larger} fills all of its ${Math.min(a, b)} directions and ${Math.max(...alone)} more, as features do that its images alone switch on.`,
    };
  }
  // Two spans of these ranks meet in so many directions by their sizes alone.
  const met = Math.max(0, a + b - dimensions);
  const differ = Math.min(...alone);
  if (differ > (Math.min(a, b) - met) / 2) {
    return {
      same: false,
      sentence: `Two heads: ${differ} of ${Math.min(a, b)} directions of one set lie outside the other's span (${angles}).`,
    };
  }
  return {
    same: null,
    sentence: `Cannot be told: ${a - alone[0]} directions are the same, and ${alone[0]} of the first set and ${alone[1]} of the second lie outside the other's span (${angles}). So do features that one set of images alone switches on, and so does a head that was changed a little; more images of both would tell.`,
  };
}

const basis = ({ vectors, rank }: OutputSpace): Matrix =>
  matrix(rank!, vectors.cols, vectors.data.subarray(0, rank! * vectors.cols));

/** How many directions of one set lie outside the span of the other, by more than rounding explains on both sides. */
async function outside(one: Side, other: Side): Promise<number> {
  const [u, v] = [basis(one.space), basis(other.space)];
  const r = u.rows;
  // Each direction as long as its deviation, in the other's basis and beside it.
  const scaled = matrix(
    r,
    u.cols,
    u.data.map((value, i) => value * Math.sqrt(one.space.values[Math.floor(i / u.cols)])),
  );
  const within = await multiply(scaled, v, 'nt');
  const seen = await multiply(within, v);
  const beside = matrix(
    r,
    u.cols,
    scaled.data.map((value, i) => value - seen.data[i]),
  );
  const { values } = symmetricEigen((await multiply(beside, beside, 'nt')).data, r);
  // An axis of variance λ is off by noise / (n λ) in each direction of none; this set's variance along it makes that count.
  let worst = 0;
  for (let k = 0; k < v.rows; k++) {
    let along = 0;
    for (let i = 0; i < r; i++) along += within.data[i * v.rows + k] ** 2;
    worst = Math.max(worst, along / other.space.values[k]);
  }
  const spread = (Math.sqrt(u.cols - v.rows) + Math.sqrt(r)) ** 2;
  const rounding = spread * (one.noise / one.rows + (worst * other.noise) / other.rows);
  const cut = Math.max(clearly * rounding, one.space.values[0] * 1e-14);
  let count = 0;
  while (count < r && values[count] > cut) count++;
  return count;
}

/** Sines of the principal angles of the smaller span to the larger, the largest first (Björck and Golub 1973). */
async function principalSines(a: OutputSpace, b: OutputSpace): Promise<number[]> {
  const [small, large] = a.rank! <= b.rank! ? [a, b] : [b, a];
  const [u, v] = [basis(small), basis(large)];
  const inside = await multiply(await multiply(u, v, 'nt'), v);
  const left = matrix(
    u.rows,
    u.cols,
    u.data.map((value, i) => value - inside.data[i]),
  );
  const { values } = symmetricEigen((await multiply(left, left, 'nt')).data, u.rows);
  return Array.from(values, (value) => Math.sqrt(Math.min(1, Math.max(0, value))));
}

const degrees = (sine: number): number => (Math.asin(sine) * 180) / Math.PI;
