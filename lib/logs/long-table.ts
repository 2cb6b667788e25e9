import { FeatReconstructError } from '../base/index.js';
import type { LogNote } from '../words/index.js';
import type { ColumnTable, TableColumn } from './column-table.js';
import { LabelledScores, type LabelledRows } from './log-labels.js';
import { groupsOf, groupsWithout, type RowGroups } from './row-groups.js';
import { idsOf, idsWithout, type RowIds } from './row-ids.js';

/**
 * Tables with a line for each class of an image (`request;rank;class;score`), as databases and dashboards export them and as pandas'
 * `melt` and `explode` make them: several lines are one image.
 */

/** Which image each row is of. */
interface Grouping {
  /** (rows) Images from 0, in the order in which they are first met. */
  of: Int32Array;
  images: number;
  /** Column that tells the images apart; null where places do, which begin again with each image. */
  by: number | null;
  /** Whether the rows of each image stand together. */
  together: boolean;
}

interface Long extends Grouping {
  label: number;
  score: number;
}

/** Names of what tells images apart, and of classes, in the languages that were met. */
const ofImages =
  /(^|[^a-z])(image|img|file|filename|path|request|req|uuid|guid|session|sample|row|trace|query|url|uri|zeit\w*|time\w*|date|datum|anfrage\w*|bild\w*|datei\w*|pfad|vorgang\w*|foto\w*|photo\w*)/i;
const ofClasses =
  /(class|klasse|label|categor|kategorie|variable|bezeichnung|prediction|vorhersage|(^|_)tag|synset|index|idx|token|concept|species|art$|name$|ergebnis)/i;
const ofScores = /(score|prob|conf|likelihood|wahrscheinlich|konfidenz|anteil|percent|prozent|value|wert|logit)/i;

/** Fewest rows of an image, on average, for its classes to be in a row each. */
const leastRows = 1.5;
/** Most of what probabilities of one image sum to, rounded to few decimals. */
const most = 1.03;
/** Share of images that may name a class twice: two classes of ImageNet are called crane. */
const fewTwice = 0.02;

/**
 * The scores of a table with a line for each class of an image, gathered by image; null where it is no such table.
 * @throws FeatReconstructError where lines are places of images, and their classes are missing
 */
export function longOutputs(table: ColumnTable): LongRows | null {
  const { rows, columns } = table;
  if (rows < 4 || columns.length < 2) return null;
  // A table with a column a class has many columns of fractions; one that is the same for all of an image is no score.
  if (columns.filter(({ fractions }) => fractions > 0).length > mostFractions) return null;
  const keys = new Keys(table);
  const places = columns.flatMap((_, j) => (keys.isPlaces(j) ? [j] : []));
  const found: Long[] = [];
  let withoutClasses: { place: number; score: number } | null = null;
  for (const grouping of groupings(table, keys, places)) {
    const score = scoreOf(table, grouping);
    if (score === null) continue;
    const label = labelOf(table, keys, grouping, { score, places });
    if (label === null) {
      const place = places.find((j) => j !== score);
      if (place !== undefined && isDescending(table, grouping, score)) withoutClasses ??= { place, score };
    } else if (isOfImages(table, grouping, { score, label, places })) found.push({ ...grouping, label, score });
  }
  const best = found.sort((a, b) => Number(b.together) - Number(a.together) || b.images - a.images)[0];
  if (best) return gathered(table, keys, best);
  if (withoutClasses) throw noClasses(table, withoutClasses);
  return null;
}

/** Most columns of fractions: beside the scores a latency, a threshold, another form of the scores. */
const mostFractions = 6;

/** Cells of a table as whole numbers, equal where the cells are. */
class Keys {
  readonly #known = new Map<number, Int32Array | null>();

  constructor(readonly table: ColumnTable) {}

  /** (rows) Null where there are too many different texts to tell. */
  of(j: number): Int32Array | null {
    const known = this.#known.get(j);
    if (known !== undefined) return known;
    const made = this.#make(j);
    this.#known.set(j, made);
    return made;
  }

  #make(j: number): Int32Array | null {
    const { rows, columns } = this.table;
    const { texts, words } = columns[j];
    if (texts > 0 && !words) return null;
    const codes = new Map<string | number, number>();
    return Int32Array.from({ length: rows }, (_, i) => {
      const name = this.name(i, j);
      const code = codes.get(name) ?? codes.size;
      codes.set(name, code);
      return code;
    });
  }

  /** The text of a cell, or its number. */
  name(i: number, j: number): string | number {
    const { words } = this.table.columns[j];
    const code = words?.rows[i] ?? -1;
    return code >= 0 ? words!.names[code] : this.table.value(i, j);
  }

  /** Whether a column has the places 1, 2, … of each image (or 0, 1, …), one image after the other. */
  isPlaces(j: number): boolean {
    const { rows, columns } = this.table;
    const { texts, fractions, min, max } = columns[j];
    if (texts > 0 || fractions > 0 || (min !== 0 && min !== 1) || max <= min || this.table.value(0, j) !== min)
      return false;
    for (let i = 1; i < rows; i++) {
      const value = this.table.value(i, j);
      if (value !== min && value !== this.table.value(i - 1, j) + 1) return false;
    }
    return max - min + 1 < rows;
  }
}

