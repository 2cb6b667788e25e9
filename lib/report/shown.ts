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
}

/** Whether the pairs of an experiment are shown as one matrix, and not as a table each. */
export const isMatrix = ({ experiment }: Pick<Results, 'experiment'>): boolean =>
  definitionOf(experiment)?.shownAs === 'matrix';
