import { by, groupRows, onlyKnown, pairName, plainNames, type ResultRow } from '../results/index.js';
import { count, inPercent, kindOfImages, share, shortSpec } from '../words/index.js';
import { draw, type Chart, type Plotting } from './chart.js';
import { legendRow, type LegendItem } from './legend.js';
import { textWidth, widest } from './text-width.js';

/** What is drawn for a model: the share of images that keep its answer, or how much of its features is read back. */
export type Measure = 'agreement' | 'r2';

type Kind = 'exact' | 'sgd' | 'prior';

/** A model or a pair on one test set, with the fits that are worth a bar. */
interface Line {
  section: string;
  label: string;
  fits: { kind: Kind; row: ResultRow }[];
}

/** Most lines of a picture that can be read at a glance. */
const mostLines = 16;

const titles: Record<Measure, string> = { agreement: 'Answers kept: agreement', r2: 'Features read back: R²' };
const axes: Record<Measure, string> = {
  agreement: 'agreement, % of the test images',
  r2: 'R², % of the features’ variance',
};
const colours: Record<Kind, string> = { exact: 'var(--series-0)', sgd: 'var(--series-1)', prior: 'var(--series-2)' };
const kinds: Record<Kind, string> = { exact: 'least squares', sgd: 'SGD, as published', prior: 'head as prior' };

/** Experiments 1 to 3 and 5 at a glance: bars from 0 to 100 for each model, the exact fit above SGD. */
export function overviewChart(
  plotting: Plotting,
  experiment: ExperimentOf,
  rows: readonly ResultRow[],
  measure: Measure,
  width = 560,
): Chart | null {
  const { Plot } = plotting;
  const lines = linesOf(experiment, rows);
  if (lines.length === 0 || lines.length > mostLines) return null;
  const known = lines.flatMap(({ fits }) => fits).filter(({ row }) => row[measure] !== null);
  if (known.length === 0) return null;
  const isNarrow = width < 420;
  const font = isNarrow ? 10 : 13;
  const shown = (Object.keys(kinds) as Kind[]).filter((kind) => known.some((each) => each.kind === kind));
  const legend = legendRow(shown.map(itemOf(known)), width, font - 1);
  const parts = by(lines, ({ section }) => section);
  const names =
    14 +
    widest(
      lines.map(({ label }) => label),
      font,
    );
  // Names that would take more than half of the room stand above their bars.
  const isStacked = names > width * 0.5;
  const step = isStacked ? 2 * font + 12 : font + 9;
  // A column of figures that few lines have would take room from the bars.
  const written = shown.filter(
    (kind) => kind !== 'prior' || 2 * known.filter((each) => each.kind === kind).length > lines.length,
  );
  const places: { line: Line; y: number }[] = [];
  const headings: { text: string; y: number }[] = [];
  const top = 6 + legend.height;
  let y = top;
  for (const section of parts) {
    if (parts.length > 1) {
      headings.push({ text: section[0].section, y: y + font / 2 + 6 });
      y += font + 13;
    }
    for (const line of section) {
      places.push({ line, y: isStacked ? y + step - font / 2 - 4 : y + step / 2 });
      y += step;
    }
  }
  const left = isStacked ? 8 : names;
  // Where there is little room the axis alone says that it is in %.
  const column = isNarrow ? 8 + textWidth('99.9', font - 1) : 12 + textWidth('99.9 %', font - 1);
  const figures = places.flatMap(({ line: { fits }, y: at }) =>
    fits.map(({ kind, row }) => ({
      kind,
      y: at,
      row,
      text: isNarrow ? textOf(row, measure).replace(' %', '') : textOf(row, measure),
    })),
  );
  const marks = figures.flatMap(({ kind, y: at, row }) => {
    const value = row[measure];
    // A value below 0 has no length on an axis that begins there; only its figure shows it.
    return value === null ? [] : [{ kind, x: 100 * Math.max(0, value), y: at }];
  });
  const bars = marks
    .filter(({ kind }) => kind === 'exact')
    .map((mark) => ({ ...mark, y1: mark.y - font / 2, y2: mark.y + font / 2 }));
  const ticks = width - left - column * written.length < 160 ? 2 : 5;
  const colour = ({ kind }: { kind: Kind }): string => colours[kind];
  return draw(
    plotting,
    {
      name: measure === 'r2' ? 'overview-r2' : 'overview',
      title: titles[measure],
      description: lines
        .map(
          ({ label, fits }) =>
            `${label}: ${fits.map(({ kind, row }) => `${kind === 'exact' ? plainNames([row]) : kinds[kind]} ${textOf(row, measure)}`).join(', ')}`,
        )
        .join('; '),
      extra: () => legend.svg(2, 2),
    },
    {
      ...{ width, height: Math.ceil(y + 42), marginLeft: left, marginTop: top, marginBottom: 42 },
      marginRight: column * written.length + 4,
      // Drawn again with a part of it, bars begin at the axis and not under the names.
      x: { domain: [0, 100], clamp: true, label: null },
      y: { type: 'identity', axis: null },
      marks: [
        Plot.gridX({ stroke: 'var(--rule)', strokeOpacity: 1, ticks }),
        Plot.axisX({
          ...{ anchor: 'bottom', ticks, tickSize: 0, fontSize: font - 1 },
          ...{ label: axes[measure], labelArrow: 'none', labelAnchor: 'center', labelOffset: 36 },
        }),
        Plot.rect(bars, { x1: 0, x2: 'x', y1: 'y1', y2: 'y2', fill: colour, fillOpacity: 0.9, rx: 1 }),
        ...(['prior', 'sgd'] as const).map((kind) =>
          Plot.dot(
            marks.filter((mark) => mark.kind === kind),
            { x: 'x', y: 'y', r: 4.5, fill: colours[kind], stroke: 'var(--paper)', strokeWidth: 1.5 },
          ),
        ),
        ...written.map((kind, i) =>
          Plot.text(
            figures.filter((figure) => figure.kind === kind),
            {
              ...{ y: 'y', text: 'text', frameAnchor: 'right', textAnchor: 'end', fontSize: font - 1 },
              ...{ dx: column * (i + 1) - 2, fill: kind === 'exact' ? 'var(--ink)' : colours[kind] },
              fontVariant: 'tabular-nums',
            },
          ),
        ),
        Plot.text(places, {
          ...{ y: 'y', text: ({ line }: { line: Line }) => line.label, frameAnchor: 'left', fontSize: font },
          ...(isStacked ? { textAnchor: 'start', dx: 0, dy: -font - 3 } : { textAnchor: 'end', dx: -8 }),
        }),
        Plot.text(headings, {
          ...{ y: 'y', text: 'text', frameAnchor: 'left', textAnchor: 'start', dx: 4 - left },
          ...{ fontSize: font, fontWeight: 600 },
        }),
      ],
    },
  );
}

