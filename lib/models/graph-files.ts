import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { FeatReconstructError, nearest } from '../base/index.js';
import { openWeights, parseModel } from '../onnx/index.js';

/** The folder of the graphs that ship with the package (onnx/graphs.py makes them). */
const folder = fileURLToPath(new URL('../../onnx/graphs/', import.meta.url));
const ending = '.onnx.gz';

/** A graph without weights. */
export interface OpenGraph {
  /** The name of its file: `timm.resnet18`. */
  name: string;
  /** As ONNX. */
  bytes: Uint8Array;
  /** Shapes of the weights that it needs, by their names in a checkpoint. */
  weights: ReadonlyMap<string, readonly number[]>;
  /** Names of the head's weights, whose first dimension is the number of classes; empty for a tower. */
  classes: readonly string[];
  /** Names of what else a checkpoint may have: counters, buffers of older versions, the other tower of a CLIP model. */
  extras: readonly RegExp[];
  /** What `drawn` needs for weights of four dimensions. */
  gain: number;
  /** The library, its version and the model in it that the graph was made from. */
  source: string;
  /** Which checkpoints it is for. */
  match: GraphMatch;
  /** Whether height and width are open. */
  anySize: boolean;
  /** What its input is: images, or the tokens of texts. */
  reads: 'images' | 'tokens';
}

/** What a config.json must say for a graph: by library. */
export interface GraphMatch {
  /** timm's names of the architecture. */
  timm?: string[];
  /** timm's pooling; null or absent: it has none to compare. */
  globalPool?: string | null;
  /** The model_type of transformers. */
  transformers?: string;
  /** For transformers, by key (`vision_config.hidden_size`): the value it must have, and the value if it is absent. */
  config?: Record<string, { is: unknown; default: unknown }>;
  /** open_clip's model_cfg. */
  openClip?: Record<string, unknown>;
  /** Which tower of a CLIP checkpoint it is. */
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

/** The names of all graphs that ship with the package, sorted. */
export const graphNames = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort();

/** The graph of a name. @throws FeatReconstructError (`not-found`) where there is none */
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

/**
 * The path of a graph's golden: features and outputs on drawn weights and inputs (`drawn`), computed by its own
 * library.
 */
export const goldenFile = (name: string): string => path.join(folder, 'goldens', `${name}.safetensors`);
