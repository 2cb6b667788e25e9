import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { found, UsageError } from '../base/index.js';
import {
  definitionOf,
  publishedFor,
  type ResultRow,
  type Results,
  noticesOf,
  notKnownNotes,
  rankNoteOf,
  fittedAndTested,
  groupRows,
  pairName,
} from '../results/index.js';
import { Glossary, list, noticeInWords, shortSpec, warningInWords, type Term } from '../words/index.js';
import { answerOf, titleOf } from './answer.js';
import { loadPlot, type Plotting } from './chart.js';
import { fitCharts } from './charts.js';
import { isMatrix, mostShown, type Shown } from './shown.js';
import { areAudits, auditedNames } from './audits-beside.js';
import { comparison } from './compare.js';
import { columnsFor, termsOf } from './columns.js';
import { algebraNote, controlLines } from './control.js';
import { intervalNotes } from './exact.js';
import { firstScreen, firstScreenOfAll, type FirstScreen } from './first-screen.js';
import type { Picture } from './headline.js';
import { metrics } from './heatmap.js';
import { chartFigure, more, table } from './html-table.js';
import { markup, Markup, type Content } from './html.js';
import { allPairs } from './matrix-section.js';
import { leakCharts, variationsOf } from './leak-charts.js';
import { fingerprintSection, splitNote, verdictSection } from './leaks-section.js';
import { dark, light, variables, type Palette } from './palette.js';
import { provenance } from './provenance.js';
import { facts, publishedNote } from './results.js';
import { samplesSection } from './samples-section.js';
import { withShownNames } from './shown-names.js';
import type { Column } from './table.js';
import { toldApartColumns, toldApartOf, toldApartTitle } from './told-apart.js';

/**
 * One page for one result or several: it needs no network, no server and no file beside it.
 * @returns the text of an HTML file
 * @throws UsageError for no results, or for what is none
 */
