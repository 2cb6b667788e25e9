import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where data sets are looked for when no folder is given: FEATRECONSTRUCT_DATA, else a cache folder by the platform's
 * convention (`$XDG_CACHE_HOME` or `~/.cache`, `~/Library/Caches`, `%LOCALAPPDATA%`).
 */
export function defaultDataDir(): string {
  const { FEATRECONSTRUCT_DATA, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (FEATRECONSTRUCT_DATA) return FEATRECONSTRUCT_DATA;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'featreconstruct');
  if (process.platform === 'win32') {
    return join(LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'featreconstruct', 'Cache');
  }
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'featreconstruct');
}
