import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { definitions, publishedFor, shortSpec, type ResultRow, type Results } from '../experiments/index.js';
import { answerOf, titleOf } from './answer.js';
import { loadPlot, type Chart, type Plotting } from './chart.js';
import { columnsFor } from './columns.js';
import { brief, count, none, rSquared, seconds, share } from './figures.js';
import { agreementChart, controlChart, marginChart, marginStrips } from './fit-charts.js';
import { heatmap, metrics, pairsOf, type Metric, type Pair } from './heatmap.js';
import { jsonScript, markup, Markup, type Content } from './html.js';
import { noticesOf } from './notices.js';
import { dark, light, steps, variables, type Palette } from './palette.js';
import { facts, publishedNote } from './results.js';
import type { Column } from './table.js';
import { groupRows, pairName } from './words.js';

/** Rows that a page shows in one table; the rest is in the file. */
const mostShown = 300;

/**
 * One page for one result or several: it needs no network, no server and no file beside it.
 * @returns the text of an HTML file
 */
export async function renderReport(results: readonly Results[]): Promise<string> {
  const plotting = await loadPlot();
  const [css, script] = await Promise.all(['report.css', 'report.js'].map(asset));
  const hash = createHash('sha256').update(script).digest('base64');
  const style = `:root{${declare(light)}}@media screen and (prefers-color-scheme:dark){:root{${declare(dark)}}}${switches()}${css}`;
  const title = titleOf(results);
  const sections = results.map((each, i) => section(plotting, each, i, results.length));
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-${hash}'"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>${new Markup(style)}</style>
      </head>
      <body>
        <main>${sections}</main>
        <footer>
          Drawn by featreconstruct ${results[0].environment.featreconstruct} from results.json; every figure is in that
          file.
        </footer>
        <script>${new Markup(script)}</script>
      </body>
    </html>
`.text;
}

const asset = (name: string): Promise<string> => readFile(new URL(`../../assets/${name}`, import.meta.url), 'utf8');

const declare = (palette: Palette): string =>
  Object.entries(variables(palette))
    .map(([name, value]) => `${name}:${value}`)
    .join(';');

/** Shows the heatmap that is chosen, without a script. */
const switches = (): string =>
  metrics.map(({ id }) => `.matrix:has([value="${id}"]:checked) .view[data-metric="${id}"]{display:block}`).join('');

function section(plotting: Plotting, results: Results, index: number, of: number): Markup {
  const definition = definitions.find(({ id }) => id === results.experiment);
  const { environment, rows } = results;
  const heading = definition?.title ?? `Experiment ${results.experiment}`;
  return markup`<section id="result-${index + 1}">
    <header>
      <p class="kicker">Experiment ${results.experiment} · ${environment.date.slice(0, 10)}</p>
      ${of === 1 ? markup`<h1>${heading}</h1>` : markup`<h2>${heading}</h2>`}
      <p class="question">${results.question}</p>
      <p class="answer">${answerOf(results)}</p>
    </header>
    ${notices(results)}
    ${rows.length === 0 ? null : definition?.pairs === 'all' ? allPairs(plotting, results, index) : fits(plotting, results)}
    ${provenance(results)}
  </section>`;
}

function notices(results: Results): Markup | null {
  const found = noticesOf(results);
  if (found.length === 0) return null;
  const failed = found.some(({ kind }) => kind === 'failure');
  return markup`<aside class="notices${failed ? ' failed' : ''}" aria-label="Before the figures">
    <h2>${failed ? 'Do not trust these figures' : 'Before the figures'}</h2>
    <ul>
      ${found.slice(0, 40).map(({ text }) => markup`<li>${text}</li>`)}
    </ul>
  </aside>`;
}

/** Experiments 1 to 3 and 5. */
function fits(plotting: Plotting, { experiment, rows }: Results): Markup {
  const shown = rows.slice(0, mostShown);
  const columns = columnsFor(experiment, shown);
  const published = [...new Set(shown.flatMap((row) => publishedFor(experiment, row) ?? []))];
  return markup`<h3>Figures</h3>
    ${table(
      columns,
      groupRows(shown).map((group) => ({
        heading: markup`${pairName(group[0])}<small
            >fitted on ${shortSpec(group[0].train)} (${count(group[0].nTrain)}), tested on ${shortSpec(group[0].test)}
            (${count(group[0].nTest)}); ${facts(group[0])}</small
          >`,
        rows: group,
      })),
      'agreement',
    )}
    ${more(rows.length)} ${published.map((figure) => markup`<p class="note">${capital(publishedNote(figure))}.</p>`)}
    ${chartFigure(
      agreementChart(plotting, experiment, shown),
      'Dots are agreement, bars their 95 % intervals (Wilson). The dashed tick is the published figure, of the published models.',
    )}
    ${chartFigure(
      marginChart(plotting, shown),
      'Images sorted by how far the original’s first answer is ahead of its second. What agreement loses, it should lose on the left. Fits that agree on every image are left out.',
    )}`;
}

/** Experiment 4. */
function allPairs(plotting: Plotting, { rows }: Results, index: number): Markup {
  const tests = [...new Set(rows.map(({ test }) => test))].slice(0, 8);
  return markup`${tests.map((test, i) => {
    const of = rows.filter((row) => row.test === test);
    const set = pairsOf(of);
    return markup`<h3>
        Fitted on ${shortSpec(of[0].train)} (${count(of[0].nTrain)}), tested on ${shortSpec(test)}
        (${count(of[0].nTest)})
      </h3>
      ${set.names.length > 24 ? markup`<p class="note">${set.names.length} models are too many for a matrix: the figures are in the table.</p>` : matrix(plotting, set, `${index}-${i}`)}
      ${set.names.length > 24 ? null : chartFigure(controlChart(plotting, set), 'Each line is one pair: the ring is agreement with the target’s features read from the source’s logits, the dot from the source’s features. A long line is what the source’s head throws away; where ring and dot meet, the logits hold all that a linear map can use.')}
      ${set.names.length > 24 ? null : chartFigure(marginStrips(plotting, set), 'Agreement, in %, on tenths of the images by how far the target’s first answer is ahead of its second, from the source’s logits.')}
      <details>
        <summary>All ${count(of.length)} rows as a table</summary>
        ${table(allColumns, [{ heading: null, rows: of.slice(0, mostShown) }], 'agreement')} ${more(of.length)}
      </details>`;
  })}`;
}

function matrix(plotting: Plotting, set: ReturnType<typeof pairsOf>, id: string): Markup {
  const shown = metrics.filter((metric) => set.pairs.some((pair) => metric.value(pair) !== null));
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
        <div class="scroll">${chart.svg}</div>
        ${legend(metric)}
      </div>`;
    })}
    <p class="note">
      Outlined: a model read from itself. *: the target gives more than half of the images one class, so that agreement
      is easy. – : not defined.<span class="screen"> Arrow keys move between cells.</span>
    </p>
    <div class="details" role="status">
      <p>Point at a cell, or move to it with Tab and the arrow keys, for the pair’s figures.</p>
    </div>
    <script type="application/json">
      ${jsonScript({ width: set.names.length, cells: set.pairs.map(cellFacts) })}
    </script>
  </figure>`;
}

function legend({ scale, id }: Metric): Markup {
  const ends =
    scale === 'diverging'
      ? ['−100', '+100']
      : id === 'agreement' || id === 'from-features'
        ? ['0', '100 %']
        : ['0', '1'];
  return markup`<div class="scale" aria-hidden="true">
    ${ends[0]}<span>${Array.from(
      { length: steps },
      (_, i) => markup`<i style="background:var(--${scale}-${i})"></i>`,
    )}</span>${ends[1]}
  </div>`;
}

/** What a cell says when it is looked at. */
function cellFacts(pair: Pair): { heading: string; figures: [string, string][]; notes: string[] } {
  const { logits, features } = pair;
  const row = logits ?? features;
  const heading = pair.source === pair.target ? `${pair.source}, from itself` : `${pair.source} → ${pair.target}`;
  if (!row) return { heading, figures: [], notes: ['This pair was not run.'] };
  const interval = row.agreementInterval;
  return {
    heading,
    figures: [
      ['agreement from logits', share(logits?.agreement ?? null)],
      ['95 % interval', interval ? `${share(interval[0]).slice(0, -2)} – ${share(interval[1])}` : none],
      ['agreement from features', share(features?.agreement ?? null)],
      ['the models’ own agreement', share(row.rawAgreement)],
      ['kappa', row.kappa?.toFixed(4) ?? none],
      ['R²', rSquared(row.r2)],
      ['R² in the row space', rSquared(row.r2RowSpace)],
      ['linear CKA', row.cka?.toFixed(4) ?? none],
      ['images in the span', share(row.inSpanShare, 1)],
      ['rank', count(row.rank)],
      ['target’s classes named', count(row.distinctClasses)],
      ['the most frequent', share(row.majorityShare, 1)],
    ],
    notes: row.warnings,
  };
}

const allColumns: readonly Column<ResultRow>[] = [
  { heading: 'source', cell: ({ source }) => source },
  { heading: 'target', cell: ({ target }) => target },
  ...columnsFor(4, []).slice(0, 1),
  { heading: 'read from', cell: ({ from }) => from },
  ...columnsFor(4, []).slice(1, 3),
  { heading: 'raw', align: 'right', cell: ({ rawAgreement }) => share(rawAgreement) },
  { heading: 'kappa', align: 'right', cell: ({ kappa }) => kappa?.toFixed(4) ?? none },
  { heading: 'in span', align: 'right', cell: (row) => share(row.inSpanShare, 1) },
  { heading: 'R²', align: 'right', cell: ({ r2 }) => rSquared(r2) },
  { heading: 'R² row space', align: 'right', cell: ({ r2RowSpace }) => rSquared(r2RowSpace) },
  { heading: 'CKA', align: 'right', cell: ({ cka }) => cka?.toFixed(3) ?? none },
  { heading: 'rank', align: 'right', cell: ({ rank }) => count(rank) },
];

/** A table in a frame that scrolls by itself where the page is too narrow for it. */
function table<Row>(
  columns: readonly Column<Row>[],
  groups: readonly { heading: Content; rows: readonly Row[] }[],
  key?: string,
): Markup {
  const side = ({ align }: Column<Row>): string => (align === 'right' ? '' : 'text');
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="Table, scrolls sideways">
    <table>
      <thead>
        <tr>
          ${columns.map((column) => markup`<th scope="col" class="${side(column)}">${column.heading}</th>`)}
        </tr>
      </thead>
      ${groups.map(
        ({ heading, rows }) =>
          markup`<tbody>
            ${
              heading
                ? markup`<tr class="group">
                    <th class="text wrap" colspan="${columns.length}" scope="rowgroup">${heading}</th>
                  </tr>`
                : null
            }
            ${rows.map(
              (row) =>
                markup`<tr>
                  ${columns.map((column, i) =>
                    i === 0
                      ? markup`<th scope="row" class="${side(column)}">${column.cell(row)}</th>`
                      : markup`<td class="${side(column)}${column.heading === key ? ' key' : ''}">
                          ${column.cell(row)}
                        </td>`,
                  )}
                </tr> `,
            )}
          </tbody>`,
      )}
    </table>
  </div>`;
}

