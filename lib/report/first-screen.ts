import { by, definitionOf, groupRows, onlyKnown, type ResultRow, type Results } from '../results/index.js';
import { imageCount, inWords, list, share, shortSpec } from '../words/index.js';
import { answerOf } from './answer.js';
import { auditScreen } from './audit-screen.js';
import { areAudits, auditedNames, besideCaption, besideInWords, besidePicture } from './audits-beside.js';
import type { Plotting } from './chart.js';
import { pairsOf } from './heatmap.js';
import { overviews } from './charts.js';
import { splitsOfAll } from './leak-charts.js';
import { leakCaption, leakChart } from './leak-curve.js';
import { figureOf, sectionOf, sections, type ExperimentOf } from './overview-chart.js';
import type { Headline, Picture } from './headline.js';
import { isMatrix, mostShown, withNarrow } from './shown.js';

/** Width in pixels of a picture on a phone. */
const phone = 350;

/** Whether an experiment's rows are of pairs of single models, which one picture holds side by side. */
const fitsPairs = (experiment: number): boolean => Array.isArray(definitionOf(experiment)?.pairs);

/** What a report begins with: the answer, one number, one picture. */
export interface FirstScreen {
  answer: string;
  headline: Headline | null;
  picture: Picture;
}

/** The first screen of one result. */
export function firstScreen(plotting: Plotting, results: Results): FirstScreen {
  const answer = answerOf(results);
  if (results.leaks) return { answer, ...auditScreen(plotting, results) };
  const rows = results.rows.slice(0, mostShown);
  if (isMatrix(results)) return { answer, headline: ofAllPairs(rows.length === 0 ? [] : results.rows), picture: {} };
  const curve = leakChart(plotting, rows);
  const charts = curve
    ? [{ chart: curve, caption: leakCaption }]
    : withNarrow((width) => overviews(plotting, results.experiment, rows, width));
  return { answer, headline: curve ? ofSweep(rows) : ofFits(rows, results.kind === 'evaluation'), picture: { charts } };
}

/** The lowest agreement of the exact fits on all of the logits: of those across models, where there are any. */
function ofFits(found: readonly ResultRow[], areArrays = false): Headline | null {
  const plain = found
    .map(onlyKnown)
    .filter(
      ({ prior, sgd, from, observe }) => prior === null && sgd === null && from === 'logits' && observe === undefined,
    );
  const across = plain.filter(({ source, target }) => source !== target);
  const asked = (across.length > 0 ? across : plain).filter(({ agreement }) => agreement !== null);
  if (asked.length === 0) return null;
  const least = asked.reduce((a, b) => (b.agreement! < a.agreement! ? b : a));
  const several = groupRows(asked).length > 1;
  const all = several && asked.every(({ agreement }) => agreement === least.agreement);
  const tests = list([...new Set(asked.map(({ test }) => shortSpec(test)))].slice(0, 3));
  const whose =
    across.length > 0
      ? `get ${least.target}’s own answer, read from ${areArrays ? '' : 'the logits of '}${least.source}`
      : 'keep their answer';
  const images = several ? `images of ${tests}` : `${imageCount(least.nTest, least.variations)} of ${tests}`;
  const models = by(asked, ({ source, target }) => JSON.stringify([source, target])).length;
  const range = !several
    ? ''
    : all
      ? ` (each of ${models === 1 ? `${asked.length} test sets` : `${models} models`})`
      : ' (the lowest of them all)';
  return { figure: figureOf(least.agreement!, 'agreement'), says: `of the ${images} ${whose}${range}` };
}

/** The R² of the interface that gives away least. */
function ofSweep(found: readonly ResultRow[]): Headline | null {
  const shown = found.map(onlyKnown).filter(({ observe, r2 }) => observe !== undefined && r2 !== null);
  if (shown.length === 0) return null;
  const least = shown.reduce((a, b) => (b.r2! < a.r2! ? b : a));
  return {
    figure: figureOf(least.r2!, 'r2'),
    says: `of the features’ variance is still read off where the outputs are shown as ${inWords(least.observe!)}`,
  };
}

