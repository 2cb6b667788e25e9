/** The charts of results as callers of the library get them: declared without the drawing library's own types. */
import { found, UsageError } from '../base/index.js';
import type { Results } from '../results/index.js';
import { standalone } from './chart.js';
import type { Chart, ChartOptions, RedrawOptions } from './chart-types.js';
import * as charts from './charts.js';

/**
 * All charts of a result, each with a name of its own and its caption.
 * @throws UsageError for a width that is no number of pixels
 */
export const chartsOf = (results: Results, options?: ChartOptions): Promise<Chart[]> =>
  charts.chartsOf(results, options);

/**
 * Draws a chart again with other options beside its own: another width, a zoom, other ticks, colours or titles, your own marks.
 * @throws UsageError for what the chart does not take, with what it does
 */
export const redrawChart = (chart: Chart, options: RedrawOptions): Promise<Chart> => charts.redrawChart(chart, options);

/**
 * A chart as the text of an SVG file that needs nothing else.
 * @param unit of its width and height; `mm` for a chart that was laid out for a paper. Default `px`
 */
export function chartSvg(chart: Chart, unit?: 'px' | 'mm'): string {
  if (unit === undefined || unit === 'px' || unit === 'mm') return standalone(chart, unit);
  throw new UsageError(`Expected a unit px or mm for chartSvg, found ${found(unit)}.`);
}
