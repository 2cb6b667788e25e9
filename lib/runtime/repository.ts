import path from 'node:path';
import { FeatReconstructError, nearest } from '../base/index.js';
import {
  cachedHubFile,
  fetchHubFiles,
  listHubFiles,
  offlineIn,
  parseHubName,
  readHubText,
  wantedHubFiles,
  type FetchOptions,
  type HubListing,
  type HubName,
  type Wanted,
} from '../hub/index.js';
import { filesOf, publishedModel, requestOf } from '../models/index.js';
import { repositoryReaders } from './repository-readers.js';
import type { Repository, RepositoryModel } from './repository-types.js';

/** What would be fetched for a model of a name; nothing for a file or a folder. */
export async function wantedOfModel(model: string, options: FetchOptions): Promise<Wanted[]> {
  const registered = await publishedModel(model);
  if (registered) {
    const request = requestOf(registered);
    const files = filesOf(registered);
    const found = await Promise.all(files.map((file) => cachedHubFile({ ...request, path: file })));
    const lacking = files.filter((_, i) => found[i] === null);
    return lacking.length === 0 ? [] : wantedHubFiles(await listHubFiles(request, options), lacking);
  }
  const name = parseHubName(model);
  if (!name) return [];
  const { listing, found } = await findModel(name, options);
  return wantedHubFiles(listing, found.paths);
}

/**
 * Fetches the files that a model of the Hub needs.
 * @returns the local path that is read as a model
 * @throws FeatReconstructError `not-found` where the repository has no model that is read: the message says what it has
 */
export async function fetchModel(name: HubName, options: FetchOptions): Promise<string> {
  const { listing, found } = await findModel(name, options);
  return found.open(await fetchHubFiles(listing, found.paths, options));
}

async function findModel(
  name: HubName,
  options: FetchOptions,
): Promise<{ listing: HubListing; found: RepositoryModel }> {
  const from = { repo: name.repo, type: 'model', revision: name.revision } as const;
  let listing = await listHubFiles(from, options);
  let found = await readersOn(listing, name, options);
  if (!found && !offlineIn(options)) {
    // A branch may have moved on since it was last asked for.
    const now = await listHubFiles(from, { ...options, refresh: true });
    if (now.commit !== listing.commit) found = await readersOn(now, name, options);
    listing = now;
  }
  if (found) return { listing, found };
  throw nothingRead(listing, name);
}

async function readersOn(
  listing: HubListing,
  { path: at }: HubName,
  options: FetchOptions,
): Promise<RepositoryModel | null> {
  const repository: Repository = {
    listing,
    options,
    ...(at === undefined ? {} : { path: at }),
    read: (file) => readHubText(listing, file, options),
  };
  for (const reader of repositoryReaders) {
    const found = await reader(repository);
    if (found) return found;
  }
  return null;
}

/** The error of a repository without a model that is read: it says what is there instead, and which file to name. */
function nothingRead({ name, files, isPartial }: HubListing, asked: HubName): FeatReconstructError {
  const paths = files.map((file) => file.path);
  const where = isPartial ? 'in the part of it that is in the cache' : 'in it';
  const fail = (text: string): FeatReconstructError => new FeatReconstructError(text, { code: 'not-found' });
  const graphs = paths.filter((at) => at.endsWith('.onnx'));
  const revision = asked.revision ? `@${asked.revision}` : '';
  const nameOf = (at: string): string => `${name}${revision}/${at}`;
  if (asked.path !== undefined && !paths.includes(asked.path)) {
    const guess = nearest(asked.path, paths) ?? graphs[0];
    return fail(
      `Expected the file '${asked.path}' in ${name}, found none ${where}${guess ? `: did you mean ${nameOf(guess)}?` : '.'}`,
    );
  }
  if (asked.path !== undefined) {
    return fail(
      `Expected a model in ${nameOf(asked.path)}, found a file that is not read as one: name an .onnx file${graphs.length > 0 ? `, as ${nameOf(graphs[0])}` : ''}.`,
    );
  }
  const expected = `Expected model.onnx or onnx/model.onnx in ${name}, found ${where}`;
  if (graphs.length > 0) {
    const shown = graphs.slice(0, 5).map(nameOf).join(', ');
    return fail(
      `${expected} ${graphs.length === 1 ? 'one' : graphs.length} of another name: give ${shown}${graphs.length > 5 ? ', …' : ''}.`,
    );
  }
  const weights = paths.find((at) => /\.(safetensors|bin|pth?|ckpt|h5|msgpack)$/.test(at));
  if (weights !== undefined) {
    return fail(
      `${expected} weights without a graph (${weights}): run 'optimum-cli export onnx --model ${asked.repo} FOLDER' and give the folder, or python onnx/export.py for a model of timm.`,
    );
  }
  const kinds = [...new Set(paths.map((at) => path.posix.extname(at) || at))].slice(0, 8).join(', ');
  return fail(`${expected} no model (${paths.length} files: ${kinds || 'none'}): check the name.`);
}
