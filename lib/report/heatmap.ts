import type { ResultRow } from '../results/index.js';
import { brief, inPercent, none, upToOne } from '../words/index.js';
import { draw, type Chart, type Plotting } from './chart.js';
import { escape } from './html.js';
import { steps } from './palette.js';
import { widest } from './text-width.js';

/** One way to look at a pair of models. */
export interface Metric {
  id: string;
  label: string;
  /** One sentence for the reader. */
  meaning: string;
  scale: 'sequential' | 'diverging';
  value: (pair: Pair) => number | null;
  /** What the colours stand for, with the unit. */
  unit: string;
  /** A value in a cell, and in a cell with little room. */
  format: (value: number) => string;
  brief: (value: number) => string;
}

/** What is known of a pair: the fit from the source's logits and, as the control, from its features. */
export interface Pair {
  source: string;
  target: string;
  logits?: ResultRow;
  features?: ResultRow;
}

const percent = (value: number): string => inPercent(value, 1);
function points(value: number): string {
  const text = Math.abs(100 * value).toFixed(1);
  return Number(text) === 0 ? text : `${value > 0 ? '+' : '−'}${text}`;
}
const briefPercent = (value: number): string => inPercent(value, 0);
function briefPoints(value: number): string {
  const text = Math.abs(100 * value).toFixed(0);
  return text === '0' ? text : `${value > 0 ? '+' : '−'}${text}`;
}
const briefDecimal = (value: number): string =>
  (Math.abs(value) < 10 ? upToOne(value, 1) : brief(value)).replace('-', '−');
const decimal = (value: number): string => (Math.abs(value) < 10 ? upToOne(value, 3) : brief(value)).replace('-', '−');

export const metrics: readonly Metric[] = [
  {
    ...{
      id: 'agreement',
      unit: 'agreement, %',
      label: 'Agreement',
      scale: 'sequential',
      format: percent,
      brief: briefPercent,
    },
    meaning:
      'Share of test images, in %, on which the target’s head names the same class on features read from the source’s logits as on its own features.',
    value: ({ logits }) => logits?.agreement ?? null,
  },
  {
    ...{
      id: 'beyond-raw',
      unit: 'agreement less raw, points',
      label: 'Agreement − raw',
      scale: 'diverging',
      format: points,
      brief: briefPoints,
    },
    meaning:
      'Agreement less the share on which the two models’ own answers agree, in points; only where they have the same number of classes.',
    value: ({ logits }) =>
      logits && logits.agreement !== null && logits.rawAgreement !== null
        ? logits.agreement - logits.rawAgreement
        : null,
  },
  {
    ...{
      id: 'kappa',
      unit: 'Cohen’s kappa',
      label: 'Kappa',
      scale: 'sequential',
      format: decimal,
      brief: briefDecimal,
    },
    meaning:
      'Cohen’s kappa: agreement beyond what the two distributions of answers would give by chance. 1 is all, 0 is chance.',
    value: ({ logits }) => logits?.kappa ?? null,
  },
  {
    ...{ id: 'r2', unit: 'R²', label: 'R²', scale: 'sequential', format: decimal, brief: briefDecimal },
    meaning:
      'Share of the variance of the target’s features, over the test images, that is read from the source’s logits.',
    value: ({ logits }) => logits?.r2 ?? null,
  },
  {
    ...{
      id: 'r2-row-space',
      unit: 'R² in the row space',
      label: 'Row-space R²',
      scale: 'sequential',
      format: decimal,
      brief: briefDecimal,
    },
    meaning: 'The same for the part of the target’s features that its head can see.',
    value: ({ logits }) => logits?.r2RowSpace ?? null,
  },
  {
    ...{ id: 'cka', unit: 'linear CKA', label: 'CKA', scale: 'sequential', format: decimal, brief: briefDecimal },
    meaning: 'Linear CKA of the two models’ features on the training images: likeness before anything is read.',
    value: ({ logits, features }) => logits?.cka ?? features?.cka ?? null,
  },
  {
    ...{
      id: 'from-features',
      unit: 'agreement from features, %',
      label: 'From features',
      scale: 'sequential',
      format: percent,
      brief: briefPercent,
    },
    meaning:
      'The control: agreement, in %, where the target’s features are read from the source’s features instead of its logits.',
    value: ({ features }) => features?.agreement ?? null,
  },
];

