import { dirname, extname, join } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { nearest, UsageError, visible, wrap } from '../base/index.js';
import type { Chart } from '../report/index.js';
import type { FoundResults, Results } from '../results/index.js';
import { createContext } from './context.js';
import { terminalWidth } from './terminal.js';

const formats = ['html', 'svg', 'png', 'pdf', 'md', 'csv', 'latex'] as const;
type Format = (typeof formats)[number];
type PictureFormat = 'svg' | 'png' | 'pdf';

interface Flags {
  format?: Format;
  chart?: string[];
  width?: number;
  name?: Record<string, string>;
  out?: string;
}

/** Default file names by format. */
const files: Record<Exclude<Format, PictureFormat>, string> = {
  html: 'report.html',
  md: 'report.md',
  csv: 'results.csv',
  latex: 'table.tex',
};

export function register(program: Command): void {
  program
    .command('report')
    .description('draw finished results as a page that opens without a network, or as charts and tables for a paper')
    .argument(
      '<results...>',
      'folders that `run` wrote (that of `run all` stands for all of its experiments), or results.json files; several are compared',
    )
    .addOption(
      new Option(
        '--format <name>',
        'html: a page; svg, png, pdf: every chart as a file; md, latex: tables; csv: all figures (default: html, with --chart svg)',
      ).choices(formats),
    )
    .option(
      '--chart <name...>',
      'draw only these charts, with a caption for each: overview, agreement, margin, … of experiments 1 to 3 and 5; heatmap, control, margin, … of experiment 4; leaks of a sweep; leaks and certificates of an audit, comparison and told-apart of two audits',
    )
    .addOption(
      new Option('--width <size>', 'width of the charts in a paper, as in 85mm, 3.3in or 240pt').argParser(pixels),
    )
    .addOption(
      new Option(
        '--name <file=label>',
        'name of a model in the report, as in resnet18.onnx=ResNet-18; repeatable',
      ).argParser(label),
    )
    .option(
      '--out <path>',
      'file to write, or the folder for several charts (default: report.html, results.csv, …, figures beside the first results.json)',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ featreconstruct report out
  $ featreconstruct report out-1 out-3 --out comparison.html
  $ featreconstruct report out --chart overview --width 85mm --format pdf --name resnet18.onnx=ResNet-18
  $ featreconstruct report out-4 --chart heatmap --width 85mm --format pdf
  $ featreconstruct report audit --chart leaks --format png
  $ featreconstruct report out --format latex`,
    )
    .action(async (paths: string[], { format: asked, chart, width, name, out }: Flags) => {
      const context = createContext({});
      const format = asked ?? (chart || width !== undefined ? 'svg' : 'html');
      if (!isPicture(format) && (chart || width !== undefined)) {
        throw new UsageError(
          `Expected --format svg, png or pdf with --${chart ? 'chart' : 'width'}, found ${format}: leave one of them out.`,
        );
      }
      const { findResults, readResults } = await import('../results/index.js');
      const { withNames } = await import('../report/index.js');
      const { found, skipped } = await findResults(paths);
      const read = await Promise.all(found.map(({ file }) => readResults(file)));
      const results = name ? withNames(read, name) : read;
      const [first] = found;
      const beside = first.part === undefined ? dirname(first.file) : first.folder;
      if (skipped.length > 0) context.heading(`Not a result, and left out: ${skipped.map(visible).join(', ')}.`);
      const written = isPicture(format)
        ? await pictures(results, {
            ...{ format, chart, width, out: out ?? join(beside, 'figures') },
            folders: foldersOf(found),
            say: (line) => context.heading(line),
          })
        : [
            {
              path: out ?? join(beside, files[format]),
              data: await text(
                results,
                format,
                found.map(({ file }) => dirname(file)),
              ),
            },
          ];
      const { makeFolder, writeWhole } = await import('../bytes/index.js');
      for (const { path, data } of written) {
        await makeFolder(dirname(path));
        await writeWhole(path, [Buffer.from(data)]);
      }
      context.print(
        written.flatMap(({ path, caption }) => [
          path,
          ...(chart && caption ? wrap(caption, terminalWidth() - 4).map((line) => `    ${line}`) : []),
        ]),
        null,
      );
    });
}

const isPicture = (format: Format): format is PictureFormat => ['svg', 'png', 'pdf'].includes(format);

/** `85mm` → 321 pixels, 96 an inch. */
function pixels(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(mm|cm|in|pt|px)$/.exec(text.trim()) ?? [];
  const scale = { mm: 96 / 25.4, cm: 960 / 25.4, in: 96, pt: 96 / 72, px: 1 }[unit];
  const width = scale === undefined ? NaN : Number(number) * scale;
  if (!(width >= 150 && width <= 4000)) {
    throw new InvalidArgumentError('Expected a width with its unit from 40mm to 1000mm, as in 85mm, 3.3in or 240pt.');
  }
  return Math.round(width);
}

/** `resnet18.onnx=ResNet-18`, added to those read before. */
function label(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.lastIndexOf('=');
  if (at < 1 || text.slice(at + 1).trim() === '') throw new InvalidArgumentError('Expected FILE=LABEL.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1).trim() };
}

/** @param names the folders of the results, by which a table of several tells them apart */
async function text(
  results: readonly Results[],
  format: Exclude<Format, PictureFormat>,
  names: readonly string[],
): Promise<string> {
  const { renderCsv, renderLatex, renderMarkdownOfAll, renderReport } = await import('../report/index.js');
  switch (format) {
    case 'csv':
      return renderCsv(results, names);
    case 'md':
      return renderMarkdownOfAll(results);
    case 'latex':
      return results.map(renderLatex).join('\n');
    case 'html':
      return renderReport(results);
  }
}

interface WrittenFile {
  path: string;
  data: string | Uint8Array;
  caption?: string;
}

interface PictureOptions {
  format: PictureFormat;
  chart?: string[];
  width?: number;
  out: string;
  /** The folder of each result below `out`. */
  folders: readonly string[];
  /** Tells people what is not drawn. */
  say: (line: string) => void;
}

/** The folders of several results' charts: named as those of the one run that they are parts of, else numbered. */
function foldersOf(found: readonly FoundResults[]): string[] {
  if (found.length === 1) return [''];
  const isOneRun = found.every(({ part, folder }) => part !== undefined && folder === found[0].folder);
  return found.map(({ part }, i) => (isOneRun ? part! : String(i + 1)));
}

/**
 * Charts as files with their captions, in a folder for each of several results. `out` may be a file for a single chart.
 */
async function pictures(
  results: readonly Results[],
  { format, chart, width, out, folders, say }: PictureOptions,
): Promise<WrittenFile[]> {
  const { chartsOf, chartsOfAll, renderPdf, renderPng, standalone } = await import('../report/index.js');
  const found = await Promise.all(results.map((each) => chartsOf(each, { width })));
  const together = results.length > 1 ? await chartsOfAll(results, { width }) : [];
  if ([together, ...found].every((charts) => charts.length === 0)) throw noCharts(results);
  const wanted = found.map((charts) => chosen(charts, chart));
  const ofAll = chosen(together, chart);
  if (chart) checkFound(chart, [together, ...found]);
  for (const [i, charts] of found.entries()) {
    const without = (chart ?? []).filter(
      (name) => named(charts, name).length === 0 && named(together, name).length === 0,
    );
    if (without.length === 0) continue;
    const whose = `${results[i].leaks ? 'the audit' : `experiment ${results[i].experiment}`}${folders[i] === '' ? '' : ` (result ${folders[i]})`}`;
    say(
      `No ${without.join(', ')} of ${whose}, which has ${charts.length === 0 ? 'no charts' : familiesOf(charts).join(', ')}.`,
    );
  }
  const drawn = async (each: Chart): Promise<string | Uint8Array> => {
    if (format === 'svg') return standalone(each, width === undefined ? 'px' : 'mm');
    if (format === 'pdf') return renderPdf(each);
    return renderPng(each, width === undefined ? 2 : dense);
  };
  const all: WrittenFile[] = [];
  const one = [...ofAll, ...wanted.flat()].length === 1 && extname(out).toLowerCase() === `.${format}`;
  for (const [i, charts] of [ofAll, ...wanted].entries()) {
    // What is of all results together lies above the folders of each.
    const folder = i === 0 ? out : join(out, folders[i - 1]);
    for (const each of charts) {
      const path = one ? out : join(folder, `${each.name}.${format}`);
      all.push({ path, data: await drawn(each), caption: each.caption });
    }
    if (!one && charts.length > 0) {
      const captions = charts.map(({ name, caption }) => `${name}\n${caption ?? ''}\n`).join('\n');
      all.push({ path: join(folder, 'captions.txt'), data: captions });
    }
  }
  return all;
}

/** Pixels of a PNG for each CSS pixel: 600 an inch. */
const dense = 600 / 96;

/** Charts by name, or the first whose name begins so: `heatmap` is `heatmap-agreement`, of each test set. */
const chosen = (charts: readonly Chart[], names: readonly string[] | undefined): Chart[] =>
  names === undefined ? [...charts] : [...new Set(names.flatMap((name) => named(charts, name)))];

function named(charts: readonly Chart[], name: string): Chart[] {
  const exact = charts.filter((each) => each.name === name);
  if (exact.length > 0) return exact;
  const families = familiesOf(charts);
  const family = families.find((each) => each === name) ?? families.find((each) => each.startsWith(`${name}-`));
  return charts.filter((each) => family !== undefined && familyOf(each) === family);
}

const familyOf = ({ name, family = name }: Chart): string => family;
const familiesOf = (charts: readonly Chart[]): string[] => [...new Set(charts.map(familyOf))];

/** The error for results without any chart, with the reason where it is known. */
function noCharts(results: readonly Results[]): UsageError {
  const why = results.every(({ leaks }) => leaks?.log)
    ? 'an audit of a log has a chart only where features came back from the outputs alone, since how much of the features its outputs give away takes the model. `report` without --chart and --format makes the page, which says what was found'
    : 'they hold no rows to draw. `report` without --chart and --format makes the page, which says why';
  return new UsageError(`Expected results that have charts, found none in these: ${why}.`);
}

function checkFound(names: readonly string[], found: readonly (readonly Chart[])[]): void {
  const known = [...new Set(found.flatMap(familiesOf))];
  const missing = names.find((name) => found.every((charts) => named(charts, name).length === 0));
  if (missing === undefined) return;
  const guess = nearest(missing, known);
  throw new UsageError(
    `Expected a chart of these results for --chart (${known.join(', ')}), found '${missing}'.${guess ? ` Did you mean ${guess}?` : ''}`,
  );
}
