import { checkOptions, optionsOf } from '../base/index.js';
import type { ChartOptions, RedrawOptions } from './chart-types.js';
import { fittedAndTested, type ResultRow, type Results } from '../results/index.js';
import { shortSpec } from '../words/index.js';
import { alphaCharts } from './alpha-chart.js';
import { areAudits, auditedNames, besideCaption, besidePicture } from './audits-beside.js';
import { loadPlot, type Chart, type Plotting } from './chart.js';
import { agreementCaption, agreementChart, controlChart } from './fit-charts.js';
import { marginCaption, marginChart, marginStrips } from './margin-charts.js';
import { leakCharts, splitsOfAll } from './leak-charts.js';
import { leakCaption, leakChart } from './leak-curve.js';
import { overviewChart, type ExperimentOf } from './overview-chart.js';
import { isMatrix, mostModels, mostShown, type Shown } from './shown.js';
import { withShownNames } from './shown-names.js';
import { checkSize, redraw } from './redraw.js';
import { spectrumChart } from './spectrum-chart.js';
import { toldApartCaption, toldApartOf, toldApartPicture } from './told-apart.js';
import { easyTargets, heatmap, metrics, pairsOf } from './heatmap.js';

const spectrumCaption =
  'How much what the map reads varies along each of its directions, on the training images (the eigenvalues of its centred Gram). To the right of the upright line they are below the dashed cut and count as rounding: what is left is the rank. A clean step is a clear answer; a slope through the cut is not.';

const alphaCaption =
  'The curve is the mean over folds of the training images, each held out in turn; thin lines are the folds. The penalty is in units of the centred Gram, as in scikit-learn. Where the choice is an end of the grid, a better one may lie beyond.';

/** The charts of experiments 1 to 3 and 5, without the overview. */
export function fitCharts(plotting: Plotting, results: Results, width?: number): Shown[] {
  const { experiment, rows, spectra, crossValidations = [] } = results;
  const shown = rows.slice(0, mostShown);
  // Rows of a sweep have a chart of their own.
  const whole = shown.filter(({ observe }) => observe === undefined);
  return present([
    // An audit has a picture of its own, with intervals.
    [results.leaks?.interfaces ? null : leakChart(plotting, shown), leakCaption],
    [agreementChart(plotting, experiment, whole, width), agreementCaption(experiment, whole)],
    [marginChart(plotting, whole), marginCaption(whole)],
    ...alphaCharts(plotting, crossValidations).map((chart) => [chart, alphaCaption] as const),
    [spectrumChart(plotting, spectra), spectrumCaption],
  ]);
}

/** The charts of experiment 4 on one test set, beside its heatmaps. */
export function pairCharts(plotting: Plotting, set: ReturnType<typeof pairsOf>, width?: number): Shown[] {
  return present([
    [
      controlChart(plotting, set, width),
      'Each line is one pair: the ring is agreement with the target’s features read from the source’s logits, the dot from the source’s features. A long line is what the source’s head throws away; where ring and dot meet, the logits hold all that a linear map can use.',
    ],
    [
      marginStrips(plotting, set, width),
      'Agreement, in %, on tenths of the images by how far the target’s first answer is ahead of its second, from the source’s logits.',
    ],
  ]);
}

/** The chart of experiment 4 that all test sets share. */
export const spectrumCharts = (plotting: Plotting, { spectra }: Results): Shown[] =>
  present([[spectrumChart(plotting, spectra), spectrumCaption]]);

/** The charts that could be drawn, with their captions. */
const present = (charts: readonly (readonly [Chart | null, string])[]): Shown[] =>
  charts.flatMap(([chart, caption]) => (chart ? [{ chart, caption }] : []));

/** The heatmaps that have something to show. */
function heatmapsOf(plotting: Plotting, set: ReturnType<typeof pairsOf>, width?: number): Shown[] {
  const star =
    easyTargets(set.pairs).size > 0
      ? ' *: the target gives more than half of the images one class, so that agreement is easy.'
      : '';
  return metrics
    .filter((metric) => set.pairs.some((pair) => metric.value(pair) !== null))
    .map((metric) => ({
      chart: heatmap(plotting, set, metric, width),
      caption: `${metric.meaning} Framed: a model read from itself.${star}`,
    }));
}

/**
 * All charts of a result, each with a name of its own for a file, those that the report begins with first. A chart has its
 * caption, and in `plot` the options of Observable Plot, to draw it again in another style.
 */
