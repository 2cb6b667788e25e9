import { checkpointInRepository } from './repository-checkpoint.js';
import { onnxInRepository } from './repository-onnx.js';
import type { RepositoryReader } from './repository-types.js';

/** Every way to make a model of what a repository has. The first that finds one is taken; a new way is a new line. */
export const repositoryReaders: readonly RepositoryReader[] = [onnxInRepository, checkpointInRepository];
