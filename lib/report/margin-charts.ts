import { type ResultRow, whyNotKnown, fitLabel, pairName } from '../results/index.js';
import { inPercent, shortSpec } from '../words/index.js';
import { draw, type Chart, type Plotting } from './chart.js';
import { labelWidth, stepOf, type Pair } from './heatmap.js';
import { panelsOf } from './panels.js';

/** The fits that are drawn: curves at 100 % would cover one another, and fewer than ten images have no tenths. */
const marginLines = (rows: readonly ResultRow[]): ResultRow[] =>
  rows.filter(
    (row) =>
      row.prior === null &&
      whyNotKnown(row) === null &&
      row.agreementByMargin.length === tenths &&
      row.agreementByMargin.some(({ agreement }) => agreement < 1),
  );

const tenths = 10;

/** Caption of the chart of margins. */
export function marginCaption(rows: readonly ResultRow[]): string {
  const { length } = marginLines(rows);
  const first = length > symbols.length ? ` Of ${length} fits the first ${symbols.length} are drawn.` : '';
  return `Images sorted by how far the original’s first answer is ahead of its second. What agreement loses, it should lose on the left. Left out are fits that agree on every image, those with the head as prior, and those without a map.${first}`;
}

/** Experiments 1 to 3 and 5: agreement by tenths of the images, from the least clear answer to the clearest. */
export function marginChart(plotting: Plotting, rows: readonly ResultRow[]): Chart | null {
  const { Plot } = plotting;
  const lines = marginLines(rows);
  if (lines.length === 0) return null;
  const names = lines.map((row) => `${pairName(row)}, ${shortSpec(row.test)}, ${fitLabel(row)}`);
  const shown = lines.slice(0, symbols.length).flatMap((row, series) =>
    row.agreementByMargin.map(({ agreement }, i) => ({
      series,
      name: names[series],
      tenth: i + 1,
      agreement: 100 * agreement,
    })),
  );
  const least = Math.min(...shown.map(({ agreement }) => agreement));
  return draw(
    plotting,
    {
      name: 'margin',
      title: 'Agreement by how clear the answer is',
      description: `Tenths of the images by the original’s top-2 margin, least clear first. ${names.slice(0, symbols.length).join('; ')}.`,
    },
    {
      ...{
        width: 760,
        height: 300,
        marginLeft: 52,
        marginRight: 24,
        marginTop: 20 + 18 * Math.min(symbols.length, lines.length),
        marginBottom: 42,
      },
      x: { domain: [1, 10], ticks: 10, label: null },
      y: { domain: [Math.max(0, Math.floor(least - 0.1 * (100 - least))), 100] },
      marks: [
        Plot.gridY({ stroke: 'var(--rule)', strokeOpacity: 1 }),
        Plot.axisX({
          tickSize: 0,
          tickFormat: 'd',
          fontSize: 11,
          label: 'tenth of the images, least clear first',
          labelAnchor: 'center',
          labelArrow: 'none',
        }),
        Plot.axisY({ tickSize: 0, fontSize: 11, label: 'agreement, %', labelArrow: 'none', ticks: 5 }),
        Plot.line(shown, {
          x: 'tenth',
          y: 'agreement',
          z: 'series',
          stroke: (d) => `var(--series-${d.series})`,
          strokeWidth: 2,
        }),
        Plot.dot(shown, {
          x: 'tenth',
          y: 'agreement',
          symbol: (d: { series: number }) => symbols[d.series],
          fill: (d) => `var(--series-${d.series})`,
          r: 4,
        }),
        ...names.slice(0, symbols.length).map((name, i, { length }) =>
          Plot.text([name], {
            ...{
              frameAnchor: 'top-left',
              dy: -18 * (length - i),
              textAnchor: 'start',
              lineAnchor: 'top',
              fontSize: 12,
            },
            ...{ text: () => `${glyphs[i]}  ${name}`, fill: `var(--series-${i})` },
          }),
        ),
      ],
    },
  );
}

const symbols = ['circle', 'square', 'triangle', 'diamond', 'star'];
const glyphs = ['●', '■', '▲', '◆', '★'];

/**
 * Experiment 4: agreement by tenths of the images for every pair, as strips: sources down, tenths across, a panel for
 * each target.
 */
export function marginStrips(
  plotting: Plotting,
  { names, pairs }: { names: readonly string[]; pairs: readonly Pair[] },
  width?: number,
): Chart | null {
  const { Plot } = plotting;
  const panels = panelsOf(names, width);
  const cells = pairs.flatMap(({ source, target, logits }) =>
    (logits?.agreementByMargin ?? []).map(({ agreement }, i) => ({
      ...panels.of(target),
      ...{ source, target, tenth: i + 1 },
      fill: `var(--sequential-${stepOf(agreement, 'sequential')})`,
      ink: `var(--on-sequential-${stepOf(agreement, 'sequential')})`,
      text: inPercent(agreement, 0),
    })),
  );
  if (cells.length === 0) return null;
  const { across, down } = panels;
  return draw(
    plotting,
    {
      name: 'margin',
      title: 'Agreement by how clear the answer is',
      description:
        'One panel a target; sources down; tenths of the images by the target’s top-2 margin, least clear first; agreement in %.',
    },
    {
      ...{ width: width ?? labelWidth(names) + across * 400 + 20, height: 60 + down * (50 + 21 * names.length) },
      ...{ marginLeft: labelWidth(names), marginTop: 30, marginBottom: 42, marginRight: 8 },
      x: { domain: Array.from({ length: 10 }, (_, i) => i + 1), padding: 0.03, label: null },
      y: { domain: names, padding: 0.06, label: null },
      fx: { domain: Array.from({ length: across }, (_, i) => i), axis: null, padding: 0.04 },
      fy: { domain: Array.from({ length: down }, (_, i) => i), axis: null, padding: 0.2 },
      marks: [
        Plot.axisY({ tickSize: 0, fontSize: 11, label: null }),
        Plot.axisX({ tickSize: 0, fontSize: 10, label: 'tenth of the images, least clear first', labelArrow: 'none' }),
        Plot.cell(cells, { fx: 'fx', fy: 'fy', x: 'tenth', y: 'source', fill: (d) => d.fill }),
        Plot.text(cells, {
          fx: 'fx',
          fy: 'fy',
          x: 'tenth',
          y: 'source',
          text: 'text',
          fill: (d) => d.ink,
          fontSize: 10,
        }),
        ...panels.titles(plotting, 'to '),
      ],
    },
  );
}
