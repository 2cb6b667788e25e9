import { checkpointInRepository } from './repository-checkpoint.js';
import { onnxInRepository } from './repository-onnx.js';
import type { RepositoryReader } from './repository-types.js';

/** Every way to make a model of what a repository has, the first that finds something counts. A new one is a line here. */
export const repositoryReaders: readonly RepositoryReader[] = [onnxInRepository, checkpointInRepository];
