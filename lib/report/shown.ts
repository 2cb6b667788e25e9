import { definitionOf, type Results } from '../results/index.js';
import type { Chart } from './chart.js';

/** More models than this make a matrix that nobody reads; more rows, a chart of fits that nobody reads. */
export const mostModels = 24;
export const mostShown = 300;

/** A chart as it stands in a page. */
export interface Shown {
  chart: Chart;
  caption: string;
}

/** Whether the pairs of an experiment are one matrix, in place of a table each. */
export const isMatrix = ({ experiment }: Pick<Results, 'experiment'>): boolean =>
  definitionOf(experiment)?.shownAs === 'matrix';
