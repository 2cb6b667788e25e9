import { count, FeatReconstructError } from '../base/index.js';
import type { LogNote } from '../words/index.js';
import type { Around } from './around.js';
import type { BadLines } from './bad-lines.js';
import { numberOf } from './cells.js';
import { ColumnTable } from './column-table.js';
import type { LoggedImage } from './log-images.js';
import { longOutputs, type LongRows } from './long-table.js';

import { LabelledScores, type LabelledRows } from './log-labels.js';
import { namedByRow } from './named-arrays.js';
import { RowFields } from './row-fields.js';
import { groupsAt, groupsWithout, type RowGroups } from './row-groups.js';
import { idsAt, idsWithout, type RowIds } from './row-ids.js';

type Cell = number | string | null;

/** An image's fields, and the number of its record, counted from 1. */
interface FieldRow {
  names: readonly string[];
  values: readonly Cell[];
  record: number;
}

/** The images of a log: a table of their fields, or scores by label. */
export type Gathered = { table: ColumnTable; ids: RowIds[]; groups: RowGroups[] } | { labelled: LongRows };

/** Gathers the images of a log, one by one. */
export class LogRecords {
  readonly #rows: FieldRow[] = [];
  readonly #labels = new LabelledScores();
  readonly #without: number[] = [];
  /** Fields of the records while each has one class: several may be of one image. Null from the first on that has more. */
  #lines: FieldRow[] | null = [];
  #record = 0;
  #records = 0;
  /** What the records say beside outputs, of the rows of fields and of those of labels. */
  readonly #fieldsOfRows = new RowFields();
  readonly #fieldsOfLabels = new RowFields();

  /** What the numbers of records count: in JSON Lines a record is a line. */
  places: 'record' | 'line' | 'row';

  /** @param unit what a record of the file is called in messages */
  constructor(
    readonly path: string,
    readonly bad: BadLines,
    readonly unit: 'record' | 'line' = 'record',
  ) {
    this.places = unit;
  }

  /**
   * Adds the images of the file's next record; none where it holds no numbers.
   * @param raw the record itself, or as many as there are images
   * @param at its number, counted from 1
   * @param around what the text beside it says
   */
  add(images: readonly LoggedImage[], raw: unknown = null, at = this.#record + 1, around?: Around): void {
    this.#record = at;
    this.#records++;
    if (images.every(isEmpty)) {
      this.#without.push(this.#record);
      return;
    }
    const records = recordsOf(raw, images.length);
    for (const [k, image] of images.entries()) {
      if (image.kind === 'labels') {
        if (image.labels.length !== 1) this.#lines = null;
        this.#lines?.push(fieldsOf(records?.[k], this.#record));
        this.#fieldsOfLabels.add(records?.[k], around);
        this.#labels.add(image.labels, image.scores, this.#record);
      } else {
        this.#fieldsOfRows.add(records?.[k], around);
        const last = this.#rows[this.#rows.length - 1];
        const names = last && isSame(last.names, image.names) ? last.names : image.names;
        this.#rows.push({ names, values: image.values, record: this.#record });
      }
    }
  }

