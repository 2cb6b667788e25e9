import type { Results } from '../results/index.js';
import { count } from '../words/index.js';
import type { Plotting } from './chart.js';
import type { Headline, Picture } from './headline.js';
import { leakCharts } from './leak-charts.js';

/** An audit's number and picture of the first screen. */
export function auditScreen(plotting: Plotting, results: Results): { headline: Headline | null; picture: Picture } {
  const { recovery } = results.leaks!;
  const features = results.environment.models[0]?.featureDim;
  const headline =
    recovery?.kind === 'rectified' && features
      ? {
          figure: `${count(recovery.features)} of ${count(features)}`,
          says: 'features recovered from the outputs alone',
        }
      : null;
  return { headline, picture: { charts: leakCharts(plotting, results).slice(0, 1) } };
}
