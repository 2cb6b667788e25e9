import { FeatReconstructError, option } from '../base/index.js';
import type { DoubtfulColumn, LogNote, NotAnOutput, Whole } from '../words/index.js';
import {
  columnsInSpan,
  isArgMax,
  isSoftmaxOf,
  isSorted,
  outOfSpan,
  statisticIn,
  wholeOf,
  type RowSample,
} from './derived-columns.js';
import { families, isOdd } from './column-names.js';
import type { TableColumn } from './column-table.js';
import { doubtfulColumns, ofOtherSize } from './doubtful-columns.js';
import { loneScores, type LoneScores } from './lone-scores.js';

/** Which columns of a table are outputs, and why the others are none. */
interface ColumnChoice {
  kept: number[];
  leftOut: { column: number; why: NotAnOutput }[];
  /** Columns that were kept though something speaks against them. */
  inDoubt: DoubtfulColumn[];
  /** Instead of `kept`: the best classes of each image alone. */
  ranked?: Ranked;
}

/** Columns of scores sorted from the largest, and those of their classes in the same order. */
export interface Ranked {
  scores: number[];
  labels: number[];
}

/** Most columns that may be something else for all combinations of them to be tried. */
const mostCombined = 10;
/** Least rows for which it is no chance that a column only rises, or is the largest in every row. */
const enoughRows = 5;

/**
 * Chooses the outputs among the columns of a table by their values, and by names where the values leave it open. Not outputs are
 * - text, constants, and whole numbers beside fractions;
 * - what is computed from the others: their largest, their entropy, …;
 * - what the others do not need to sum to one, to a hundred, or to one after exp;
 * - what is no linear function of the others, where each of those is one of the rest.
 * @param named whether the file names its columns
 * @param asks whether whoever reads could name the outputs
 * @throws FeatReconstructError for the top K of each image without their classes, for the score of a label beside what a server says of
 * itself, and for outputs of two models side by side
 */
export function chooseColumns(
  columns: readonly TableColumn[],
  sample: RowSample,
  path: string,
  { named, asks }: { named: boolean; asks: boolean },
): ColumnChoice {
  return new Chooser(columns, sample, path, named, asks).choose();
}

class Chooser {
  readonly #why = new Map<number, NotAnOutput>();
  #ranked: Ranked | null = null;
  /** Whether linear relations between the columns tell which are outputs. */
  #related = false;

  constructor(
    readonly columns: readonly TableColumn[],
    readonly sample: RowSample,
    readonly path: string,
    readonly named: boolean,
    readonly asks: boolean,
  ) {}

