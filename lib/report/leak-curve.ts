import { type ResultRow, whyNotKnown, by } from '../results/index.js';
import { inWords, brief, shortSpec } from '../words/index.js';
import { draw, type Chart, type Plotting } from './chart.js';
import { labelWidth } from './heatmap.js';

/** Caption of the chart. */
export const leakCaption =
  'Each line is one way of showing the outputs: the dot is the share of the features’ variance that one linear map reads off them (R²). Probabilities are read as they stand or through a logarithm, whichever does better on training images that the map was not fitted on. A map fitted on more images, or a cleverer reader, may read more. Where nothing is known the line is empty: that is not nothing given away.';

/** A way of showing the outputs with what was read off it, or why that is not known. */
interface Line {
  shown: string;
  r2: number;
  unknown: string | null;
}

/**
 * What each interface of a sweep gives away: R² of the features read back, a line each; null for other rows. Agreement is
 * left out, since the model's answers are published anyway.
 */
export function leakChart(plotting: Plotting, rows: readonly ResultRow[]): Chart | null {
  const { Plot } = plotting;
  const lines = linesOf(rows);
  if (lines.length === 0) return null;
  const known = lines.filter(({ unknown }) => unknown === null);
  const empty = lines.filter(({ unknown }) => unknown !== null);
  const names = lines.map(({ shown }) => shown);
  const left = labelWidth(names);
  const tests = new Set(rows.map(({ test }) => test));
  return draw(
    plotting,
    {
      name: 'leaks',
      title: `What is given away by how much is shown${tests.size > 1 ? `, on ${shortSpec([...tests][0])}` : ''}`,
      description:
        'One line a way of showing the outputs; a dot for the share of the features’ variance that a linear map reads off.' +
        empty.map(({ shown, unknown }) => ` ${shown}: not known, ${unknown}.`).join(''),
    },
    {
      ...{
        width: left + 520,
        height: 76 + 26 * names.length,
        marginLeft: left,
        marginRight: 24,
        marginTop: 30,
        marginBottom: 40,
      },
      x: { domain: [0, 100] },
      y: { domain: names, padding: 0.3, label: null },
      marks: [
        Plot.gridX({ stroke: 'var(--rule)', strokeOpacity: 1, ticks: 5 }),
        Plot.axisY({ label: null, tickSize: 0, fontSize: 12 }),
        Plot.axisX({ tickSize: 0, fontSize: 11, ticks: 5, label: '%', labelArrow: 'none' }),
        Plot.ruleY(known, { y: 'shown', x1: 0, x2: 'r2', stroke: 'var(--rule)', strokeWidth: 2 }),
        Plot.dot(known, { y: 'shown', x: 'r2', r: 4.5, fill: 'var(--series-0)' }),
        Plot.text(empty, {
          ...{ y: 'shown', frameAnchor: 'left', textAnchor: 'start', dx: 10, fontSize: 12, fill: 'var(--muted)' },
          text: ({ unknown }: Line) => `not known: ${unknown}`,
        }),
        Plot.text(['●  features’ variance read off'], { ...legendAt(0), fill: 'var(--series-0)' }),
      ],
    },
  );
}

const legendAt = (dx: number): object => ({
  ...{ frameAnchor: 'top-left', textAnchor: 'start', lineAnchor: 'bottom', dy: -10, dx, fontSize: 12 },
  text: (text: string) => text,
});

/** A line for each interface of the first pair, the one that gives away most first, those not known last. */
function linesOf(rows: readonly ResultRow[]): Line[] {
  if (!rows.some(({ observe }) => observe !== undefined)) return [];
  const plain = rows.filter(
    ({ prior, sgd, r2, agreement }) => prior === null && sgd === null && r2 !== null && agreement !== null,
  );
  const first = by(plain, ({ source, target, test }) => JSON.stringify([source, target, test]))[0] ?? [];
  const several = new Set(first.map(({ alpha }) => alpha)).size > 1;
  return by(first, ({ observe = 'logits' }) => observe)
    .map((group): Line => {
      // With several alphas, the first row that is known; where alpha was chosen there is one.
      const row = group.find((each) => whyOf(each) === null) ?? group[0];
      const { observe = 'logits', alpha, r2, reading } = row;
      const how = reading?.by === 'log' ? `${observe}+log` : observe;
      return {
        shown: inWords(how) + (several && group.length > 1 && alpha !== null ? `, α = ${brief(alpha)}` : ''),
        r2: 100 * r2!,
        unknown: whyOf(row),
      };
    })
    .sort((a, b) => Number(a.unknown !== null) - Number(b.unknown !== null) || (a.unknown === null ? b.r2 - a.r2 : 0));
}

/** Why a row is not known; a row on all of the logits counts as an interface here. */
const whyOf = (row: ResultRow): string | null => whyNotKnown({ ...row, observe: row.observe ?? 'logits' });