const textOf = (row: ResultRow, measure: Measure): string =>
  row[measure] === null ? (row.sgd ? 'diverged' : 'not known') : figureOf(row[measure], measure);

/** A share with one decimal. An R² within 1e-6 of 1 is written as 100 %; a share of images below 1 never is. */
export const figureOf = (value: number, measure: Measure): string =>
  measure === 'r2' && value > 1 - 1e-6
    ? '100 %'
    : value < 0
      ? `−${inPercent(-value, 1)} %`
      : share(value, 1).replace(/^100\.0 /, '100 ');

/** The legend of a kind of fit, for SGD with its epochs where all rows have the same. */
const itemOf =
  (known: readonly { kind: Kind; row: ResultRow }[]) =>
  (kind: Kind): LegendItem => {
    const epochs = new Set(known.flatMap(({ row }) => row.sgd?.epochs ?? []));
    const ofKind = known.filter((each) => each.kind === kind).map(({ row }) => row);
    const text =
      kind === 'sgd' && epochs.size === 1
        ? `SGD, ${count([...epochs][0])} epochs`
        : kind === 'exact'
          ? plainNames(ofKind)
          : kinds[kind];
    return { text, colour: colours[kind], mark: kind === 'exact' ? 'bar' : 'dot' };
  };

/** The fits on all of the logits, a line for each pair, test set and training set. */
function linesOf(experiment: ExperimentOf, rows: readonly ResultRow[]): Line[] {
  const groups = groupRows(rows.filter(({ observe }) => observe === undefined).map(onlyKnown));
  const sameOf = (row: ResultRow): ResultRow[] =>
    groups
      .map(([first]) => first)
      .filter((each) => pairName(each) === pairName(row) && sectionOf(experiment, each) === sectionOf(experiment, row));
  return groups.flatMap((group) => {
    const plain = group.find(({ prior, sgd, from }) => prior === null && sgd === null && from === 'logits');
    const sgd = group.find((row) => row.sgd !== null);
    const prior = group.find((row) => row.prior === 'head' && row.sgd === null);
    const first = plain ?? group[0];
    const same = sameOf(first);
    const fits = [
      ...(plain ? [{ kind: 'exact' as const, row: plain }] : []),
      // A prior that changes nothing would be drawn over the exact fit.
      ...(prior && differs(prior, plain) ? [{ kind: 'prior' as const, row: prior }] : []),
      ...(sgd ? [{ kind: 'sgd' as const, row: sgd }] : []),
    ];
    const label =
      pairName(first) +
      (new Set(same.map(({ test }) => test)).size > 1 ? `, ${shortSpec(first.test)}` : '') +
      (same.some(({ test, train }) => test === first.test && train !== first.train)
        ? `, ${count(first.nTrain)} images`
        : '');
    return fits.length === 0 ? [] : [{ section: sectionOf(experiment, first), label, fits }];
  });
}

const differs = (prior: ResultRow, plain: ResultRow | undefined): boolean =>
  plain === undefined || Math.abs((prior.agreement ?? 0) - (plain.agreement ?? 0)) > 5e-4;

/** Headings of the parts of the picture. */
export const sections = {
  own: 'From its own logits',
  other: 'From another model’s logits',
  shifted: 'From its own logits, on images of another kind',
} as const;

/** The experiment that rows are of, or that each of them is. */
export type ExperimentOf = number | ((row: ResultRow) => number);

/** The part of the picture that a row belongs to. */
export function sectionOf(experiment: ExperimentOf, row: ResultRow): string {
  const { source, target, train, test } = row;
  if (source !== target) return sections.other;
  const id = typeof experiment === 'number' ? experiment : experiment(row);
  return id === 3 && kindOfImages(train) !== kindOfImages(test) ? sections.shifted : sections.own;
}
