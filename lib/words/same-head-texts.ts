/** Why two sets of outputs are taken for those of one head, of two, or of neither: data, and their sentences. */
import { count, type RowPlace } from '../base/index.js';
import type { NoWidth } from './outputs-notes.js';
import { noWidthInWords } from './outputs-note-texts.js';
import { placesInWords, rowsInWords } from './rows.js';
import { some } from './some.js';

/** One of the two sets: the first is 0. */
export type WhichSet = 0 | 1;

/** Principal angles between two spans, in degrees. */
export interface Angles {
  median: number;
  largest: number;
}

/** Of the rows of a set that were compared, how many lie in the other's span. */
export interface Inside {
  inside: number;
  rows: number;
}

/** What the answer to "one head or two" goes by. Rows and directions of both sets are in their order. */
export type SameHeadReason =
  /** `sets` that look like those of several models, and what is said of rows of one model alone, where the other set is of one. */
  | {
      kind: 'several-models';
      sets: readonly { set: WhichSet; column: string | null; models: number }[];
      parts: readonly { set: WhichSet; value: string; same: boolean | null }[];
    }
  /** Both files name their classes, and these names of the first and of the second have no partner: which is which does not show. */
  | { kind: 'other-names'; unmatched: readonly [readonly string[], readonly string[]] }
  /** The columns of `set` are in the order of their names, and the other file has no names. */
  | { kind: 'sorted-names'; set: WhichSet }
  /** A set shows no span. */
  | { kind: 'hidden'; set: WhichSet; why: NoWidth }
  /** A set fills all the room that it could, so that rows of the other would lie in it whatever they are. */
  | { kind: 'no-span'; why: NoWidth }
  /**
   * `set` `fills` all the directions that its classes or its rows leave, the other so many `directions`: so many rows of `set` lie outside
   * of these, and so much of what they vary by is `beside` them.
   */
  | {
      kind: 'wider';
      set: WhichSet;
      directions: number;
      fills: number;
      limit: 'classes' | 'rows';
      outside: number;
      rows: number;
      beside: number;
    }
  /** `set` is too small for a span of its own, and some of its rows lie outside the other's. */
  | { kind: 'few-outside-the-span'; set: WhichSet; outside: number; rows: number; why: NoWidth }
  /** `set` is too small for a span of its own, and lies in the other's. */
  | { kind: 'few-in-the-span'; set: WhichSet; rows: number; directions: number }
  /** The spans are the same, and so they would be of a head changed by this share of its weights' norm. */
  | { kind: 'coarse'; resolution: number }
  | { kind: 'all-in-both'; directions: number; angles: Angles }
  /** All rows of `set` lie in the other's span; `outside` of the `rows` of the other open `directions` more. */
  | { kind: 'all-in-one'; set: WhichSet; outside: number; rows: number; directions: number }
  /** The same, of so many rows and directions that they may be those of another model. */
  | { kind: 'part-in-one'; set: WhichSet; outside: number; rows: number; directions: number }
  /** All but the rows of `others`, which open so many `directions`. */
  | {
      kind: 'all-but-few';
      sets: readonly [Inside, Inside];
      others: readonly [readonly number[], readonly number[]];
      /** Where they stand in the logs; null for a file that is none. */
      places?: readonly [readonly RowPlace[] | null, readonly RowPlace[] | null];
      directions: readonly [number, number];
    }
  | {
      kind: 'some-in-both';
      sets: readonly [Inside, Inside];
      directions: readonly [number, number];
      angles: Angles;
    }
  /** No row lies in the other's span, and of the directions of one set so many are outside the other. */
  | { kind: 'none-in-either'; outside: number; directions: number; angles: Angles }
  /** No row lies in the other's span, though the directions are the same. */
  | { kind: 'shifted'; angles: Angles }
  /** No row lies in the other's span, but most directions are the same. */
  | { kind: 'few-directions-apart'; shared: number; directions: readonly [number, number]; angles: Angles };

const names = ['first', 'second'] as const;

