import { AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, SparseTensorProto } from './fields.js';
import type { ExternalData } from './external.js';
import { fields, type Field } from './protobuf.js';
import { byteLengthOf, tensorView } from './tensor.js';

/** A tensor of a model whose numbers are in another file. */
export interface ExternalTensor {
  name: string;
  /** What its shape takes; null for a type whose elements have no fixed size. */
  byteLength: number | null;
  external: ExternalData;
}

/**
 * Every tensor of a model whose numbers are in another file. ONNX Runtime opens them all: initializers, dense and sparse, of the
 * graph and of the bodies of If, Loop and Scan, attributes of nodes, and those of the model's own functions.
 * @throws FeatReconstructError where the bytes are no model
 */
export function externalTensors(model: Uint8Array): ExternalTensor[] {
  const found: ExternalTensor[] = [];
  const visitTensor = (bytes: Uint8Array | null): void => {
    if (bytes === null) return;
    const { name, type, dims, external } = tensorView(bytes);
    if (external) found.push({ name, byteLength: byteLengthOf(type, dims), external });
  };
  const visitSparse = (bytes: Uint8Array | null): void => {
    if (bytes === null) return;
    visitTensor(merged(bytes, SparseTensorProto.values));
    visitTensor(merged(bytes, SparseTensorProto.indices));
  };
  // A list of graphs that are still to be walked, since recursion over bodies within bodies could overflow the stack.
  const graphs: Uint8Array[] = [];
  const visitNode = (bytes: Uint8Array): void => {
    for (const { bytes: attribute } of partsOf(bytes, NodeProto.attribute)) {
      visitTensor(merged(attribute, AttributeProto.t));
      visitSparse(merged(attribute, AttributeProto.sparseTensor));
      for (const part of fields(attribute)) {
        if (part.number === AttributeProto.tensors) visitTensor(part.bytes);
        else if (part.number === AttributeProto.sparseTensors) visitSparse(part.bytes);
        else if (part.number === AttributeProto.g || part.number === AttributeProto.graphs) graphs.push(part.bytes);
      }
    }
  };
  for (const field of fields(model)) {
    if (field.number === ModelProto.graph) graphs.push(field.bytes);
    else if (field.number === ModelProto.functions) {
      for (const part of partsOf(field.bytes, FunctionProto.node)) visitNode(part.bytes);
    }
  }
  for (let graph = graphs.pop(); graph; graph = graphs.pop()) {
    for (const field of fields(graph)) {
      if (field.number === GraphProto.initializer) visitTensor(field.bytes);
      else if (field.number === GraphProto.sparseInitializer) visitSparse(field.bytes);
      else if (field.number === GraphProto.node) visitNode(field.bytes);
    }
  }
  return found;
}

const partsOf = (message: Uint8Array, number: number): Field[] =>
  [...fields(message)].filter((field) => field.number === number);

/** A message that is a field of another. Protobuf reads one that is there twice as one, with the fields of both. */
function merged(message: Uint8Array, number: number): Uint8Array | null {
  const parts = partsOf(message, number).map((field) => field.bytes);
  return parts.length > 1 ? new Uint8Array(Buffer.concat(parts)) : (parts[0] ?? null);
}
