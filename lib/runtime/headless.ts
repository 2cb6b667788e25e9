import { FeatReconstructError, option, UsageError } from '../base/index.js';
import type { GraphView, HeadLocation } from '../onnx/index.js';
import { toNdArray, type LinearMap } from '../tensor/index.js';

/**
 * The head of a graph that ends in features, such as CLIP's image tower: the identity, with the features as its logits. So
 * everything that takes a classifier takes such a graph, too.
 * @throws FeatReconstructError when the features' width is not known, or there are several outputs and none is named
 */
export function headlessModel(
  graph: GraphView,
  options: { features?: string; logits?: string },
): { location: HeadLocation; head: LinearMap } {
  if (options.logits !== undefined) {
    throw new UsageError(
      `Expected no name of logits for a model whose output is its features, found '${options.logits}': name the features.`,
    );
  }
  const names = graph.outputs.map((output) => output.name);
  const features = options.features ?? names[0];
  if (options.features === undefined && names.length > 1) {
    throw new FeatReconstructError(
      `Expected one output, the features, found ${names.map((name) => `'${name}'`).join(', ')}: name the one that you mean with ${option("the option 'features'", '--features-tensor')}.`,
      { code: 'ambiguous' },
    );
  }
  const value = graph.values.get(features);
  const width = value?.dims?.at(-1);
  if (typeof width !== 'number' || width < 1) {
    throw new FeatReconstructError(
      `Expected the graph to say how wide '${features}' is, found ${JSON.stringify(value?.dims ?? null)} for its shape: run onnx.shape_inference or export the model again.`,
    );
  }
  return {
    location: {
      features,
      logits: features,
      featuresTransposed: false,
      added: [],
      region: { logits: features, sources: [], linear: [], notes: [] },
      notes: [{ kind: 'no-head', features }],
      node: 'none',
      precision: value?.type ?? 'float32',
    },
    head: identity(width),
  };
}

function identity(width: number): LinearMap {
  const weight = new Float32Array(width * width);
  for (let i = 0; i < width; i++) weight[i * (width + 1)] = 1;
  return { weight: toNdArray(weight, [width, width]), bias: toNdArray(new Float32Array(width), [width]) };
}