/** The pairs of a run of experiment 4 on one test set, without a prior and at the first alpha. */
export function pairsOf(rows: readonly ResultRow[]): { names: string[]; pairs: Pair[] } {
  const plain = rows.filter(({ prior, alpha }) => prior === null && alpha === rows[0].alpha);
  const names = [...new Set(plain.flatMap(({ source, target }) => [source, target]))];
  const pairs = new Map<string, Pair>();
  for (const source of names)
    for (const target of names) pairs.set(JSON.stringify([source, target]), { source, target });
  for (const row of plain) pairs.get(JSON.stringify([row.source, row.target]))![row.from] = row;
  return { names, pairs: [...pairs.values()] };
}

/** Targets that give more than half of the images one class: they have a star in the drawing. */
export const easyTargets = (pairs: readonly Pair[]): Set<string> =>
  new Set(pairs.filter(({ logits }) => (logits?.majorityShare ?? 0) > 0.5).map(({ target }) => target));

/** How a heatmap is laid out for a page, or for the column of a paper. */
interface Layout {
  font: number;
  /** Width of the left margin, with the names of the sources. */
  label: number;
  cell: { width: number; height: number; font: number };
  /** Names of targets in lines; null where they are too long for that and stand upright. */
  lines: Map<string, string[]> | null;
  /** Height of the names above the cells, in pixels. */
  names: number;
}

/** @param width in pixels, of a figure in a paper; without it, as wide as the page has room for */
function layoutOf(names: readonly string[], texts: readonly string[], width: number | undefined): Layout {
  const font = width !== undefined && width < 480 ? 10 : 12;
  const label = Math.min(widest(names, font) + 22, width === undefined ? Infinity : width * 0.42);
  const wanted =
    width === undefined
      ? Math.max(58, Math.min(128, (1000 - label) / names.length))
      : (width - label - right) / names.length;
  const across = Math.floor((wanted - 6) / (0.52 * font));
  const lines = across < 5 ? null : new Map(names.map((name) => [name, inLines(name, across)]));
  const most = Math.max(...(lines ? [...lines.values()].map(({ length }) => length) : [Infinity]));
  // A word that does not fit into a line would be broken anywhere.
  const words = names.flatMap((name) => name.match(/[^\W_]+[\W_]?/gu) ?? []);
  const upright = (most > 3 && width !== undefined) || words.some(({ length }) => length > across);
  return {
    ...{ font, label, lines: upright ? null : lines },
    cell: {
      width: wanted,
      height: width === undefined ? 46 : Math.max(14, Math.min(40, 0.8 * wanted)),
      font: Math.min(13, font + 1, (0.92 * wanted) / widest(texts, 1)),
    },
    names: upright || lines === null ? widest(names, font) + 8 : 14 * most,
  };
}

/** Right margin, in pixels. */
const right = 14;
/** Room below the cells for the bar of colours, in pixels. */
const below = 50;

/**
 * Sources down, targets across, the value in each cell, the bar of colours below. Cells can be focused; `data-cell` is their
 * place in `pairs`.
 * @param width in pixels; without it, as the page has room
 */
