import { definitionOf, publishedFor, type ResultRow, type Results } from '../results/index.js';
import { none, share } from '../words/index.js';
import { renderTable } from './table.js';

/** A fit as it was published, beside the exact one and the published recipe's here. */
interface Line {
  experiment: number;
  exact: ResultRow;
  sgd: ResultRow | undefined;
}

const total = (value: number | null | undefined): string => (value == null ? none : value.toPrecision(3));

/**
 * The published figures beside those of the results: a line for each pair from logits, SGD beside the exact fit; of
 * experiment 4 the diagonal.
 */
export function renderPublished(all: readonly Results[]): string {
  const lines = all.flatMap(({ experiment, rows }): Line[] =>
    rows
      .filter(
        (row) =>
          row.from === 'logits' &&
          row.sgd === null &&
          row.prior === null &&
          (experiment !== 4 || row.source === row.target),
      )
      .map((exact) => ({
        experiment,
        exact,
        sgd: rows.find(
          (row) =>
            row.sgd !== null && row.source === exact.source && row.target === exact.target && row.test === exact.test,
        ),
      })),
  );
  const published = ({ experiment, exact }: Line) => publishedFor(experiment, exact);
  const table = renderTable<Line>(
    [
      { heading: '#', cell: ({ experiment }) => String(experiment) },
      { heading: 'logits → features', cell: ({ exact }) => `${exact.source} → ${exact.target}` },
      { heading: 'fitted on', cell: ({ exact }) => exact.train },
      { heading: 'tested on', cell: ({ exact }) => exact.test },
      { heading: 'published', align: 'right', cell: (line) => share(published(line)?.agreement ?? null) },
      {
        heading: 'SGD here',
        align: 'right',
        cell: ({ sgd }) => (sgd?.agreement === null ? 'diverged' : share(sgd?.agreement ?? null)),
      },
      { heading: 'exact', align: 'right', cell: ({ exact }) => share(exact.agreement) },
      { heading: '"MSE total" published', align: 'right', cell: (line) => total(published(line)?.mseTotal) },
      { heading: 'SGD here', align: 'right', cell: ({ sgd }) => total(sgd?.mseTotal256) },
      { heading: 'exact', align: 'right', cell: ({ exact }) => total(exact.mseTotal256) },
    ],
    lines,
  );
  const words = all
    .filter(({ experiment }) => experiment === 4)
    .map(() => `Experiment 4 was published in words: ${definitionOf(4)!.publishedWords}.`);
  return [table, ...words.slice(0, 1)].join('\n\n');
}
