import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { FeatReconstructError } from '../base/index.js';
import type { TransformSpec } from '../images/index.js';
import type { ModelNote } from '../words/index.js';
import { bindCheckpoint, checkpointTensors, type BoundGraph } from './bind.js';
import { openGraph, type OpenGraph } from './graph-files.js';
import { graphOf, graphsFor, type Half } from './match.js';

/** A checkpoint that became a model. */
export interface CheckpointModel extends BoundGraph {
  /** The path of the checkpoint. The config files that state transform and classes are beside it. */
  file: string;
  /** Its registered name; null for a model that is named by its file. */
  name: string | null;
  /** [height, width]; null where only the graph may say them. */
  inputSize: readonly [number, number] | null;
  /** Null where it is not registered. */
  transform: TransformSpec | null;
  /** By label; null where they are not registered. */
  classNames: readonly string[] | null;
}

/** What a checkpoint does not say of itself. */
export interface CheckpointOptions {
  /**
   * The name of its graph, of those that ship with the library. Default: found by the config.json beside it, or by its
   * tensors.
   */
  graph?: string | undefined;
  /** Which tower of a CLIP checkpoint, which holds both. Default: `image`. */
  half?: Half | undefined;
}

/** File names of checkpoints, in order of preference: of timm and transformers, of open_clip. */
export const checkpointNames = ['model.safetensors', 'open_clip_model.safetensors'] as const;

/**
 * The path of a folder's checkpoint; null where there is none.
 * @throws FeatReconstructError for one in several parts
 */
export async function checkpointIn(folder: string): Promise<string | null> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const whole = checkpointNames.find((name) => names.includes(name));
  if (whole !== undefined) return path.join(folder, whole);
  const part = names.find((name) => /^model-\d+-of-\d+\.safetensors$/.test(name));
  if (part === undefined) return null;
  throw new FeatReconstructError(
    `Expected one model.safetensors in ${folder}, found a checkpoint in parts (${part}): save it in one piece (save_pretrained with max_shard_size="5GB"), or export the model as .onnx.`,
  );
}

/**
 * Finds the graph of a checkpoint, by the config.json beside it, or by its tensors if there is none, and points the
 * graph's weights into it.
 * @throws FeatReconstructError where no graph matches, or its tensors are not those of the graph
 */
export async function openCheckpoint(file: string, options: CheckpointOptions = {}): Promise<CheckpointModel> {
  const { graph, note } = await findGraph(file, options);
  const bound = await bindCheckpoint(graph, file);
  return {
    ...bound,
    notes: note === null ? bound.notes : [note, ...bound.notes],
    file,
    name: null,
    inputSize: null,
    transform: null,
    classNames: null,
  };
}

async function findGraph(
  file: string,
  { graph: asked, half = 'image' }: CheckpointOptions,
): Promise<{ graph: OpenGraph; note: ModelNote | null }> {
  if (asked !== undefined) return { graph: await openGraph(asked), note: null };
  const config = await configBeside(file);
  const found = config === null ? null : await graphOf(config, half);
  if (found) return { graph: found, note: null };
  const tensors = await checkpointTensors(file);
  // If a config says something else, tensors of the right shapes prove nothing.
  const [graph] = config === null || isOpenClip(file) ? await graphsFor(tensors, half) : [];
  if (graph) {
    const { name, source } = graph;
    return { graph, note: isOpenClip(file) ? null : { kind: 'graph-by-tensors', graph: name, source } };
  }
  throw new FeatReconstructError(
    `Expected in '${file}' a checkpoint of an architecture whose graph ships with the library (featreconstruct models), found ${whatItIs(config, tensors.size)}: export the model as .onnx (onnx/export.py for timm, torchvision and open_clip; optimum-cli for transformers), and give that.`,
  );
}

/**
 * Whether a file has open_clip's name. A config.json beside it is then of transformers, whose checkpoint is in the same
 * folder.
 */
const isOpenClip = (file: string): boolean => path.basename(file) === checkpointNames[1];

function whatItIs(config: object | null, tensors: number): string {
  const { architecture, architectures, model_type: type } = (config ?? {}) as Record<string, unknown>;
  const [first] = Array.isArray(architectures) ? (architectures as unknown[]) : [];
  if (typeof architecture === 'string') return `timm's ${architecture.slice(0, 80)} in config.json`;
  if (typeof first === 'string')
    return `transformers' ${first.slice(0, 80)} in config.json, in a size or kind that has none`;
  if (typeof type === 'string')
    return `the model_type ${type.slice(0, 80)} in config.json, in a size or kind that has none`;
  return `${tensors} tensors of none of them, and ${config === null ? 'no config.json beside it' : 'a config.json that names no architecture'}`;
}

/** The config.json beside a file; null where there is none. @throws FeatReconstructError where it is no JSON object */
async function configBeside(file: string): Promise<object | null> {
  const place = path.join(path.dirname(file), 'config.json');
  const isThere = await stat(place).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isThere) return null;
  try {
    const value: unknown = JSON.parse(await readFile(place, 'utf8'));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // The error below says so.
  }
  throw new FeatReconstructError(
    `Expected JSON in ${place}, found none: it stands beside the checkpoint and would name its architecture. Copy it again or take it away.`,
  );
}