export function heatmap(
  plotting: Plotting,
  { names, pairs }: ReturnType<typeof pairsOf>,
  metric: Metric,
  width?: number,
): Chart {
  const { Plot } = plotting;
  const values = pairs.map((pair) => metric.value(pair));
  const written = (short: boolean): string[] =>
    values.map((value) => (value === null ? none : (short ? metric.brief : metric.format)(value)));
  const long = written(false);
  const first = layoutOf(names, long, width);
  // Where a decimal makes figures too small to read, it is left out.
  const texts = first.cell.font < 7 ? written(true) : long;
  const { font, label, cell, lines, names: namesHeight } = texts === long ? first : layoutOf(names, texts, width);
  const cells = pairs.map((pair, i) => {
    const value = values[i];
    // A value below 0 has no colour: the scale begins at 0, and its first colour would say that a little is read.
    const step = value === null || isBelow(value, metric) ? null : stepOf(value, metric.scale);
    return {
      ...pair,
      fill: step === null ? 'var(--panel)' : `var(--${metric.scale}-${step})`,
      ink: step === null ? 'var(--muted)' : `var(--on-${metric.scale}-${step})`,
      text: texts[i],
      spoken: `${pair.source} to ${pair.target}: ${metric.label} ${value === null ? 'not defined' : metric.format(value)}`,
    };
  });
  const position = { x: 'target', y: 'source' } as const;
  const collapsed = easyTargets(pairs);
  const top = font + 24 + namesHeight;
  return draw(
    plotting,
    {
      name: `heatmap-${metric.id}`,
      title: `${metric.label}, sources down and targets across`,
      description: metric.meaning,
      decorate: (drawn) => {
        [...drawn.querySelectorAll('rect[aria-label]')].forEach((rect, i) => {
          rect.setAttribute('role', 'img');
          rect.setAttribute('tabindex', i === 0 ? '0' : '-1');
          rect.setAttribute('data-cell', String(i));
        });
      },
      extra: (wide, high) =>
        colourBar(
          metric,
          { x: Math.min(label, wide - barLength(wide, label)), y: high - below + 10 },
          barLength(wide, label),
          font,
        ),
    },
    {
      width: label + cell.width * names.length + right,
      height: cell.height * names.length + top + below,
      marginLeft: label,
      marginTop: top,
      marginRight: right,
      marginBottom: below,
      x: { domain: names, padding: 0.04 },
      y: { domain: names, padding: 0.06 },
      marks: [
        Plot.axisY({ label: 'source ↓', labelAnchor: 'top', labelArrow: 'none', tickSize: 0, fontSize: font }),
        Plot.axisX({
          ...{
            anchor: 'top',
            label: 'target →',
            labelAnchor: 'right',
            labelArrow: 'none',
            tickSize: 0,
            fontSize: font,
          },
          tickFormat: (name: string) => (lines?.get(name) ?? [name]).join('\n') + (collapsed.has(name) ? ' *' : ''),
          ...(lines ? {} : { tickRotate: -90 }),
          lineHeight: 14 / 12,
          labelOffset: top - 6,
        } as object),
        Plot.cell(cells, { ...position, fill: (d) => d.fill, ariaLabel: 'spoken', rx: 2 }),
        Plot.cell(cells, {
          ...{ ...position, fill: 'none', stroke: 'var(--ink)', strokeWidth: 1.5, inset: 0.5, rx: 2 },
          filter: ({ source, target }) => source === target,
          pointerEvents: 'none',
        }),
        Plot.text(cells, { ...position, text: 'text', fill: (d) => d.ink, fontSize: cell.font, pointerEvents: 'none' }),
      ],
    },
  );
}

const barLength = (width: number, label: number): number => Math.min(220, width - label - right);

/** The scale of a heatmap's colours, with its ends and its unit. */
function colourBar({ scale, unit }: Metric, { x, y }: { x: number; y: number }, length: number, font: number): string {
  const step = length / steps;
  const boxes = Array.from(
    { length: steps },
    (_, i) =>
      `<rect x="${(x + i * step).toFixed(2)}" y="${y}" width="${(step + 0.3).toFixed(2)}" height="9" fill="var(--${scale}-${i})"/>`,
  );
  const whole = unit.includes('%') || unit.includes('points') ? 100 : 1;
  const ends = scale === 'diverging' ? [`−${whole}`, '0', `+${whole}`] : ['0', String(whole / 2), String(whole)];
  const ticks = ends.map(
    (text, i) =>
      `<text x="${x + (i * length) / 2}" y="${y + 9 + font}" text-anchor="${['start', 'middle', 'end'][i]}">${text}</text>`,
  );
  return `<g font-size="${font - 1}">${boxes.join('')}${ticks.join('')}<text x="${x + length / 2}" y="${y + 10 + 2 * font}">${escape(unit)}</text></g>`;
}

/** Whether a value lies below a scale that begins at 0. */
export const isBelow = (value: number, { scale }: Metric): boolean => scale === 'sequential' && value < 0;

/** Room for names set in 12 px. */
export const labelWidth = (names: readonly string[]): number => 22 + widest([...names, 'source'], 12);

/**
 * A name in as few lines of at most `most` characters as possible, about equally long, broken after `_`, `-` and the
 * like.
 */
function inLines(name: string, most: number): string[] {
  const parts = name.match(new RegExp(`[^\\W_]{1,${most - 1}}[\\W_]?|[\\W_]`, 'gu')) ?? [];
  const filled = (width: number): string[] =>
    parts.reduce<string[]>((lines, part) => {
      const last = lines[lines.length - 1];
      if (last !== undefined && last.length + part.length <= width) return [...lines.slice(0, -1), last + part];
      return [...lines, part];
    }, []);
  const fewest = filled(most);
  for (let width = Math.ceil(name.length / fewest.length); width < most; width++) {
    const even = filled(width);
    if (even.length === fewest.length) return even;
  }
  return fewest;
}

/** The step of a colour scale for a value from 0 to 1, or from −1 to 1; beyond the ends, the end. */
export function stepOf(value: number, scale: Metric['scale']): number {
  const share = scale === 'diverging' ? (value + 1) / 2 : value;
  return Math.max(0, Math.min(steps - 1, Math.round(share * (steps - 1))));
}
