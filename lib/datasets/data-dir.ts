import { cacheFolder } from '../bytes/index.js';

/** Where data sets are looked for when no folder is given: FEATRECONSTRUCT_DATA, else the cache folder. */
export function defaultDataDir(): string {
  return process.env.FEATRECONSTRUCT_DATA || cacheFolder();
}
