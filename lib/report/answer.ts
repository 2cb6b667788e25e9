import { definitions, publishedFor, shortSpec, type ResultRow, type Results } from '../experiments/index.js';
import { count, share } from './figures.js';
import { pairsOf } from './heatmap.js';
import { by, dataset, groupRows, list, pairName } from './words.js';

/** The answer in one sentence, as far as the figures give one. */
export function answerOf(results: Results): string {
  const pairs = definitions.find(({ id }) => id === results.experiment)?.pairs;
  if (results.leaks?.verdict.sentences[0]) return results.leaks.verdict.sentences[0];
  if (results.rows.length === 0) return 'This run has no rows: there is nothing to answer.';
  if (pairs === 'all') return allPairs(results.rows);
  if (pairs === 'zero-shot') return zeroShot(results.rows);
  return onePairs(results);
}

/** More pairs than this are one sentence together. */
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
      const [{ source, target }] = groups[0];
      const from = source === target ? 'read back from its own logits' : `read from the logits of ${source}`;
      return `Features of ${target} ${from} give the same answer on ${list(groups.map((group) => onTest(group, experiment)))}.`;
    })
    .join(' ');
}

/** The least and the most of a test set's models, for each kind of fit. */
function onManyModels(rows: readonly ResultRow[]): string {
  const range = (of: readonly ResultRow[]): string => {
    const values = of.flatMap(({ agreement }) => agreement ?? []);
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
  const on = `${range(plain)} of ${count(rows[0].nTest)} images of ${shortSpec(rows[0].test)}`;
  return more.length === 0 ? on : `${on} (${more.join(', ')})`;
}

function onTest(group: readonly ResultRow[], experiment: number): string {
  const plain = group.find(({ prior, sgd }) => prior === null && sgd === null) ?? group[0];
  const prior = group.find((row) => row.prior === 'head');
  const published = publishedFor(experiment, plain)?.agreement ?? null;
  const better =
    prior && prior.agreement !== null && prior.agreement !== plain.agreement
      ? `, with the head as prior on ${share(prior.agreement)}`
      : '';
  const beside = published === null ? '' : ` (published: ${share(published)})`;
  return `${share(plain.agreement)} of ${count(plain.nTest)} images of ${shortSpec(plain.test)}${better}${beside}`;
}

function allPairs(rows: readonly ResultRow[]): string {
  const { names, pairs } = pairsOf(rows.filter(({ test }) => test === rows[0].test));
  const own = pairs.flatMap(({ source, target, logits }) =>
    source === target && logits ? [logits.agreement ?? 0] : [],
  );
  const across = pairs.filter(({ source, target }) => source !== target);
  const logits = across.flatMap((pair) => pair.logits?.agreement ?? []);
  const features = across.flatMap((pair) => pair.features?.agreement ?? []);
  const lost = across.filter((pair) => (pair.features?.agreement ?? 0) - (pair.logits?.agreement ?? 0) >= 0.01).length;
  const whole = own.filter((value) => value === 1).length;
  const self =
    whole === names.length
      ? `Read from its own logits, each of the ${names.length} models gives all of its answers`
      : `Read from their own logits, ${whole} of ${names.length} models give all of their answers, the others at least ${share(Math.min(...own))} of theirs`;
  if (logits.length === 0) return `${self}.`;
  return (
    `${self}; from another model’s logits ${share(Math.min(...logits), 1)} to ${share(Math.max(...logits), 1)} of them (median ${share(median(logits), 1)}) come back, ` +
    `from another’s features ${share(Math.min(...features), 1)} to ${share(Math.max(...features), 1)} (median ${share(median(features), 1)}): ` +
    `in ${lost} of ${across.length} pairs the source’s head throws away a point of agreement or more.`
  );
}

function zeroShot(rows: readonly ResultRow[]): string {
  const [logits, features] = (['logits', 'features'] as const).map((from) =>
    rows.find((row) => row.from === from && row.prior === null && row.test === rows[0].test),
  );
  const row = logits ?? rows[0];
  const right = row.accuracy
    ? `, and is right on ${share(row.accuracy.reconstructed)} where ${row.target} itself is on ${share(row.accuracy.original)}`
    : '';
  const control = features ? `; read from its features instead, on ${share(features.agreement)}` : '';
  return `Read from the logits of ${row.source}, ${row.target}’s zero-shot head gives the same answer on ${share(row.agreement)} of ${dataset(row.test, row.nTest)}${right}${control}.`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** What a tab or a bookmark is called. */
export const titleOf = (results: readonly Results[]): string =>
  results.length === 1
    ? `Experiment ${results[0].experiment}: ${list([...new Set(results[0].rows.map(pairName))].slice(0, 3))}`
    : `${results.length} results compared`;
