import type { Leaks, Results } from '../results/index.js';
import { brief, count, imageCount, matchedInWords, powerOfTen, rSquared, share, shortSpec } from '../words/index.js';
import { auditCaption, auditPicture } from './audit-picture.js';
import { draw, type Chart, type Plotting } from './chart.js';
import type { Shown } from './shown.js';
import { labelWidth } from './heatmap.js';
import { legendColumn } from './legend.js';

/** What was recovered from the outputs alone, as its certificate shows it; null where nothing was. */
function certificateChart(plotting: Plotting, leaks: Leaks, features: number | null, width?: number): Chart | null {
  const { recovery, fingerprint } = leaks;
  // A log does not tell how many features the model has, but that there are so many or more.
  const all = features ?? fingerprint.hiddenWidth ?? recovery?.rank ?? 0;
  if (recovery?.kind === 'rectified')
    return waffle(plotting, leaks, recovery.features, Math.max(all, recovery.features), width);
  if (recovery?.kind === 'sphere' && recovery.sphere) return sphere(plotting, recovery.sphere);
  return null;
}

/** A square for each feature of the model: certified, reachable on these images, or out of reach. */
function waffle(
  plotting: Plotting,
  { comparison, recovery, log }: Leaks,
  certified: number,
  all: number,
  width = Infinity,
): Chart {
  const { Plot } = plotting;
  const isNarrow = width < narrow;
  const across = isNarrow ? Math.max(1, Math.min(16, Math.floor((width - 10) / 20))) : 32;
  const compared = comparison?.kind === 'rectified' ? comparison : null;
  const reachable = compared ? compared.identifiable : certified;
  const kinds = ['certified', 'reachable', 'out of reach'] as const;
  const squares = Array.from({ length: Math.min(all, 4096) }, (_, i) => ({
    ...{ x: i % across, y: Math.floor(i / across) },
    kind: i < certified ? kinds[0] : i < reachable ? kinds[1] : kinds[2],
  }));
  const fill = { certified: 'var(--series-0)', reachable: 'var(--sequential-3)', 'out of reach': 'var(--rule)' };
  const down = Math.ceil(squares.length / across);
  const wide = isNarrow ? width : 680;
  const kindsOf = [
    ['certified', `${count(certified)} recovered, each with its certificate`],
    ...(compared
      ? ([
          ['reachable', `${count(Math.max(0, reachable - certified))} more that these images could show`],
          ['out of reach', `${count(Math.max(0, all - Math.max(reachable, certified)))} that they cannot`],
        ] as const)
      : all > certified
        ? ([['out of reach', `${count(all - certified)} others: whether they show is not known`]] as const)
        : []),
  ] as const;
  const legend = legendColumn(
    kindsOf.map(([kind, text]) => ({ text, colour: fill[kind], mark: 'bar' })),
    wide - 10,
    12,
  );
  return draw(
    plotting,
    {
      name: 'certificates',
      title: `${recovery?.cut ? 'At least ' : ''}${count(certified)} of the model’s ${log ? `${count(all)} or more` : count(all)} features, from its outputs alone`,
      description: kindsOf.map(([, text]) => text).join('; '),
      extra: () => legend.svg(6, 2),
    },
    {
      ...{
        width: wide,
        height: legend.height + 14 + 20 * down,
        marginTop: legend.height + 4,
        marginBottom: 10,
        marginLeft: 4,
        marginRight: wide - 4 - 20 * Math.min(across, squares.length),
      },
      x: { axis: null, padding: 0.12 },
      y: { axis: null, padding: 0.12 },
      marks: [
        Plot.cell(squares, { x: 'x', y: 'y', fill: ({ kind }: { kind: keyof typeof fill }) => fill[kind], rx: 2 }),
      ],
    },
  );
}

/** Width below which a line has half as many squares, or fewer: for a phone, and a column of a paper. */
const narrow = 480;

