import { FeatReconstructError, type RowPlace, type TaskOptions } from '../base/index.js';
import { placesOf, toRowSource, type RowSource, type RowsLike } from '../tensor/index.js';
import { directionsOutside, principalSines } from './angles.js';
import type { Angles, SameHeadReason, WhichSet } from '../words/index.js';
import { examineOutputs } from './examine.js';
import { agrees, rowsInSpan, type InSpan } from './in-span.js';
import { withoutColumns, type ExamineOptions } from './left-out.js';
import { sideOf, type Side } from './sides.js';

/** Where rows of both sets stand in the logs; null for a file that is none. */
type Places = NonNullable<SameHead['leftOutPlaces']>;

/** Whether two sets of outputs come from heads of one span. Plain: serialises to JSON. */
export interface SameHead {
  /** `true` for one span, `false` for two, null where these outputs cannot tell. */
  same: boolean | null;
  /**
   * Largest principal angle between the two spans, in degrees: large also where one set alone switches a feature on.
   */
  angle: number | null;
  /** Median principal angle, in degrees: 0 for one head, above that where a head has changed, near 90 for two. */
  medianAngle?: number | null;
  ranks: [number | null, number | null];
  /** Directions of each set that the other does not fill, as far as rounding shows. */
  alone?: [number, number];
  /** Distinct rows of each set that were compared. */
  rows?: [number, number];
  /** How many of them lie in the other set's span; null where that span does not show. */
  inside?: [number | null, number | null];
  /** Rows of each set that alone carry directions and were left out, counted from 0. Absent where there are none. */
  leftOut?: [number[], number[]];
  /** Where those stand in the logs; null for a file that is none. */
  leftOutPlaces?: [RowPlace[] | null, RowPlace[] | null];
  /**
   * A head changed by about this share of its weights' norm, or less, would look the same. Absent where no row lies in
   * the other's span.
   */
  resolution?: number;
  /**
   * Present where columns of two files were matched by their order, for lack of names of their classes: the sets without such names;
   * none where both have names that differ.
   */
  byOrder?: WhichSet[];
  /** What the answer goes by, as data; `sameHeadInWords` has the sentence. */
  reason: SameHeadReason;
}

type Answer = Pick<SameHead, 'same' | 'reason'>;

/** Share of its weights' norm by which saving in bfloat16 changes a head (half a unit of 2^-8, evenly spread). */
const sameWeights = 2 ** -9 / Math.sqrt(3);
/** Chance down to which rows that one set alone has are taken for chance. */
const byChance = 0.05;

/**
 * Compares the affine spans of two sets of outputs (n, c) and (m, c), of any images: a head's weight and bias fix its span,
 * and a head W A has that of W. A row of one head lies in the span of other rows of that head unless it switches a feature
 * on that none of them does; a row of another head, or of this one after training went on, lies beside it. So rows decide,
 * and angles are given beside the answer: of a feature that one set alone switches on they are large as well.
 * Where one shows logits and the other log-probabilities or probabilities, both are compared as the latter.
 * @throws FeatReconstructError when they differ in classes (`mismatch`) or a set cannot be used (see `examineOutputs`)
 */
export async function sameHead(a: RowsLike, b: RowsLike, options: ExamineOptions = {}): Promise<SameHead> {
  const sources = [toRowSource(a, 'the first outputs'), toRowSource(b, 'the second outputs')];
  if (sources[0].cols !== sources[1].cols) {
    throw new FeatReconstructError(
      `Expected two sets of outputs of as many classes, found ${sources[0].cols} and ${sources[1].cols}: heads of other widths are others.`,
      { code: 'mismatch' },
    );
  }
  const seen = [await examineOutputs(sources[0], options), await examineOutputs(sources[1], options)];
  const mixed = seen.some(({ scale }) => scale !== seen[0].scale);
  const sides: Side[] = [];
  for (const [i, source] of sources.entries()) {
    // The row mean is taken from logits too where the other side has none to show.
    const scale = mixed && seen[i].scale === 'logits' ? 'log-probabilities' : seen[i].scale;
    const side = await sideOf(withoutColumns(source, options.leaveOut), { ...seen[i], scale }, options);
    if ('hidden' in side) {
      return {
        same: null,
        angle: null,
        ranks: [null, null],
        reason: { kind: 'hidden', set: i as WhichSet, why: side.hidden },
      };
    }
    sides.push(side);
  }
  const [one, other] = sides;
  const inside = [await rowsOf(one, other, options), await rowsOf(other, one, options)] as const;
  const alone = sides.map((side, i) => unconfirmed(side, inside[i])) as [number[], number[]];
  const counted = inside.map((shown, i) => shown && withoutCarriers(shown, sides[i])) as [InSpan | null, InSpan | null];
  const found: Omit<SameHead, keyof Answer> = {
    angle: null,
    ranks: [rankOf(one, alone[0]), rankOf(other, alone[1])],
    rows: [one.rows.rows - one.carriers.size, other.rows.rows - other.carriers.size],
    inside: [insideOf(counted[0]), insideOf(counted[1])],
  };
  const resolutions = inside.flatMap((shown) => shown?.resolution ?? []);
  if (resolutions.length > 0) found.resolution = Math.min(...resolutions);
  const leftOut = sides.map((side, i) => [...side.leftOut, ...alone[i].map(side.at)].sort((x, y) => x - y));
  if (leftOut.some((rows) => rows.length > 0)) found.leftOut = leftOut as [number[], number[]];
  if (one.space.rank === null || other.space.rank === null)
    return placed({ ...answerOfFew(sides, counted), ...found }, sources);
  const sines = await principalSines(one.space, other.space);
  const beside = [await directionsOutside(one, other), await directionsOutside(other, one)];
  // What they share has one dimension, seen from either side.
  const shared = Math.min(one.space.rank - beside[0], other.space.rank - beside[1]);
  found.alone = sides.map(({ space }, i) => Math.max(0, space.rank! - shared - alone[i].length)) as [number, number];
  found.angle = degrees(sines[0]);
  found.medianAngle = degrees(sines[Math.floor(sines.length / 2)]);
  return placed({ ...answer(found as Compared, sides, counted as readonly [InSpan, InSpan]), ...found }, sources);
}

