import type { ResultRow } from '../results/index.js';
import { classesNamed, rSquared, share, upToOne } from '../words/index.js';
import { renderTable } from './table.js';

/** Experiment 4 as matrices: sources down, targets across, from logits and from features. */
export function renderMatrices(rows: readonly ResultRow[]): string {
  // The head as prior is a second answer for the diagonal alone; the matrices show what the data teach.
  const cells = rows.filter(({ prior }) => prior === null);
  const names = [...new Set(cells.map(({ source }) => source))];
  const blocks: string[] = [];
  for (const from of ['logits', 'features'] as const) {
    const of = (source: string, target: string): ResultRow | undefined =>
      cells.find((row) => row.from === from && row.source === source && row.target === target);
    blocks.push(
      `agreement, read from the source's ${from}`,
      matrix(names, (source, target) => share(of(source, target)?.agreement ?? null)),
      `R² of the target's features, read from the source's ${from}`,
      matrix(names, (source, target) => rSquared(of(source, target)?.r2 ?? null)),
    );
  }
  const any = (source: string, target: string): ResultRow | undefined =>
    cells.find((row) => row.source === source && row.target === target);
  blocks.push(
    'for comparison: agreement of the models’ own answers, where their classes are as many',
    matrix(names, (source, target) => share(any(source, target)?.rawAgreement ?? null)),
    'for comparison: linear CKA of the features',
    matrix(names, (source, target) => upToOne(any(source, target)?.cka ?? null, 3)),
  );
  const targets = names.map((name, i) => {
    const row = any(name, name);
    return `${i + 1} ${name}: ${classesNamed(row?.distinctClasses ?? null)}, the most frequent ${share(row?.majorityShare ?? null, 1)}`;
  });
  return [...blocks, targets.join('\n')].join('\n\n');
}

function matrix(names: readonly string[], cell: (source: string, target: string) => string): string {
  const lines = names.map((name, i) => ({ name, label: `${i + 1} ${name}` }));
  return renderTable(
    [
      { heading: 'source \\ target', cell: ({ label }) => label },
      ...names.map((target, j) => ({
        heading: String(j + 1),
        align: 'right' as const,
        cell: ({ name }: { name: string }) => cell(name, target),
      })),
    ],
    lines,
  );
}
