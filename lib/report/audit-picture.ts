import type { PlotOptions } from '@observablehq/plot';
import type { Leaks } from '../results/index.js';
import { kept, nearlyAll, published, readOff } from '../words/index.js';
import { draw, type Chart, type ChartText, type Plotting } from './chart.js';
import { labelWidth } from './heatmap.js';
import { widest } from './text-width.js';

/** Caption of the picture. */
export const auditCaption =
  'Each line is one way of publishing the outputs. The bar is what a linear map read off images that it had not seen: a lower bound, with its 95 % interval. A full dark bar is all of it, by algebra. An empty line is not known, which is not nothing. Right: how often honest users still get the model’s top class.';

/** An interface in the picture, with its texts. */
interface Line {
  name: string;
  /** 0 to 100; where nothing is known there is no bar. */
  bar: number | null;
  low: number | null;
  high: number | null;
  exact: boolean;
  text: string;
  same: string;
}

/** Width below which a line's name stands above its bar. */
const narrow = 480;

/**
 * What each interface gives away, as a lower bound with its interval, beside what it costs. Null where there are none.
 * @param width of the picture; below 480 pixels names stand above their bars
 */
export function auditPicture(plotting: Plotting, { interfaces = [] }: Leaks, width = Infinity): Chart | null {
  if (interfaces.length === 0) return null;
  const sorted = [...interfaces].sort((a, b) => Math.round(1e3 * ((b.read?.r2 ?? -1) - (a.read?.r2 ?? -1))));
  const lines = sorted.map(({ observe, read, cost }): Line => {
    const known = read !== null && read.kind !== 'not-shown';
    const interval = known && read.interval && read.r2 < nearlyAll ? read.interval : null;
    return {
      ...{ name: published(observe), text: readOff(read), same: kept(cost.sameTop), exact: read?.kind === 'exact' },
      bar: known ? 100 * read.r2 : null,
      low: interval && 100 * Math.max(0, interval[0]),
      high: interval && 100 * interval[1],
    };
  });
  const text: ChartText = {
    name: 'leaks',
    title: 'What is given away by what is published',
    description: lines.map(({ name, text: read, same }) => `${name}: ${read}, same answer ${same}`).join('; '),
  };
  return width < narrow
    ? draw(plotting, text, stacked(plotting, lines, width))
    : draw(plotting, text, besideNames(plotting, lines));
}

/** Names on the left, figures on the right. */
function besideNames({ Plot }: Plotting, lines: readonly Line[]): PlotOptions {
  const names = lines.map(({ name }) => name);
  const left = labelWidth(names);
  const known = lines.filter(({ bar }) => bar !== null);
  const text = { fontSize: 12, textAnchor: 'start', fill: 'var(--ink)' } as const;
  return {
    ...{ width: left + 560, height: 76 + 26 * names.length, marginLeft: left, marginRight: 250 },
    ...{ marginTop: 30, marginBottom: 40 },
    x: { domain: [0, 100] },
    y: { domain: names, padding: 0.3, label: null },
    marks: [
      Plot.gridX({ stroke: 'var(--rule)', strokeOpacity: 1, ticks: 5 }),
      Plot.axisY({ label: null, tickSize: 0, fontSize: 12 }),
      Plot.axisX({ tickSize: 0, fontSize: 11, ticks: 5, label: null, tickFormat: (value: number) => `${value} %` }),
      Plot.barX(known, { y: 'name', x1: 0, x2: 'bar', insetTop: 4, insetBottom: 4, fill: colourOf }),
      Plot.ruleY(
        known.filter(({ low }) => low !== null),
        { y: 'name', x1: 'low', x2: 'high', stroke: 'var(--ink)', strokeWidth: 1.5 },
      ),
      Plot.text(lines, { ...text, y: 'name', frameAnchor: 'right', dx: 8, text: 'text' }),
      Plot.text(lines, { ...text, y: 'name', frameAnchor: 'right', textAnchor: 'end', dx: 244, text: 'same' }),
      Plot.text(['features read off'], heading({ dx: 8, textAnchor: 'start' })),
      Plot.text(['same answer'], heading({ dx: 244, textAnchor: 'end' })),
    ],
  };
}

/** The name and what it costs above each bar, what is read off behind it: for a phone and for a column of a paper. */
function stacked({ Plot }: Plotting, lines: readonly Line[], width: number): PlotOptions {
  const font = 11;
  const [top, step] = [26, 36];
  const right =
    12 +
    widest(
      lines.map(({ text }) => text),
      font,
    );
  const placed = lines.map((line, i) => ({ ...line, y: top + step * i }));
  const known = placed.filter(({ bar }) => bar !== null);
  const text = { fontSize: font, fill: 'var(--ink)' } as const;
  const ticks = width - right < 140 ? 2 : 5;
  return {
    ...{ width, height: top + step * lines.length + 24, marginLeft: 14, marginRight: right, marginTop: 20 },
    marginBottom: 24,
    x: { domain: [0, 100] },
    y: { type: 'identity', axis: null },
    marks: [
      Plot.gridX({ stroke: 'var(--rule)', strokeOpacity: 1, ticks }),
      Plot.axisX({ tickSize: 0, fontSize: 10, ticks, label: null, tickFormat: (value: number) => `${value} %` }),
      Plot.rect(known, {
        ...{ x1: 0, x2: 'bar', y1: ({ y }: Placed) => y + 17, y2: ({ y }: Placed) => y + 28, fill: colourOf },
      }),
      Plot.ruleY(
        known.filter(({ low }) => low !== null),
        { x1: 'low', x2: 'high', y: ({ y }: Placed) => y + 22.5, stroke: 'var(--ink)', strokeWidth: 1.5 },
      ),
      Plot.text(placed, {
        ...{ ...text, y: ({ y }: Placed) => y + 8, text: 'name' },
        ...{ frameAnchor: 'left', textAnchor: 'start', dx: 0, fontWeight: 600 },
      }),
      Plot.text(placed, {
        ...{ ...text, y: ({ y }: Placed) => y + 8, text: 'same' },
        ...{ frameAnchor: 'right', textAnchor: 'end', dx: right - 4 },
      }),
      Plot.text(placed, {
        ...{ ...text, y: ({ y }: Placed) => y + 22.5, text: 'text' },
        ...{ frameAnchor: 'right', textAnchor: 'start', dx: 8 },
      }),
      Plot.text(
        ['bars: features read off'],
        heading({ frameAnchor: 'top-left', dy: -4, fontSize: 10, textAnchor: 'start' }),
      ),
      Plot.text(['same answer'], heading({ dx: right - 4, dy: -4, fontSize: 10, textAnchor: 'end' })),
    ],
  };
}

type Placed = Line & { y: number };

const colourOf = ({ exact }: Line): string => (exact ? 'var(--series-0)' : 'var(--sequential-3)');

const heading = (place: object): object => ({
  ...{ frameAnchor: 'top-right', lineAnchor: 'bottom', dy: -10, fontSize: 12, fill: 'var(--muted)' },
  ...place,
  text: (text: string) => text,
});
