import { definitionOf, type Results } from '../results/index.js';
import type { Chart } from './chart.js';

/** Most models of a matrix that people can read. */
export const mostModels = 24;
/** Most rows of a table or a chart of fits that people can read. */
export const mostShown = 300;

/** A chart of a page, with its caption. */
export interface Shown {
  chart: Chart;
  caption: string;
  /** What its figures were measured on, in a sentence; absent where that is what the rows of the results say. */
  measuredOn?: string;
  /** The same laid out for a phone, on whose screen the other's text would be too small. */
  narrow?: Chart;
}

/** Width in pixels of a chart on a phone. */
const phone = 350;

/** The charts that `drawn` makes, each with its layout for a phone. */
export function withNarrow(drawn: (width?: number) => Shown[]): Shown[] {
  const narrow = drawn(phone);
  return drawn().map((shown) => ({
    ...shown,
    narrow: narrow.find(({ chart }) => chart.name === shown.chart.name)?.chart,
  }));
}

/** Whether the pairs of an experiment are shown as one matrix, and not as a table each. */
export const isMatrix = ({ experiment }: Pick<Results, 'experiment'>): boolean =>
  definitionOf(experiment)?.shownAs === 'matrix';
