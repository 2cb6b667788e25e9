import { isCoded, type TaskOptions } from '../base/index.js';
import { chooseRows, type RowSource } from '../tensor/index.js';
import { someColumns } from './carried.js';
import { examineOutputs, type ExaminedRows } from './examine.js';
import { outputSpectrum } from './whiten.js';

/** A column of a log with few values, whose rows may be of a model each. */
export interface RowParts {
  /** Null where the parts are the files of a folder. */
  column: string | null;
  values: readonly string[];
  /** By row the place of its value; −1 where it has none. */
  of: ArrayLike<number>;
  /** Whether the column is called as one that says which model answered: then it is also said that this does not show. */
  ofModels?: boolean | undefined;
}

/** Rows with one value of a column. */
export interface ModelPart {
  value: string;
  rows: number;
  /** Which of the models these rows look like, counted from 0; null where that does not show. */
  model: number | null;
  /** Least width of the layer before the head by these rows alone; null where they do not show it. */
  hiddenWidth: number | null;
}

/** Several models in one file, as a column tells them apart. Plain: serialises to JSON. */
export interface SeveralModels {
  /** Null where the parts are the files of a folder. */
  column: string | null;
  models: number;
  /** The first is the largest that shows a width. */
  parts: ModelPart[];
}

/** Fewest rows that tell another model: each of them opens a direction. */
const fewestRows = 12;
/** More columns than directions fill the same space. */
const spareColumns = 64;
/** Of the directions that another head would open at least this share is open; of the same head, at most that of chance features. */
const another = 0.9;
const same = 0.25;
/** With fewer rows beyond its directions no width shows. */
const spareRows = 8;
/** More models than this are not told apart one by one. */
const mostModels = 6;
/** Parts that are tried for a width to begin with. */
const mostFirst = 3;
/** Columns that are looked at. */
const mostColumns = 4;

interface Part {
  value: string;
  positions: number[];
}

/** A part whose rows are at hand, with the directions that they fill; null where no gap shows. */
interface ToldPart extends Part {
  rank: number | null;
  model: number | null;
}

/**
 * Whether rows with different values of a column look like those of different heads: together they fill nearly as many directions as
 * each alone does, added up.
 * @returns null where no column tells models apart; `open`: a column of models whose rows are too few to tell
 * @param rank of all rows; null where it does not show
 * @param at position in the file of a row
 */
export async function severalModels(
  outputs: RowSource,
  seen: ExaminedRows,
  rank: number | null,
  { columns, at }: { columns: readonly RowParts[]; at: (row: number) => number },
  options: TaskOptions = {},
): Promise<{ several: SeveralModels | null; open: RowParts | null }> {
  let open: RowParts | null = null;
  const several = columns.filter(({ values }) => values.length > 1).slice(0, mostColumns);
  for (const each of several) {
    const { column, values, of } = each;
    const parts: Part[] = values.map((value) => ({ value, positions: [] }));
    for (const row of seen.distinct) parts[of[at(row)]]?.positions.push(row);
    parts.sort((a, b) => b.positions.length - a.positions.length);
    const told = await new Heads(outputs, seen, rank, options).tell(parts);
    const models = new Set((told ?? []).flatMap(({ model }) => model ?? [])).size;
    if (told !== null && models < 2 && each.ofModels) open ??= each;
    if (told === null || models < 2) continue;
    const found = told.map(({ value, positions, rank: own, model }): ModelPart => ({
      ...{ value, rows: positions.length, model, hiddenWidth: own === null ? null : widthOf(own) },
    }));
    return { several: { column, models, parts: found }, open: null };
  }
  return { several: null, open };
}

/** A layer's width by the directions that its outputs fill: mostly a multiple of 8. */
export const widthOf = (rank: number): number => (rank % 8 === 7 ? rank + 1 : rank);

class Heads {
  readonly #source: RowSource;
  readonly #most: number;
  readonly #heads: { positions: readonly number[]; rank: number | null; stored: string }[] = [];

  constructor(
    readonly outputs: RowSource,
    readonly seen: ExaminedRows,
    readonly rank: number | null,
    readonly options: TaskOptions,
  ) {
    const cols = rank === null ? outputs.cols : Math.min(outputs.cols, rank + spareColumns);
    this.#source = cols === outputs.cols ? outputs : someColumns(outputs, cols);
    this.#most = seen.scale === 'logits' ? cols : cols - 1;
  }

  /** The models of parts, the largest that shows a width first; none where no part does; null where all are of one. */
  async tell(parts: readonly Part[]): Promise<ToldPart[] | null> {
    const large = parts.filter(({ positions }) => positions.length >= fewestRows);
    if (large.length < 2) return null;
    let first: ToldPart | null = null;
    for (const part of large.slice(0, mostFirst)) {
      const rank = await this.#rankOf(part.positions);
      if (rank !== null && this.rank !== null && rank >= this.rank - 2) return null;
      if (rank === null) continue;
      first = { ...part, rank, model: 0 };
      break;
    }
    if (!first) return [];
    const { positions } = first;
    this.#heads.push({ positions, rank: first.rank, stored: await this.#storedAs(positions) });
    const told: ToldPart[] = [first];
    for (const part of parts.filter(({ value }) => value !== first.value)) {
      const isTold = part.positions.length >= fewestRows && this.#heads.length <= mostModels;
      told.push(isTold ? await this.#told(part) : { ...part, rank: null, model: null });
    }
    return told.every(({ model, positions: of }) => model === 0 || of.length === 0) ? null : told;
  }

  /** A part with its head: one of those known, or the next. */
  async #told(part: Part): Promise<ToldPart> {
    const { positions } = part;
    const rank = await this.#rankOf(positions);
    const stored = await this.#storedAs(positions);
    const unknown: ToldPart = { ...part, rank, model: null };
    for (const [model, head] of this.#heads.entries()) {
      // Rows that were stored in another way open directions by their noise.
      if (head.rank === null || head.stored !== stored) return unknown;
      const both = [...head.positions, ...positions];
      const together = (await this.#rankOf(both)) ?? Math.min(this.#most, both.length - 1);
      const room = Math.min(rank ?? positions.length - 1, this.#most - head.rank);
      const opened = together - head.rank;
      if (opened <= same * room) return { ...unknown, model };
      if (opened < another * room) return unknown;
    }
    return { ...unknown, model: this.#heads.push({ positions, rank, stored }) - 1 };
  }

  #rows(of: RowSource, positions: readonly number[]): RowSource {
    return chooseRows(of, Int32Array.from(positions).sort());
  }

  /** Directions that some rows fill; null where no gap shows. */
  async #rankOf(positions: readonly number[]): Promise<number | null> {
    const rows = this.#rows(this.#source, positions);
    const { rank } = await outputSpectrum(rows, { ...this.seen, rows: rows.rows, duplicates: 0 }, this.options);
    return rank !== null && rank + spareRows < rows.rows ? rank : null;
  }

  /** How the numbers of some rows are stored, as a text to compare. */
  async #storedAs(positions: readonly number[]): Promise<string> {
    try {
      const { decimals, storage, precision } = await examineOutputs(this.#rows(this.outputs, positions), this.options);
      return JSON.stringify([decimals, storage ?? null, precision]);
    } catch (error) {
      // Without the columns that are left out rows need not sum to one.
      if (isCoded(error, 'not-outputs')) return '';
      throw error;
    }
  }
}
