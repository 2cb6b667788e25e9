import type { Results } from '../results/index.js';
import { standalone } from './chart.js';
import type { Chart, ChartOptions } from './chart-types.js';
import * as charts from './charts.js';

/** The charts of results as callers of the library get them: declared without the drawing library's own types. */

/** The charts of results, drawn. */
export const chartsOf = (results: Results, options?: ChartOptions): Promise<Chart[]> =>
  charts.chartsOf(results, options);

/**
 * A chart drawn again with other options of Observable Plot beside its own: another width, another title, marks of yours.
 * @param options what `Plot.plot` takes
 */
export const redrawChart = (chart: Chart, options: object): Promise<Chart> => charts.redrawChart(chart, options);

/** A chart as an SVG file that stands alone. @param unit of its width and height */
export const chartSvg = (chart: Chart, unit?: 'px' | 'mm'): string => standalone(chart, unit);
