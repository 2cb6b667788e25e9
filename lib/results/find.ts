import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FeatReconstructError } from '../base/index.js';
import { resultsFile } from './read.js';

/** A results.json that was found. */
export interface FoundResults {
  file: string;
  /** The folder that stands for it: of its own, or of the run of several experiments that it is a part of. */
  folder: string;
  /** The name of its folder among those of one run (`4`); absent where it was given by itself. */
  part?: string;
}

/**
 * The results that paths stand for: a results.json, a folder with one, or a folder that has them in its subfolders, as
 * `run all`, `reproduce` and `demo` write it. Of several paths, those that hold no result are `skipped`, as a shell's `*` gives them.
 * @throws FeatReconstructError where there is none at all, or a path that is not there
 */
export async function findResults(paths: readonly string[]): Promise<{ found: FoundResults[]; skipped: string[] }> {
  const each = await Promise.all(paths.map(resultsIn));
  const found = each.flat();
  const skipped = paths.filter((_, i) => each[i].length === 0);
  // A file that is read as one is told better what is wrong with it.
  if (found.length === 0) {
    const file = await resultsFile(paths[0]);
    throw new FeatReconstructError(
      `Expected a results.json at ${file}, found none, and none in the subfolders: give a folder that \`featreconstruct run\` wrote with --out, or the file itself.`,
      { code: 'not-found' },
    );
  }
  return { found, skipped: paths.length > 1 ? skipped : [] };

  async function resultsIn(path: string): Promise<FoundResults[]> {
    const entry = await stat(path).catch(() => null);
    // A path that is not there is a mistake; reading it says so.
    if (!entry) return [{ file: path, folder: path }];
    if (!entry.isDirectory()) return paths.length > 1 && !isResultsName(path) ? [] : [{ file: path, folder: path }];
    const own = join(path, 'results.json');
    if (await isThere(own)) return [{ file: own, folder: path }];
    return partsOf(path);
  }
}

/** The results in the subfolders of a folder, in the order of their numbers. */
export async function partsOf(folder: string): Promise<FoundResults[]> {
  const names = (await readdir(folder)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const files = names.map((part) => ({ file: join(folder, part, 'results.json'), folder, part }));
  const there = await Promise.all(files.map(({ file }) => isThere(file)));
  return files.filter((_, i) => there[i]);
}

const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

/** Whether a file may be a result by its name: `experiment.json`, which lies beside one, is not. */
const isResultsName = (file: string): boolean => /\.json$/i.test(file) && basename(file) !== 'experiment.json';