/** The ways to tell images apart: places that begin again, cells that are the same in neighbouring rows, cells that are the same at all. */
function* groupings(table: ColumnTable, keys: Keys, places: readonly number[]): Generator<Grouping> {
  const { rows, columns } = table;
  const isGrouping = (images: number): boolean => images > 1 && rows >= leastRows * images;
  for (const j of places) {
    const first = columns[j].min;
    const of = new Int32Array(rows);
    let image = -1;
    for (let i = 0; i < rows; i++) {
      if (table.value(i, j) === first) image++;
      of[i] = image;
    }
    if (isGrouping(image + 1)) yield { of, images: image + 1, by: null, together: true };
  }
  for (const [j, { texts, fractions, name, runs }] of columns.entries()) {
    if (places.includes(j) || fractions > 0 || ofClasses.test(name)) continue;
    // Numbers that repeat by chance are everywhere.
    if (texts === 0 && table.named && !ofImages.test(name)) continue;
    const key = keys.of(j);
    const starts = key ? startsOf(key) : runs;
    if (isGrouping(starts.length)) yield { of: byStarts(starts, rows), images: starts.length, by: j, together: true };
    if (!key || (texts === 0 && !table.named)) continue;
    const images = key.reduce((a, b) => Math.max(a, b), 0) + 1;
    if (images < starts.length && isGrouping(images)) yield { of: key, images, by: j, together: false };
  }
}

function startsOf(key: Int32Array): number[] {
  const starts: number[] = [];
  key.forEach((code, i) => (i === 0 || code !== key[i - 1]) && starts.push(i));
  return starts;
}

function byStarts(starts: readonly number[], rows: number): Int32Array {
  const of = new Int32Array(rows);
  for (const [image, start] of starts.entries()) of.fill(image, start, starts[image + 1] ?? rows);
  return of;
}

/** The column of scores: of the fractions that differ within images the one that is called so; null where there is none, or several. */
function scoreOf(table: ColumnTable, { of, images }: Grouping): number | null {
  const { rows, columns } = table;
  const first = new Int32Array(images).fill(-1);
  for (let i = rows - 1; i >= 0; i--) first[of[i]] = i;
  const varies = (j: number): boolean => {
    for (let i = 0; i < rows; i++) if (table.value(i, j) !== table.value(first[of[i]], j)) return true;
    return false;
  };
  const numbers = columns.flatMap(({ texts }, j) => (texts * 10 <= rows && varies(j) ? [j] : []));
  const fractions = numbers.filter((j) => columns[j].fractions > 0);
  const called = (fractions.length > 0 ? fractions : numbers).filter((j) => ofScores.test(columns[j].name));
  return fractions.length === 1 ? fractions[0] : called.length === 1 ? called[0] : null;
}

/**
 * The column of classes, different within an image: numbers of classes where names go with them, as they tell the place among the
 * logits. Null where there is none.
 */
function labelOf(
  table: ColumnTable,
  keys: Keys,
  grouping: Grouping,
  { score, places }: { score: number; places: readonly number[] },
): number | null {
  const { rows, columns } = table;
  const all = columns.flatMap((column, j) =>
    j !== score && j !== grouping.by && isLabel(column, table, places.includes(j)) ? [j] : [],
  );
  const candidates = all.filter((j) => {
    const key = keys.of(j);
    return key !== null && key.reduce((a, b) => Math.max(a, b), 0) + 1 < rows && isDistinct(key, grouping);
  });
  const others = candidates.filter((j) => !places.includes(j));
  // Numbers of classes that begin again with each image, unless they are places: by these the scores fall.
  if (others.length === 0) return candidates.length > 0 && !isDescending(table, grouping, score) ? candidates[0] : null;
  const called = others.filter((j) => ofClasses.test(columns[j].name));
  const some = called.length > 0 ? called : others;
  const text = some.find((j) => columns[j].texts > 0);
  if (text === undefined) return some[0];
  const number = others.find((j) => columns[j].texts === 0 && isSame(keys.of(j)!, keys.of(text)!));
  return number ?? text;
}

/** Whether a column may hold classes: words, or whole numbers that are called so. */
function isLabel(
  { name, texts, fractions, missing }: TableColumn,
  { rows, named }: ColumnTable,
  place: boolean,
): boolean {
  if (missing > 0 || (named && ofImages.test(name))) return false;
  return texts > 0 ? texts * 2 > rows : fractions === 0 && (place || !named || ofClasses.test(name));
}

/** Whether hardly an image has an equal cell twice. */
function isDistinct(key: Int32Array, { of, images }: Grouping): boolean {
  const seen = new Set<number>();
  const twice = new Set<number>();
  const keys = key.reduce((a, b) => Math.max(a, b), 0) + 1;
  for (let i = 0; i < key.length; i++) {
    const pair = of[i] * keys + key[i];
    if (seen.has(pair)) twice.add(of[i]);
    seen.add(pair);
  }
  return twice.size <= fewTwice * images;
}

