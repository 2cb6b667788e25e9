import type { ResultRow } from '../results/index.js';
import { brief, inPercent, none, upToOne } from '../words/index.js';
import { draw, type Chart, type Plotting } from './chart.js';
import { steps } from './palette.js';

/** One way to look at a pair of models. */
export interface Metric {
  id: string;
  label: string;
  /** One sentence for the reader. */
  meaning: string;
  scale: 'sequential' | 'diverging';
  value: (pair: Pair) => number | null;
  /** As it stands in a cell. */
  format: (value: number) => string;
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
const decimal = (value: number): string => (Math.abs(value) < 10 ? upToOne(value, 3) : brief(value)).replace('-', '−');

export const metrics: readonly Metric[] = [
  {
    ...{ id: 'agreement', label: 'Agreement', scale: 'sequential', format: percent },
    meaning:
      'Share of test images, in %, on which the target’s head names the same class on features read from the source’s logits as on its own features.',
    value: ({ logits }) => logits?.agreement ?? null,
  },
  {
    ...{ id: 'beyond-raw', label: 'Agreement − raw', scale: 'diverging', format: points },
    meaning:
      'Agreement less the share on which the two models agree of themselves, in points; only where they have the same number of classes.',
    value: ({ logits }) =>
      logits && logits.agreement !== null && logits.rawAgreement !== null
        ? logits.agreement - logits.rawAgreement
        : null,
  },
  {
    ...{ id: 'kappa', label: 'Kappa', scale: 'sequential', format: decimal },
    meaning:
      'Cohen’s kappa: agreement beyond what the two distributions of answers would give by chance. 1 is all, 0 is chance.',
    value: ({ logits }) => logits?.kappa ?? null,
  },
  {
    ...{ id: 'r2', label: 'R²', scale: 'sequential', format: decimal },
    meaning:
      'Share of the variance of the target’s features, over the test images, that is read from the source’s logits.',
    value: ({ logits }) => logits?.r2 ?? null,
  },
  {
    ...{ id: 'r2-row-space', label: 'Row-space R²', scale: 'sequential', format: decimal },
    meaning: 'The same for the part of the target’s features that its head can see.',
    value: ({ logits }) => logits?.r2RowSpace ?? null,
  },
  {
    ...{ id: 'cka', label: 'CKA', scale: 'sequential', format: decimal },
    meaning: 'Linear CKA of the two models’ features on the training images: likeness before anything is read.',
    value: ({ logits, features }) => logits?.cka ?? features?.cka ?? null,
  },
  {
    ...{ id: 'from-features', label: 'From features', scale: 'sequential', format: percent },
    meaning:
      'The control: agreement, in %, where the target’s features are read from the source’s features instead of its logits.',
    value: ({ features }) => features?.agreement ?? null,
  },
];

/** The pairs of a run of experiment 4 on one test set: what the data alone teach, at the first alpha. */
export function pairsOf(rows: readonly ResultRow[]): { names: string[]; pairs: Pair[] } {
  const plain = rows.filter(({ prior, alpha }) => prior === null && alpha === rows[0].alpha);
  const names = [...new Set(plain.flatMap(({ source, target }) => [source, target]))];
  const pairs = new Map<string, Pair>();
  for (const source of names)
    for (const target of names) pairs.set(JSON.stringify([source, target]), { source, target });
  for (const row of plain) pairs.get(JSON.stringify([row.source, row.target]))![row.from] = row;
  return { names, pairs: [...pairs.values()] };
}

/** Sources down, targets across, the value in each cell. Cells can be focused; `data-cell` is their place in `pairs`. */
export function heatmap(plotting: Plotting, { names, pairs }: ReturnType<typeof pairsOf>, metric: Metric): Chart {
  const { Plot } = plotting;
  const label = labelWidth(names);
  const cell = Math.max(58, Math.min(128, (1000 - label) / names.length));
  const across = Math.floor((cell - 6) / 6.2);
  const lines = Math.max(...names.map((name) => inLines(name, across).length));
  const cells = pairs.map((pair) => {
    const value = metric.value(pair);
    // Below 0 there is no place on a scale from nothing to all: a map that does worse than the mean is no small one.
    const step = value === null || isBelow(value, metric) ? null : stepOf(value, metric.scale);
    return {
      ...pair,
      fill: step === null ? 'var(--panel)' : `var(--${metric.scale}-${step})`,
      ink: step === null ? 'var(--muted)' : `var(--on-${metric.scale}-${step})`,
      text: value === null ? none : metric.format(value),
      spoken: `${pair.source} to ${pair.target}: ${metric.label} ${value === null ? 'not defined' : metric.format(value)}`,
    };
  });
  const position = { x: 'target', y: 'source' } as const;
  const collapsed = new Set(
    pairs.filter(({ logits }) => (logits?.majorityShare ?? 0) > 0.5).map(({ target }) => target),
  );
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
    },
    {
      width: label + cell * names.length + 14,
      height: 46 * names.length + 44 + 14 * lines,
      marginLeft: label,
      marginTop: 36 + 14 * lines,
      marginRight: 14,
      marginBottom: 8,
      x: { domain: names, padding: 0.04 },
      y: { domain: names, padding: 0.06 },
      marks: [
        Plot.axisY({ label: 'source ↓', labelAnchor: 'top', labelArrow: 'none', tickSize: 0, fontSize: 12 }),
        Plot.axisX({
          ...{ anchor: 'top', label: 'target →', labelAnchor: 'right', labelArrow: 'none', tickSize: 0, fontSize: 12 },
          tickFormat: (name: string) => inLines(name, across).join('\n') + (collapsed.has(name) ? ' *' : ''),
          lineHeight: 14 / 12,
          labelOffset: 30 + 14 * lines,
        } as object),
        Plot.cell(cells, { ...position, fill: (d) => d.fill, ariaLabel: 'spoken', rx: 2 }),
        Plot.cell(cells, {
          ...{ ...position, fill: 'none', stroke: 'var(--ink)', strokeWidth: 1.5, inset: 0.5, rx: 2 },
          filter: ({ source, target }) => source === target,
          pointerEvents: 'none',
        }),
        Plot.text(cells, { ...position, text: 'text', fill: (d) => d.ink, fontSize: 13, pointerEvents: 'none' }),
      ],
    },
  );
}

/** Whether a value lies below a scale that begins at 0. */
export const isBelow = (value: number, { scale }: Metric): boolean => scale === 'sequential' && value < 0;

/** Room for names set in 12 px. */
export const labelWidth = (names: readonly string[]): number =>
  22 + 6.6 * Math.max(6, ...names.map(({ length }) => length));

/** A name in as few lines of at most so many characters as hold it, about equally long, broken after `_`, `-` and the like. */
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
