import type { Results } from '../results/index.js';
import { count, differsBy, isNoisy, published, type ToldApart } from '../words/index.js';
import { draw, type Chart, type Plotting } from './chart.js';
import { labelWidth } from './heatmap.js';
import type { Column } from './table.js';
import { widest } from './text-width.js';

/**
 * On how many images two audited models show something else, by what is published, the most telling first; null where they were not
 * audited together, or have different numbers of outputs.
 */
export function toldApartOf(results: readonly Results[]): ToldApart[] | null {
  if (results.length !== 2) return null;
  const [{ leaks }, other] = results;
  if (leaks?.toldApart?.beside !== other.environment.models[0]?.digest) return null;
  const answers = leaks?.toldApart?.answers?.filter(({ observe }) => !isNoisy(observe));
  return answers && answers.length > 0 ? [...answers].sort((a, b) => b.differ - a.differ) : null;
}

const ofImages = ({ differ, images }: ToldApart): string => `${count(differ)} of ${count(images)}`;

/** The table of these. */
export const toldApartColumns: readonly Column<ToldApart>[] = [
  { heading: 'what you publish', cell: ({ observe }) => published(observe) },
  { heading: 'how the two differ', cell: differsBy },
  { heading: 'on how many images', align: 'right', cell: ofImages },
];

/** Heading of the table and title of the picture. */
export const toldApartTitle = 'By what outsiders tell the two models apart';

export const toldApartCaption =
  'Both models were asked about the same images. A bar is the share of these on which what is published differs: another class for the label alone, other numbers elsewhere.';

/** A bar for each interface. */
export function toldApartPicture(
  { plotting, width = 680 }: { plotting: Plotting; width?: number },
  found: readonly ToldApart[],
): Chart {
  const { Plot } = plotting;
  const lines = found.map((each) => ({
    name: published(each.observe),
    at: (100 * each.differ) / Math.max(1, each.images),
    text: ofImages(each),
  }));
  const names = lines.map(({ name }) => name);
  const left = labelWidth(names);
  const right =
    16 +
    widest(
      lines.map(({ text }) => text),
      12,
    );
  return draw(
    plotting,
    {
      name: 'told-apart',
      title: toldApartTitle,
      description: lines.map(({ name, text }) => `${name}: ${text}`).join('; '),
    },
    {
      ...{ width: Math.max(width, left + right + 120), height: 60 + 26 * lines.length },
      ...{ marginLeft: left, marginRight: right, marginTop: 14, marginBottom: 40 },
      x: { domain: [0, 100] },
      y: { domain: names, padding: 0.3, label: null },
      marks: [
        Plot.gridX({ stroke: 'var(--rule)', strokeOpacity: 1, ticks: 5 }),
        Plot.axisY({ label: null, tickSize: 0, fontSize: 12 }),
        Plot.axisX({ tickSize: 0, fontSize: 11, ticks: 5, label: null, tickFormat: (value: number) => `${value} %` }),
        Plot.barX(lines, { y: 'name', x1: 0, x2: 'at', insetTop: 4, insetBottom: 4, fill: 'var(--series-0)' }),
        Plot.text(lines, {
          ...{ y: 'name', text: 'text', frameAnchor: 'right', textAnchor: 'start', dx: 8, fontSize: 12 },
          fill: 'var(--ink)',
        }),
      ],
    },
  );
}
