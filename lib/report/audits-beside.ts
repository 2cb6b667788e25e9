import type { PlotOptions } from '@observablehq/plot';
import type { Results } from '../results/index.js';
import {
  isNoisy,
  nearlyAll,
  noiseLeftOut,
  published,
  readOffInShort,
  searchTimesInWords,
  toldApartInWords,
  type SearchTime,
} from '../words/index.js';
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
  const names = results.map(({ environment, leaks }) => environment.models[0]?.name ?? leaks?.log?.name ?? 'model');
  return names.map((name, i) => (names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${i + 1})`));
}

type Read = NonNullable<NonNullable<Results['leaks']>['interfaces']>[number]['read'];

/** Between which shares lies what was read off: all of it, or its 95 % interval; null where that is not known. */
function endsOf(read: Read | undefined): readonly [number, number] | null {
  if (!read || read.kind === 'not-shown') return null;
  return read.kind === 'exact' || read.r2 >= nearlyAll ? [1, 1] : read.interval;
}

/**
 * By audit of two, the interfaces with which more was read off its model: all against less, or 95 % intervals that do not overlap. And
 * those of both of which it is known that the two are about equal, or not told apart.
 */
function readMore([a, b]: readonly Results[]): Record<'first' | 'second' | 'neither', string[]> {
  const found: Record<'first' | 'second' | 'neither', string[]> = { first: [], second: [], neither: [] };
  for (const { observe, read } of a.leaks?.interfaces ?? []) {
    const beside = b.leaks?.interfaces?.find((each) => each.observe === observe);
    if (!beside) continue;
    const [one, other] = [endsOf(read), endsOf(beside.read)];
    if (one && other && one[0] > other[1]) found.first.push(observe);
    else if (one && other && other[0] > one[1]) found.second.push(observe);
    else found.neither.push(observe);
  }
  return found;
}

/**
 * What is known of two models side by side: whether outsiders tell them apart, where they were audited together, then which of
 * them gives more of its features away, and with which interfaces, as far as that was seen; for more models a heading.
 */
export function besideInWords(results: readonly Results[], names: readonly string[]): string[] {
  if (results.length !== 2) return ['What each model gives away of its features, by what is published.'];
  const [{ leaks }, other] = results;
  const apart = leaks?.toldApart?.beside === other.environment.models[0]?.digest ? leaks?.toldApart : undefined;
  const noisy = apart?.answers && leaks?.interfaces?.some(({ observe }) => isNoisy(observe));
  return [
    ...(apart ? [`${toldApartInWords(apart.answers)}${noisy ? ` ${noiseLeftOut}` : ''}`] : []),
    moreInWords(results, names),
  ];
}

function moreInWords(results: readonly Results[], names: readonly string[]): string {
  const { first, second, neither } = readMore(results);
  const line = (of: readonly string[], [more, less]: readonly string[]): string[] =>
    of.length === 0
      ? []
      : [`Off ${more}, more of its features was read than off ${less} with ${of.map(published).join('; ')}.`];
  const lines = [...line(first, names), ...line(second, [names[1], names[0]])];
  const found =
    lines.length > 0
      ? [
          ...lines,
          ...moreBecause(results, [...first, ...second]),
          ...(neither.length > 0
            ? [
                `With ${neither.length > 3 ? 'the others that were tried' : neither.map(published).join('; ')} no difference between the two was seen.`,
              ]
            : []),
        ]
      : [
          'How much of its features each of the two gives away: no difference between them was seen. Where that was estimated, the intervals overlap.',
        ];
  const times = searchTimesInWords(results.flatMap((each, i) => endedByTime(each, names[i])));
  return [...found, ...(times === '' ? [] : [times])].join(' ');
}

/**
 * What stands behind "more was read": two lower bounds, unless all of one is proven and a part of the other never reaches its outputs.
 */
function moreBecause(results: readonly Results[], observes: readonly string[]): string[] {
  const reads = observes.map((observe) => results.map(({ leaks }) => readOf(leaks, observe)));
  const proven = reads.filter((each) => each.some((read, i) => read?.kind === 'exact' && losesSome(results[1 - i])));
  const sentences = [];
  if (proven.length > 0)
    sentences.push(
      `${proven.length === reads.length ? 'There' : 'In a part of these'} the one gives all of them away by algebra, and the other has more features than outputs, so that a part of its features never reaches them.`,
    );
  if (proven.length < reads.length)
    sentences.push(
      `${proven.length === 0 ? 'By' : 'Otherwise it is by'} the readers that were tried on these images${proven.length === 0 ? ', clearly more was read off the one' : ''}: all of them, or an interval (95 %) above that of the other.`,
    );
  return sentences;
}

const readOf = (leaks: Results['leaks'], observe: string): Read | undefined =>
  leaks?.interfaces?.find((each) => each.observe === observe)?.read;

/** Whether a model has more features than outputs, which cannot hold them all. */
const losesSome = ({ leaks }: Results): boolean =>
  leaks?.verdict?.findings.some((each) => each.kind === 'learnt' && each.features > each.classes) ?? false;

/** The search of an audit where time ended it. */
function endedByTime({ leaks }: Results, name: string): SearchTime[] {
  if (leaks?.recovery?.cut) return [{ name, stopped: leaks.recovery.seconds }];
  const skipped = leaks?.verdict?.findings.some(({ kind }) => kind === 'search-skipped');
  return skipped ? [{ name, stopped: null }] : [];
}

/** Caption of the picture. */
export const besideCaption =
  'Each line is one way of publishing the outputs. A dot is what a linear map read off images that it had not seen: a lower bound, with its 95 % interval. A full dot is all of it, by algebra. Where a dot is missing it is not known, which is not nothing.';

/** What was read off one model through one interface. */
interface Dot {
  /** Which line it is on, from the top. */
  row: number;
  name: string;
  /** 0 to 100. */
  at: number;
  low: number | null;
  high: number | null;
  exact: boolean;
}

/** From this width in pixels on, names stand on the left and figures on the right. */
const narrow = 480;

/**
 * What each model gives away by what is published: a line for each interface, on it a dot for each model.
 * @param width of the picture; below 480 pixels names stand above their lines
 */
export function besidePicture(
  plotting: Plotting,
  results: readonly Results[],
  names: readonly string[],
  width = Infinity,
): Chart {
  const all = results.map(({ leaks }) => leaks!.interfaces!);
  const of = (i: number, spec: string) => all[i].find(({ observe }) => observe === spec)?.read ?? null;
  const height = (spec: string): number => Math.max(...all.map((_, i) => of(i, spec)?.r2 ?? -1));
  const specs = [...new Set(all.flat().map(({ observe }) => observe))].sort((a, b) =>
    Math.round(1e3 * (height(b) - height(a))),
  );
  const models = names.map((name, i): Beside => ({
    name,
    colour: `var(--series-${i})`,
    texts: specs.map((spec) => (all[i].some(({ observe }) => observe === spec) ? readOffInShort(of(i, spec)) : '')),
    dots: specs.flatMap((spec, row): Dot[] => {
      const read = of(i, spec);
      if (read === null || read.kind === 'not-shown') return [];
      const interval = read.interval && read.r2 < nearlyAll ? read.interval : null;
      return [
        {
          ...{ row, name: published(spec), at: 100 * read.r2, exact: read.kind === 'exact' },
          ...{ low: interval && 100 * Math.max(0, interval[0]), high: interval && 100 * interval[1] },
        },
      ];
    }),
  }));
  const text = {
    name: 'comparison',
    title: 'What is given away by what is published',
    description: specs
      .map((spec, row) => `${published(spec)}: ${models.map(({ name, texts }) => `${name} ${texts[row]}`).join(', ')}`)
      .join('; '),
  };
  const lines = specs.map(published);
  return draw(plotting, text, width < narrow ? stacked(plotting, lines, models, width) : wide(plotting, lines, models));
}

/** What is drawn of one model. */
interface Beside {
  name: string;
  colour: string;
  /** By line, what was read off in words. */
  texts: string[];
  dots: Dot[];
}

const besideNames = { textAnchor: 'start', fontSize: 12 } as const;

/** Names on the left, a column of figures for each model on the right. */
function wide({ Plot }: Plotting, lines: readonly string[], models: readonly Beside[]): PlotOptions {
  const left = labelWidth(lines);
  const columns = models.map(
    ({ name, texts }) => 30 + Math.max(...[`● ${name} `, ...texts].map((text) => 1.1 * textWidth(text, 12))),
  );
  const right = columns.reduce((sum, column) => sum + column, 0);
  const shift = (i: number): number => 7 * (i - (models.length - 1) / 2);
  const beside = (i: number): number => 16 + columns.slice(0, i).reduce((sum, column) => sum + column, 0);
  const step = 26 + 7 * (models.length - 2);
  return {
    ...{ width: left + 300 + right, height: 76 + step * lines.length, marginLeft: left, marginRight: right },
    ...{ marginTop: 30, marginBottom: 40 },
    x: { domain: [0, 100] },
    y: { domain: [...lines], padding: 0.3, label: null, type: 'band' },
    marks: [
      Plot.gridX({ stroke: 'var(--rule)', strokeOpacity: 1, ticks: 5 }),
      Plot.axisY({ label: null, tickSize: 0, fontSize: 12 }),
      Plot.axisX({ tickSize: 0, fontSize: 11, ticks: 5, label: null, tickFormat: (value: number) => `${value} %` }),
      ...models.flatMap(({ name, colour, texts, dots }, i) => [
        Plot.ruleY(
          dots.filter(({ low }) => low !== null),
          { y: 'name', x1: 'low', x2: 'high', stroke: colour, strokeWidth: 1.5, dy: shift(i) },
        ),
        Plot.dot(dots, {
          ...{ y: 'name', x: 'at', r: 4, dy: shift(i), stroke: colour, strokeWidth: 1.5 },
          fill: ({ exact }: Dot) => (exact ? colour : 'var(--paper)'),
        }),
        Plot.text([...lines], {
          ...{ ...besideNames, y: (line: string) => line, text: (_line: string, row: number) => texts[row] },
          ...{ frameAnchor: 'right', dx: beside(i), fill: 'var(--ink)' },
        }),
        Plot.text([`● ${name}`], {
          ...{ ...besideNames, frameAnchor: 'top-right', lineAnchor: 'bottom', dy: -10, dx: beside(i) },
          ...{ fill: colour, fontWeight: 'bold' },
        }),
      ]),
    ],
  };
}

/** The name above each line, below it a line for each model with its figure behind it: for a phone. */
function stacked({ Plot }: Plotting, lines: readonly string[], models: readonly Beside[], width: number): PlotOptions {
  const font = 11;
  const top = 8 + 16 * models.length;
  const step = 24 + 15 * models.length;
  const right = 16 + Math.max(...models.flatMap(({ texts }) => texts.map((text) => 1.1 * textWidth(text, font))));
  const ticks = width - right < 140 ? 2 : 5;
  const lineOf = (row: number, i: number): number => top + step * row + 25 + 15 * i;
  const text = { fontSize: font, textAnchor: 'start' } as const;
  return {
    ...{ width, height: top + step * lines.length + 24, marginLeft: 14, marginRight: right, marginTop: top },
    marginBottom: 24,
    x: { domain: [0, 100] },
    y: { type: 'identity', axis: null },
    marks: [
      Plot.gridX({ stroke: 'var(--rule)', strokeOpacity: 1, ticks }),
      Plot.axisX({ tickSize: 0, fontSize: 10, ticks, label: null, tickFormat: (value: number) => `${value} %` }),
      Plot.text([...lines], {
        ...{ ...text, y: (_line: string, row: number) => top + step * row + 10, text: (line: string) => line },
        ...{ frameAnchor: 'left', fill: 'var(--ink)', fontWeight: 600 },
      }),
      ...models.flatMap(({ name, colour, texts, dots }, i) => [
        Plot.ruleY(
          dots.filter(({ low }) => low !== null),
          { y: ({ row }: Dot) => lineOf(row, i), x1: 'low', x2: 'high', stroke: colour, strokeWidth: 1.5 },
        ),
        Plot.dot(dots, {
          ...{ y: ({ row }: Dot) => lineOf(row, i), x: 'at', r: 4, stroke: colour, strokeWidth: 1.5 },
          fill: ({ exact }: Dot) => (exact ? colour : 'var(--paper)'),
        }),
        Plot.text(texts, {
          ...{ ...text, y: (_text: string, row: number) => lineOf(row, i), text: (words: string) => words },
          ...{ frameAnchor: 'right', dx: 12, fill: colour },
        }),
        Plot.text([`● ${name}`], {
          ...{ ...text, y: 8 + 16 * i, frameAnchor: 'left', text: (words: string) => words },
          ...{ fill: colour, fontWeight: 'bold' },
        }),
      ]),
    ],
  };
}
