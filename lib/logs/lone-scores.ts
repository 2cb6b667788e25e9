import { families, isOdd } from './column-names.js';
import type { TableColumn } from './column-table.js';
import { labelPlace } from './label-names.js';

/** Scores that belong to labels beside them, and not to a class each. */
export interface LoneScores {
  scores: number[];
  /** None where no column is called as one of labels. */
  labels: number[];
}

const scoreWords = new Set(
  `score scores confidence conf prob probs proba probability certainty likelihood logit logprob konfidenz
   wahrscheinlichkeit`.split(/\s+/),
);
const labelWords = new Set('label class category name klasse kategorie pred prediction predicted'.split(' '));
/** Words that may stand behind the one that names a score. */
const units = /^(\d+|pct|percent|percentage|raw|max|top|value)$/;
const isNumber = /^\d+$/;
/** More other columns than these are no talk of a server. */
const mostOthers = 12;

const wordsOf = (name: string): string[] =>
  name
    .split('.')
    .at(-1)!
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');

/** Whether a column is called as a score, and not as a class: `score`, `top1_prob`, `confidence_pct`. */
function isScoreName(name: string): boolean {
  const words = wordsOf(name);
  while (words.length > 1 && units.test(words.at(-1)!)) words.pop();
  return scoreWords.has(words.at(-1) ?? '');
}

/**
 * The scores among columns that would be taken for the outputs of a class each, where labels or the talk of a server stand beside them,
 * and nothing tells that the others are classes: `label, score, latency_ms`. Null where the columns may well be classes.
 * @param kept the columns that would be taken
 * @param byName columns that would be left out by their names alone
 */
export function loneScores(
  columns: readonly TableColumn[],
  kept: readonly number[],
  byName: readonly number[],
): LoneScores | null {
  const names = columns.map(({ name }) => name);
  const labels = columns.flatMap(({ name, words, texts, fractions }, j) =>
    labelPlace(name) < Infinity && (words !== null || (texts === 0 && fractions === 0)) ? [j] : [],
  );
  const isScore = (j: number): boolean => columns[j].fractions > 0 && isScoreName(names[j]);
  const taken = kept.filter((j) => isScoreName(names[j]) && !labels.includes(j));
  const scores = taken.length > 0 ? taken : byName.filter(isScore);
  const others = kept.filter((j) => !scores.includes(j) && !labels.includes(j));
  if (scores.length === 0 || others.length > mostOthers) return null;
  // Several scores are those of several labels, or several of one.
  if (scores.length > 1 && !scores.every((j) => labels.some((k) => stem(names[k]) === stem(names[j])))) return null;
  if (others.every((j) => isOdd(names[j]))) return { scores, labels };
  if (taken.length === 0 || labels.length === 0 || areClasses(columns, others, labels)) return null;
  return { scores, labels };
}

/** A name without the words for scores and labels: what tells the second best from the best. */
const stem = (name: string): string =>
  wordsOf(name)
    .filter((word) => !scoreWords.has(word) && !labelWords.has(word) && (isNumber.test(word) || !units.test(word)))
    .join(' ');

/** Whether columns are called as labels are, or are numbered one by one. */
function areClasses(columns: readonly TableColumn[], others: readonly number[], labels: readonly number[]): boolean {
  const names = columns.map(({ name }) => name);
  const said = new Set(labels.flatMap((j) => columns[j].words?.names ?? []).map((label) => label.toLowerCase()));
  const called = others.filter((j) => said.has(names[j].toLowerCase()) || said.has(stem(names[j])));
  if (called.length * 2 >= others.length && called.length > 1) return true;
  const plain = others.filter((j) => !isOdd(names[j]));
  const [largest = []] = families(names, plain).sort((a, b) => b.length - a.length);
  return largest.length > 2 && largest.length * 2 > others.length;
}