/** With the places of the rows that are named, where they are known. */
function placed(found: SameHead, sources: readonly RowSource[]): SameHead {
  const { leftOut, reason } = found;
  const of = (rows: readonly (readonly number[])[]): Places =>
    sources.map((source, i) => placesOf(source, rows[i]).places ?? null) as Places;
  if (!sources.some(({ about }) => about?.place)) return found;
  return {
    ...found,
    ...(leftOut ? { leftOutPlaces: of(leftOut) } : {}),
    ...(reason.kind === 'all-but-few' ? { reason: { ...reason, places: of(reason.others) } } : {}),
  };
}

/** Rows that alone carry a direction of their set, and that the other set does not confirm. */
const unconfirmed = ({ carriers }: Side, shown: InSpan | null): number[] =>
  [...carriers].filter((row) => shown === null || shown.outside.includes(row));

/** Such rows decide nothing: neither one that both files have, nor one of an image that switches on what no other does. */
const withoutCarriers = (shown: InSpan, { carriers }: Side): InSpan => ({
  ...shown,
  rows: shown.rows - carriers.size,
  outside: shown.outside.filter((row) => !carriers.has(row)),
});

const rankOf = ({ space, carriers, carriedDirections }: Side, alone: readonly number[]): number | null =>
  space.rank &&
  space.rank - (alone.length === carriers.size ? carriedDirections : Math.min(carriedDirections, alone.length));

type Compared = SameHead & Required<Pick<SameHead, 'alone' | 'rows'>> & { angle: number; medianAngle: number };

/** Which rows of one set lie in the other's span; null where that does not show. */
const rowsOf = async (one: Side, other: Side, options: TaskOptions): Promise<InSpan | null> =>
  other.space.rank === null ? null : rowsInSpan(one, other, options);

const insideOf = (shown: InSpan | null): number | null => (shown ? shown.rows - shown.outside.length : null);

/** Whether all rows lie in the other's span, and so near to it that a head changed a little would not. */
const contained = (shown: InSpan | null): boolean => shown !== null && shown.outside.length === 0 && agrees(shown);

const blurred = (shown: InSpan): boolean => shown.resolution === null || shown.resolution > sameWeights;

const both: readonly WhichSet[] = [0, 1];

const blurredAnswer = (shown: InSpan): Answer => ({
  same: null,
  reason: { kind: 'coarse', resolution: shown.resolution! },
});

/** The answer where one set is of too few rows to fill its own span, but may lie in the other's. */
function answerOfFew(sides: readonly Side[], inside: readonly (InSpan | null)[]): Answer {
  const set = both.find((i) => inside[i] !== null);
  const why = sides.find(({ space }) => space.rank === null)!.space.reason!;
  if (set === undefined) return { same: null, reason: { kind: 'no-span', why } };
  const wider = widerOf(set, sides, inside[set]!);
  if (wider) return { same: null, reason: wider };
  if (!sides[set].few) return { same: null, reason: { kind: 'no-span', why } };
  const shown = inside[set]!;
  const { rows } = shown;
  if (!contained(shown)) {
    return { same: null, reason: { kind: 'few-outside-the-span', set, outside: shown.outside.length, rows, why } };
  }
  if (blurred(shown)) return blurredAnswer(shown);
  return { same: true, reason: { kind: 'few-in-the-span', set, rows, directions: sides[1 - set].space.rank! } };
}

