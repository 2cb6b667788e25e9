import { FeatReconstructError } from '../base/index.js';
import { dataType, nodeProto, type DataTypeName } from './build.js';
import { EXTERNAL, GraphProto, ModelProto, StringStringEntryProto, TensorProto } from './fields.js';
import type { GraphView } from './graph.js';
import { fields, Writer } from './protobuf.js';
import { tensorView } from './tensor.js';

/** Where a weight of a graph without weights is stored, and as what. */
export interface StoredWeight {
  dims: readonly number[];
  type: Extract<DataTypeName, 'float32' | 'float16' | 'bfloat16' | 'float64'>;
  /** Relative to the folder that ONNX Runtime is given. */
  location: string;
  offset: number;
  byteLength: number;
}

/** Names and shapes of the initializers of a graph whose bytes are not in its file. */
export function openWeights({ initializers }: GraphView): Map<string, number[]> {
  const open = [...initializers.values()].filter(({ external }) => external !== null);
  return new Map(open.map(({ name, dims }) => [name, dims]));
}

/**
 * Tells a graph where its weights are stored. One that is stored in another type than float32 is declared as it is stored, with
 * a Cast behind it, which ONNX Runtime runs once, when it opens the model: this makes neither a second file nor a second copy
 * in our memory.
 * @param weights for every name of `openWeights`
 * @throws FeatReconstructError where one is missing
 */
export function withWeights(bytes: Uint8Array, weights: ReadonlyMap<string, StoredWeight>): Uint8Array {
  const model = new Writer();
  for (const field of fields(bytes)) {
    if (field.number === ModelProto.graph) model.bytes(field.number, graphWithWeights(field.bytes, weights));
    else if (field.wire === 2) model.bytes(field.number, field.bytes);
    else model.int(field.number, field.value);
  }
  return model.finish();
}

function graphWithWeights(graph: Uint8Array, weights: ReadonlyMap<string, StoredWeight>): Writer {
  const casts = new Writer();
  const rest = new Writer();
  for (const field of fields(graph)) {
    if (field.wire !== 2) {
      rest.int(field.number, field.value);
      continue;
    }
    const view = field.number === GraphProto.initializer ? tensorView(field.bytes) : null;
    if (!view?.external) {
      rest.bytes(field.number, field.bytes);
      continue;
    }
    const weight = weights.get(view.name);
    if (!weight) {
      throw new FeatReconstructError(`Expected a place for the weight '${view.name}', found none.`, {
        code: 'mismatch',
      });
    }
    const isPlain = weight.type === 'float32';
    const name = isPlain ? view.name : `${view.name}.stored`;
    rest.bytes(GraphProto.initializer, externalTensor(name, weight));
    if (isPlain) continue;
    casts.bytes(
      GraphProto.node,
      nodeProto({ op: 'Cast', inputs: [name], outputs: [view.name], attributes: { to: { int: dataType.float32 } } }),
    );
  }
  // Nodes have to be in topological order: the casts come first.
  return new Writer().raw(casts.finish()).raw(rest.finish());
}

function externalTensor(name: string, { dims, type, location, offset, byteLength }: StoredWeight): Writer {
  const tensor = new Writer();
  for (const dim of dims) tensor.int(TensorProto.dims, dim);
  tensor.int(TensorProto.dataType, dataType[type]).bytes(TensorProto.name, name);
  for (const [key, value] of Object.entries({ location, offset, length: byteLength })) {
    tensor.bytes(
      TensorProto.externalData,
      new Writer().bytes(StringStringEntryProto.key, key).bytes(StringStringEntryProto.value, String(value)),
    );
  }
  return tensor.int(TensorProto.dataLocation, EXTERNAL);
}
