import {
  definitionOf,
  publishedFor,
  type ResultRow,
  type Results,
  onlyKnown,
  pairedDifference,
  by,
  dataset,
  groupRows,
  pairName,
} from '../results/index.js';
import {
  findingInWords,
  imageCount,
  inWords,
  list,
  mostOpenInWords,
  share,
  shortSpec,
  type Finding,
} from '../words/index.js';
import { auditedNames } from './audits-beside.js';
import { inPoints } from './control.js';
import { pairsOf } from './heatmap.js';
import { isMatrix } from './shown.js';

/** The answer in one sentence, as far as the figures give one. */
export function answerOf(found: Results): string {
  const results = { ...found, rows: found.rows.map(onlyKnown) };
  const open = results.leaks && mostOpen(results);
  if (open) return open;
  const [finding] = results.leaks?.verdict.findings ?? [];
  if (finding) return findingInWords(finding, results.environment.command !== null);
  if (results.rows.length === 0) return 'This run has no rows: there is nothing to answer.';
  if (isMatrix(results)) return allPairs(results.rows);
  if (definitionOf(results.experiment)?.wantsZeroShot) return zeroShot(results.rows);
  if (results.kind === 'evaluation') return ofArrays(results);
  return onePairs(results);
}

/** What the most open interface of an audit gives away, whatever time a search had; null where that is not known. */
function mostOpen({ leaks, environment: { models } }: Results): string | null {
  const { interfaces = [], abilities = [] } = leaks!;
  return models.length === 0
    ? null
    : mostOpenInWords(models[0].name, interfaces, abilities.find(({ ability }) => ability === 'map')?.stolen);
}

/** The findings of an audit that its answer has not said. */
export function furtherFindings(results: Results): Finding[] {
  const findings = results.leaks?.verdict.findings ?? [];
  if (mostOpen(results) === null) return findings.slice(1);
  // What the answer says in other words.
  return findings.filter(({ kind }, i) => i > 0 || kind !== 'learnt');
}

/** Most pairs that have a sentence each: more share one. */
const mostSentences = 2;

/** Experiments 1 to 3: a sentence a pair of models, its test sets side by side. */
function onePairs({ experiment, rows }: Results): string {
  const pairs = by(groupRows(rows), ([{ source, target }]) => JSON.stringify([source, target]));
  const own = pairs.every(([[{ source, target }]]) => source === target);
  if (own && pairs.length > mostSentences) {
    const tests = by(rows, ({ test }) => test).map(onManyModels);
    return `Read back from their own logits, the features of ${pairs.length} models give the same answer on ${list(tests)}.`;
  }
  return pairs
    .map((groups) => {
      const { source, target, observe } = plainOf(groups[0]);
      const shown = observe === undefined ? 'logits' : `outputs, shown as ${inWords(observe)},`;
      const from = source === target ? `read back from its own ${shown}` : `read from the ${shown} of ${source}`;
      return `Features of ${target} ${from} give the same answer on ${list(groups.map((group) => onTest(group, experiment)))}.`;
    })
    .join(' ');
}

/** Arrays: files are no models, and features that were given were read by somebody else. */
const ofArrays = ({ experiment, rows }: Results): string =>
  groupRows(rows)
    .map((group) => {
      const { source, target } = plainOf(group);
      const from = source === target ? 'read back from its own logits' : `from ${source}`;
      return `The head of ${target} gives the same answer on features ${from} as on the true ones on ${onTest(group, experiment)}.`;
    })
    .join(' ');

/** The lowest and the highest agreement of a test set's models, for each kind of fit. */
function onManyModels(rows: readonly ResultRow[]): string {
  const range = (of: readonly ResultRow[]): string => {
    const values = of.flatMap(({ agreement }) => agreement ?? []);
    if (values.length === 0) return unknownShare;
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return least === most ? share(least) : `${share(least)} to ${share(most)}`;
  };
  const priors = rows.filter(({ prior }) => prior === 'head');
  const plain = rows.filter(({ prior, sgd, agreement }) => prior === null && sgd === null && agreement !== null);
  const sgd = rows.filter(({ sgd: settings, agreement }) => settings !== null && agreement !== null);
  const more = [
    priors.some(({ agreement }) => agreement !== 1) || range(priors) !== range(plain)
      ? `with the head as prior on ${range(priors)}`
      : null,
    sgd.length > 0 ? `by SGD on ${range(sgd)}` : null,
  ].filter((part) => part !== null);
  const on = `${range(plain)} of ${imageCount(rows[0].nTest, rows[0].variations)} of ${shortSpec(rows[0].test)}`;
  return more.length === 0 ? on : `${on} (${more.join(', ')})`;
}

function onTest(group: readonly ResultRow[], experiment: number): string {
  const plain = plainOf(group);
  const prior = plain.observe === undefined ? group.find((row) => row.prior === 'head') : undefined;
  const published = publishedFor(experiment, plain)?.agreement ?? null;
  const better =
    prior && prior.agreement !== null && prior.agreement !== plain.agreement
      ? `, with the head as prior on ${share(prior.agreement)}`
      : '';
  const beside = published === null ? '' : ` (published: ${share(published)})`;
  const agreement = plain.agreement === null ? unknownShare : share(plain.agreement);
  return `${agreement} of ${imageCount(plain.nTest, plain.variations)} of ${shortSpec(plain.test)}${better}${beside}`;
}

