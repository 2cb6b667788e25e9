import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { FetchOptions, Wanted } from '../hub/index.js';
import type { Context } from './context.js';
import { say } from './terminal.js';

/** Flags of every command that takes the name of a model or of a data set. */
export interface NamesFlags {
  yes?: boolean;
  offline?: boolean;
}

export const namesOptions = (command: Command): Command =>
  command
    .option('--yes', 'fetch missing models and data without asking')
    .option('--offline', 'contact no server (also: HF_HUB_OFFLINE=1)');

/** What a command names: models, and specs of data sets. */
export interface Named {
  models?: readonly (string | undefined)[];
  datasets?: readonly string[];
}

/**
 * Fetches what a command names and this machine lacks, before any work, and asks once for all of it.
 * @returns options for fetching what turns out to be needed later; what was agreed to is not asked again
 */
export async function bringNamed(
  { models = [], datasets = [] }: Named,
  flags: NamesFlags & { dataDir?: string },
  context: Context,
): Promise<FetchOptions> {
  const fetch = fetchOptions(flags, context);
  const names = [...new Set(models)].filter((name) => name !== undefined);
  const { bringModel, wantedOfModel } = await import('../runtime/index.js');
  const specs = [...new Set(datasets)];
  const options = { dataDir: flags.dataDir, fetch };
  const wanted: Wanted[] = [];
  const ofModel = await Promise.all(names.map((name) => wantedOfModel(name, fetch)));
  const { fetchDataset, wantedOfDataset } = await import('../datasets/index.js');
  const { agree } = await import('../hub/index.js');
  const ofData = await Promise.all(specs.map((spec) => wantedOfDataset(spec, options)));
  for (const each of [...ofModel, ...ofData].flat()) {
    if (!wanted.some(({ place }) => place === each.place)) wanted.push(each);
  }
  await agree(wanted, fetch);
  for (const [i, name] of names.entries()) if (ofModel[i].length > 0) await bringModel(name, fetch);
  for (const [i, spec] of specs.entries()) if (ofData[i].length > 0) await fetchDataset(spec, options);
  return fetch;
}

/** Agreed to by `--yes`, or at the terminal; what was agreed to once is not asked again. */
function fetchOptions({ yes = false, offline }: NamesFlags, { signal, onProgress }: Context): FetchOptions {
  const agreed = new Set<string>();
  return {
    signal,
    onProgress,
    ...(offline ? { offline } : {}),
    async consent(wanted) {
      const open = wanted.filter(({ place }) => !agreed.has(place));
      if (open.length > 0 && !yes && !(await isWanted(open, signal))) return false;
      for (const { place } of open) agreed.add(place);
      return true;
    },
  };
}

/** More lines than these hide the question. */
const mostLines = 8;

/** Asks the person at the terminal; where there is none, nobody has agreed. */
async function isWanted(wanted: readonly Wanted[], signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const { bytesInWords, wantedInWords } = await import('../hub/index.js');
  const lines = wanted.map(
    ({ name, file, size }) => `${name}  ${file}${size === null ? '' : `  ${bytesInWords(size)}`}`,
  );
  say('Not on this machine:', ...lines.slice(0, mostLines).map((line) => `  ${line}`));
  if (lines.length > mostLines) say(`  and ${lines.length - mostLines} more`);
  // Lines as the terminal gives them: Ctrl-C stays a signal.
  const question = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  try {
    // The end of input is no answer either.
    const ended = new Promise<string>((resolve) => question.once('close', () => resolve('')));
    const answer = await Promise.race([question.question(`Fetch ${wantedInWords(wanted)}? [y/N] `, { signal }), ended]);
    return /^\s*y(es)?\s*$/i.test(answer);
  } finally {
    question.close();
  }
}