  choose(): ColumnChoice {
    const numbers = this.#numbers();
    const sets = this.#sets(numbers);
    if (this.#ranked) return { kept: [], leftOut: [], inDoubt: [], ranked: this.#ranked };
    const odd = this.#odd(sets);
    const core = sets.filter((j) => !odd.includes(j));
    const kept = this.#complete(this.#decide(core, odd));
    const isWhole = wholeOf(this.sample, kept) !== null;
    const told = this.#related || isWhole;
    if (!isWhole && this.named) this.#refuseLone(kept);
    for (const [j, why] of this.#why) {
      if (why.kind === 'whole-numbers' && isArgMax(this.sample, j, kept)) this.#why.set(j, { kind: 'arg-max' });
    }
    return {
      kept,
      inDoubt: told ? [] : doubtfulColumns(this.columns, kept, this.named),
      leftOut: [...this.#why].sort(([a], [b]) => a - b).map(([column, why]) => ({ column, why })),
    };
  }

  /** Columns of numbers that could be outputs at all. */
  #numbers(): number[] {
    const { columns, sample } = this;
    columns.forEach(({ texts, missing }, j) => {
      if (texts * 2 > sample.total) this.#why.set(j, { kind: missing === texts ? 'empty' : 'text' });
    });
    const numbers = columns.flatMap((_, j) => (this.#why.has(j) ? [] : [j]));
    const fractions = numbers.filter((j) => columns[j].fractions > 0);
    if (fractions.length < 2) return numbers;
    for (const j of numbers) {
      const { min, max, fractions: some } = columns[j];
      if (some > 0 || Math.max(Math.abs(min), Math.abs(max)) <= 1) continue;
      this.#why.set(j, { kind: 'whole-numbers' });
    }
    return numbers.filter((j) => !this.#why.has(j));
  }

  /** One set of outputs, where columns come in several; refuses what is sorted by score, and two models side by side. */
  #sets(numbers: number[]): number[] {
    const { columns, sample } = this;
    const names = columns.map(({ name }) => name);
    const varied = numbers.filter((j) => columns[j].fractions > 0);
    const groups = this.named ? families(names, varied.length > 1 ? varied : numbers) : [];
    const ranks = (group: readonly number[]): boolean =>
      group.length > 1 &&
      (sample.rows >= enoughRows || this.#companions(group.length)) &&
      isSorted(sample, group) &&
      (group.length > 2 || this.#companions(group.length));
    const sorted = groups.filter(ranks);
    const whole = groups.filter((group) => !sorted.includes(group));
    const largest = whole.reduce<number[]>((most, group) => (group.length > most.length ? group : most), []);
    const others = varied.filter((j) => !sorted.some((group) => group.includes(j)));
    for (const group of sorted) {
      if (group.length > Math.max(largest.length, others.length) && this.#rank(group)) return [];
      group.forEach((j) => this.#why.set(j, { kind: 'sorted' }));
    }
    const rest = numbers.filter((j) => !this.#why.has(j));
    if (varied.length > 1 && varied.length === rest.length && ranks(varied) && this.#rank(varied)) return [];
    const twins = whole.filter((group) => group.length === largest.length && group.length > 2);
    const several = twins.length < 2 ? null : this.#severalLayers(twins, rest);
    if (several === null) return rest;
    const logits = twins.find((a) => twins.every((b) => a === b || isSoftmaxOf(sample, b, a)));
    if (!logits) throw this.#ofSeveral(twins, several);
    for (const group of twins) {
      if (group !== logits) group.forEach((j) => this.#why.set(j, { kind: 'softmax' }));
    }
    return rest.filter((j) => !this.#why.has(j));
  }

  /**
   * How it shows that groups of columns of one size are the outputs of several layers, null where they are classes of one whose names
   * have stems: each is a whole by itself, or one is another's softmax. Two that are named alike after their stems may be either.
   */
  #severalLayers(twins: readonly number[][], rest: readonly number[]): 'wholes' | 'softmax' | 'names' | null {
    const { columns, sample } = this;
    const together = [twins.flat(), rest, rest.filter((j) => columns[j].fractions > 0 && !isOdd(columns[j].name))];
    if (together.some((all) => wholeOf(sample, all) !== null)) return null;
    if (twins.every((group) => wholeOf(sample, group) !== null)) return 'wholes';
    if (twins.some((a) => twins.some((b) => a !== b && isSoftmaxOf(sample, b, a)))) return 'softmax';
    if (twins.length > 2 || !twins.every((group) => group[group.length - 1] - group[0] === group.length - 1))
      return null;
    const [one, other] = twins.map((group) => withoutStem(group.map((j) => columns[j].name)));
    return one.every((name, k) => name === other[k]) ? 'names' : null;
  }

  #ofSeveral(twins: readonly number[][], shown: 'wholes' | 'softmax' | 'names'): FeatReconstructError {
    const name = (j: number): string => this.columns[j].name;
    const groups = twins.map((group) => `${name(group[0])} to ${name(group[group.length - 1])}`).join(', ');
    const why = {
      wholes: 'each of them is whole by itself, so more than one model or layer made them',
      softmax: 'some are the softmax of others, so more than one layer made them',
      names: 'two models, or classes of one; their values do not tell',
    }[shown];
    const cure =
      shown === 'names'
        ? 'Give the columns of one model alone; if all are classes of one, give them names that do not repeat behind their first word'
        : 'Give the columns of one alone';
    return new FeatReconstructError(
      `Expected one set of outputs in '${this.path}', found ${twins.length} of ${twins[0].length} columns each (${groups}): ${why}. ${cure}.`,
      { code: 'ambiguous' },
    );
  }

  /** Whether columns of classes are beside scores: as many of whole numbers or of text that are numbered, too. */
  #companions(size: number): boolean {
    const others = this.columns.flatMap(({ texts, fractions }, j) => (texts > 0 || fractions === 0 ? [j] : []));
    return families(
      this.columns.map(({ name }) => name),
      others,
    ).some((group) => group.length === size);
  }

  /** Takes scores sorted from the largest with the columns of their classes. @throws FeatReconstructError without such */
  #rank(group: readonly number[]): true {
    const { columns, sample } = this;
    const others = columns.flatMap(({ words, texts, fractions }, j) =>
      !group.includes(j) && (words !== null || (texts === 0 && fractions === 0)) ? [j] : [],
    );
    const isClass = (labels: readonly number[]): boolean => {
      for (let i = 0; i < sample.rows; i++) {
        if (new Set(labels.map((j) => this.#label(i, j))).size < labels.length) return false;
      }
      return true;
    };
    const found = families(
      columns.map(({ name }) => name),
      others,
    ).filter((labels) => labels.length === group.length && isClass(labels));
    // Numbers of classes are preferred to names: they tell the class's place among the logits.
    const labels = found.find(([j]) => columns[j].words === null) ?? found[0];
    if (!labels) throw this.#topAlone(group);
    this.#ranked = { scores: [...group], labels };
    return true;
  }

  #label(i: number, j: number): string | number {
    const { words } = this.columns[j];
    if (!words) return this.sample.value(i, j);
    return words.names[words.rows[this.sample.row(i)]];
  }

  #topAlone(group: readonly number[]): FeatReconstructError {
    const { name: first } = this.columns[group[0]];
    const { name: last } = this.columns[group[group.length - 1]];
    return new FeatReconstructError(
      `Expected a column for each class in '${this.path}', found scores sorted from the largest (${first} to ${last}): a log of the top ${group.length} of each image, where a column is a place and no class. Its values without their classes show no width. Log the outputs of all classes in the order of the classes.`,
      { code: 'not-outputs' },
    );
  }

  /** @throws FeatReconstructError where the columns would be scores of labels, and what a server says of itself */
  #refuseLone(kept: readonly number[]): void {
    const byName = [...this.#why].flatMap(([j, { kind }]) => (kind === 'name' || kind === 'monotone' ? [j] : []));
    const lone = loneScores(this.columns, kept, byName);
    // One score may be computed from another, as percentages are.
    if (lone && (!this.#related || kept.every((j) => lone.scores.includes(j)))) throw this.#ofLabels(lone);
  }

  #ofLabels({ scores, labels }: LoneScores): FeatReconstructError {
    const called = (of: readonly number[]): string => of.map((j) => `'${this.columns[j].name}'`).join(', ');
    const beside = labels.length > 0 ? ` (labels in ${called(labels)})` : '';
    const hint = this.asks ? `; if its columns are classes all the same, name them with ${option('columns')}` : '';
    return new FeatReconstructError(
      `Expected a column for each class in '${this.path}', found scores of the best ${scores.length === 1 ? 'class' : 'classes'} alone in ${called(scores)}${beside} and no others: they show no width. Log the outputs of all classes${hint}.`,
      { code: 'not-outputs' },
    );
  }

  /** Columns that may be something else than outputs: their names or values differ in kind from the rest. */
  #odd(candidates: readonly number[]): number[] {
    const { columns, sample } = this;
    const names = columns.map(({ name }) => name);
    const fractional = (group: readonly number[]): number => group.filter((j) => columns[j].fractions > 0).length;
    const group = this.named
      ? families(names, candidates).sort((a, b) => fractional(b) - fractional(a) || b.length - a.length)[0]
      : undefined;
    const family = group && group.length >= 3 && group.length * 2 >= candidates.length ? new Set(group) : null;
    const fractions = candidates.some((j) => columns[j].fractions > 0);
    const odd = new Set<number>();
    for (const j of candidates) {
      const { name, min, max, rises, falls, fractions: some } = columns[j];
      if (family ? !family.has(j) : this.named && isOdd(name)) odd.add(j);
      if (sample.total >= enoughRows && (rises || falls)) odd.add(j);
      if (sample.total > 1 && min === max) odd.add(j);
      if (fractions && some === 0) odd.add(j);
    }
    if (sample.rows >= enoughRows) {
      for (const j of extremes(sample, candidates)) odd.add(j);
      for (const [j] of this.#copies(candidates)) odd.add(j);
    }
    for (const j of ofOtherSize(columns, candidates)) odd.add(j);
    return candidates.filter((j) => odd.has(j));
  }

  /** Columns equal to an earlier one, and that one. Constants are no copies. */
  #copies(candidates: readonly number[]): Map<number, number> {
    const { sample, columns } = this;
    const seen = new Map<number, number>();
    const copies = new Map<number, number>();
    const equal = (a: number, b: number): boolean => {
      for (let i = 0; i < sample.rows; i++) if (sample.value(i, a) !== sample.value(i, b)) return false;
      return true;
    };
    for (const j of candidates) {
      if (columns[j].min === columns[j].max) continue;
      let key = 0;
      for (let i = 0; i < Math.min(sample.rows, 40); i++) key += sample.value(i, j) * Math.sqrt(i + 2);
      const first = seen.get(key);
      if (first === undefined) seen.set(key, j);
      else if (equal(first, j)) copies.set(j, first);
    }
    return copies;
  }

  #decide(core: readonly number[], odd: readonly number[]): number[] {
    const { columns, sample } = this;
    const all = [...core, ...odd].sort((a, b) => a - b);
    if (wholeOf(sample, all) !== null) return all;
    const whole = wholeOf(sample, core);
    if (whole !== null) return this.#without(odd, core, whole);
    for (const set of this.#within(all)) {
      const found = wholeOf(sample, set);
      if (found !== null)
        return this.#without(
          all.filter((j) => !set.includes(j)),
          set,
          found,
        );
    }
    // A class may have a name that classes seldom have: columns that complete the sum are outputs.
    if (odd.length <= mostCombined) {
      for (const extra of subsets(odd)) {
        const set = [...core, ...extra].sort((a, b) => a - b);
        const found = wholeOf(sample, set);
        if (found !== null)
          return this.#without(
            odd.filter((j) => !extra.includes(j)),
            set,
            found,
          );
      }
    }
    for (const j of all) {
      const others = all.filter((k) => k !== j);
      if (all.length > 500) break;
      const found = wholeOf(sample, others);
      if (found !== null) return this.#without([j], others, found);
    }
    if (core.length >= 2) return this.#byEach(core, odd);
    const some = all.filter((j) => columns[j].fractions > 0);
    return some.length < 2
      ? all
      : this.#byEach(
          some,
          all.filter((j) => !some.includes(j)),
        );
  }

  /** Columns in the range of shares of one, of a hundred, or of logarithms of shares; then the same without whole numbers. */
  #within(all: readonly number[]): number[][] {
    const { columns } = this;
    const from = (low: number, high: number): number[] =>
      all.filter((j) => columns[j].min >= low && columns[j].max <= high);
    const sets = [from(0, 1.000001), from(0, 100.0001), from(-Infinity, 0)];
    const some = (set: readonly number[]): number[] => set.filter((j) => columns[j].fractions > 0);
    return [...sets, ...sets.map(some)].filter((set) => some(set).length >= 2 && set.length < all.length);
  }

  /** Probabilities without the classes that are 0 in every row, where no other value is 0: nothing shows of their logits. */
  #complete(kept: number[]): number[] {
    const { columns, sample } = this;
    const never = kept.filter((j) => columns[j].min === 0 && columns[j].max === 0);
    if (never.length === 0 || sample.rows < enoughRows) return kept;
    const rest = kept.filter((j) => !never.includes(j));
    if (rest.length < 2 || rest.some((j) => columns[j].min <= 0)) return kept;
    never.forEach((j) => this.#why.set(j, { kind: 'always-zero' }));
    return rest;
  }

  #without(odd: readonly number[], kept: readonly number[], whole: Whole): number[] {
    for (const j of odd) this.#why.set(j, this.#computed(j, kept, whole) ?? { kind: 'whole-without', whole });
    return [...kept];
  }

  /** Without a sum to complete, as for logits, each unusual column is judged by itself. */
  #byEach(usual: readonly number[], unusual: readonly number[]): number[] {
    const { columns, sample } = this;
    const alone = outOfSpan(sample, [...usual, ...unusual]);
    const core = usual.filter((j) => !alone?.has(j));
    const odd = [...unusual, ...usual.filter((j) => alone?.has(j))].sort((a, b) => a - b);
    this.#related = alone !== null;
    if (odd.length === 0) return core;
    const inside = alone ? odd.map((j) => !alone.has(j)) : columnsInSpan(sample, odd, core);
    this.#related = inside !== null;
    const other = new Set(inside ? [] : ofOtherSize(columns, [...core, ...odd]));
    const negative = core.some((j) => columns[j].min < 0);
    const fractions = core.some((j) => columns[j].fractions > 0);
    const copies = this.#copies([...core, ...odd].sort((a, b) => a - b));
    const kept = [...core];
    for (const [k, j] of odd.entries()) {
      const { name, min, max, rises, falls, fractions: some } = columns[j];
      const named = this.named && isOdd(name);
      const why: NotAnOutput | null =
        (min === max ? { kind: 'constant' } : null) ??
        (copies.has(j) ? { kind: 'copy', of: columns[copies.get(j)!].name } : null) ??
        this.#computed(j, core, null) ??
        (fractions && some === 0 ? { kind: 'whole-numbers' } : null) ??
        (inside && !inside[k] ? { kind: 'outside-span' } : null) ??
        (other.has(j) ? { kind: 'other-size' } : null) ??
        (inside ? null : (rises || falls) && named ? { kind: 'monotone' } : null) ??
        (inside || !named ? null : negative && min >= 0 ? { kind: 'name', neverNegative: true } : null) ??
        (inside || !named || negative ? null : { kind: 'name', neverNegative: false });
      if (why === null) kept.push(j);
      else this.#why.set(j, why);
    }
    return kept.sort((a, b) => a - b);
  }

  #computed(j: number, others: readonly number[], whole: Whole | null): NotAnOutput | null {
    if (this.columns[j].fractions === 0) return isArgMax(this.sample, j, others) ? { kind: 'arg-max' } : null;
    const statistic = statisticIn(this.sample, j, others, whole);
    return statistic && { kind: 'statistic', statistic };
  }
}