/** The answer in words, with the rows that were left out of it. */
export function sameHeadInWords({
  reason,
  leftOut = [],
  leftOutPlaces = [],
  byOrder,
}: {
  reason: SameHeadReason;
  leftOut?: readonly (readonly number[])[];
  leftOutPlaces?: readonly (readonly RowPlace[] | null)[];
  byOrder?: readonly WhichSet[] | undefined;
}): string {
  const left = leftOut.flatMap((rows, i) =>
    rows.length > 0 ? `${rowsInWords(rows, leftOutPlaces[i] ?? undefined)} of the ${names[i]} set` : [],
  );
  const note = left.length > 0 ? ` Left out, because they alone carry directions: ${left.join('; ')}.` : '';
  const same = isSame.has(reason.kind);
  return (
    reasonInWords(reason) +
    (byOrder && !anyOrder.has(reason.kind) ? ` ${orderInWords(byOrder, same)}` : '') +
    (same ? ` ${notTheModel}` : '') +
    note
  );
}

/** By what the columns were matched where names do not tell. @param unnamed sets whose classes have no names but numbers at most */
function orderInWords(unnamed: readonly WhichSet[], same: boolean): string {
  const [set] = unnamed;
  const why =
    set === undefined
      ? 'The names of their classes differ'
      : unnamed.length === 2
        ? 'Neither set names its classes'
        : `The ${names[set]} set does not name its classes`;
  return `${why}, so their columns were matched by their order.${same ? '' : ' If the classes stand in another order, the outputs of one head look like this, too.'}`;
}

/** Reasons for which the spans are the same. */
const isSame: ReadonlySet<SameHeadReason['kind']> = new Set([
  'few-in-the-span',
  'all-in-both',
  'all-in-one',
  'all-but-few',
]);

/** Reasons that are the same in whatever order the columns are. */
const anyOrder: ReadonlySet<SameHeadReason['kind']> = new Set([
  'several-models',
  'other-names',
  'sorted-names',
  'hidden',
  'no-span',
  'wider',
]);

const notTheModel =
  'That speaks of the last layer alone: the same head is not yet the same model, since the layers before it may differ.';