const more = (rows: number): Markup | null =>
  rows > mostShown
    ? markup`<p class="note">
        The first ${mostShown} of ${count(rows)} rows; <code>featreconstruct report … --format csv</code> has all.
      </p>`
    : null;

function chartFigure(chart: Chart | null, caption: string): Markup | null {
  if (!chart) return null;
  return markup`<h3>${chart.title}</h3>
    <figure>
      <figcaption>${caption}</figcaption>
      <div class="scroll" tabindex="0" role="region" aria-label="${chart.title}">${chart.svg}</div>
    </figure>`;
}

/** What the figures were made with, and the command that makes them again. */
function provenance({ environment: of }: Results): Markup {
  return markup`<h3>How to make it again</h3>
    ${of.command === null ? null : markup`<pre><code>${of.command}</code></pre>`}
    <p class="note">
      featreconstruct ${of.featreconstruct}, ONNX Runtime ${of.onnxruntime} (${of.provider}), Node ${of.node},
      ${of.platform}, ${of.cpu}, ${of.cores} cores;
      ${of.date}${of.jointSeconds === null ? '' : `; the joint Gram and all maps took ${seconds(of.jointSeconds)}`}.
    </p>
    ${table(
      [
        { heading: 'model', cell: ({ name }) => name },
        { heading: 'features d', align: 'right', cell: ({ featureDim }) => count(featureDim) },
        { heading: 'classes c', align: 'right', cell: ({ classCount }) => count(classCount) },
        { heading: 'rank of the head', align: 'right', cell: ({ headRank }) => count(headRank) },
        { heading: 'its condition', align: 'right', cell: ({ headCondition }) => brief(headCondition) },
        { heading: 'seen through', cell: ({ transform }) => transform?.name ?? 'ready tensors' },
        { heading: 'SHA-256', cell: ({ digest }) => digest.slice(0, 12) },
      ],
      [{ heading: null, rows: of.models.slice(0, mostShown) }],
    )}
    ${table(
      [
        { heading: 'data set', cell: ({ spec }) => shortSpec(spec) },
        { heading: 'images', align: 'right', cell: ({ size }) => count(size) },
        { heading: 'left out', align: 'right', cell: ({ skipped }) => count(skipped) },
        { heading: 'SHA-256', cell: ({ digest }) => digest.slice(0, 12) },
      ],
      [{ heading: null, rows: of.datasets.slice(0, mostShown) }],
    )}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
