import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { FeatReconstructError } from '../base/index.js';
import { openBytes } from '../bytes/index.js';
import { withWeights, type StoredWeight } from '../onnx/index.js';
import { elementType, readSafetensorsHeader, type TensorEntry } from '../tensor/index.js';
import type { OpenGraph } from './graph-files.js';

/** A graph whose weights lie in a checkpoint. */
export interface BoundGraph {
  /** The model, its initializers pointing into the checkpoint, which stands under its own name beside it. */
  bytes: Uint8Array;
  /** The graph before that: with the checkpoint's bytes it says which model it is, wherever that lies. */
  graph: Uint8Array;
  /** c, or null for a tower. */
  classCount: number | null;
  /** What a user should know. */
  notes: string[];
}

/** How a checkpoint and a graph go together, tensor by tensor. */
export interface Fit {
  /** The entry of each weight of the graph, by the graph's name for it. */
  entries: Map<string, TensorEntry>;
  /** In front of all names, where training scripts wrapped the network: `module.`. */
  prefix: string;
  missing: string[];
  extra: string[];
  /** `fc.weight is 10 x 512, not 1000 x 512`. */
  wrong: string[];
}

/** Wrappers of training scripts: data parallel, compiled, Lightning. */
const prefixes = ['', 'module.', '_orig_mod.', 'model.'];
const storedTypes = new Set(['float32', 'float16', 'bfloat16', 'float64']);

/** Reads a checkpoint's header. @throws FeatReconstructError where it is no safetensors file */
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

/** Holds a checkpoint's tensors against a graph. */
export function fitOf(graph: OpenGraph, tensors: ReadonlyMap<string, TensorEntry>): Fit {
  const found = (prefix: string): number =>
    [...graph.weights.keys()].filter((name) => tensors.has(prefix + name)).length;
  const prefix = prefixes.reduce((best, each) => (found(each) > found(best) ? each : best));
  const fit: Fit = { entries: new Map(), prefix, missing: [], extra: [], wrong: [] };
  const classes = new Set<number>();
  for (const [name, shape] of graph.weights) {
    const entry = tensors.get(prefix + name);
    if (!entry) {
      fit.missing.push(name);
      continue;
    }
    fit.entries.set(name, entry);
    const isOpen = graph.classes.includes(name) && entry.shape.length === shape.length && entry.shape[0] >= 2;
    const expected = isOpen ? [entry.shape[0], ...shape.slice(1)] : shape;
    if (isOpen) classes.add(entry.shape[0]);
    if (entry.shape.join() !== expected.join()) {
      fit.wrong.push(`${name} is ${inWords(entry.shape)}, not ${inWords(expected)}`);
    } else if (!storedTypes.has(elementType(entry.dtype))) {
      fit.wrong.push(`${name} is of type ${entry.dtype}, not of floats`);
    }
  }
  if (classes.size > 1) fit.wrong.push(`${graph.classes.join(' and ')} count ${[...classes].join(' and ')} classes`);
  for (const name of tensors.keys()) {
    const own = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    if (!graph.weights.has(own) && !graph.extras.some((pattern) => pattern.test(own))) fit.extra.push(name);
  }
  return fit;
}

export const isWhole = ({ missing, extra, wrong }: Fit): boolean => missing.length + extra.length + wrong.length === 0;

/**
 * Points a graph's weights into a checkpoint: its header is read, its numbers stay where they are.
 * @param file a .safetensors file
 * @throws FeatReconstructError where tensors are missing, of another shape, or of no place in the graph, with their names
 */
export async function bindCheckpoint(graph: OpenGraph, file: string): Promise<BoundGraph> {
  const fit = fitOf(graph, await checkpointTensors(file));
  if (!isWhole(fit)) throw doesNotFit(graph, file, fit);
  // A cache keeps files under names of its own, behind links, and ONNX Runtime follows no link out of a folder.
  const location = path.basename(await realpath(file));
  const weights = new Map([...fit.entries].map(([name, entry]) => [name, placeOf(entry, location)]));
  const types = new Set([...weights.values()].map(({ type }) => type));
  types.delete('float32');
  return {
    bytes: withWeights(graph.bytes, weights),
    graph: graph.bytes,
    classCount: graph.classes.length > 0 ? fit.entries.get(graph.classes[0])!.shape[0] : null,
    notes:
      types.size > 0
        ? [`The checkpoint holds ${[...types].join(' and ')} numbers; the model computes in float32.`]
        : [],
  };
}

const placeOf = ({ dtype, shape, offset, byteLength }: TensorEntry, location: string): StoredWeight => ({
  ...{ dims: shape, location, offset, byteLength },
  type: elementType(dtype) as StoredWeight['type'],
});

function doesNotFit(graph: OpenGraph, file: string, { missing, extra, wrong }: Fit): FeatReconstructError {
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

/** The first of many names. */
const some = (names: readonly string[]): string =>
  names.length <= 6 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;
