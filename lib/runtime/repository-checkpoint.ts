import path from 'node:path';
import { checkpointNames, graphOf } from '../models/index.js';
import { besideNames } from './beside.js';
import type { Repository, RepositoryReader } from './repository-types.js';

const { basename, dirname, join } = path.posix;

/** Finds a checkpoint whose architecture, as the config.json beside it names it, has a graph that ships with the library. */
export const checkpointInRepository: RepositoryReader = async (repository) => {
  const { listing, path: asked } = repository;
  const paths = new Set(listing.files.map((file) => file.path));
  const candidates = asked?.endsWith('.safetensors') ? [asked] : checkpointNames.map((name) => join(asked ?? '', name));
  for (const file of candidates.filter((at) => paths.has(at))) {
    if (asked !== file && !(await hasGraph(repository, file, paths))) continue;
    const beside = besideNames.map((name) => join(dirname(file), name)).filter((at) => paths.has(at));
    return { paths: [file, ...beside], open: async (folder) => path.join(folder, ...file.split('/')) };
  }
  return null;
};

async function hasGraph(repository: Repository, file: string, paths: ReadonlySet<string>): Promise<boolean> {
  const isOpenClip = basename(file) === checkpointNames[1];
  const name = join(dirname(file), isOpenClip ? 'open_clip_config.json' : 'config.json');
  if (!paths.has(name)) return false;
  let config: unknown;
  try {
    config = JSON.parse(await repository.read(name));
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
  return typeof config === 'object' && config !== null && (await graphOf(config, 'image')) !== null;
}