/** Names without what all of them begin and end with. */
function withoutStem(names: readonly string[]): string[] {
  const common = (of: readonly string[]): number => {
    let k = 0;
    while (k < of[0].length && of.every((name) => name[k] === of[0][k])) k++;
    return k;
  };
  const start = common(names);
  const rest = names.map((name) => name.slice(start));
  const end = common(rest.map((name) => [...name].reverse().join('')));
  return rest.map((name) => name.slice(0, name.length - end));
}

/** Columns that are the largest of all in every row, or the smallest. */
function extremes(sample: RowSample, columns: readonly number[]): number[] {
  let [largest, smallest] = [[...columns], [...columns]];
  for (let i = 0; i < sample.rows && largest.length + smallest.length > 0; i++) {
    let [most, least] = [-Infinity, Infinity];
    for (const j of columns) {
      const value = sample.value(i, j);
      if (value > most) most = value;
      if (value < least) least = value;
    }
    largest = largest.filter((j) => sample.value(i, j) === most);
    smallest = smallest.filter((j) => sample.value(i, j) === least);
  }
  return [...largest, ...smallest];
}

/** All subsets but the empty one, the largest first. */
function subsets(of: readonly number[]): number[][] {
  const all = Array.from({ length: 2 ** of.length - 1 }, (_, bits) => of.filter((_, k) => ((bits + 1) >> k) & 1));
  return all.sort((a, b) => b.length - a.length);
}

/** What was taken, what was left out, and what is not known. @param asks whether whoever reads could name the outputs */
export function choiceNotes(
  { kept, leftOut, inDoubt }: Omit<ColumnChoice, 'ranked'>,
  columns: readonly TableColumn[],
  asks: boolean,
): LogNote[] {
  const taken: LogNote = {
    kind: 'columns',
    columns: kept.length,
    first: columns[kept[0]].name,
    last: columns[kept[kept.length - 1]].name,
    leftOut: leftOut.map(({ column, why }) => ({ name: columns[column].name, why })),
  };
  return inDoubt.length > 0 ? [taken, { kind: 'columns-in-doubt', columns: inDoubt, asks }] : [taken];
}
