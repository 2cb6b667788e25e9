import { definitionOf, type Results, pairedDifference, fittedAndTested } from '../results/index.js';
import { count, none, rSquared, share, upToOne, warningInWords } from '../words/index.js';
import type { Plotting } from './chart.js';
import { pairCharts, spectrumCharts } from './charts.js';
import { mostModels, mostShown } from './shown.js';
import { matrixColumns } from './columns.js';
import { algebraNote, controlColumns, controlNote, controlsOf, inPoints, type Control } from './control.js';
import { intervalOf } from './exact.js';
import { heatmap, isBelow, metrics, pairsOf, type Pair } from './heatmap.js';
import { chartFigure, more, table } from './html-table.js';
import { jsonScript, markup, Markup } from './html.js';

/**
 * Experiment 4: the heatmaps of the first test set, which a report begins with; then for each test set the heatmaps, the
 * control and the margins, and the spectra.
 */
export function allPairs(plotting: Plotting, results: Results, index: number): { first: Markup; rest: Markup } {
  const { rows, experiment } = results;
  const tests = [...new Set(rows.map(({ test }) => test))].slice(0, 8);
  const words = definitionOf(results.experiment)?.publishedWords;
  const parts = tests.map((test, i) => {
    const of = rows.filter((row) => row.test === test);
    return ofTest(plotting, { rows: of, experiment }, controlsOf(of, results.environment.models), `${index}-${i}`);
  });
  const rest = markup`${words === undefined ? null : markup`<p class="note">Published, in words only: ${words}.</p>`}
    <p class="note">${algebraNote(results.environment.models)}</p>
    ${parts.map(({ heading, picture, details }, i) => (i === 0 ? details : [markup`<h3>${heading}</h3>`, picture, details]))}
    ${spectrumCharts(plotting, results).map(chartFigure)}`;
  return { first: markup`<p class="fitted">${parts[0].heading}</p>${parts[0].picture}`, rest };
}

function ofTest(
  plotting: Plotting,
  { rows, experiment }: Pick<Results, 'rows' | 'experiment'>,
  controls: readonly Control[],
  id: string,
): { heading: string; picture: Markup; details: Markup } {
  const set = pairsOf(rows);
  const many = set.names.length > mostModels;
  const heading = `F${fittedAndTested(rows[0]).slice(1)}`;
  const picture = markup`${many ? markup`<p class="note">${set.names.length} models are too many for a matrix: the figures are in the table.</p>` : matrix(plotting, set, id)}`;
  const details = markup`${many ? null : pairCharts(plotting, set).map(chartFigure)} ${controls.length === 0 ? null : controlTable(controls)}
    <details>
      <summary>All ${count(rows.length)} rows as a table</summary>
      ${table(matrixColumns(experiment), [{ heading: null, rows: rows.slice(0, mostShown) }], { label: 'All rows', key: 'agreement' })} ${more(rows.length)}
    </details>`;
  return { heading, picture, details };
}

const controlTable = (controls: readonly Control[]): Markup =>
  markup`<details>
    <summary>Features less logits, pair by pair</summary>
    <p class="note">${controlNote} “0, exact”: the source’s head keeps all of its features, so both maps are one.</p>
    ${table(controlColumns, [{ heading: null, rows: controls.slice(0, mostShown) }], { label: 'Features less logits', key: 'features less logits' })}
    ${more(controls.length)}
  </details>`;

function matrix(plotting: Plotting, set: ReturnType<typeof pairsOf>, id: string): Markup {
  const shown = metrics.filter((metric) => set.pairs.some((pair) => metric.value(pair) !== null));
  const below = shown.some((metric) => set.pairs.some((pair) => isBelow(metric.value(pair) ?? 0, metric)));
  return markup`<figure class="matrix">
    <fieldset class="switch">
      <legend>Show</legend>
      ${shown.map(
        (metric, i) =>
          markup`<label
            ><input
              type="radio"
              name="metric-${id}"
              value="${metric.id}"
              ${new Markup(i === 0 ? ' checked' : '')}
            />${metric.label}</label
          >`,
      )}
    </fieldset>
    ${shown.map((metric) => {
      const chart = heatmap(plotting, set, metric);
      return markup`<div class="view" data-metric="${metric.id}">
        <figcaption><b>${metric.label}.</b> ${metric.meaning}</figcaption>
        <div class="scroll charted">${chart.rowLabels}${chart.svg}</div>
      </div>`;
    })}
    <p class="note">
      Thin frame: a model read from itself. *: the target gives more than half of the images one class, so that agreement
      is easy. – : not defined.${below ? ' A figure without colour is below 0: the map does worse than the mean (R²), the answers agree less than by chance (kappa), and the scale begins at 0.' : null}<span class="screen"> Thick frame in colour: the pair whose figures stand below; arrow keys move it.</span>
    </p>
    <div class="details" role="status">
      <p>Point at a cell, or move to it with Tab and the arrow keys, for the pair’s figures.</p>
    </div>
    <script type="application/json">
      ${jsonScript({ width: set.names.length, cells: set.pairs.map(cellFacts) })}
    </script>
  </figure>`;
}

/** The figures of a pair that are shown when its cell is pointed at. */
function cellFacts(pair: Pair): { heading: string; figures: [string, string][]; notes: string[] } {
  const { logits, features } = pair;
  const row = logits ?? features;
  const heading = pair.source === pair.target ? `${pair.source}, from itself` : `${pair.source} → ${pair.target}`;
  if (!row) return { heading, figures: [], notes: ['This pair was not run.'] };
  const paired = logits && features ? pairedDifference(features, logits) : null;
  return {
    heading,
    figures: [
      ['agreement from logits', share(logits?.agreement ?? null)],
      ['95 % interval', logits ? intervalOf(logits) : none],
      ['agreement from features', share(features?.agreement ?? null)],
      ...(paired ? [['features’ gain, points', inPoints(paired)] as [string, string]] : []),
      ['the models’ own agreement', share(row.rawAgreement)],
      ['kappa', upToOne(row.kappa, 4)],
      ['R²', rSquared(row.r2)],
      ['R² in the row space', rSquared(row.r2RowSpace)],
      ['linear CKA', upToOne(row.cka, 4)],
      ['images in the span', share(row.inSpanShare, 1)],
      ['rank', count(row.rank)],
      ['target’s classes named', count(row.distinctClasses)],
      ['the most frequent', share(row.majorityShare, 1)],
    ],
    notes: row.warnings.map(warningInWords),
  };
}