export async function chartsOf(found: Results, options: ChartOptions = {}): Promise<Chart[]> {
  checkOptions(options, optionsOf<ChartOptions>({ width: true }), 'chartsOf');
  const { width } = options;
  checkSize(width, "chartsOf's width");
  const results = withShownNames(found);
  const plotting = await loadPlot();
  const fittedOn = (rows: readonly ResultRow[], shown: Shown): Chart => {
    const { chart } = shown;
    const measuredOn = shown.measuredOn ?? (rows.length === 0 ? null : `${factsOf(rows)}.`);
    const facts = measuredOn === null ? '' : ` ${measuredOn}`;
    const captioned = { ...chart, caption: `${chart.title}. ${shown.caption}${facts}` };
    return width === undefined || chart.width <= width ? captioned : redraw(plotting, captioned, { width });
  };
  const fitted = (shown: Shown): Chart => fittedOn(results.rows, shown);
  if (!isMatrix(results)) {
    const first = results.leaks ? [] : overviews(plotting, results.experiment, results.rows.slice(0, mostShown), width);
    return [...first, ...leakCharts(plotting, results, width), ...fitCharts(plotting, results, width)].map(fitted);
  }
  const tests = [...new Set(results.rows.map(({ test }) => test))];
  const endings = endingsOf(tests);
  const pairs = tests.flatMap((test, i) => {
    const rows = results.rows.filter((row) => row.test === test);
    const set = pairsOf(rows);
    if (set.names.length > mostModels) return [];
    const charts = [...heatmapsOf(plotting, set, width), ...pairCharts(plotting, set, width)].map((shown) =>
      fittedOn(rows, shown),
    );
    return tests.length === 1
      ? charts
      : charts.map((chart) => ({ ...chart, name: `${chart.name}-${endings[i]}`, family: chart.name }));
  });
  return [...pairs, ...spectrumCharts(plotting, results).map(fitted)];
}

/** The charts of several results together: that of audits beside each other, which their page begins with. */
export async function chartsOfAll(given: readonly Results[], { width }: ChartOptions = {}): Promise<Chart[]> {
  const results = given.map(withShownNames);
  if (!areAudits(results)) return [];
  const plotting = await loadPlot();
  const chart = besidePicture(plotting, results, auditedNames(results), width);
  const { measuredOn } = splitsOfAll(results);
  const caption = [`${chart.title}.`, besideCaption, ...(measuredOn ? [measuredOn] : [])].join(' ');
  const apart = toldApartOf(results);
  const bars = apart && toldApartPicture({ plotting, width }, apart);
  return [{ ...chart, caption }, ...(bars ? [{ ...bars, caption: `${bars.title}. ${toldApartCaption}` }] : [])].map(
    (each) => (width === undefined || each.width <= width ? each : redraw(plotting, each, { width })),
  );
}

/** Test sets as the ends of files' names; numbered where two folders are called alike. */
function endingsOf(tests: readonly string[]): string[] {
  const names = tests.map((test) =>
    shortSpec(test)
      .replace(/[^\w]+/g, '-')
      .replace(/-$/, ''),
  );
  return names.map((name, i) => (names.indexOf(name) === names.lastIndexOf(name) ? name : `${name}-${i + 1}`));
}

/** What was fitted and tested on what, for a caption. */
const factsOf = (rows: readonly ResultRow[]): string => {
  const facts = [...new Set(rows.map(fittedAndTested))];
  const text = facts.slice(0, 3).join('; ') + (facts.length > 3 ? '; …' : '');
  return text.charAt(0).toUpperCase() + text.slice(1);
};

/** The overviews of agreement and of R²; none for a sweep. */
export const overviews = (
  plotting: Plotting,
  experiment: ExperimentOf,
  rows: readonly ResultRow[],
  width?: number,
): Shown[] => {
  // Rows of a sweep have a chart of their own.
  if (rows.some(({ observe }) => observe !== undefined)) return [];
  return (['agreement', 'r2'] as const).flatMap((measure) => {
    const chart = overviewChart(plotting, experiment, rows, measure, width);
    return chart ? [{ chart, caption: overviewCaptions[measure] }] : [];
  });
};

const overviewCaptions = {
  agreement:
    'Share of the test images, in %, on which the head names the same class on the features read back as on the model’s own.',
  r2: 'Share of the variance of the features, in %, that the map reads back.',
};

/** Draws a chart again with other options. @throws UsageError for what the chart does not take */
export const redrawChart = async (chart: Chart, options: RedrawOptions): Promise<Chart> =>
  redraw(await loadPlot(), chart, options);