/** How far the outputs are from a sphere, before and after the map that the fit found. */
function sphere(plotting: Plotting, certificate: NonNullable<NonNullable<Leaks['recovery']>['sphere']>): Chart {
  const { Plot } = plotting;
  const marks = [
    { name: 'outputs, whitened', value: certificate.residualBefore },
    { name: 'recovered vector, images of the fit', value: certificate.residualFit },
    { name: 'recovered vector, images kept out', value: certificate.residual },
    // A logarithmic axis has no 0: a residual below float64's rounding is drawn there, with its own figure.
  ].map((mark) => ({ ...mark, at: Math.max(mark.value, 1e-16) }));
  const left = labelWidth(marks.map(({ name }) => name));
  return draw(
    plotting,
    {
      name: 'certificates',
      title: 'A normalised vector of the model, from its outputs alone',
      description: `How far from a sphere: ${marks.map(({ name, value }) => `${name} ${brief(value)}`).join('; ')}.`,
    },
    {
      ...{ width: left + 460, height: 150, marginLeft: left, marginRight: 70, marginTop: 14, marginBottom: 40 },
      x: {
        type: 'log',
        domain: [Math.min(...marks.map(({ at }) => at)) / 3, Math.max(1, ...marks.map(({ at }) => at))],
      },
      y: { domain: marks.map(({ name }) => name), padding: 0.35, label: null },
      marks: [
        Plot.axisY({ label: null, tickSize: 0, fontSize: 12 }),
        Plot.axisX({
          tickSize: 0,
          fontSize: 11,
          ticks: 4,
          tickFormat: powerOfTen,
          label: 'distance from the sphere, of its radius',
          labelArrow: 'none',
        }),
        Plot.barX(marks, { y: 'name', x1: 1, x2: 'at', fill: 'var(--rule)', insetTop: 8, insetBottom: 8 }),
        Plot.dot(marks, { y: 'name', x: 'at', r: 5, fill: 'var(--series-0)' }),
        Plot.text(marks, { y: 'name', x: 'at', text: ({ value }) => brief(value), dy: -12, fontSize: 11 }),
      ],
    },
  );
}

/** The pictures of an audit: what each interface gives away, and what was recovered from outputs alone. */
export function leakCharts(plotting: Plotting, results: Results, width?: number): Shown[] {
  const { leaks, environment } = results;
  if (!leaks) return [];
  const picture = auditPicture(plotting, leaks, width);
  const chart = certificateChart(plotting, leaks, environment.models[0]?.featureDim ?? null, width);
  return [
    ...(picture ? [{ chart: picture, caption: auditCaption, ...splitsOf(results) }] : []),
    ...(chart ? [{ chart, caption: caption(leaks), measuredOn: searchedIn(results) }] : []),
  ];
}

/** What the figures of the interfaces come from: repeated splits, where images are few; else the split of the rows. */
export function splitsOf({ leaks, environment }: Results): Pick<Shown, 'measuredOn'> {
  const read = leaks?.interfaces?.find((each) => each.read?.splits)?.read;
  if (!read?.splits) return {};
  const { images, splits } = read;
  const whose = environment.datasets[0] ? ` of ${shortSpec(environment.datasets[0].spec)}` : '';
  return {
    measuredOn: `Measured on ${imageCount(images)}${whose}: ${count(splits.repeats)} splits into ${count(splits.folds)} parts, each image kept out of the fit once in each split.`,
  };
}

/** What the figures of several audits beside each other come from, each once. */
export function splitsOfAll(results: readonly Results[]): Pick<Shown, 'measuredOn'> {
  const all = [...new Set(results.flatMap((each) => splitsOf(each).measuredOn ?? []))];
  return all.length === 0 ? {} : { measuredOn: all.join(' ') };
}

/** In how many variations each image was looked at for what the outputs alone give. */
export const variationsOf = ({ leaks, rows }: Results): number => leaks?.variations ?? rows[0]?.variations ?? 1;

/** What was searched and gave features: the outputs of images with their variations, or the rows of a log. */
function searchedIn(results: Results): string {
  const { leaks, environment } = results;
  const { rows } = leaks!.fingerprint;
  if (leaks!.log) return `Found in ${count(rows)} rows of outputs (${leaks!.log.name}).`;
  const whose = environment.datasets[0] ? ` (${shortSpec(environment.datasets[0].spec)})` : '';
  return `Found in the outputs for ${imageCount(rows, variationsOf(results))}${whose}.`;
}

function caption({ recovery, comparison }: Leaks): string {
  const what =
    recovery?.kind === 'sphere'
      ? 'A normalised vector lies on a sphere, and with nothing but linear maps between it and the outputs one map brings the outputs back onto it, also for images that it was not fitted on: that is the certificate. Distances and neighbours are that vector’s, which need not be the layer right before the last one.'
      : 'A square is one number of the layer before the last. Of a certified one it is proven that it is never below zero and exactly zero on images that fix it alone; that it is a feature holds under the assumptions that the result names. Nothing but the outputs was used.';
  if (!comparison) return what;
  return comparison.kind === 'sphere'
    ? `${what} Held against the model’s own features: R² ${rSquared(comparison.r2)}, the same nearest neighbour for ${share(comparison.equalNeighbours, 1)} of the images.`
    : `${what} ${matchedInWords(comparison.worst)}`;
}