/** Share of a set that lies beside the other's span, from which on no storing and little noise explains it. */
const muchBeside = 0.05;

/** A set of so many more directions than the other fills more, whatever rare features open. */
const clearlyMore = 1.25;

/** Where more of a set's rows than this open that many directions, another model may have made them. */
const mostOfRare = 0.05;

/** Where a set fills all directions that it can, and nearly all of its rows lie far beside the few that the other fills; else null. */
function widerOf(set: WhichSet, sides: readonly Side[], shown: InSpan): SameHeadReason | null {
  const { reason } = sides[set].space;
  const directions = sides[1 - set].space.rank!;
  if (reason?.kind !== 'few-rows' && (reason?.kind !== 'no-gap' || reason.coarse)) return null;
  const fills = reason.kind === 'no-gap' ? reason.most : shown.rows - 1;
  if (fills < clearlyMore * directions) return null;
  if (shown.outside.length * 10 < shown.rows * 9 || shown.beside < muchBeside) return null;
  return {
    ...{ kind: 'wider', set, directions, fills, limit: reason.kind === 'no-gap' ? 'classes' : 'rows' },
    ...{ outside: shown.outside.length, rows: shown.rows, beside: shown.beside },
  };
}

function answer(found: Compared, sides: readonly Side[], inside: readonly [InSpan, InSpan]): Answer {
  const { alone } = found;
  const [a, b] = found.ranks as [number, number];
  const angles = anglesOf(found);
  const outside = inside.map((shown) => shown.outside.length);

  // All rows together may show a direction that no single row shows.
  const lies = inside.map((shown, i) => contained(shown) && alone[i] === 0);
  const set = both.find((i) => lies[i] && !blurred(inside[i]));
  if (set !== undefined && lies[0] && lies[1]) {
    return { same: true, reason: { kind: 'all-in-both', directions: Math.max(a, b), angles } };
  }
  if (set !== undefined) {
    const other = 1 - set;
    const of = { set, outside: outside[other], rows: inside[other].rows, directions: alone[other] } as const;
    const many = of.outside > mostOfRare * of.rows && of.directions > (clearlyMore - 1) * found.ranks[set]!;
    return many
      ? { same: null, reason: { kind: 'part-in-one', ...of } }
      : { same: true, reason: { kind: 'all-in-one', ...of } };
  }
  const blurry = inside.find((_, i) => lies[i]);
  if (blurry) return blurredAnswer(blurry);
  if (inside.every((shown) => shown.outside.length === shown.rows)) return apart(found, sides);
  const [one, other] = inside.map(({ rows }, i) => ({ inside: rows - outside[i], rows }));
  const some = { sets: [one, other], directions: alone } as const;
  if (inside.every(agrees) && inside.every((shown, i) => rare(shown, inside[1 - i], alone[i]))) {
    if (inside.some(blurred)) return blurredAnswer(inside.find(blurred)!);
    const [first, second] = inside.map((shown, i) => shown.outside.map(sides[i].at));
    return { same: true, reason: { kind: 'all-but-few', ...some, others: [first, second] } };
  }
  return { same: null, reason: { kind: 'some-in-both', ...some, angles } };
}

const anglesOf = ({ medianAngle, angle }: Compared): Angles => ({ median: medianAngle, largest: angle });

/**
 * Whether so few rows switch features on that the other set lacks these by chance: a feature that is on in k of all images,
 * dealt out to sets of n and m, falls to the first alone with a chance of (n / (n + m))^k.
 */
function rare(shown: InSpan, other: InSpan, directions: number): boolean {
  // A direction that no row shows by itself is of no rare feature.
  if (directions > shown.outside.length) return false;
  const each = shown.outside.length / Math.max(1, directions);
  return (shown.rows / (shown.rows + other.rows)) ** each >= byChance;
}

/** No row of either set lies in the other's span. */
function apart(found: Compared, sides: readonly Side[]): Answer {
  const { alone, ranks } = found;
  const [a, b] = ranks as [number, number];
  const angles = anglesOf(found);
  // Two spans of these ranks meet in this many directions by their sizes alone.
  const met = Math.max(0, a + b - sides[0].most);
  const outside = Math.min(...alone);
  if (outside > (Math.min(a, b) - met) / 2) {
    return { same: false, reason: { kind: 'none-in-either', outside, directions: Math.min(a, b), angles } };
  }
  if (outside === 0) return { same: null, reason: { kind: 'shifted', angles } };
  return { same: null, reason: { kind: 'few-directions-apart', shared: a - alone[0], directions: alone, angles } };
}

const degrees = (sine: number): number => (Math.asin(sine) * 180) / Math.PI;
