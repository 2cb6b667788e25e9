import {
  by,
  publishedFor,
  type ResultRow,
  whyNotKnown,
  fitLabel,
  groupRows,
  pairName,
  plainNames,
} from '../results/index.js';
import { shortSpec } from '../words/index.js';
import { draw, rowLabel, type Chart, type Plotting } from './chart.js';
import { labelWidth, type Pair } from './heatmap.js';
import { legendRow, type LegendItem } from './legend.js';
import { panelsOf } from './panels.js';
import { widest } from './text-width.js';

const published = (experiment: number, row: ResultRow): number | null =>
  publishedFor(experiment, row)?.agreement ?? null;

/** Caption of the chart of agreement; it explains ticks only where there are some. */
export const agreementCaption = (experiment: number, rows: readonly ResultRow[]): string =>
  'Dots are agreement, bars their 95 % intervals (Wilson).' +
  (startOf(rows, experiment) > 0 ? ' The axis is enlarged: it begins just below the lowest figure, not at 0.' : '') +
  (rows.some(({ exact }) => exact) ? ' What is exact by theorem has no bar.' : '') +
  (rows.some((row) => published(experiment, row) !== null)
    ? ' The dashed tick is the published figure, of the published models.'
    : '');

/** Where the axis begins, in %: below all figures, intervals and ticks, by a share of what they leave to 100. */
function startOf(rows: readonly ResultRow[], experiment: number): number {
  const lowest = rows
    .filter((row) => row.agreement !== null && whyNotKnown(row) === null)
    .flatMap((row) =>
      [
        row.agreement!,
        ...(row.exact || !row.agreementInterval ? [] : [row.agreementInterval[0]]),
        published(experiment, row) ?? [],
      ].flat(),
    );
  const least = 100 * Math.min(1, ...lowest);
  return Math.max(0, least - 0.08 * (100 - least) - 0.05);
}

/** Agreement of each fit with its 95 % interval, the published figure as a tick: a forest plot. */
export function agreementChart(
  plotting: Plotting,
  experiment: number,
  rows: readonly ResultRow[],
  width = 760,
): Chart | null {
  const { Plot } = plotting;
  const placeOf = placesOf(rows);
  const marks = groupRows(rows).flatMap((group) =>
    group.flatMap((row) =>
      row.agreement === null || whyNotKnown(row) !== null
        ? []
        : [
            {
              ...placeOf(row),
              kind: row.sgd ? 'sgd' : row.prior === 'head' ? 'prior' : 'plain',
              ...{ alpha: row.alpha, solver: row.solver },
              agreement: 100 * row.agreement,
              interval: row.exact ? null : row.agreementInterval,
              published: published(experiment, row),
            },
          ],
    ),
  );
  if (marks.length === 0) return null;
  const bars = marks.flatMap(({ interval, ...mark }) =>
    interval ? [{ ...mark, low: 100 * interval[0], high: 100 * interval[1] }] : [],
  );
  const empty = groupRows(rows)
    .flat()
    .filter((row) => row.agreement === null || whyNotKnown(row) !== null)
    .map((row) => ({ ...placeOf(row), why: whyEmpty(row) }));
  const places = groupRows(rows).flat().map(placeOf);
  const fits = [...new Set(places.map(({ fit }) => fit))];
  const groups = [...new Set(places.map(({ group }) => group))];
  const ticks = marks.filter((mark) => mark.published !== null).map((mark) => ({ ...mark, at: 100 * mark.published! }));
  const colour = (kind: string): string => `var(--series-${['plain', 'sgd', 'prior'].indexOf(kind)})`;
  const font = width < 480 ? 10 : 12;
  const left = 14 + widest(fits, font);
  const legend = legendRow(
    [
      ...(['plain', 'sgd', 'prior'] as const)
        .filter((kind) => marks.some((mark) => mark.kind === kind))
        .map((kind): LegendItem => ({
          text: kind === 'plain' ? plainNames(marks.filter((mark) => mark.kind === kind)) : kindNames[kind],
          colour: colour(kind),
          mark: 'dot',
        })),
      ...(ticks.length > 0
        ? [{ text: 'published, of the published models', colour: 'var(--muted)', mark: 'dashes' } as const]
        : []),
    ],
    width,
    11,
  );
  return draw(
    plotting,
    {
      name: 'agreement',
      extra: () => legend.svg(6, 2),
      title: 'Agreement by fit',
      description: `Dots are agreement in %, bars its 95 % interval${ticks.length > 0 ? ', upright ticks the published figure' : ''}.${empty.map(({ group, fit, why }) => ` ${group}, ${fit}: ${why}.`).join('')}`,
    },
    {
      width,
      height: 64 + legend.height + groups.length * (26 + 24 * fits.length),
      marginLeft: left,
      marginRight: 20,
      marginTop: 34 + legend.height,
      marginBottom: 40,
      x: { domain: [startOf(rows, experiment), 100], label: 'agreement, %', nice: false },
      y: { domain: fits, label: null, padding: 0.3 },
      fy: { domain: groups, axis: null, padding: 0.28 },
      marks: [
        Plot.gridX({ stroke: 'var(--rule)', strokeOpacity: 1 }),
        Plot.axisX({ anchor: 'bottom', tickSize: 0, label: 'agreement, %', labelArrow: 'none', fontSize: 11 }),
        Plot.axisY({ label: null, tickSize: 0, fontSize: font }),
        Plot.text(groups, {
          ...{ fy: (d: string) => d, text: (d: string) => d, frameAnchor: 'top-left', textAnchor: 'start' },
          ...{ dx: -left + 6, dy: -14, fontWeight: 600, fontSize: font, ariaDescription: rowLabel },
        }),
        Plot.ruleY(bars, {
          fy: 'group',
          y: 'fit',
          x1: 'low',
          x2: 'high',
          stroke: (d) => colour(d.kind),
          strokeWidth: 2,
        }),
        Plot.tickX(ticks, {
          ...{ fy: 'group', y: 'fit', x: 'at', stroke: 'var(--muted)', strokeWidth: 1.5, strokeDasharray: '3,2' },
        }),
        Plot.dot(marks, {
          ...{ fy: 'group', y: 'fit', x: 'agreement', fill: (d) => colour(d.kind), r: 5 },
          stroke: 'var(--paper)',
        }),
        Plot.text(empty, {
          ...{ fy: 'group', y: 'fit', text: 'why', frameAnchor: 'left', textAnchor: 'start', dx: 10 },
          ...{ fontSize: font, fill: 'var(--muted)' },
        }),
      ],
    },
  );
}

