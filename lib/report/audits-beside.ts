import type { Results } from '../results/index.js';
import { nearlyAll, published, readOffInShort } from '../words/index.js';
import { draw, type Chart, type Plotting } from './chart.js';
import { labelWidth } from './heatmap.js';
import { textWidth } from './text-width.js';

/** Whether results are audits of models that can be held against each other, in one picture. */
export const areAudits = (results: readonly Results[]): boolean =>
  results.length > 1 && results.length <= most && results.every(({ leaks }) => (leaks?.interfaces ?? []).length > 0);

/** Most audits in one picture: each takes a column of text beside it. */
const most = 4;

/** Names of audited models, numbered where several have the same. */
export function auditedNames(results: readonly Results[]): string[] {
  const names = results.map(({ environment }) => environment.models[0]?.name ?? 'model');
  return names.map((name, i) => (names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${i + 1})`));
}

/** By audit of two, the interfaces with which more was read off its model: the 95 % intervals do not overlap. */
function readMore([a, b]: readonly Results[]): { first: string[]; second: string[] } {
  const found: { first: string[]; second: string[] } = { first: [], second: [] };
  for (const { observe, read } of a.leaks?.interfaces ?? []) {
    const other = b.leaks?.interfaces?.find((each) => each.observe === observe)?.read;
    if (!read?.interval || !other?.interval) continue;
    if (read.interval[0] > other.interval[1]) found.first.push(observe);
    if (other.interval[0] > read.interval[1]) found.second.push(observe);
  }
  return found;
}

/**
 * Which of two models gives more away, and with which interfaces, as far as that is certain; for more models a heading.
 */
export function besideInWords(results: readonly Results[], names: readonly string[]): string {
  if (results.length !== 2) return 'What each model gives away of its features, by what is published.';
  const { first, second } = readMore(results);
  const line = (of: readonly string[], [more, less]: readonly string[]): string[] =>
    of.length === 0
      ? []
      : [
          `More was read off ${more} than off ${less} with ${of.map(published).join('; ')}: the intervals do not overlap.`,
        ];
  const lines = [...line(first, names), ...line(second, [names[1], names[0]])];
  return lines.length > 0
    ? lines.join(' ')
    : 'Where both are estimated, their intervals overlap: no difference is certain.';
}

/** Caption of the picture. */
export const besideCaption =
  'Each line is one way of publishing the outputs. A dot is what a linear map read off images that it had not seen: a lower bound, with its 95 % interval. A full dot is all of it, by algebra. Where a dot is missing it is not known, which is not nothing.';

/** What was read off one model through one interface. */
interface Dot {
  name: string;
  /** 0 to 100. */
  at: number;
  low: number | null;
  high: number | null;
  exact: boolean;
}

/** What each model gives away by what is published: a line for each interface, on it a dot for each model. */
export function besidePicture(plotting: Plotting, results: readonly Results[], names: readonly string[]): Chart {
  const { Plot } = plotting;
  const all = results.map(({ leaks }) => leaks!.interfaces!);
  const of = (i: number, spec: string) => all[i].find(({ observe }) => observe === spec)?.read ?? null;
  const height = (spec: string): number => Math.max(...all.map((_, i) => of(i, spec)?.r2 ?? -1));
  const specs = [...new Set(all.flat().map(({ observe }) => observe))].sort((a, b) =>
    Math.round(1e3 * (height(b) - height(a))),
  );
  const lines = specs.map(published);
  const left = labelWidth(lines);
  const texts = all.map((_, i) =>
    specs.map((spec) => (all[i].some(({ observe }) => observe === spec) ? readOffInShort(of(i, spec)) : '')),
  );
  const wide = texts.map(
    (column, i) => 30 + Math.max(...[`● ${names[i]} `, ...column].map((text) => 1.1 * textWidth(text, 12))),
  );
  const right = wide.reduce((sum, width) => sum + width, 0);
  const colour = (i: number): string => `var(--series-${i})`;
  const shift = (i: number): number => 7 * (i - (all.length - 1) / 2);
  const beside = (i: number): number => 16 + wide.slice(0, i).reduce((sum, width) => sum + width, 0);
  const step = 26 + 7 * (all.length - 2);
  return draw(
    plotting,
    {
      name: 'leaks',
      title: 'What is given away by what is published',
      description: specs
        .map((spec, row) => `${published(spec)}: ${names.map((name, i) => `${name} ${texts[i][row]}`).join(', ')}`)
        .join('; '),
    },
    {
      ...{ width: left + 300 + right, height: 76 + step * lines.length, marginLeft: left, marginRight: right },
      ...{ marginTop: 30, marginBottom: 40 },
      x: { domain: [0, 100] },
      y: { domain: lines, padding: 0.3, label: null, type: 'band' },
      marks: [
        Plot.gridX({ stroke: 'var(--rule)', strokeOpacity: 1, ticks: 5 }),
        Plot.axisY({ label: null, tickSize: 0, fontSize: 12 }),
        Plot.axisX({ tickSize: 0, fontSize: 11, ticks: 5, label: null, tickFormat: (value: number) => `${value} %` }),
        ...all.flatMap((_, i) => {
          const dots = specs.flatMap((spec): Dot[] => {
            const read = of(i, spec);
            if (read === null || read.kind === 'not-shown') return [];
            const interval = read.interval && read.r2 < nearlyAll ? read.interval : null;
            return [
              {
                ...{ name: published(spec), at: 100 * read.r2, exact: read.kind === 'exact' },
                ...{ low: interval && 100 * Math.max(0, interval[0]), high: interval && 100 * interval[1] },
              },
            ];
          });
          return [
            Plot.ruleY(
              dots.filter(({ low }) => low !== null),
              { y: 'name', x1: 'low', x2: 'high', stroke: colour(i), strokeWidth: 1.5, dy: shift(i) },
            ),
            Plot.dot(dots, {
              ...{ y: 'name', x: 'at', r: 4, dy: shift(i), stroke: colour(i), strokeWidth: 1.5 },
              fill: ({ exact }: Dot) => (exact ? colour(i) : 'var(--paper)'),
            }),
            Plot.text(lines, {
              ...{ y: (line: string) => line, text: (_line: string, row: number) => texts[i][row], dx: beside(i) },
              ...{ frameAnchor: 'right', textAnchor: 'start', fontSize: 12, fill: 'var(--ink)' },
            }),
            Plot.text([`● ${names[i]}`], {
              ...{ frameAnchor: 'top-right', textAnchor: 'start', lineAnchor: 'bottom', dy: -10, dx: beside(i) },
              ...{ fontSize: 12, fill: colour(i), fontWeight: 'bold' },
            }),
          ];
        }),
      ],
    },
  );
}
