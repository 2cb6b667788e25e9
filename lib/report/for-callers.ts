/** The charts of results as callers of the library get them: declared without the drawing library's own types. */
import type { Results } from '../results/index.js';
import { standalone } from './chart.js';
import type { Chart, ChartOptions } from './chart-types.js';
import * as charts from './charts.js';

/** All charts of a result, each with a name of its own and its caption. */
export const chartsOf = (results: Results, options?: ChartOptions): Promise<Chart[]> =>
  charts.chartsOf(results, options);

/**
 * Draws a chart again with other options of Observable Plot beside its own: another width, another title, your own marks.
 * @param options what `Plot.plot` takes
 */
export const redrawChart = (chart: Chart, options: object): Promise<Chart> => charts.redrawChart(chart, options);

/**
 * A chart as the text of an SVG file that needs nothing else.
 * @param unit of its width and height; `mm` for a chart that was laid out for a paper. Default `px`
 */
export const chartSvg = (chart: Chart, unit?: 'px' | 'mm'): string => standalone(chart, unit);
