import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { FeatReconstructError, nearest } from '../base/index.js';
import { openWeights, parseModel } from '../onnx/index.js';

/** Where the graphs lie that the package ships (onnx/graphs.py makes them). */
const folder = fileURLToPath(new URL('../../onnx/graphs/', import.meta.url));
const ending = '.onnx.gz';

/** A graph without weights. */
export interface OpenGraph {
  /** Of its file: `timm.resnet18`. */
  name: string;
  bytes: Uint8Array;
  /** Shapes of the weights that it wants, by the names that they have in the checkpoint. */
  weights: ReadonlyMap<string, readonly number[]>;
  /** The head's tensors, whose first dimension counts the classes of a checkpoint; none for a tower. */
  classes: readonly string[];
  /** What else may stand in a checkpoint: counters, buffers of older versions, the other half of a CLIP model. */
  extras: readonly RegExp[];
  /** Of drawn weights (`drawn`). */
  gain: number;
  /** The library, its version and the model in it that the graph was made from. */
  source: string;
  /** Which checkpoints go into it. */
  match: GraphMatch;
  /** Height and width are open. */
  anySize: boolean;
  /** What goes in: images, or the tokens of texts. */
  reads: 'images' | 'tokens';
}

/** What names a graph: timm's architectures, or what a config.json of transformers says. */
export interface GraphMatch {
  timm?: string[];
  globalPool?: string | null;
  transformers?: string;
  /** By key (`vision_config.hidden_size`): what it has to be, and what it is where it is not said. */
  config?: Record<string, { is: unknown; default: unknown }>;
  /** open_clip's model_cfg. */
  openClip?: Record<string, unknown>;
  half?: 'image' | 'text';
}

/** What onnx/graphs.py writes into a graph's metadata. */
interface Facts {
  source: string;
  classes: string[];
  extras: string[];
  gain: number;
  match: GraphMatch;
}

/** Names of all graphs that the package ships. */
export const graphNames = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort();

/** @throws FeatReconstructError where there is no graph of this name */
export async function openGraph(name: string): Promise<OpenGraph> {
  const names = graphNames();
  if (!names.includes(name)) {
    const like = nearest(name, names);
    throw new FeatReconstructError(
      `Expected the name of a graph that ships with the library, found '${name}'${like ? `: did you mean ${like}?` : '.'}`,
      { code: 'not-found' },
    );
  }
  const bytes = new Uint8Array(gunzipSync(await readFile(path.join(folder, name + ending))));
  const graph = parseModel(bytes);
  const facts = JSON.parse(graph.metadata.get('featreconstruct.weights')!) as Facts;
  const [input] = graph.inputs;
  return {
    name,
    bytes,
    weights: openWeights(graph),
    classes: facts.classes,
    extras: facts.extras.map((pattern) => new RegExp(pattern)),
    gain: facts.gain,
    source: facts.source,
    match: facts.match,
    anySize: typeof input.dims?.[2] === 'string',
    reads: input.name === 'tokens' ? 'tokens' : 'images',
  };
}

/** Features and output of a graph on drawn weights and inputs (`drawn`), as its own library computes them. */
export const goldenFile = (name: string): string => path.join(folder, 'goldens', `${name}.safetensors`);