  /** All images, once the last is added. @throws FeatReconstructError where there are no outputs, or arrays differ in length */
  finish(): Gathered {
    const notes: LogNote[] =
      this.#without.length === 0
        ? []
        : this.unit === 'line'
          ? [{ kind: 'lines-without-scores', lines: this.#without }]
          : [{ kind: 'records-without-numbers', records: this.#without }];
    const { rows } = this.#labels;
    if (rows > 0 && rows >= this.#rows.length) {
      if (this.#lines) {
        const labelled = this.#byImage(this.#lines);
        if (!labelled) throw this.#topAlone();
        return { labelled: { ...labelled, notes: [...labelled.notes, ...notes] } };
      }
      const labelled = this.#labels.finish(null, this.places);
      const others = this.#rows.map(({ record }) => record);
      if (others.length > 0) notes.push({ kind: 'records-without-labels', records: others });
      return {
        labelled: {
          ...labelled,
          ids: idsWithout(this.#fieldsOfLabels.ids(), labelled.left),
          groups: groupsWithout(this.#fieldsOfLabels.groups(), labelled.left),
          notes: [...labelled.notes, ...notes],
        },
      };
    }
    if (this.#rows.length === 0) {
      throw new FeatReconstructError(
        `Expected outputs of a classifier in '${this.path}', found ${count(this.#records)} ${this.unit}${this.#records === 1 ? '' : 's'} without numbers: give the scores of all classes of each image, as a list or by their labels.`,
        { code: 'not-outputs' },
      );
    }
    const gathered = this.#fields();
    if ('table' in gathered) gathered.table.notes.push(...notes);
    else gathered.labelled.notes.push(...notes);
    return gathered;
  }

  /** Scores of records that have one class each, where several are of one image; null where they are not. */
  #byImage(lines: readonly FieldRow[]): LongRows | null {
    const all = new Map<string, number>();
    for (const { names } of lines) for (const name of names) all.set(name, (all.get(name) ?? 0) + 1);
    const names = [...all].flatMap(([name, times]) => (times === lines.length ? [name] : []));
    return names.length < 2 ? null : longOutputs(new RecordTable(this.path, names, lines, this));
  }

  #topAlone(): FeatReconstructError {
    return new FeatReconstructError(
      `Expected the scores of several classes for each image in '${this.path}', found the best class alone: one number an image shows no width. Log the outputs of all classes.`,
      { code: 'not-outputs' },
    );
  }

  #fields(): Gathered {
    const all = new Map<string, number>();
    for (const { names } of this.#rows) for (const name of names) all.set(name, (all.get(name) ?? 0) + 1);
    const some = [...all].flatMap(([name, times]) => (times < this.#rows.length ? [name] : []));
    const byRow = some.length > 0 ? namedByRow(this.#rows.map(({ names }) => names)) : null;
    if (byRow) {
      const rows = this.#rows.map((row, i) => ({ ...row, names: byRow.names[i] }));
      return {
        table: new RecordTable(this.path, [...new Set([...new Set(byRow.names)].flat())], rows, this),
        ids: [...this.#fieldsOfRows.ids(), byRow.ids],
        groups: this.#fieldsOfRows.groups(),
      };
    }
    if (some.length > 0) {
      const ragged = this.#rows.find(({ names }) => names.length !== this.#rows[0].names.length);
      if (ragged && some.every((name) => /(^|\[)\d+\]?$/.test(name)) && this.#rows.every(isArray)) {
        return this.#withoutRagged();
      }
      const labelled = this.#byClass(new Set(some), [...all.keys()]);
      if (labelled) {
        return {
          labelled: {
            ...labelled,
            ids: idsWithout(this.#fieldsOfRows.ids(), labelled.left),
            groups: groupsWithout(this.#fieldsOfRows.groups(), labelled.left),
          },
        };
      }
    }
    return {
      table: new RecordTable(this.path, [...all.keys()], this.#rows, this),
      ids: this.#fieldsOfRows.ids(),
      groups: this.#fieldsOfRows.groups(),
    };
  }

  /** Arrays of one length, where a few records have other ones that are to be left out. */
  #withoutRagged(): Gathered {
    const times = new Map<number, number>();
    for (const { names } of this.#rows) times.set(names.length, (times.get(names.length) ?? 0) + 1);
    const [first] = this.#rows;
    // The first is the measure where nothing is left out.
    const usual = this.bad.skips
      ? [...times].reduce((most, each) => (each[1] > most[1] ? each : most))[0]
      : first.names.length;
    const kept = this.#rows.filter(({ names }) => names.length === usual);
    const places = Int32Array.from(this.#rows.keys()).filter((i) => this.#rows[i].names.length === usual);
    for (const { names, record } of this.#rows) {
      if (names.length === usual) continue;
      this.bad.add(
        record,
        () =>
          new FeatReconstructError(
            `Expected ${count(usual)} numbers in every ${this.unit} of '${this.path}' as in the first, found ${count(names.length)} in ${this.unit} ${record}: give all outputs of every image${this.bad.hint}.`,
          ),
      );
    }
    return {
      table: new RecordTable(this.path, [...kept[0].names], kept, this),
      ids: idsAt(this.#fieldsOfRows.ids(), places),
      groups: groupsAt(this.#fieldsOfRows.groups(), places),
    };
  }

  /** Scores by class where records have fields of different names: each has the best classes alone. Null where they are none. */
  #byClass(some: ReadonlySet<string>, names: readonly string[]): LabelledRows | null {
    const isNumber = new Map(names.map((name) => [name, true]));
    let [each, withCommon] = [true, true];
    for (const { names: own, values } of this.#rows) {
      let [shown, sum] = [0, 0];
      own.forEach((name, k) => {
        const value = values[k];
        if (typeof value !== 'number') isNumber.set(name, false);
        else {
          if (some.has(name)) shown++;
          sum += value >= 0 ? value : Infinity;
        }
      });
      each &&= shown > 0;
      withCommon &&= sum <= 1.001;
    }
    if (!each || [...some].some((name) => !isNumber.get(name))) return null;
    const classes = new Set(names.filter((name) => isNumber.get(name) && (withCommon || some.has(name))));
    const labels = new LabelledScores();
    for (const { names: own, values, record } of this.#rows) {
      const kept = own.flatMap((name, k) => (classes.has(name) ? [k] : []));
      labels.add(
        kept.map((k) => own[k]),
        kept.map((k) => values[k] as number),
        record,
      );
    }
    const labelled = labels.finish(null, this.places);
    const left = names.filter((name) => !classes.has(name));
    if (left.length > 0) labelled.notes.push({ kind: 'common-fields', fields: left });
    return labelled;
  }
}

/** The record of each image: one, a list of as many, or one within an object. Null where it does not show which is whose. */
function recordsOf(raw: unknown, images: number): readonly unknown[] | null {
  if (images === 1) return [raw];
  if (Array.isArray(raw)) return raw.length === images ? raw : null;
  if (typeof raw !== 'object' || raw === null) return null;
  const lists = Object.values(raw).filter(
    (value): value is unknown[] => Array.isArray(value) && value.length === images,
  );
  return lists.length === 1 ? lists[0] : null;
}

/** The single values of a record, those within its objects under both names. */
function fieldsOf(raw: unknown, record: number): FieldRow {
  const [names, values]: [string[], Cell[]] = [[], []];
  const add = (object: object, before: string): void => {
    for (const [name, value] of Object.entries(object) as [string, unknown][]) {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) add(value, `${before}${name}.`);
      else if (typeof value === 'string' || typeof value === 'number' || value === null) {
        names.push(`${before}${name}`);
        values.push(value);
      }
    }
  };
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) add(raw, '');
  return { names, values, record };
}

/** Whether an image has no numbers, as a message or an error. */
const isEmpty = (image: LoggedImage): boolean =>
  image.kind === 'fields' &&
  image.values.every((value) => typeof value !== 'number' && Number.isNaN(numberOf(value ?? '', '.')));

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a === b || (a.length === b.length && a.every((name, k) => name === b[k]));

/** Whether the fields with numbers in their names are those of an array: `0`, `1`, … or `scores[0]`, `scores[1]`, … */
const isArray = ({ names }: FieldRow): boolean => {
  const places = names.flatMap((name) => /(?:^|\[)(\d+)\]?$/.exec(name)?.[1] ?? []);
  return places.every((place, k) => k === 0 || Number(place) === Number(places[k - 1]) + 1 || place === '0');
};

/** A table of records with fields. */
class RecordTable extends ColumnTable {
  readonly bad: BadLines;

  constructor(
    path: string,
    names: readonly string[],
    rows: readonly FieldRow[],
    of: Pick<LogRecords, 'unit' | 'places' | 'bad'>,
  ) {
    super(path, of.unit, of.places);
    this.bad = of.bad;
    this.named = !names.every((name, k) => name === `${k}`);
    const columns = this.named ? names : names.map((_, k) => `column ${k + 1}`);
    this.begin(columns);
    const places = new Map(names.map((name, j) => [name, j]));
    for (const { names: own, values, record } of rows) {
      let cells = values;
      if (!isSame(own, names)) {
        const row: Cell[] = names.map(() => null);
        own.forEach((name, k) => places.has(name) && (row[places.get(name)!] = values[k]));
        cells = row;
      }
      this.beginRow(record);
      cells.forEach((cell, j) => {
        if (typeof cell === 'number') this.set(j, cell, '', record);
        else this.set(j, cell === null ? NaN : numberOf(cell, '.'), cell ?? '', record);
      });
    }
  }
}
