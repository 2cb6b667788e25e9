import type { ResultRow } from '../results/index.js';
import { classesNamed, rSquared, share, upToOne } from '../words/index.js';
import { renderTable } from './table.js';

/**
 * Experiment 4 as matrices: sources down, targets across.
 * @param options `wide`: R², the control from features, and what to compare with, too; else agreement from logits alone
 */
export function renderMatrices(
  rows: readonly ResultRow[],
  { width = Infinity, wide = true }: { width?: number; wide?: boolean } = {},
): string {
  // Only the diagonal has fits with the head as prior; the matrices show those without.
  const cells = rows.filter(({ prior }) => prior === null);
  const names = [...new Set(cells.map(({ source }) => source))];
  const blocks: string[] = [];
  const matrix = (cell: (source: string, target: string) => string): string => matrixOf(names, cell, width);
  for (const from of ['logits', 'features'] as const) {
    const of = (source: string, target: string): ResultRow | undefined =>
      cells.find((row) => row.from === from && row.source === source && row.target === target);
    blocks.push(
      `agreement, read from the source's ${from}`,
      matrix((source, target) => share(of(source, target)?.agreement ?? null, wide ? 2 : 1)),
      ...(wide
        ? [
            `R² of the target's features, read from the source's ${from}`,
            matrix((source, target) => rSquared(of(source, target)?.r2 ?? null)),
          ]
        : []),
    );
  }
  const any = (source: string, target: string): ResultRow | undefined =>
    cells.find((row) => row.source === source && row.target === target);
  if (!wide) return blocks.join('\n\n');
  blocks.push(
    'for comparison: agreement of the models’ own answers, where their classes are as many',
    matrix((source, target) => share(any(source, target)?.rawAgreement ?? null)),
    'for comparison: linear CKA of the features',
    matrix((source, target) => upToOne(any(source, target)?.cka ?? null, 3)),
  );
  const targets = names.map((name, i) => {
    const row = any(name, name);
    return `${i + 1} ${name}: ${classesNamed(row?.distinctClasses ?? null)}, the most frequent ${share(row?.majorityShare ?? null, 1)}`;
  });
  return [...blocks, targets.join('\n')].join('\n\n');
}

/** A matrix as a table, and as several below each other where the width has no room for all targets. */
function matrixOf(names: readonly string[], cell: (source: string, target: string) => string, width: number): string {
  const lines = names.map((name, i) => ({ name, label: `${i + 1} ${name}` }));
  const first = { heading: 'source \\ target', cell: ({ label }: { label: string }) => label };
  const columns = names.map((target, j) => ({
    heading: String(j + 1),
    align: 'right' as const,
    cell: ({ name }: { name: string }) => cell(name, target),
  }));
  const left = Math.max(first.heading.length, ...lines.map(({ label }) => label.length));
  const widest = Math.max(...columns.map((column) => Math.max(...lines.map((line) => column.cell(line).length))));
  const across = Math.max(1, Math.min(names.length, Math.floor((width - left) / (widest + 2))));
  const parts = Array.from({ length: Math.ceil(names.length / across) }, (_, i) =>
    columns.slice(i * across, (i + 1) * across),
  );
  return parts.map((part) => renderTable([first, ...part], lines)).join('\n\n');
}