/** The median agreement of all pairs of two models, on the first test set. */
function ofAllPairs(rows: readonly ResultRow[]): Headline | null {
  if (rows.length === 0) return null;
  const { pairs } = pairsOf(rows.filter(({ test }) => test === rows[0].test).map(onlyKnown));
  const across = pairs
    .filter(({ source, target }) => source !== target)
    .flatMap(({ logits }) => logits?.agreement ?? [])
    .sort((a, b) => a - b);
  if (across.length === 0) return null;
  const half = across.length >> 1;
  const median = across.length % 2 === 1 ? across[half] : (across[half - 1] + across[half]) / 2;
  const images = rows.some(({ test }) => test !== rows[0].test)
    ? `images of ${shortSpec(rows[0].test)}`
    : 'test images';
  return {
    figure: figureOf(median, 'agreement'),
    says: `of the ${images} get the target’s own answer, read from another model’s logits (median of ${across.length} pairs, ${share(across[0], 1)} to ${share(across[across.length - 1], 1)})`,
  };
}

/**
 * What a page of several results begins with: experiments 1 to 3 in one picture; else the first result that has a picture.
 * Where two results of one experiment have the same fit, its names have the numbers of the results.
 */
export function firstScreenOfAll(plotting: Plotting, results: readonly Results[]): FirstScreen | null {
  if (areAudits(results)) {
    const names = auditedNames(results);
    const chart = besidePicture(plotting, results, names);
    const narrow = besidePicture(plotting, results, names, phone);
    return {
      answer: besideInWords(results, names).join(' '),
      headline: null,
      picture: { charts: [{ ...{ narrow }, chart, caption: besideCaption, ...splitsOfAll(results) }] },
    };
  }
  const fits = results.filter(
    (each) => !each.leaks && fitsPairs(each.experiment) && each.rows.every(({ observe }) => observe === undefined),
  );
  const groups = fits.flatMap((result) =>
    groupRows(result.rows).map((rows) => ({ result, rows, key: keyOf(rows[0]) })),
  );
  const isTwice = groups.some((one) =>
    groups.some((other) => one !== other && one.key === other.key && one.result.experiment === other.result.experiment),
  );
  const rows = isTwice
    ? groups.flatMap((group) => group.rows.map((row) => numbered(row, results.indexOf(group.result) + 1)))
    : // Experiment 2 has the fit of a model on its own logits as well.
      by(groups, ({ key }) => key).flatMap(([first]) => first.rows);
  // Only what was asked as experiment 3 is of another kind: folders do not say what images they hold.
  const asked = new Map<string, number>();
  for (const { result, key, rows: of } of groups) {
    const shown = isTwice ? keyOf(numbered(of[0], results.indexOf(result) + 1)) : key;
    if (!asked.has(shown)) asked.set(shown, result.experiment);
  }
  const experiment = (row: ResultRow): number => asked.get(keyOf(row)) ?? 1;
  const charts = fits.length === 0 ? [] : withNarrow((width) => overviews(plotting, experiment, rows, width));
  if (charts.length > 0) {
    // The sentence is of all pairs of models, and so of those that experiment 4 alone has.
    const matrices = results.filter((each) => !each.leaks && isMatrix(each));
    const across = matrices.flatMap((each) => each.rows.filter(({ source, target }) => source !== target));
    return {
      answer: answerOfAll(experiment, [...rows, ...across]),
      headline: ofFits(fits[0].rows),
      picture: { charts },
    };
  }
  const screens = results.map((each) => firstScreen(plotting, each));
  return screens.find(({ picture }) => (picture.charts ?? []).length > 0 || picture.markup !== undefined) ?? null;
}

const keyOf = ({ source, target, train, test }: ResultRow): string => JSON.stringify([source, target, train, test]);

const numbered = (row: ResultRow, result: number): ResultRow => ({
  ...row,
  source: `${row.source}, result ${result}`,
  target: `${row.target}, result ${result}`,
});

/** One sentence on a model's own logits, another model's, and images of another kind. */
function answerOfAll(experiment: ExperimentOf, rows: readonly ResultRow[]): string {
  const plain = rows
    .map(onlyKnown)
    .filter(
      ({ prior, sgd, from, agreement }) => prior === null && sgd === null && from === 'logits' && agreement !== null,
    );
  const inOrder = [sections.own, sections.other, sections.shifted].map((section) =>
    plain.filter((row) => sectionOf(experiment, row) === section),
  );
  const parts = inOrder.flatMap((group) => {
    if (group.length === 0) return [];
    const values = group.map(({ agreement }) => agreement!);
    const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => figureOf(value, 'agreement'));
    const on = `on ${least === most ? least : `${least} to ${most}`} of the images`;
    const section = sectionOf(experiment, group[0]);
    if (section === sections.own)
      return `read back from the model’s own logits, its features give its own answer ${on}`;
    return section === sections.other
      ? `read from another model’s logits, ${on}`
      : `on images of another kind than those fitted on, ${on}`;
  });
  const text = parts.join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
