import type { FetchOptions, HubListing } from '../hub/index.js';

/** Where exporters of Hugging Face put a model within its folder or repository. */
export const modelPlaces = ['model.onnx', 'onnx/model.onnx'] as const;

/** What a repository on the Hub has, for the readers that make a model of it. */
export interface Repository {
  readonly listing: HubListing;
  /** The path in it that was asked for. */
  readonly path?: string;
  readonly options: FetchOptions;
  /** The text of a small file such as config.json, to decide what to fetch. It is not put in the cache. */
  read(path: string): Promise<string>;
}

/** A model that a repository has, before anything of it is fetched. */
export interface RepositoryModel {
  /** The files that it needs, by their paths in the repository. */
  readonly paths: readonly string[];
  /** The local path that is read as a model, when those files lie in this folder (a snapshot in the cache). */
  open(folder: string): Promise<string>;
}

/** One way to make a model of what a repository has. @returns null where there is nothing of its kind */
export type RepositoryReader = (repository: Repository) => Promise<RepositoryModel | null>;
