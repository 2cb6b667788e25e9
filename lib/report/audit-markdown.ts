import type { Leaks, Results } from '../results/index.js';
import {
  abilityName,
  adviceInWords,
  changedNumbersInWords,
  findingsInWords,
  howSure,
  kept,
  none,
  published,
  publishedList,
  readOff,
  share,
  takes,
} from '../words/index.js';
import { furtherFindings } from './answer.js';

/** A table of texts: its headings, then its rows. */
export interface TextTable {
  headings: string[];
  rows: string[][];
}

/** What an audit says beyond its answer, as texts and tables: what is given away, who can do what with it, what to do. */
export function auditTables(results: Results): (string | TextTable)[] {
  const { leaks, environment } = results;
  if (!leaks?.interfaces) return [];
  const flags = environment.command !== null;
  const { abilities = [], advice = [], interfaces } = leaks;
  return [
    interfaceTable(interfaces),
    {
      headings: ['what others can do', 'what they need', 'with what you publish', 'how sure'],
      rows: abilities.map((line) => [
        abilityName(line),
        takes(line),
        publishedList(
          line.observe,
          interfaces.map(({ observe }) => observe),
        ) || none,
        howSure(line),
      ]),
    },
    ...adviceInWords(advice, interfaces, flags),
    ...[changedNumbersInWords(interfaces)].filter((text) => text !== ''),
    ...findingsInWords(furtherFindings(results), flags),
  ];
}

function interfaceTable(interfaces: NonNullable<Leaks['interfaces']>): TextTable {
  const sorted = [...interfaces].sort((a, b) => (b.read?.r2 ?? -1) - (a.read?.r2 ?? -1));
  const known = sorted.some(({ cost }) => cost.accuracy !== null);
  return {
    headings: ['what you publish', 'features read off', 'same answer', ...(known ? ['accuracy'] : [])],
    rows: sorted.map(({ observe, read, cost }) => [
      ...[published(observe), readOff(read), kept(cost.sameTop)],
      ...(known ? [cost.accuracy ? share(cost.accuracy.shown, 1) : none] : []),
    ]),
  };
}
