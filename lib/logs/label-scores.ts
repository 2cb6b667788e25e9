/** The score that a log of labels has beside each. */
export interface LabelScores {
  /** Null where it is the largest of all outputs. */
  column: string | null;
  /** By row; NaN where it has none. */
  of: readonly number[];
  /** Null where they are neither: logits, say. */
  unit: 'fractions' | 'percentages' | null;
  /** Null where they are not rounded to so few that it matters. */
  decimals: number | null;
}

const ofScores = /(^|[^a-z])(scores?|confidence|conf|prob|probs|proba|probability|certainty)([^a-z]|$)/i;
const inPercent = /(^|[^a-z])(pct|percent|percentage|perc)([^a-z]|$)|%/i;

/** From this many decimals on rounding is less than what two machines compute differently. */
const mostDecimals = 4;
/** What is rounded is this near to a whole number of its last decimals, stored in float32, too. */
const nearWhole = 1e-3;
/** The most that top scores reach where they are percentages, at least. */
const largePercentage = 50;

/** A column of numbers beside labels. */
interface Column {
  name: string;
  of: readonly number[];
}

/**
 * The scores of a log of labels: the one column that is called so, or else the one of fractions of 1. Where several are called so it
 * does not show which is of the label: these are `unclear`.
 */
export function labelScoresOf(columns: readonly Column[]): { scores: LabelScores | null; unclear: string[] } {
  const named = columns.filter(({ name }) => ofScores.test(words(name)));
  const likely =
    named.length > 0 ? named : columns.filter(({ of }) => unitOf(of) === 'fractions' && decimalsOf(of) !== 0);
  if (likely.length === 1) return { scores: scoresOf(likely[0].name, likely[0].of), unclear: [] };
  return { scores: null, unclear: named.map(({ name }) => name) };
}

export function scoresOf(column: string | null, of: readonly number[]): LabelScores {
  const unit = column !== null && inPercent.test(words(column)) ? 'percentages' : unitOf(of);
  return { column, of, unit, decimals: decimalsOf(of) };
}

const words = (name: string): string =>
  name
    .split('.')
    .at(-1)!
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[_\d]+/g, ' ');

function unitOf(of: readonly number[]): LabelScores['unit'] {
  let [least, most] = [Infinity, -Infinity];
  for (const value of of) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least < 0 || most > 100.0001) return null;
  return most <= 1.000001 ? 'fractions' : most > largePercentage ? 'percentages' : null;
}

function decimalsOf(of: readonly number[]): number | null {
  let decimals = 0;
  for (const value of of) {
    while (Math.abs(value * 10 ** decimals - Math.round(value * 10 ** decimals)) > nearWhole) {
      if (++decimals > mostDecimals) return null;
    }
  }
  return decimals;
}

/** Two logs' scores in one unit, with what they may differ by where they are rounded; null where they are not of one unit. */
export function scoresTogether(
  a: LabelScores | undefined,
  b: LabelScores | undefined,
): { of: [readonly number[], readonly number[]]; coarse: number } | null {
  if (!a || !b || (a.unit !== b.unit && (a.unit === null || b.unit === null))) return null;
  const scales = [a, b].map(({ unit }) => (a.unit !== b.unit && unit === 'percentages' ? 0.01 : 1));
  const steps = [a, b].map(({ decimals }, i) => (decimals === null ? 0 : scales[i] * 10 ** -decimals));
  const of = [a, b].map((each, i) => each.of.map((value) => value * scales[i]));
  return { of: [of[0], of[1]], coarse: Math.max(...steps) * (1 + 1e-6) };
}