const unknownShare = 'a share that is not known';

/** The exact fit on all of the logits, where there is one. */
const plainOf = (group: readonly ResultRow[]): ResultRow => {
  const plain = group.filter(({ prior, sgd }) => prior === null && sgd === null);
  return plain.find(({ observe }) => observe === undefined) ?? plain[0] ?? group[0];
};

const known = (row: ResultRow | undefined): boolean => row !== undefined && row.agreement !== null;

/** Experiment 4: the pairs on each test set, which are named where there are several. */
function allPairs(rows: readonly ResultRow[]): string {
  const sets = by(rows, ({ test }) => test).map((of) => {
    const { names, pairs } = pairsOf(of);
    const across = pairs.filter(({ source, target }) => source !== target);
    const both = across.filter((pair) => known(pair.logits) && known(pair.features));
    return {
      on: shortSpec(of[0].test),
      names,
      own: pairs.flatMap(({ source, target, logits }) =>
        source === target && logits && logits.agreement !== null ? [{ source, agreement: logits.agreement }] : [],
      ),
      logits: across.flatMap((pair) => pair.logits?.agreement ?? []),
      features: across.flatMap((pair) => pair.features?.agreement ?? []),
      both: both.length,
      lost: both.filter((pair) => pair.features!.agreement! - pair.logits!.agreement! >= 0.01).length,
    };
  });
  const ranges = (key: 'logits' | 'features'): string =>
    list(
      sets
        .filter((set) => set[key].length > 0)
        .map((set) => `${range(set[key])}${sets.length > 1 ? ` on ${set.on}` : ''}`),
    );
  const self = fromThemselves(
    [...new Set(sets.flatMap(({ names }) => names))].length,
    sets.flatMap(({ own }) => own),
    sets.length,
  );
  if (sets.every(({ logits }) => logits.length === 0)) return `${self}.`;
  const from = `${self}; from another model’s logits ${ranges('logits')} of them come back.`;
  if (sets.every(({ features }) => features.length === 0)) return from;
  const [lost, both] = [sum(sets.map((set) => set.lost)), sum(sets.map((set) => set.both))];
  const pairs = sets.length > 1 ? 'pairs and test sets' : 'pairs';
  return `${from} From another’s features it is ${ranges('features')}: in ${lost} of ${both} ${pairs} the source’s head throws away a point of agreement or more.`;
}

/** What models give of their own answers, on all test sets together. */
function fromThemselves(models: number, own: readonly { source: string; agreement: number }[], tests: number): string {
  const on = tests > 1 ? ` on each of the ${tests} test sets` : '';
  if (own.length === 0)
    return `What ${models} models give of their answers, read from their own logits, is not known${on}`;
  const least = by(own, ({ source }) => source).map((of) => Math.min(...of.map(({ agreement }) => agreement)));
  const whole = least.filter((value) => value === 1).length;
  return whole === models
    ? `Read from its own logits, each of the ${models} models gives all of its answers${on}`
    : `Read from their own logits, ${whole} of ${least.length} models give all of their answers${on}, the others at least ${share(Math.min(...least))} of theirs`;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Experiment 5: the first test set from logits, beside its control from features. */
function zeroShot(rows: readonly ResultRow[]): string {
  const [logits, features] = (['logits', 'features'] as const).map((from) =>
    rows.find((row) => row.from === from && row.prior === null && row.test === rows[0].test),
  );
  const row = logits ?? rows[0];
  const right = row.accuracy
    ? `, and is right on ${share(row.accuracy.reconstructed)} where ${row.target} itself is on ${share(row.accuracy.original)}`
    : '';
  const paired = logits && features ? pairedDifference(features, logits) : null;
  const control = features
    ? `; read from its features instead, on ${share(features.agreement)}${paired ? ` (${inPoints(paired)} points)` : ''}`
    : '';
  return `Read from the logits of ${row.source}, ${row.target}’s zero-shot head gives the same answer on ${share(row.agreement)} of ${dataset(row.test, row.nTest)}${right}${control}.`;
}

const range = (values: readonly number[]): string =>
  `${share(Math.min(...values), 1)} to ${share(Math.max(...values), 1)} (median ${share(median(values), 1)})`;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** The title of a page, as a tab or a bookmark shows it. */
export const titleOf = (results: readonly Results[]): string =>
  results.length === 1 && results[0].leaks?.log
    ? `Audit: ${results[0].leaks.log.name}`
    : results.length === 1 && results[0].leaks
      ? `Audit: ${results[0].environment.models[0]?.name ?? ''}`
      : results.length === 1
        ? `${results[0].kind === 'evaluation' ? 'Arrays' : `Experiment ${results[0].experiment}`}: ${list([...new Set(results[0].rows.map(pairName))].slice(0, 3))}`
        : results.every(({ leaks }) => leaks)
          ? `Audits: ${list(auditedNames(results))}`
          : `${results.length} results compared`;
