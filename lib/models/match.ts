import { isDeepStrictEqual } from 'node:util';
import { FeatReconstructError } from '../base/index.js';
import type { TensorEntry } from '../tensor/index.js';
import { isWhole, matchTensors } from './bind.js';
import { graphNames, openGraph, type OpenGraph } from './graph-files.js';

/** The fields of a config.json that tell the graph of a checkpoint. */
interface Config {
  /** timm's name of the architecture. */
  architecture?: unknown;
  global_pool?: unknown;
  model_args?: unknown;
  model_type?: unknown;
  /** transformers' classes: `["ViTForImageClassification"]`. */
  architectures?: unknown;
  /** open_clip's. */
  model_cfg?: unknown;
}

/** Which tower of a CLIP checkpoint is meant. */
export type Half = 'image' | 'text';

/**
 * The graph of a checkpoint, by the config.json beside it; null where no graph of the package matches.
 * @throws FeatReconstructError (`mismatch`) where there is a graph of the architecture, but the config changes
 *   something in it
 */
export async function graphOf(config: object, half: Half): Promise<OpenGraph | null> {
  const { architecture, model_type: type, model_cfg: clip } = config as Config;
  const library = typeof architecture === 'string' ? 'timm.' : clip === undefined ? 'transformers.' : 'open_clip.';
  for (const name of graphNames().filter((each) => each.startsWith(library))) {
    const graph = await openGraph(name);
    const { timm, globalPool, transformers, openClip, config: keys, half: own } = graph.match;
    if (own !== undefined && own !== half) continue;
    if (openClip !== undefined && clip !== undefined && isDeepStrictEqual(clip, openClip)) return graph;
    if (typeof architecture === 'string' && timm?.includes(plainName(architecture))) {
      checkTimm(config, graph.name, globalPool ?? null);
      return graph;
    }
    if (typeof type === 'string' && transformers === type && isClassifier(config) && says(config, keys!)) return graph;
  }
  return null;
}

/** All graphs that these tensors match exactly, for a checkpoint without a config.json. */
export async function graphsFor(tensors: ReadonlyMap<string, TensorEntry>, half: Half): Promise<OpenGraph[]> {
  const found: OpenGraph[] = [];
  for (const name of graphNames()) {
    const graph = await openGraph(name);
    if (graph.match.half !== undefined && graph.match.half !== half) continue;
    if (isWhole(matchTensors(graph, tensors))) found.push(graph);
  }
  return found;
}

/**
 * timm's name of an architecture without the tag of its weights: `vit_base_patch16_224.augreg_in21k` →
 * `vit_base_patch16_224`.
 */
const plainName = (architecture: string): string => architecture.split('.')[0];

/** Whether a config of transformers is of a model with a head; a backbone alone has none. */
function isClassifier({ architectures }: Config): boolean {
  const [name] = Array.isArray(architectures) ? (architectures as unknown[]) : [];
  return typeof name !== 'string' || /ForImageClassification$|^CLIPModel$/.test(name);
}

/** Whether a config of transformers has the values that a graph demands. @param keys as of `GraphMatch.config` */
function says(config: object, keys: Readonly<Record<string, { is: unknown; default: unknown }>>): boolean {
  return Object.entries(keys).every(([key, { is, default: preset }]) => {
    const found = key
      .split('.')
      .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], config);
    return JSON.stringify(found ?? preset) === JSON.stringify(is);
  });
}

/** @throws FeatReconstructError where the config of timm changes the architecture, which would need another graph */
function checkTimm(config: Config, graph: string, pool: string | null): void {
  const { global_pool: found, model_args: args } = config;
  const other =
    typeof found === 'string' && pool !== null && found !== pool
      ? `global_pool '${found}' in place of '${pool}'`
      : typeof args === 'object' && args !== null && Object.keys(args).some((key) => key !== 'num_classes')
        ? `model_args ${JSON.stringify(args).slice(0, 100)}`
        : null;
  if (other === null) return;
  throw new FeatReconstructError(
    `Expected the architecture of ${graph} as timm builds it by default, found a config.json with ${other}: export this model as .onnx (onnx/export.py), and give that.`,
    { code: 'mismatch' },
  );
}
