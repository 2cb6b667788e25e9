import path from 'node:path';
import { FeatReconstructError, UsageError } from '../base/index.js';
import type { FetchOptions } from '../hub/index.js';
import { ownTransform, type TransformSpec } from '../images/index.js';
import {
  externalTensors,
  findHead,
  liftHead,
  parseModel,
  withScores,
  type GraphView,
  type HeadLocation,
} from '../onnx/index.js';
import type { LinearMap } from '../tensor/index.js';
import { publishedModel, type CheckpointOptions } from '../models/index.js';
import { modelNoteInWords } from '../words/index.js';
import { digestModel, findExternalFiles, readModelFile, type ExternalFiles } from './file.js';
import { readInput, sizeNote, type ModelInput } from './input.js';
import { headlessModel } from './headless.js';
import { besideModel } from './beside.js';
import { providerName, type ExecutionProvider } from './providers.js';
import { sourceOf } from './source.js';

/** How a model's file is read. */
export interface ModelOptions {
  /** Default: the file's name without folder and ending. */
  name?: string | undefined;
  /** Name of the tensor of features, where it is not the input of the last linear layer. */
  features?: string | undefined;
  /** Name of the tensor of logits, where the graph's output does not lead to it. */
  logits?: string | undefined;
  /**
   * What the graph gives: `logits`, whose head is found (the default), or `features`, as an embedding model such as CLIP's
   * image tower does: it has no head, and the identity stands for it.
   */
  output?: 'logits' | 'features' | undefined;
  /** What a checkpoint (.safetensors) does not say of itself. */
  checkpoint?: CheckpointOptions | undefined;
  /** Threads of one operator. Default: all cores. */
  intraOpNumThreads?: number | undefined;
  /** Height and width, where the graph leaves them open. Default 224. */
  imageSize?: number | readonly [number, number] | undefined;
  /** Whether a model that is named (`hf:owner/name`) may be fetched where it is not on this machine. Default: not. */
  fetch?: FetchOptions | undefined;
}

/** How a model's file is read, and where the model runs. */
export interface LoadModelOptions extends ModelOptions {
  /** `cpu` (the default), `cuda`, `webgpu`, …; a provider that does not load is an error, never replaced by another. */
  executionProviders?: readonly ExecutionProvider[] | undefined;
}

/**
 * The options of `loadModel`, out of those of a function that does more.
 * @throws UsageError for `executionProviders` inside `model`, which plain JavaScript can pass and which would have no effect
 */
export function loadOptions({
  model,
  executionProviders,
}: {
  model?: ModelOptions;
  executionProviders?: LoadModelOptions['executionProviders'];
}): LoadModelOptions {
  if ((model as LoadModelOptions | undefined)?.executionProviders !== undefined) {
    throw new UsageError(
      'Expected executionProviders beside model, found it in model: models and fits run where the one option says.',
    );
  }
  return { ...model, executionProviders };
}

/** What a model's file says without being run. */
export interface ModelDescription extends ModelInput {
  name: string;
  /** SHA-256 (hex) over the file's bytes and, in order, its external data. */
  digest: string;
  /** The last linear layer: weight (c, d), bias (c), with all constants behind it folded in. */
  head: LinearMap;
  /** d */
  featureDim: number;
  /** c */
  classCount: number;
  /** The provider that was asked for first. A loaded model has been seen to run on it. */
  provider: string;
  /** Type of the features as the graph computes them: `float32`, `float16`, … */
  precision: string;
  /** The head's nodes, for people: `Gemm '/classifier/Gemm'`. */
  headNode: string;
  /** Names of the two tensors in the graph. */
  featuresTensor: string;
  logitsTensor: string;
  /** The transform that the file states, or those of transformers or timm beside it; null where they state none. */
  transform: TransformSpec | null;
  /** Names of the classes in the order of the logits, where config.json beside the model has them; else null. */
  classNames: readonly string[] | null;
  /** What a user should know about how the model was read, in sentences. */
  notes: string[];
}

/** A description, and what `loadModel` needs besides. */
export interface ReadModel {
  description: ModelDescription;
  bytes: Uint8Array;
  location: HeadLocation;
  /** Names of the graph's own outputs: tensors that need no tap. */
  outputs: string[];
  external: ExternalFiles | null;
}

/**
 * Reads a model's head, input and digest, without opening it in ONNX Runtime.
 * @param model an .onnx file, a folder with one, `hf:owner/name[@revision][/file]`, or its bytes
 * @throws FeatReconstructError for files that are missing, damaged, or have no linear head
 */
