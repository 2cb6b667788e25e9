import { definitions, type Results } from '../results/index.js';
import { shortSpec } from '../words/index.js';
import { alphaCharts } from './alpha-chart.js';
import { loadPlot, type Chart, type Plotting } from './chart.js';
import { agreementCaption, agreementChart, controlChart } from './fit-charts.js';
import { marginCaption, marginChart, marginStrips } from './margin-charts.js';
import { leakCharts } from './leak-charts.js';
import { leakCaption, leakChart } from './leak-curve.js';
import { mostModels, mostShown, type Shown } from './shown.js';
import { withShownNames } from './shown-names.js';
import { spectrumChart } from './spectrum-chart.js';
import { heatmap, metrics, pairsOf } from './heatmap.js';

const spectrumCaption =
  'Eigenvalues of the centred Gram of what is read, on the training images. To the right of the upright line they are below the dashed cut and count as rounding: what is left is the rank. A clean step is a clear answer; a slope through the cut is not.';

const alphaCaption =
  'The curve is the mean over folds of the training images, each held out in turn; thin lines are the folds. The penalty is in units of the centred Gram, as in scikit-learn. Where the choice is an end of the grid, a better one may lie beyond.';

/** Experiments 1 to 3 and 5. */
export function fitCharts(plotting: Plotting, results: Results): Shown[] {
  const { experiment, rows, spectra, crossValidations = [] } = results;
  const shown = rows.slice(0, mostShown);
  // What outputs give away by how much is shown has a chart of its own.
  const whole = shown.filter(({ observe }) => observe === undefined);
  return present([
    // An audit has a picture of its own, with intervals.
    [results.leaks?.interfaces ? null : leakChart(plotting, shown), leakCaption],
    [agreementChart(plotting, experiment, whole), agreementCaption(experiment, whole)],
    [marginChart(plotting, whole), marginCaption(whole)],
    ...alphaCharts(plotting, crossValidations).map((chart) => [chart, alphaCaption] as const),
    [spectrumChart(plotting, spectra), spectrumCaption],
  ]);
}

/** Experiment 4 beside its heatmaps. */
export function pairCharts(plotting: Plotting, set: ReturnType<typeof pairsOf>): Shown[] {
  return present([
    [
      controlChart(plotting, set),
      'Each line is one pair: the ring is agreement with the target’s features read from the source’s logits, the dot from the source’s features. A long line is what the source’s head throws away; where ring and dot meet, the logits hold all that a linear map can use.',
    ],
    [
      marginStrips(plotting, set),
      'Agreement, in %, on tenths of the images by how far the target’s first answer is ahead of its second, from the source’s logits.',
    ],
  ]);
}

/** Experiment 4's, of all test sets. */
export const spectrumCharts = (plotting: Plotting, { spectra }: Results): Shown[] =>
  present([[spectrumChart(plotting, spectra), spectrumCaption]]);

const present = (charts: readonly (readonly [Chart | null, string])[]): Shown[] =>
  charts.flatMap(([chart, caption]) => (chart ? [{ chart, caption }] : []));

/** The heatmaps that have something to show. */
export const heatmapsOf = (plotting: Plotting, set: ReturnType<typeof pairsOf>): Chart[] =>
  metrics
    .filter((metric) => set.pairs.some((pair) => metric.value(pair) !== null))
    .map((metric) => heatmap(plotting, set, metric));

/** All charts of a result, each under a name of its own, for files. */
export async function chartsOf(found: Results): Promise<Chart[]> {
  const results = withShownNames(found);
  const plotting = await loadPlot();
  if (definitions.find(({ id }) => id === results.experiment)?.pairs !== 'all') {
    return [...leakCharts(plotting, results), ...fitCharts(plotting, results)].map(({ chart }) => chart);
  }
  const tests = [...new Set(results.rows.map(({ test }) => test))];
  const pairs = tests.flatMap((test) => {
    const set = pairsOf(results.rows.filter((row) => row.test === test));
    if (set.names.length > mostModels) return [];
    const charts = [...heatmapsOf(plotting, set), ...pairCharts(plotting, set).map(({ chart }) => chart)];
    return tests.length === 1
      ? charts
      : charts.map((chart) => ({ ...chart, name: `${chart.name}-${shortSpec(test).replace(/[^\w]+/g, '-')}` }));
  });
  return [...pairs, ...spectrumCharts(plotting, results).map(({ chart }) => chart)];
}
