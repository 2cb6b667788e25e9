import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  definitions,
  publishedFor,
  type ResultRow,
  type Results,
  noticesOf,
  notKnownNotes,
  rankNoteOf,
  fittedAndTested,
  groupRows,
  list,
  pairName,
} from '../results/index.js';
import { shortSpec } from '../words/index.js';
import { answerOf, titleOf } from './answer.js';
import { loadPlot, type Plotting } from './chart.js';
import { fitCharts } from './charts.js';
import { mostShown } from './shown.js';
import { comparison } from './compare.js';
import { columnsFor } from './columns.js';
import { algebraNote, controlLines } from './control.js';
import { intervalNotes } from './exact.js';
import { metrics } from './heatmap.js';
import { chartFigure, more, table } from './html-table.js';
import { markup, Markup } from './html.js';
import { allPairs } from './matrix-section.js';
import { leakCharts } from './leak-charts.js';
import { fingerprintSection, verdictSection } from './leaks-section.js';
import { dark, light, variables, type Palette } from './palette.js';
import { provenance } from './provenance.js';
import { facts, publishedNote } from './results.js';
import { samplesSection } from './samples-section.js';
import { withShownNames } from './shown-names.js';

/**
 * One page for one result or several: it needs no network, no server and no file beside it.
 * @returns the text of an HTML file
 */
export async function renderReport(found: readonly Results[]): Promise<string> {
  const results = found.map(withShownNames);
  const plotting = await loadPlot();
  const [css, script, icon] = await Promise.all(['report.css', 'report.js', 'favicon.svg'].map(asset));
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
        <link rel="icon" href="data:image/svg+xml,${encodeURIComponent(icon)}" />
        <title>${title}</title>
        <style>${new Markup(style)}</style>
      </head>
      <body>
        ${results.length > 1 ? contents(results) : null}
        <main>${results.length > 1 ? overview(results) : null}${sections}</main>
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
  const { leaks } = results;
  const heading = typographic(headingOf(results));
  const figures = markup`${leaks ? markup`${leakCharts(plotting, results).map(chartFigure)} ${fingerprintSection(leaks, rows[0]?.variations)}` : null}
    ${rows.length === 0 ? null : definition?.pairs === 'all' ? allPairs(plotting, results, index) : fits(plotting, results)}
    ${samplesSection(results.samples ?? [])} ${provenance(results)}`;
  return markup`<section id="result-${index + 1}">
    <header${new Markup(of > 1 ? ' class="one-of"' : '')}>
      <p class="kicker">${of > 1 ? `Result ${index + 1} · ` : null}${kickerOf(results)} · ${environment.date.slice(0, 10)}</p>
      ${of === 1 ? markup`<h1>${heading}</h1>` : markup`<h2>${heading}</h2>`}
      <p class="question">${leaks ? 'What do a model’s outputs give away of its features?' : typographic(results.question)}</p>
      <p class="answer">${answerOf(results)}</p>
    </header>
    ${leaks ? verdictSection(leaks, environment.command !== null) : null} ${notices(results)}
    ${
      of === 1
        ? figures
        : markup`<details class="fold result">
            <summary>Figures, charts and how to make them again<span class="unseen">: ${heading}</span></summary>
            ${figures}
          </details>`
    }
  </section>`;
}