export async function describeModel(
  model: string | Uint8Array,
  options: LoadModelOptions = {},
): Promise<ModelDescription> {
  return (await readModel(model, options)).description;
}

/** The name that the description of a model has, without reading the file: that of the file, or of its folder for `model.onnx`. */
export async function modelNameOf(model: string, fetch?: FetchOptions): Promise<string> {
  const known = await publishedModel(model);
  if (known) return known.name;
  const { modelPath } = await sourceOf(model, fetch);
  return (await besideModel(modelPath)).name ?? path.parse(modelPath).name;
}

/** As {@link describeModel}, with what `loadModel` needs besides. */
export async function readModel(model: string | Uint8Array, options: LoadModelOptions): Promise<ReadModel> {
  const source = typeof model === 'string' ? await sourceOf(model, options.fetch, options.checkpoint) : undefined;
  const { modelPath, checkpoint } = source ?? {};
  const given = typeof model === 'string' ? (checkpoint?.bytes ?? (await readModelFile(modelPath!))) : model;
  const { bytes, graph } = named(modelPath, () => parsed(given, modelPath));
  const beside = modelPath === undefined ? null : await besideModel(modelPath);
  const own = named(modelPath, () => ownTransform(graph.metadata));
  const external = named(modelPath, () => externalFilesOf(given, modelPath));
  const { location, head } = options.output === 'features' ? headlessModel(graph, options) : headOf(graph, options);
  const [classCount, featureDim] = head.weight.shape;
  // For a size that the graph leaves open the caller comes first, then the checkpoint, then the files beside the model.
  const size = checkpoint?.inputSize ?? beside?.imageSize ?? undefined;
  const input = readInput(graph, options.imageSize, size);
  const known = own ?? checkpoint?.transform ?? null;
  const stated = known === null && input.imageSize ? beside?.transformFor(input.imageSize) : undefined;
  const assumed = sizeNote(input, options.imageSize ?? size);
  const classNames = checkpoint?.classNames ?? beside?.classNames;
  return {
    description: {
      name: options.name ?? checkpoint?.name ?? beside?.name ?? (modelPath ? path.parse(modelPath).name : 'model'),
      digest: await digestModel(checkpoint?.graph ?? given, [...(external?.files.values() ?? [])]),
      head,
      featureDim,
      classCount,
      ...input,
      provider: providerName(options.executionProviders?.[0] ?? 'cpu'),
      precision: location.precision,
      headNode: location.node,
      featuresTensor: location.features,
      logitsTensor: location.logits,
      transform: known ?? stated?.transform ?? null,
      // Where they are not as many as the outputs (those of a tower are features), they are of something else.
      classNames: classNames?.length === classCount ? classNames : null,
      notes: [
        ...(checkpoint?.notes ?? []),
        ...location.notes,
        ...(stated?.notes ?? []),
        ...(assumed === null ? [] : [assumed]),
      ].map(modelNoteInWords),
    },
    bytes,
    location,
    outputs: graph.outputs.map((output) => output.name),
    external,
  };
}

function headOf(graph: GraphView, options: LoadModelOptions): { location: HeadLocation; head: LinearMap } {
  const location = findHead(graph, options);
  return { location, head: liftHead(graph, location) };
}

/** A model's bytes, with the scores of a LinearClassifier added, and their graph. */
function parsed(given: Uint8Array, modelPath: string | undefined): { bytes: Uint8Array; graph: GraphView } {
  const graph = parseModel(given, { modelPath });
  const bytes = withScores(given, graph);
  return { bytes, graph: bytes === given ? graph : parseModel(bytes, { modelPath }) };
}

/** Puts the model's path in front of the message of an error about its bytes. */
function named<T>(modelPath: string | undefined, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (modelPath === undefined || !(error instanceof FeatReconstructError)) throw error;
    throw new FeatReconstructError(`${modelPath}: ${error.message}`, { cause: error });
  }
}

function externalFilesOf(bytes: Uint8Array, modelPath: string | undefined): ExternalFiles | null {
  const tensors = externalTensors(bytes);
  if (tensors.length === 0) return null;
  if (modelPath === undefined) {
    throw new FeatReconstructError(
      `Expected all weights inside the bytes of the model, found some in the external file '${tensors[0].external.location}': give the model's path instead of its bytes.`,
    );
  }
  return findExternalFiles(modelPath, tensors);
}
