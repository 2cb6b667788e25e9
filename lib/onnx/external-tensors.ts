import { AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, SparseTensorProto } from './fields.js';
import type { ExternalData } from './external.js';
import { fields, type Field } from './protobuf.js';
import { byteLengthOf, tensorView } from './tensor.js';

/** A tensor of a model whose numbers lie in another file. */
export interface ExternalTensor {
  name: string;
  /** What its shape asks for; null for a type that has no fixed size here. */
  byteLength: number | null;
  external: ExternalData;
}

/**
 * Every tensor of a model whose numbers lie in another file, wherever it stands: initializers, dense and sparse, of the graph and of
 * the bodies of If, Loop and Scan, attributes of nodes, and functions of the model's own. ONNX Runtime opens them all.
 * @throws FeatReconstructError where the bytes are no model
 */
export function externalTensors(model: Uint8Array): ExternalTensor[] {
  const found: ExternalTensor[] = [];
  const tensor = (bytes: Uint8Array | null): void => {
    if (bytes === null) return;
    const { name, type, dims, external } = tensorView(bytes);
    if (external) found.push({ name, byteLength: byteLengthOf(type, dims), external });
  };
  const sparse = (bytes: Uint8Array | null): void => {
    if (bytes === null) return;
    tensor(merged(bytes, SparseTensorProto.values));
    tensor(merged(bytes, SparseTensorProto.indices));
  };
  // A list of what is left to walk, since bodies may lie in bodies without end.
  const graphs: Uint8Array[] = [];
  const node = (bytes: Uint8Array): void => {
    for (const { bytes: attribute } of partsOf(bytes, NodeProto.attribute)) {
      tensor(merged(attribute, AttributeProto.t));
      sparse(merged(attribute, AttributeProto.sparseTensor));
      for (const part of fields(attribute)) {
        if (part.number === AttributeProto.tensors) tensor(part.bytes);
        else if (part.number === AttributeProto.sparseTensors) sparse(part.bytes);
        else if (part.number === AttributeProto.g || part.number === AttributeProto.graphs) graphs.push(part.bytes);
      }
    }
  };
  for (const field of fields(model)) {
    if (field.number === ModelProto.graph) graphs.push(field.bytes);
    else if (field.number === ModelProto.functions) {
      for (const part of partsOf(field.bytes, FunctionProto.node)) node(part.bytes);
    }
  }
  for (let graph = graphs.pop(); graph; graph = graphs.pop()) {
    for (const field of fields(graph)) {
      if (field.number === GraphProto.initializer) tensor(field.bytes);
      else if (field.number === GraphProto.sparseInitializer) sparse(field.bytes);
      else if (field.number === GraphProto.node) node(field.bytes);
    }
  }
  return found;
}

const partsOf = (message: Uint8Array, number: number): Field[] =>
  [...fields(message)].filter((field) => field.number === number);

/** A message that is a field of another, as protobuf reads it: one that stands twice is one, with the fields of both. */
function merged(message: Uint8Array, number: number): Uint8Array | null {
  const parts = partsOf(message, number).map((field) => field.bytes);
  return parts.length > 1 ? new Uint8Array(Buffer.concat(parts)) : (parts[0] ?? null);
}
