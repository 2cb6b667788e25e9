import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { FeatReconstructError } from '../base/index.js';
import { openBytes } from '../bytes/index.js';
import { withWeights, type StoredWeight } from '../onnx/index.js';
import { elementType, readSafetensorsHeader, type TensorEntry } from '../tensor/index.js';
import type { ModelNote } from '../words/index.js';
import type { OpenGraph } from './graph-files.js';

/** A graph whose weights are in a checkpoint. */
export interface BoundGraph {
  /** The model as ONNX, with initializers that point into the checkpoint by its file name, without a folder. */
  bytes: Uint8Array;
  /** The graph as ONNX without weights: with the checkpoint's bytes it identifies the model, wherever the files are. */
  graph: Uint8Array;
  /** c, or null for a tower. */
  classCount: number | null;
  /** What a user should know. */
  notes: ModelNote[];
}

/** How the tensors of a checkpoint match the weights of a graph. */
export interface TensorMatch {
  /** The entry of each weight of the graph, by the graph's name for it. */
  entries: Map<string, TensorEntry>;
  /** What the checkpoint has in front of all names, where a training script wrapped the network: `module.`. */
  prefix: string;
  /** Weights without a tensor. */
  missing: string[];
  /** Tensors without a place in the graph. */
  extra: string[];
  /** Tensors of a wrong shape or type: `fc.weight is 10 x 512, not 1000 x 512`. */
  wrong: string[];
}

/** Prefixes that wrappers of training scripts leave: data parallel, compiled, Lightning. */
const prefixes = ['', 'module.', '_orig_mod.', 'model.'];
const storedTypes = new Set(['float32', 'float16', 'bfloat16', 'float64']);

/**
 * The tensors of a checkpoint by name, from its header.
 * @throws FeatReconstructError where it is no safetensors file
 */
export async function checkpointTensors(file: string): Promise<Map<string, TensorEntry>> {
  const bytes = await openBytes(file);
  try {
    const begin = Buffer.from(await bytes.read(0, Math.min(44, bytes.size))).toString('latin1');
    if (begin.startsWith('version https://git-lfs.github.com/spec/v1\n')) {
      throw new FeatReconstructError(
        `Expected a checkpoint at '${file}', found a pointer of Git LFS in its place: git lfs pull, in the repository that it came from, fetches it.`,
        { code: 'damaged' },
      );
    }
    return (await readSafetensorsHeader(bytes)).tensors;
  } finally {
    await bytes.close();
  }
}

/** Compares a checkpoint's tensors with the weights of a graph. */
export function matchTensors(graph: OpenGraph, tensors: ReadonlyMap<string, TensorEntry>): TensorMatch {
  const found = (prefix: string): number =>
    [...graph.weights.keys()].filter((name) => tensors.has(prefix + name)).length;
  const prefix = prefixes.reduce((best, each) => (found(each) > found(best) ? each : best));
  const match: TensorMatch = { entries: new Map(), prefix, missing: [], extra: [], wrong: [] };
  const classes = new Set<number>();
  for (const [name, shape] of graph.weights) {
    const entry = tensors.get(prefix + name);
    if (!entry) {
      match.missing.push(name);
      continue;
    }
    match.entries.set(name, entry);
    const isOpen = graph.classes.includes(name) && entry.shape.length === shape.length && entry.shape[0] >= 2;
    const expected = isOpen ? [entry.shape[0], ...shape.slice(1)] : shape;
    if (isOpen) classes.add(entry.shape[0]);
    if (entry.shape.join() !== expected.join()) {
      match.wrong.push(`${name} is ${inWords(entry.shape)}, not ${inWords(expected)}`);
    } else if (!storedTypes.has(elementType(entry.dtype))) {
      match.wrong.push(`${name} is of type ${entry.dtype}, not of floats`);
    }
  }
  if (classes.size > 1) match.wrong.push(`${graph.classes.join(' and ')} count ${[...classes].join(' and ')} classes`);
  for (const name of tensors.keys()) {
    const own = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    if (!graph.weights.has(own) && !graph.extras.some((pattern) => pattern.test(own))) match.extra.push(name);
  }
  return match;
}

/** Whether all tensors and weights match. */
export const isWhole = ({ missing, extra, wrong }: TensorMatch): boolean =>
  missing.length + extra.length + wrong.length === 0;

/**
 * Points a graph's weights into a checkpoint. Only the header of the checkpoint is read.
 * @param file a .safetensors file
 * @throws FeatReconstructError (`mismatch`) where tensors are missing, have another shape or no place in the graph
 */
export async function bindCheckpoint(graph: OpenGraph, file: string): Promise<BoundGraph> {
  const match = matchTensors(graph, await checkpointTensors(file));
  if (!isWhole(match)) throw doesNotFit(graph, file, match);
  // In the cache a file is a link to a blob in another folder, and ONNX Runtime follows no link out of a folder.
  const location = path.basename(await realpath(file));
  const weights = new Map([...match.entries].map(([name, entry]) => [name, placeOf(entry, location)]));
  const types = new Set([...weights.values()].map(({ type }) => type));
  types.delete('float32');
  return {
    bytes: withWeights(graph.bytes, weights),
    graph: graph.bytes,
    classCount: graph.classes.length > 0 ? match.entries.get(graph.classes[0])!.shape[0] : null,
    notes: types.size > 0 ? [{ kind: 'stored-types', types: [...types] }] : [],
  };
}

const placeOf = ({ dtype, shape, offset, byteLength }: TensorEntry, location: string): StoredWeight => ({
  dims: shape,
  location,
  offset,
  byteLength,
  type: elementType(dtype) as StoredWeight['type'],
});

function doesNotFit(graph: OpenGraph, file: string, { missing, extra, wrong }: TensorMatch): FeatReconstructError {
  const parts = [
    missing.length > 0 ? `no ${some(missing)}` : '',
    wrong.length > 0 ? some(wrong) : '',
    extra.length > 0 ? `tensors that have no place there (${some(extra)})` : '',
  ].filter((part) => part !== '');
  return new FeatReconstructError(
    `Expected the tensors of ${graph.name} (${graph.source}) in '${file}', found ${parts.join('; ')}: it is the checkpoint of another architecture, or of another version of it. Give its own graph: export the model as .onnx.`,
    { code: 'mismatch' },
  );
}

const inWords = (shape: readonly number[]): string => (shape.length === 0 ? 'one number' : shape.join(' x '));

/** The names, or the first of many. */
const some = (names: readonly string[]): string =>
  names.length <= 6 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;
