import type { SpectrumRecord } from '../results/index.js';
import { count, powerOfTen } from '../words/index.js';
import { draw, type Chart, type Plotting } from './chart.js';

/** Eigenvalues below this share of the largest are drawn at it: rounding leaves small ones of either sign. */
const floor = 1e-20;
/** Panels of a line. */
const columns = 2;

/** Eigenvalues of what the maps read, one panel a source: those above the cut are solved for, the rest is rounding. */
export function spectrumChart(plotting: Plotting, spectra: readonly SpectrumRecord[]): Chart | null {
  const { Plot } = plotting;
  const shown = spectra.filter(({ from, eigenvalues }) => from === 'logits' && eigenvalues.length > 0).slice(0, 24);
  if (shown.length === 0) return null;
  const panels = shown.map((spectrum, i) => {
    const largest = Math.max(...spectrum.eigenvalues.map(([, value]) => value), Number.MIN_VALUE);
    return { ...spectrum, largest, fx: i % columns, fy: Math.floor(i / columns) };
  });
  const points = panels.flatMap(({ eigenvalues, largest, rank, p, fx, fy }) =>
    eigenvalues.map(([place, value]) => ({
      ...{ fx, fy, at: place / p, kept: place <= rank },
      relative: Math.max(floor, Math.abs(value) / largest),
    })),
  );
  const marks = panels.map(({ source, rank, p, cut, largest, fx, fy }) => ({
    ...{ fx, fy, rank: rank / p, cut: Math.max(floor, cut / largest) },
    title: source,
    note: rank === p ? `all ${count(p)} kept` : `${count(rank)} of ${count(p)} kept`,
  }));
  const least = Math.min(...points.map(({ relative }) => relative), ...marks.map(({ cut }) => cut));
  const across = Math.min(columns, panels.length);
  const down = Math.ceil(panels.length / columns);
  const facet = { fx: 'fx', fy: 'fy' } as const;
  return draw(
    plotting,
    {
      name: 'spectra',
      title: 'What the maps read, by its eigenvalues',
      description: `One panel a source; eigenvalues of the centred Gram of its training logits, relative to the largest. ${marks.map(({ title, note }) => `${title}: ${note}`).join('; ')}.`,
    },
    {
      ...{ width: 70 + 450 * across, height: 50 + 180 * down },
      ...{ marginLeft: 58, marginRight: 26, marginTop: 34, marginBottom: 44 },
      x: { domain: [0, 1] },
      y: { type: 'log', domain: [least / 3, 3] },
      fx: { domain: Array.from({ length: across }, (_, i) => i), axis: null, padding: 0.06 },
      fy: { domain: Array.from({ length: down }, (_, i) => i), axis: null, padding: 0.3 },
      marks: [
        Plot.gridY({ stroke: 'var(--rule)', strokeOpacity: 1, ticks: 5 }),
        Plot.axisY({
          ...{
            tickSize: 0,
            fontSize: 11,
            ticks: 5,
            tickFormat: powerOfTen,
            label: 'eigenvalue / largest',
            labelArrow: 'none',
          },
        }),
        Plot.axisX({
          ...{ tickSize: 0, fontSize: 11, ticks: 5, tickFormat: (share: number) => `${Math.round(100 * share)} %` },
          ...{ anchor: 'bottom', label: 'place, of all', labelArrow: 'none' },
        }),
        Plot.ruleY(marks, { ...facet, y: 'cut', stroke: 'var(--series-1)', strokeDasharray: '4,3' }),
        Plot.ruleX(marks, { ...facet, x: 'rank', stroke: 'var(--series-1)', filter: ({ rank }) => rank < 1 }),
        Plot.dot(points, {
          ...facet,
          x: 'at',
          y: 'relative',
          r: 1.8,
          fill: ({ kept }) => (kept ? 'var(--series-0)' : 'var(--muted)'),
        }),
        Plot.text(marks, {
          ...{ ...facet, text: 'title', frameAnchor: 'top-left', textAnchor: 'start', lineAnchor: 'bottom', dy: -8 },
          ...{ fontWeight: 600, fontSize: 12 },
        }),
        Plot.text(marks, {
          ...{ ...facet, text: 'note', frameAnchor: 'top-right', textAnchor: 'end', lineAnchor: 'bottom', dy: -8 },
          ...{ fontSize: 12, fill: 'var(--series-1)' },
        }),
      ],
    },
  );
}