function reasonInWords(reason: SameHeadReason): string {
  switch (reason.kind) {
    case 'several-models':
      return severalSets(reason);
    case 'other-names':
      return `Cannot be told, because it does not show which class of one set is which of the other: ${unmatchedInWords(reason.unmatched)}. Give both the same names.`;
    case 'sorted-names':
      return `Cannot be told, because it does not show which class of one set is which of the other: the ${names[reason.set]} set has its classes in the order of their names, and the ${names[1 - reason.set]} does not name them. Name the classes of both.`;
    case 'hidden':
      return `The spans cannot be compared. Of the ${names[reason.set]} set: ${noWidthInWords(reason.why)}`;
    case 'no-span':
      return `The spans cannot be compared. ${noWidthInWords(reason.why)}`;
    case 'wider': {
      const { set, directions, fills, limit, outside, rows, beside } = reason;
      const room = limit === 'classes' ? 'the classes leave' : 'so few rows can fill';
      const which = outside === rows ? `all ${count(rows)}` : `${count(outside)} of the ${count(rows)}`;
      return `These look like two models. The outputs of the ${names[1 - set]} set fill ${count(directions)} directions, those of the ${names[set]} all ${count(fills)} that ${room}: ${which} rows of it lie outside of the ${names[1 - set]}'s, with ${percent(beside)} of what they vary by. One last layer does not fill ${count(directions)} directions with some images and ${count(fills)} with others. What comes after it could make this of one model: a mean of several answers, clipping, or added noise.`;
    }
    case 'few-outside-the-span':
      return `Cannot be told: ${count(reason.outside)} of the ${count(reason.rows)} rows of the ${names[reason.set]} set lie outside the span of the ${names[1 - reason.set]}, and it has too few to show its own. ${noWidthInWords(reason.why)}`;
    case 'few-in-the-span':
      return `The same span, as far as the ${names[reason.set]} set shows it: all of its ${count(reason.rows)} rows lie in the ${reason.directions} directions that the ${names[1 - reason.set]} fills.`;
    case 'coarse':
      return `Cannot be told: as far as the stored values show it the spans are the same, but a head changed by ${percent(reason.resolution)} of its weights' norm would look the same. Outputs of more digits would tell.`;
    case 'all-in-both':
      return `The same span: all rows of both sets lie in the same ${reason.directions} directions (${degrees(reason.angles)}). So do the outputs of one head, or of one that mixes the same features in another way.`;
    case 'all-in-one':
      return `The same span, as far as the ${names[reason.set]} set shows it: all of its rows lie in the span of the ${names[1 - reason.set]}. The others of that one (${count(reason.outside)} of ${count(reason.rows)} rows) open ${reason.directions} more directions, as features do that only its images switch on.`;
    case 'part-in-one':
      return `Cannot be told: all rows of the ${names[reason.set]} set lie in the span of the ${names[1 - reason.set]}, but of the ${count(reason.rows)} rows of that one only a part, ${count(reason.rows - reason.outside)}, lies in the span of the ${names[reason.set]}. The other ${count(reason.outside)} open ${count(reason.directions)} more directions. Rows of another model in the same file look like this. So do images that switch on features which the ${names[reason.set]} set’s images do not. Give the rows of one model, or more images.`;
    case 'all-but-few': {
      const [one, other] = reason.directions;
      const places = (i: number): readonly RowPlace[] | null => reason.places?.[i] ?? null;
      const rest = reason.others
        .map((rows, i) => `${places(i) ? placesInWords(places(i)!) : some(rows)} of the ${names[i]}`)
        .join(', ');
      const counted = reason.others.some((_, i) => places(i) === null) ? '; counted from 0' : '';
      return `The same span, but for a few rows: ${within(reason.sets)}. The others (${rest}${counted}) open ${one} and ${other} directions, as features do that few images switch on.`;
    }
    case 'some-in-both': {
      const [one, other] = reason.directions;
      return `Cannot be told: ${within(reason.sets)}, ${one} and ${other} directions outside (${degrees(reason.angles)}). Features that only one set of images switches on look like this, and so does a head changed in a few of its features, in a few classes or in its bias alone. More images of both may tell the first; the others stay open at any size.`;
    }
    case 'none-in-either':
      return `Two heads: no row of either set lies in the span of the other, and ${reason.outside} of ${reason.directions} directions of one are outside the other (${degrees(reason.angles)}).`;
    case 'shifted':
      return `Cannot be told: the directions are the same (${degrees(reason.angles)}), but no row of either set lies in the span of the other. Heads of another bias look like this, and so does a feature that is constant in each set but differs between them.`;
    case 'few-directions-apart': {
      const [one, other] = reason.directions;
      return `Cannot be told: no row of either set lies in the span of the other, but ${reason.shared} directions are the same, and only ${one} and ${other} are not (${degrees(reason.angles)}). A head changed in a few directions or classes looks like this. So do features that are on in every image of one set and in none of the other.`;
    }
  }
}

function severalSets({ sets, parts }: Extract<SameHeadReason, { kind: 'several-models' }>): string {
  const which = sets.map(
    ({ set, column, models }) =>
      `the ${names[set]} set looks like ${models} models in one file, told apart by ${column === null ? 'its files' : `the column ‘${column}’`}`,
  );
  const each = parts.map(({ set, value, same }) => {
    const answer = same === null ? 'it cannot be told' : same ? 'the same span' : 'two heads';
    return ` Of its rows with ‘${value}’ alone beside the ${names[1 - set]} set: ${answer}.`;
  });
  return `Not one answer: ${which.join(', and ')}.${each.join('')} Give the rows of one model.`;
}

function unmatchedInWords(unmatched: readonly [readonly string[], readonly string[]]): string {
  const [one, other] = unmatched.map(
    (missing, i) => `${count(missing.length)} of the ${names[i]} (${some(missing, 4)})`,
  );
  return `both name their classes, and of these names ${one} and ${other} have no partner`;
}

function within([one, other]: readonly [Inside, Inside]): string {
  const of = ({ inside, rows }: Inside): string => `${count(inside)} of ${count(rows)}`;
  return `${of(one)} rows of the first set and ${of(other)} of the second lie in the span of the other`;
}

const degrees = ({ median, largest }: Angles): string =>
  `median angle ${median.toPrecision(2)} degrees, largest ${largest.toPrecision(2)}`;

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;
