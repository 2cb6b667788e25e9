import type { Results } from '../results/index.js';
import { published, readOff } from '../words/index.js';
import { table } from './html-table.js';
import { markup, type Markup } from './html.js';

/** Whether results are audits whose interfaces can stand beside each other. */
export const areAudits = (results: readonly Results[]): boolean =>
  results.length > 1 && results.every(({ leaks }) => (leaks?.interfaces ?? []).length > 0);

/** What each of several audits read off each interface, the most open first. */
export function auditsBeside(results: readonly Results[]): Markup {
  const of = (result: Results, spec: string) => result.leaks!.interfaces!.find(({ observe }) => observe === spec);
  const most = (spec: string): number => Math.max(...results.map((result) => of(result, spec)?.read?.r2 ?? -1));
  const specs = [...new Set(results.flatMap(({ leaks }) => leaks!.interfaces!.map(({ observe }) => observe)))].sort(
    (a, b) => most(b) - most(a),
  );
  const names = results.map(({ environment }) => environment.models[0]?.name ?? 'a model');
  const isTwice = new Set(names).size < names.length;
  return markup`<p class="note">Features read off, by what is published: lower bounds with their 95 % intervals, where not exact.</p>
    ${table<string>(
      [
        { heading: 'what you publish', cell: published },
        ...results.map((result, i) => ({
          heading: isTwice ? `${names[i]}, result ${i + 1}` : names[i],
          cell: (spec: string) => {
            const found = of(result, spec);
            return found ? readOff(found.read) : '';
          },
        })),
      ],
      [{ heading: null, rows: specs }],
      { label: 'Audits side by side' },
    )}`;
}