/** A typewriter's apostrophe inside or after a word, as it is set. */
const typographic = (text: string): string => text.replace(/(?<=\p{L})'/gu, '’');

const kickerOf = ({ leaks, experiment }: Results): string => (leaks ? 'Audit' : `Experiment ${experiment}`);

const headingOf = ({ leaks, environment, experiment }: Results): string =>
  leaks
    ? `What the outputs of ${environment.models[0]?.name ?? leaks.log?.name ?? 'a model'} give away`
    : (definitions.find(({ id }) => id === experiment)?.title ?? `Experiment ${experiment}`);

/** Stays in sight above several results. */
const contents = (results: readonly Results[]): Markup => markup`<nav class="contents" aria-label="Results">
  <a href="#top">All</a>
  ${results.map((each, i) => markup`<a href="#result-${i + 1}">${results.length > 3 || !isAlone(each, results) ? `${i + 1} · ` : null}${kickerOf(each)}</a>`)}
  <button type="button" hidden data-open="0">Open all</button>
</nav>`;

/** Above several results: what each of them answers, and what they say of the same fits. */
function overview(results: readonly Results[]): Markup {
  return markup`<h1 id="top">${results.length} results</h1>
    <ol class="answers-of-all">
      ${results.map(
        (each, i) =>
          markup`<li>
            <a href="#result-${i + 1}">${kickerOf(each)}: ${headingOf(each)}</a>
            <small>fitted on ${list(fittedOn(each))}, ${each.environment.date.slice(0, 10)}</small>
            ${isAlone(each, results) || each.environment.command === null ? null : markup`<small><code>${each.environment.command}</code></small>`}
            <p>${answerOf(each)}</p>
          </li>`,
      )}
    </ol>
    ${comparison(results)}`;
}

/** Whether it is the only one of its name: others are told apart by their commands. */
const isAlone = (each: Results, results: readonly Results[]): boolean =>
  results.filter((other) => headingOf(other) === headingOf(each) && kickerOf(other) === kickerOf(each)).length === 1;

const fittedOn = ({ rows }: Results): string[] => [...new Set(rows.map(({ train }) => shortSpec(train)))].slice(0, 4);

function notices(results: Results): Markup | null {
  const found = noticesOf(results);
  if (found.length === 0) return null;
  const failed = found.some(({ kind }) => kind === 'failure');
  return markup`<div class="notices${failed ? ' failed' : ''}">
    <h2>${failed ? 'Do not trust these figures' : 'Before the figures'}</h2>
    <ul>
      ${found.slice(0, 40).map(({ text }) => markup`<li>${text}</li>`)}
    </ul>
  </div>`;
}

/** Experiments 1 to 3 and 5: the table with the published figures, and its charts. */
function fits(plotting: Plotting, results: Results): Markup {
  const { experiment, rows } = results;
  const shown = rows.slice(0, mostShown);
  const published = [...new Set(shown.flatMap((row) => publishedFor(experiment, row) ?? []))];
  return markup`<h3>Figures</h3>
    ${table(
      columnsFor(experiment, shown),
      groupRows(shown).map((group) => ({ heading: groupHeading(group), rows: group })),
      { label: 'Agreement and errors by fit', key: 'agreement' },
    )}
    ${notesOf(shown, results).map((text) => markup`<p class="note">${text}.</p>`)}
    ${more(rows.length)} ${published.map((figure) => markup`<p class="note">${capital(publishedNote(figure))}.</p>`)}
    ${fitCharts(plotting, results).map(chartFigure)}`;
}

/** What a reader of the table wonders at: rows that are empty, a rank below the width. */
const notesOf = (rows: readonly ResultRow[], { environment, experiment }: Results): string[] => [
  ...[...notKnownNotes(rows), ...intervalNotes(rows)].map(capital),
  ...groupRows(rows).flatMap((group) =>
    controlLines(group, environment.models).map(
      (line) => `${capital(line)} (${pairName(group[0])}, ${shortSpec(group[0].test)})`,
    ),
  ),
  ...(definitions.find(({ id }) => id === experiment)?.pairs === 'zero-shot'
    ? [algebraNote(environment.models).slice(0, -1)]
    : []),
  ...new Set(
    groupRows(rows).flatMap((group) => {
      const note = rankNoteOf(group, environment.models);
      return note === null ? [] : [`${capital(note)} (${pairName(group[0])})`];
    }),
  ),
];

const groupHeading = (group: readonly ResultRow[]): Markup =>
  markup`${pairName(group[0])}<small>${fittedAndTested(group[0])}; ${facts(group[0])}</small>`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