export async function renderReport(given: readonly Results[]): Promise<string> {
  const all: unknown = given;
  if (!Array.isArray(all) || all.length === 0 || !all.every(isResults)) {
    const what = !Array.isArray(all)
      ? found(all)
      : all.length === 0
        ? 'none'
        : `${found(all.find((each) => !isResults(each)))} among them`;
    throw new UsageError(`Expected an array of results for renderReport, found ${what}: readResults gives one.`);
  }
  const results = given.map(withShownNames);
  const plotting = await loadPlot();
  const [css, script, icon] = await Promise.all(['report.css', 'report.js', 'favicon.svg'].map(asset));
  const hash = createHash('sha256').update(script).digest('base64');
  const style = `:root{${declare(light)}}@media screen and (prefers-color-scheme:dark){:root{${declare(dark)}}}${switches()}${css}`;
  const title = titleOf(results);
  const page: PageContext = { plotting, glossary: new Glossary(), told: new Set(), of: results.length };
  const above = results.length > 1 ? overview(page, results) : null;
  const sections = results.map((each, i) => section(page, each, i));
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
        <main>${above}${sections}</main>
        <footer>
          Drawn by featreconstruct ${results[0].environment.featreconstruct} from results.json; every figure is in that
          file.
        </footer>
        <script>${new Markup(script)}</script>
      </body>
    </html>
`.text;
}

const isResults = (each: unknown): boolean => Array.isArray((each as Partial<Results> | null | undefined)?.rows);

const asset = (name: string): Promise<string> => readFile(new URL(`../../assets/${name}`, import.meta.url), 'utf8');

const declare = (palette: Palette): string =>
  Object.entries(variables(palette))
    .map(([name, value]) => `${name}:${value}`)
    .join(';');

/** CSS that shows the heatmap that is chosen, without a script. */
const switches = (): string =>
  metrics.map(({ id }) => `.matrix:has([value="${id}"]:checked) .view[data-metric="${id}"]{display:block}`).join('');

/** What sections of one page share: a term is explained once, and a warning said once. */
interface PageContext {
  plotting: Plotting;
  glossary: Glossary;
  told: Set<string>;
  /** How many results there are. */
  of: number;
}

function section(page: PageContext, results: Results, index: number): Markup {
  const { plotting, of } = page;
  const { environment, rows, leaks } = results;
  const heading = typographic(headingOf(results));
  const first = firstScreen(plotting, results);
  const isAll = isMatrix(results);
  const kicker = markup`<p class="kicker">${of > 1 ? `Result ${index + 1} · ` : null}${kickerOf(results)} · ${environment.date.slice(0, 10)}</p>`;
  const picture = isAll && !leaks && rows.length > 0 ? allPairs(plotting, results, index) : null;
  // Made before the parts below, so that a term is explained where the page uses it first.
  const terms = of === 1 ? glossaryOf(page, termsOfPicture(results)) : null;
  // Charts of the first screen are not drawn again.
  const above = new Set((first.picture.charts ?? []).map(({ chart }) => chart.name));
  const isBelow = ({ chart }: Shown): boolean =>
    !above.has(chart.name) && !(chart.name === 'agreement' && isPlain(results));
  const body = markup`${leaks ? markup`${leakCharts(plotting, results).filter(isBelow).map(chartFigure)} ${fingerprintSection(leaks, variationsOf(results))}` : null}
    ${rows.length === 0 ? null : picture ? picture.rest : fits(page, results, isBelow)}
    ${samplesSection(results.samples ?? [], environment.command !== null)} ${provenance(results)}`;
  return markup`<section id="result-${index + 1}">
    <header${new Markup(of > 1 ? ' class="one-of"' : '')}>
      ${kicker} ${of === 1 ? markup`<h1>${heading}</h1>` : markup`<h2>${heading}</h2>`}
      <p class="question">${leaks ? 'What do a model’s outputs give away of its features?' : typographic(results.question)}</p>
    </header>
    ${failed(results)} ${firstScreenOf(first, of > 1)} ${picture?.first ?? null}
    ${terms}
    ${leaks ? verdictSection(results, leaks, environment.command !== null) : null} ${of === 1 ? notices(page, [results]) : asides(results)}
    ${
      of === 1
        ? markup`<h2 class="unseen">Figures and charts</h2>${body}`
        : markup`<details class="fold result">
            <summary>Figures, charts and how to make them again<span class="unseen">: ${heading}</span></summary>
            ${body}
          </details>`
    }
  </section>`;
}

/** Whether every fit gives every answer by theorem: a chart of these has dots at its right end and no intervals. */
const isPlain = ({ experiment, rows }: Results): boolean =>
  rows.every((row) => row.exact !== undefined && row.agreement === 1 && publishedFor(experiment, row) === null);

/** The terms that the sentences of a verdict use. */
function termsOfVerdict({ verdict }: NonNullable<Results['leaks']>): Term[] {
  const has = (...kinds: string[]): boolean => verdict.findings.some(({ kind }) => kinds.includes(kind));
  return [
    'features',
    ...(has('features-recovered', 'rows-give-features') ? (['scale'] as const) : []),
    ...(has('more-images-needed', 'rows-too-few') ? (['normalisation'] as const) : []),
  ];
}

/** The terms on a first screen. */
const termsOfPicture = ({ leaks, rows, experiment }: Results): Term[] =>
  leaks
    ? termsOfVerdict(leaks)
    : definitionOf(experiment)?.shownAs === 'matrix'
      ? ['features', 'agreement']
      : ['features', 'agreement', 'r2', ...(rows.some(({ sgd }) => sgd !== null) ? (['sgd'] as const) : [])];

/** The answer, one large number, one picture. */
function firstScreenOf({ answer, headline, picture }: FirstScreen, isOne: boolean): Markup {
  return markup`<div class="first${isOne ? ' of-several' : ''}">
      <p class="answer">${answer}</p>
      ${headline ? markup`<p class="headline"><b>${headline.figure}</b> <span>${headline.says}</span>${(headline.more ?? []).map((line) => markup` <small>${line}</small>`)}</p>` : null}
    </div>
    ${pictureOf(picture)}`;
}

const pictureOf = ({ charts = [], markup: drawn }: Picture): Markup | null =>
  charts.length === 0 && !drawn
    ? null
    : markup`<div class="pictures">
        ${charts.map(({ chart, caption, measuredOn, narrow }) => markup`<figure><figcaption><b>${chart.title}</b>${charts.length === 1 ? `. ${caption}${measuredOn ? ` ${measuredOn}` : ''}` : null}</figcaption>${narrow ? markup`<div class="wide">${chart.svg}</div><div class="narrow">${narrow.svg}</div>` : chart.svg}</figure>`)}
        ${drawn}
      </div>`;

/** Straight apostrophes inside or after words become typographic ones. */
const typographic = (text: string): string => text.replace(/(?<=\p{L})'/gu, '’');

const kickerOf = ({ leaks, experiment, kind }: Results): string =>
  leaks ? 'Audit' : kind === 'evaluation' ? 'Arrays' : `Experiment ${experiment}`;

const headingOf = ({ leaks, environment, experiment, kind, rows }: Results): string =>
  leaks
    ? `What the outputs of ${environment.models[0]?.name ?? leaks.log?.name ?? 'a model'} give away`
    : kind === 'evaluation' && rows.some(({ source, target }) => source !== target)
      ? 'Features that were read, beside the true ones'
      : (definitionOf(experiment)?.title ?? `Experiment ${experiment}`);

/** Links to several results, which stay in sight above them. */
const contents = (results: readonly Results[]): Markup => markup`<nav class="contents" aria-label="Results">
  <a href="#top">All</a>
  ${results.map((each, i) => markup`<a href="#result-${i + 1}">${areAudits(results) ? auditedNames(results)[i] : markup`${results.length > 3 || !isAlone(each, results) ? `${i + 1} · ` : null}${kickerOf(each)}`}</a>`)}
  <button type="button" hidden data-open="0">Open all</button>
</nav>`;

/** What stands above several results: their picture, their answers, and a comparison of the same fits. */
function overview(page: PageContext, results: readonly Results[]): Markup {
  const first = firstScreenOfAll(page.plotting, results);
  return markup`<p class="kicker">${results[0].environment.date.slice(0, 10)}</p>
    <h1 id="top">${areAudits(results) ? `What the outputs of ${list(auditedNames(results))} give away` : `What logits give back of the features: ${results.length} results`}</h1>
    ${first ? firstScreenOf(first, false) : null} ${apartSection(results)}
    <ol class="answers-of-all">
      ${results.map(
        (each, i) =>
          markup`<li>
            <a href="#result-${i + 1}">${kickerOf(each)}: ${typographic(headingOf(each))}</a>
            ${isAlone(each, results) ? null : markup`<small>fitted on ${list(fittedOn(each))}, ${each.environment.date.slice(0, 10)}</small>`}
            ${isAlone(each, results) || each.environment.command === null ? null : markup`<small><code>${each.environment.command}</code></small>`}
            <p>${answerOf(each)}</p>
          </li>`,
      )}
    </ol>
    ${glossaryOf(page, results.flatMap(termsOfPicture))}
    ${notices(page, results)} ${areAudits(results) ? null : comparison(results)}`;
}

/** By what outsiders tell two audited models apart; null where that was not asked. */
function apartSection(results: readonly Results[]): Markup | null {
  const found = toldApartOf(results);
  return (
    found &&
    markup`<h3>${toldApartTitle}</h3>
      ${table(toldApartColumns, [{ heading: null, rows: found }], { label: toldApartTitle })}`
  );
}

/** Explains terms where they are first used; null where all were explained above. */
function glossaryOf({ glossary }: PageContext, terms: readonly Term[]): Markup | null {
  const lines = glossary.firstUse(terms);
  return lines.length === 0
    ? null
    : markup`<ul class="glossary">${lines.map((line) => {
        const [term, ...rest] = line.split(': ');
        return markup`<li><b>${term}</b>: ${rest.join(': ')}</li>`;
      })}</ul>`;
}

/** Whether no other result has its heading: those that share one are told apart by their commands. */
const isAlone = (each: Results, results: readonly Results[]): boolean =>
  results.filter((other) => headingOf(other) === headingOf(each) && kickerOf(other) === kickerOf(each)).length === 1;

const fittedOn = ({ rows }: Results): string[] => [...new Set(rows.map(({ train }) => shortSpec(train)))].slice(0, 4);

/** A failed check stands above the answer that must not be trusted. */
function failed({ failures }: Results): Markup | null {
  if (failures.length === 0) return null;
  return markup`<div class="notices failed">
    <h2>Do not trust these figures</h2>
    <ul>
      ${failures.slice(0, mostNotices).map((failure) => markup`<li>${noticeInWords({ kind: 'failed-check', failure })}</li>`)}
    </ul>
  </div>`;
}

/** Most notices in one list. */
const mostNotices = 40;

/** The notices of results, each once, however many results it concerns. */
function notices({ told, of }: PageContext, results: readonly Results[]): Markup | null {
  const found = new Map<string, number[]>();
  results.forEach((each, i) => {
    for (const notice of noticesOf(each)) {
      const text = noticeInWords(notice);
      if (notice.kind === 'failed-check' || asidesOf(each).includes(text) || told.has(text)) continue;
      found.set(text, [...(found.get(text) ?? []), i + 1]);
    }
  });
  for (const text of found.keys()) told.add(text);
  if (found.size === 0) return null;
  const where = (at: readonly number[]): string =>
    of === 1 || at.length === of ? '' : ` (${at.length === 1 ? 'result' : 'results'} ${list(at.map(String))})`;
  return markup`<div class="notices">
    <h2>To know before you rely on ${of > 1 ? 'them' : 'it'}</h2>
    <ul>
      ${[...found].slice(0, mostNotices).map(([text, at]) => markup`<li>${text}${where(at)}</li>`)}
    </ul>
  </div>`;
}

/** Notices on what a result is: they stand with the result, and not among those on what the reader could change. */
const asidesOf = ({ rows }: Results): string[] => [
  ...new Set(rows.flatMap(({ warnings }) => warnings.filter(({ kind }) => kind === 'made-tower').map(warningInWords))),
];

const asides = (results: Results): Markup[] => asidesOf(results).map((text) => markup`<p class="note">${text}</p>`);

/** Headings of the columns that identify a fit. */
const naming: readonly string[] = ['shown', 'read', 'fit', 'read from'];

/** Most rows of the second table, with details. */
const mostDetails = 100;

/** Experiments 1 to 3 and 5: the table with the published figures, and its charts. */
function fits(page: PageContext, results: Results, isBelow: (shown: Shown) => boolean): Markup {
  const { experiment, rows } = results;
  const shown = rows.slice(0, mostShown);
  const published = [...new Set(shown.flatMap((row) => publishedFor(experiment, row) ?? []))];
  const columns = columnsFor(experiment, shown);
  const [main, details] = [columns.filter(({ detail }) => !detail), columns.filter(({ detail }) => detail)];
  const tableOf = (
    of: readonly Column<ResultRow>[],
    label: string,
    groups: readonly ResultRow[][],
    heading: (group: readonly ResultRow[]) => Content,
  ): Markup =>
    table(
      of,
      groups.map((group) => ({ heading: heading(group), rows: group })),
      { label, key: 'agreement' },
    );
  return markup`<div class="figures">
      <h3>Figures</h3>
      ${splitNote(results).map((text) => markup`<p class="note">${text}</p>`)}
      ${tableOf(main, 'Agreement by fit', groupRows(shown), groupHeading)} ${glossaryOf(page, termsOf(main, shown))}
      ${notesOf(shown, results)
        .filter((text) => !page.told.has(text) && page.told.add(text))
        .map((text) => markup`<p class="note">${text}.</p>`)}
      ${more(rows.length)} ${published.map((figure) => markup`<p class="note">${capital(publishedNote(figure))}.</p>`)}
    </div>
    ${
      details.length === 0
        ? null
        : markup`<details class="fold more">
            <summary>${capital(list(details.map(({ heading }) => heading)))}</summary>
            ${tableOf([...main.filter(({ heading }) => naming.includes(heading)), ...details], 'More figures by fit', groupRows(shown.slice(0, mostDetails)), (group) => `${pairName(group[0])}, ${shortSpec(group[0].test)}`)}
            ${glossaryOf(page, termsOf(details, []))}
          </details>`
    }
    ${fitCharts(page.plotting, results).filter(isBelow).map(chartFigure)}`;
}

/** Notes on what may surprise a reader of the table: empty rows, a rank below the width. */
const notesOf = (rows: readonly ResultRow[], { environment, experiment }: Results): string[] => [
  ...[...notKnownNotes(rows), ...intervalNotes(rows)].map(capital),
  ...groupRows(rows).flatMap((group) =>
    controlLines(group, environment.models).map(
      (line) => `${capital(line)} (${pairName(group[0])}, ${shortSpec(group[0].test)})`,
    ),
  ),
  ...(definitionOf(experiment)?.computesLogits ? [algebraNote(environment.models).slice(0, -1)] : []),
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
