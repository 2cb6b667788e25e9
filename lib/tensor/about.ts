import type { RowPlace } from '../base/index.js';
import type { CutRows, RowSource } from './types.js';

/** The field of rows that are some of a source's, in another order or not. @param from row of the source by row */
export function aboutSome({ about }: RowSource, from: (row: number) => number): Pick<RowSource, 'about'> {
  if (!about) return {};
  const { place, listed } = about;
  return {
    about: {
      ...about,
      ...(place ? { place: (row) => place(from(row)) } : {}),
      ...(listed ? { listed: (row) => listed(from(row)) } : {}),
    },
  };
}

/** The field of rows whose columns are those of a source elsewhere. @param to place of each column of the source */
export function aboutPlaced({ about }: RowSource, to: Int32Array): Pick<RowSource, 'about'> {
  const listed = about?.listed;
  return { about: { ...about, listed: (row) => (listed ? listed(row).map((j) => to[j]) : to) } };
}

/** The field of rows with some of a source's columns: which of these are listed is not kept. */
export function aboutFewer({ about }: RowSource): Pick<RowSource, 'about'> {
  if (!about) return {};
  const { cut, place } = about;
  return { about: { ...(cut ? { cut } : {}), ...(place ? { place } : {}) } };
}

/** The field of rows that are those of several sources, one after the other. */
export function aboutAll(sources: readonly RowSource[]): Pick<RowSource, 'about'> {
  if (!sources.some(({ about }) => about)) return {};
  const cuts = sources.flatMap(({ about }) => about?.cut ?? []);
  const places = sources.map(({ about }) => about?.place);
  const sourceOf = (row: number): [k: number, row: number] => {
    let [k, before] = [0, 0];
    while (k < sources.length - 1 && row >= before + sources[k].rows) before += sources[k++].rows;
    return [k, row - before];
  };
  const place = (row: number): RowPlace => {
    const [k, own] = sourceOf(row);
    return places[k]!(own);
  };
  const all = Int32Array.from({ length: sources[0].cols }, (_, j) => j);
  const listed = (row: number): Int32Array => {
    const [k, own] = sourceOf(row);
    return sources[k].about?.listed?.(own) ?? all;
  };
  return {
    about: {
      ...(cuts.length > 0 ? { cut: cutOf(cuts) } : {}),
      ...(places.every((each) => each) ? { place } : {}),
      ...(sources.some(({ about }) => about?.listed) ? { listed } : {}),
      ...(sources.every(({ about }) => about?.ranked) ? { ranked: true } : {}),
    },
  };
}

const cutOf = (cuts: readonly CutRows[]): CutRows => ({
  shown: Math.max(...cuts.map(({ shown }) => shown)),
  unit: cuts.every(({ unit }) => unit === cuts[0].unit) ? cuts[0].unit : 'unknown',
});

/** Where rows stand in a log; absent where that is not known. */
export const placesOf = ({ about }: RowSource, rows: readonly number[]): { places?: RowPlace[] } =>
  about?.place ? { places: rows.map((row) => about.place!(row)) } : {};