/** Whether equal cells of one column are equal in the other, and the other way round. */
function isSame(a: Int32Array, b: Int32Array): boolean {
  // Both number their cells in the order in which they are first met.
  return a.every((code, i) => code === b[i]);
}

/** Whether the scores of each image fall from row to row. */
function isDescending(table: ColumnTable, { of, images }: Grouping, score: number): boolean {
  const last = new Float64Array(images).fill(Infinity);
  const risen = new Set<number>();
  for (let i = 0; i < of.length; i++) {
    const value = table.value(i, score);
    if (value > last[of[i]]) risen.add(of[i]);
    last[of[i]] = value;
  }
  return risen.size <= fewTwice * images;
}

/**
 * Whether what was grouped are images: probabilities of an image are one at most; other scores have a row for each class, or fall
 * from place to place. The best classes of several images of one user would pass for one image else.
 */
function isOfImages(
  table: ColumnTable,
  grouping: Grouping,
  { score, label, places }: { score: number; label: number; places: readonly number[] },
): boolean {
  const { of, images } = grouping;
  const { min, max } = table.columns[score];
  const sums = new Float64Array(images);
  const sizes = new Int32Array(images);
  for (let i = 0; i < of.length; i++) {
    const value = table.value(i, score);
    // A missing one is found later.
    if (!Number.isNaN(value)) sums[of[i]] += value;
    sizes[of[i]]++;
  }
  const size = sizes[0];
  const isEven = sizes.every((each) => each === size);
  const unit = max > 1 ? 100 : 1;
  // By the rounding of its numbers an image may sum to more than one.
  const shares = min >= 0 && max <= unit && sums.every((sum) => sum <= most * unit);
  if (shares) return true;
  if (min >= 0 && max <= 1 && !places.length) return false;
  return (
    isEven &&
    (grouping.by === null || isDescending(table, grouping, score) || isEverywhere(table, label, grouping, size))
  );
}

/** Whether each image has every class. */
function isEverywhere({ columns, rows }: ColumnTable, label: number, { images }: Grouping, size: number): boolean {
  const { words, texts, max } = columns[label];
  const classes = texts > 0 ? (words?.names.length ?? Infinity) : max + 1;
  return classes <= size + 1 && rows === images * size;
}

/** Rows of a log of one line a class, with what tells its images and its models apart. */
export type LongRows = LabelledRows & { ids: RowIds[]; groups: RowGroups[] };

function gathered(table: ColumnTable, keys: Keys, { of, images, by, label, score }: Long): LongRows {
  const { columns, rows, path, unit } = table;
  const { firstText } = columns[score];
  /** Images that lack a score. */
  const left = new Set<number>();
  for (let i = 0; firstText && i < rows; i++) {
    if (Number.isFinite(table.value(i, score))) continue;
    left.add(of[i]);
    const line = table.at(i);
    table.bad.add(
      line,
      () =>
        new FeatReconstructError(
          `Expected a number in every ${unit} of '${columns[score].name}' in '${path}', found ${firstText.cell === '' ? 'none' : `'${firstText.cell.slice(0, 40)}'`} in ${unit} ${line}; leave that ${unit} out${table.bad.hint}.`,
        ),
    );
  }
  const lists = Array.from({ length: images }, () => ({
    labels: [] as (string | number)[],
    scores: [] as number[],
    at: 0,
  }));
  for (let i = 0; i < rows; i++) {
    const list = lists[of[i]];
    const { labels, scores } = list;
    // An image stands where its first line does.
    if (labels.length === 0) list.at = table.at(i);
    labels.push(keys.name(i, label));
    scores.push(table.value(i, score));
  }
  const all = new LabelledScores();
  for (const [image, { labels, scores, at }] of lists.entries()) if (!left.has(image)) all.add(labels, scores, at);
  const labelled = all.finish(null, table.places);
  const note: LogNote = {
    ...{ kind: 'line-a-class', images, by: by === null ? null : columns[by].name },
    ...{ label: columns[label].name, score: columns[score].name },
  };
  const first = new Int32Array(images).fill(-1);
  for (let i = rows - 1; i >= 0; i--) first[of[i]] = i;
  const imagesOnly = <T>(values: readonly T[]): T[] => Array.from(first, (i) => values[i]);
  const ids = idsOf(table, [label, score]).map(({ column, of: all }) => ({ column, of: imagesOnly(all) }));
  const groups = groupsOf(table, [label, score]).map((each) => ({ ...each, of: imagesOnly(each.of) }));
  return {
    ...labelled,
    ids: idsWithout(ids, labelled.left),
    groups: groupsWithout(groups, labelled.left),
    notes: [note, ...labelled.notes, ...table.notes],
  };
}

const noClasses = (
  { path, columns, unit }: ColumnTable,
  { place, score }: { place: number; score: number },
): FeatReconstructError =>
  new FeatReconstructError(
    `Expected the class of each score in '${path}', found a ${unit} for each place of an image ('${columns[place].name}' from ${columns[place].min} to ${columns[place].max}, scores in '${columns[score].name}') and no classes: places without their classes show nothing of the layer. Log the class beside the score.`,
    { code: 'not-outputs' },
  );
