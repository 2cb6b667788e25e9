import type { CrossValidationRecord } from '../results/index.js';
import type { AlphaScore } from '../fit/index.js';
import { brief, share } from '../words/index.js';
import { pairName } from '../results/index.js';
import { draw, type Chart, type Plotting } from './chart.js';

/** Most curves that are drawn: more show nothing new. */
const most = 12;

/** Largest error over the least from which on only a logarithmic axis shows both. */
const wide = 20;

const what = {
  mse: 'mean squared error, held out',
  gcv: 'generalised cross-validation',
  agreement: 'agreement, held out, %',
};

/** How each alpha was chosen: the curve over the grid, the folds behind it, the choice marked. */
export const alphaCharts = (plotting: Plotting, records: readonly CrossValidationRecord[]): Chart[] =>
  records.slice(0, most).flatMap((record, i) => alphaChart(plotting, record, i) ?? []);

function alphaChart(plotting: Plotting, record: CrossValidationRecord, place: number): Chart | null {
  const { Plot } = plotting;
  const { select, curve, alpha: chosen, from, observe = from, prior, folds, warning } = record;
  const at = placesOf(curve.map(({ alpha }) => alpha));
  const points = curve
    .flatMap((score) => {
      const value = valueOf(score, select);
      return value === null ? [] : [{ at: at(score.alpha), alpha: score.alpha, value }];
    })
    .sort((a, b) => a.at - b.at);
  const best = points.find(({ alpha }) => alpha === chosen);
  if (!best) return null;
  const perFold =
    select === 'mse'
      ? curve.flatMap(({ alpha, perFold: errors }) => errors.map((value, fold) => ({ at: at(alpha), value, fold })))
      : [];
  const values = [...points, ...perFold].map(({ value }) => value);
  const [least, largest] = [Math.min(...values), Math.max(...values)];
  const figure = select === 'agreement' ? share(best.value / 100) : brief(best.value);
  const [first, last] = [points[0], points[points.length - 1]];
  const margin = 0.03 * Math.max(1, last.at - first.at);
  // The warning decides: where nothing changes beyond an edge, a wider grid is of no use and there is no warning.
  const atEdge = (warning?.some(({ kind }) => kind === 'edge-of-grid') ?? false) && (best === last || best === first);
  return draw(
    plotting,
    {
      name: chartName(record, place),
      title: `How alpha was chosen: ${pairName(record)}, from ${observe}${prior === 'head' ? ', with the head as prior' : ''}`,
      description: `${what[select]} for ${points.length} values of alpha, in ${folds} folds. Chosen: ${brief(chosen)}, with ${figure}.`,
    },
    {
      ...{ width: 620, height: 270, marginLeft: 70, marginRight: 24, marginTop: 44, marginBottom: 42 },
      x: { domain: [first.at - margin, last.at + margin] },
      y: select !== 'agreement' && least > 0 && largest > wide * least ? { type: 'log' } : { nice: true, zero: false },
      marks: [
        Plot.gridY({ stroke: 'var(--rule)', strokeOpacity: 1, ticks: 5 }),
        Plot.axisX(ticksOf(points), {
          ...{ x: 'at', text: 'text', tickSize: 0, fontSize: 11, label: 'alpha', labelArrow: 'none' },
        } as object),
        Plot.axisY({ tickSize: 0, fontSize: 11, ticks: 5, tickFormat: brief, label: what[select], labelArrow: 'none' }),
        Plot.line(perFold, { x: 'at', y: 'value', z: 'fold', sort: 'at', stroke: 'var(--muted)', strokeOpacity: 0.45 }),
        Plot.ruleX([best], { x: 'at', stroke: 'var(--series-1)', strokeDasharray: '4,3' }),
        Plot.line(points, { x: 'at', y: 'value', stroke: 'var(--series-0)', strokeWidth: 2 }),
        Plot.dot(points, { x: 'at', y: 'value', r: 3, fill: 'var(--series-0)' }),
        Plot.dot([best], { x: 'at', y: 'value', r: 6, stroke: 'var(--series-1)', strokeWidth: 2.5 }),
        Plot.text([best], {
          ...{ frameAnchor: 'top-right', textAnchor: 'end', lineAnchor: 'bottom', dy: -8, fontSize: 12 },
          text: () => `○ chosen: ${brief(chosen)}, with ${figure}${atEdge ? ' – at the edge of the grid' : ''}`,
          fill: 'var(--series-1)',
        }),
      ],
    },
  );
}

/** Name of a chart, in a sweep by its interface. */
const chartName = ({ observe }: CrossValidationRecord, place: number): string =>
  ['alpha', ...(observe === undefined ? (place === 0 ? [] : [place + 1]) : observe.split(/\W+/))].join('-');

const valueOf = ({ mse, gcv, agreement }: AlphaScore, select: CrossValidationRecord['select']): number | null =>
  (select === 'mse' ? mse : select === 'gcv' ? gcv : agreement && 100 * agreement) ?? null;

/** Alphas by their logarithms; 0, which has none, one step left of the least. */
function placesOf(alphas: readonly number[]): (alpha: number) => number {
  const logs = alphas.filter((alpha) => alpha > 0).map(Math.log10);
  const least = logs.length > 0 ? Math.min(...logs) : 0;
  return (alpha) => (alpha > 0 ? Math.log10(alpha) : least - 1);
}

/** Ticks of the axis, no more than can be read. */
function ticksOf(points: readonly { at: number; alpha: number }[]): { at: number; text: string }[] {
  const every = Math.ceil(points.length / 11);
  return points.filter((_, i) => i % every === 0).map(({ at, alpha }) => ({ at, text: brief(alpha) }));
}
