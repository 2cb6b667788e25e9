/** Names of the columns of two files, compared without what the names of one file have in common. */

/** Which column of the second file is which of the first. */
export interface MatchedNames {
  /** By column of the first: its place in the second; null where not all have a partner. */
  from: Int32Array | null;
  /** Names without a partner in the other file. */
  unmatched: [string[], string[]];
  /** The same classes by one name in both: by this name columns of both can be joined. */
  keys: [string[], string[]];
}

const letter = /\p{L}/u;
const word = /[\p{L}\p{N}]/u;
const digit = /\d/;

/** Whether a name has a boundary of words before this place: after a sign, from letters to digits, or from `a` to `A`. */
function isBoundary(name: string, at: number): boolean {
  if (at === 0) return true;
  const [before, after] = [name[at - 1], name[at] ?? ''];
  return (
    !word.test(before) ||
    (letter.test(before) && digit.test(after)) ||
    (/\p{Ll}/u.test(before) && /\p{Lu}/u.test(after))
  );
}

/** What all names begin with, up to a boundary of words in each, and not all of any. */
function commonStart(names: readonly string[]): number {
  const [first] = names;
  let length = names.reduce((most, name) => Math.min(most, name.length - 1), first.length);
  for (const name of names) while (length > 0 && !name.startsWith(first.slice(0, length))) length--;
  while (length > 0 && !names.every((name) => isBoundary(name, length))) length--;
  return Math.max(0, length);
}

/** What all names end in, from a sign that is no letter and no digit on. */
function commonEnd(names: readonly string[]): number {
  const [first] = names;
  let length = names.reduce((most, name) => Math.min(most, name.length - 1), first.length);
  for (const name of names) while (length > 0 && !name.endsWith(first.slice(first.length - length))) length--;
  while (length > 0 && word.test(first[first.length - length])) length--;
  return Math.max(0, length);
}

/** Names without what all of them have in common: `prob[tench]`, `prob[shark]` are `tench`, `shark`. */
export function bareNames(names: readonly string[]): string[] {
  if (names.length < 2) return [...names];
  const start = commonStart(names);
  const rest = names.map((name) => name.slice(start));
  const end = commonEnd(rest);
  return rest.map((name) => name.slice(0, name.length - end));
}

/** The numbers that names are but for what all have in common; null where they are real names. */
export function numbersOf(names: readonly string[]): number[] | null {
  const bare = bareNames(names.map((name) => name.trim()));
  if (!bare.every((name) => /^\s*\d{1,15}\s*$/.test(name))) return null;
  const numbers = bare.map(Number);
  return new Set(numbers).size === numbers.length ? numbers : null;
}

/** The number in each name, where each has one and no two have the same: `tench_0`, `shark_1`; else null. */
function numbersIn(names: readonly string[]): string[] | null {
  const numbers = names.map((name) => /^\D*(\d{1,15})\D*$/.exec(name)?.[1]);
  if (numbers.includes(undefined)) return null;
  const distinct = numbers.map((number) => String(Number(number)));
  return new Set(distinct).size === distinct.length ? distinct : null;
}

/** The second of two columns of one name, as pandas calls it (`crane.1`) or as nobody does (`crane` again), is `crane (2)`. */
export function separateTwins(names: readonly string[]): { names: string[]; twins: number[] } {
  const all = new Set(names);
  const places = new Map<string, number>();
  const twins: number[] = [];
  const separate = names.map((name, j) => {
    const base = /^(.*[^\d])\.1$/.exec(name)?.[1];
    const own = base !== undefined && all.has(base) && !all.has(`${base}.2`) ? base : name;
    const before = places.get(own);
    if (before === undefined) {
      places.set(own, j);
      return own;
    }
    twins.push(before, j);
    return `${own} (2)`;
  });
  return { names: separate, twins };
}

/** A name without differences of case, of spaces and of signs. */
const loose = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');

const isUnique = (keys: readonly string[]): boolean => new Set(keys).size === keys.length && !keys.includes('');

/**
 * Matches names of two files: as they stand, without what all names of either have in common, and without differences of case,
 * spaces and signs, whichever matches most of them, one to one.
 */
export function matchNames(a: readonly string[], b: readonly string[]): MatchedNames {
  const [ours, theirs] = [a, b].map((names) => separateTwins(names).names);
  const bare = [ours, theirs].map((names) => numbersOf(names)?.map(String) ?? bareNames(names));
  const forms: [string[], string[]][] = [
    [ours, theirs],
    [bare[0], theirs],
    [ours, bare[1]],
    [bare[0], bare[1]],
  ];
  let best: { keys: [string[], string[]]; shared: number } = { keys: [ours, theirs], shared: -1 };
  for (const key of [(name: string) => name.trim(), loose]) {
    for (const form of forms) {
      const keys = form.map((names) => names.map(key)) as [string[], string[]];
      if (!keys.every(isUnique)) continue;
      const known = new Set(keys[1]);
      const shared = keys[0].filter((name) => known.has(name)).length;
      if (shared > best.shared) best = { keys, shared };
    }
  }
  if (best.shared < a.length) {
    // Names that hold numbers, beside numbers alone.
    const numbers = [ours, theirs].map((names) => numbersOf(names)?.map(String) ?? null);
    const [x, y] = [numbers[0] ?? numbersIn(ours), numbers[1] ?? numbersIn(theirs)];
    const all = new Set(y);
    if ((numbers[0] || numbers[1]) && x && y && x.length === y.length && x.every((key) => all.has(key))) {
      best = { keys: [x, y], shared: x.length };
    }
  }
  const [one, other] = best.keys;
  const places = new Map(other.map((name, j) => [name, j]));
  const known = new Set(one);
  const unmatched: [string[], string[]] = [
    a.filter((_, j) => best.shared <= 0 || !places.has(one[j])),
    b.filter((_, j) => best.shared <= 0 || !known.has(other[j])),
  ];
  const all = unmatched.every((names) => names.length === 0);
  return { from: all ? Int32Array.from(one, (name) => places.get(name)!) : null, unmatched, keys: best.keys };
}