const kindNames = { sgd: 'SGD', prior: 'head as prior' };

/**
 * The group and the line of a fit in the chart. Groups of the same pair and test set differ by their training images.
 */
const placesOf = (rows: readonly ResultRow[]): ((row: ResultRow) => { group: string; fit: string }) => {
  const nameOf = (row: ResultRow): string => `${pairName(row)}, ${shortSpec(row.test)}`;
  const trains = new Map(
    by(rows, nameOf).map((group) => [nameOf(group[0]), new Set(group.map(({ train }) => train)).size]),
  );
  return (row) => ({
    group: nameOf(row) + (trains.get(nameOf(row))! > 1 ? `, fitted on ${shortSpec(row.train)}` : ''),
    fit: fitLabel(row),
  });
};

/** The text in place of a dot where a fit has no agreement. */
function whyEmpty(row: ResultRow): string {
  const unknown = whyNotKnown(row);
  if (unknown !== null) return `not known: ${unknown}`;
  return row.sgd ? 'SGD diverged: there is no map' : 'no agreement is known';
}

/** Experiment 4's control: each pair read from the source's logits (ring) and from its features (dot). */
export function controlChart(
  plotting: Plotting,
  { names, pairs }: { names: readonly string[]; pairs: readonly Pair[] },
  width?: number,
): Chart | null {
  const { Plot } = plotting;
  const panels = panelsOf(names, width);
  const marks = pairs
    .filter(({ source, target }) => source !== target)
    .flatMap(({ source, target, logits, features }) =>
      logits && features && logits.agreement !== null && features.agreement !== null
        ? [{ ...panels.of(target), source, logits: 100 * logits.agreement, features: 100 * features.agreement }]
        : [],
    );
  if (marks.length === 0) return null;
  const { across, down } = panels;
  const facet = { fx: 'fx', fy: 'fy', y: 'source' } as const;
  return draw(
    plotting,
    {
      name: 'control',
      title: 'What the source’s head throws away',
      description:
        'One panel a target; sources down; agreement in % read from the source’s logits, a ring, and from its features, a dot.',
    },
    {
      ...{ width: width ?? labelWidth(names) + across * 400 + 20, height: 70 + down * (56 + 22 * names.length) },
      ...{ marginLeft: labelWidth(names), marginTop: 48, marginBottom: 36, marginRight: 14 },
      x: { domain: [0, 100] },
      y: { domain: names, padding: 0.2, label: null },
      fx: { domain: Array.from({ length: across }, (_, i) => i), axis: null, padding: 0.05 },
      fy: { domain: Array.from({ length: down }, (_, i) => i), axis: null, padding: 0.3 },
      marks: [
        Plot.gridX({ stroke: 'var(--rule)', strokeOpacity: 1, ticks: 5 }),
        Plot.axisY({ tickSize: 0, fontSize: 11, label: null }),
        Plot.axisX({
          anchor: 'bottom',
          tickSize: 0,
          fontSize: 11,
          ticks: 5,
          label: 'agreement, %',
          labelArrow: 'none',
        }),
        Plot.ruleY(marks, {
          ...facet,
          x1: 'logits',
          x2: 'features',
          stroke: 'var(--series-0)',
          strokeWidth: 2,
          strokeOpacity: 0.55,
        }),
        Plot.dot(marks, { ...facet, x: 'features', r: 4.5, fill: 'var(--series-0)' }),
        Plot.dot(marks, { ...facet, x: 'features', r: 3, fill: 'var(--series-0)' }),
        Plot.dot(marks, { ...facet, x: 'logits', r: 5, fill: 'none', stroke: 'var(--series-0)', strokeWidth: 1.5 }),
        ...panels.titles(plotting, 'to '),
      ],
    },
  );
}
