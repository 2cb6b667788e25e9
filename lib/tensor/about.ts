import type { RowPlace } from '../base/index.js';
import type { CutRows, RowSource } from './types.js';

/** The field of rows that are some of a source's, in another order or not. @param from row of the source by row */
export function aboutSome({ about }: RowSource, from: (row: number) => number): Pick<RowSource, 'about'> {
  if (!about) return {};
  const { place } = about;
  return { about: { ...about, ...(place ? { place: (row) => place(from(row)) } : {}) } };
}

/** The field of rows that are those of several sources, one after the other. */
export function aboutAll(sources: readonly RowSource[]): Pick<RowSource, 'about'> {
  if (!sources.some(({ about }) => about)) return {};
  const cuts = sources.flatMap(({ about }) => about?.cut ?? []);
  const places = sources.map(({ about }) => about?.place);
  const place = (row: number): RowPlace => {
    let [k, before] = [0, 0];
    while (k < sources.length - 1 && row >= before + sources[k].rows) before += sources[k++].rows;
    return places[k]!(row - before);
  };
  return {
    about: {
      ...(cuts.length > 0 ? { cut: cutOf(cuts) } : {}),
      ...(places.every((each) => each) ? { place } : {}),
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
