import type { Leaks, Results } from '../results/index.js';
import { count, inTime, inWords } from '../words/index.js';
import type { Plotting } from './chart.js';
import type { Headline, Picture } from './headline.js';
import { leakCharts } from './leak-charts.js';
import { figureOf } from './overview-chart.js';
import { withNarrow } from './shown.js';

/** An audit's number and picture of the first screen. */
export function auditScreen(plotting: Plotting, results: Results): { headline: Headline | null; picture: Picture } {
  const headline = recovered(results) ?? learnt(results.leaks!);
  const charts = withNarrow((width) => leakCharts(plotting, results, width).slice(0, 1));
  return { headline, picture: { charts } };
}

/** Features that came back from the outputs alone. */
function recovered({ leaks, environment }: Results): Headline | null {
  const features = environment.models[0]?.featureDim;
  return leaks?.recovery?.kind === 'rectified' && features
    ? {
        figure: `${count(leaks.recovery.features)} of ${count(features)}`,
        says: leaks.recovery.cut
          ? `features or more recovered from the outputs alone: the search was stopped after ${inTime(leaks.recovery.seconds)}`
          : 'features recovered from the outputs alone',
      }
    : null;
}

/** What somebody needs who is to have all features by algebra; else the most that was read off. */
function learnt({ verdict }: Leaks): Headline | null {
  const finding = verdict.findings.find(({ kind }) => kind === 'learnt');
  if (finding?.kind !== 'learnt') return null;
  const { fitted, exact, best } = finding;
  return exact && fitted
    ? {
        figure: count(fitted),
        says: `images whose features somebody has are enough for those of every other image, from ${inWords(best.observe)}`,
      }
    : {
        figure: figureOf(best.r2, 'r2'),
        says: `of the features’ variance, or more, is read off ${inWords(best.observe)} by who has the features of some images`,
      };
}
