import { nodeProto, type GraphNode } from './build.js';
import {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  StringStringEntryProto,
  TensorProto,
  ValueInfoProto,
} from './fields.js';
import { type Field, fields, text, Writer } from './protobuf.js';

/**
 * Exposes tensors of a graph as further outputs. Only appends to the file's bytes, so that no weight is touched: every
 * protobuf reader merges a second `graph` field into the first. Types and shapes are left for ONNX Runtime to infer.
 * @param outputs names of tensors that are not outputs yet
 * @param added nodes that compute some of them, behind all others
 * @returns the only copy made: the model's bytes and a few more
 */
export function tapModel(bytes: Uint8Array, outputs: readonly string[], added: readonly GraphNode[] = []): Uint8Array {
  const graph = new Writer();
  for (const node of added) graph.bytes(GraphProto.node, nodeProto(node));
  for (const name of outputs) graph.bytes(GraphProto.output, new Writer().bytes(ValueInfoProto.name, name));
  const extra = new Writer().bytes(ModelProto.graph, graph).finish();
  const out = new Uint8Array(bytes.length + extra.length);
  out.set(bytes);
  out.set(extra, bytes.length);
  return out;
}

/**
 * Gives external files other names, since ONNX Runtime has to be told the real ones where a cache keeps files under names of
 * its own, behind symbolic links. Copies the graph: a model with external data holds few bytes itself.
 */
export function renameExternalData(model: Uint8Array, rename: (location: string) => string): Uint8Array {
  const entry = (bytes: Uint8Array): Uint8Array => {
    const isLocation = [...fields(bytes)].some(
      (part) => part.number === StringStringEntryProto.key && text(part) === 'location',
    );
    return isLocation
      ? rewrite(bytes, {
          [StringStringEntryProto.value]: (value) => new TextEncoder().encode(rename(utf8.decode(value))),
        })
      : bytes;
  };
  const tensor = (bytes: Uint8Array): Uint8Array => rewrite(bytes, { [TensorProto.externalData]: entry });
  const node = (bytes: Uint8Array): Uint8Array =>
    rewrite(bytes, {
      [NodeProto.attribute]: (attribute) =>
        rewrite(attribute, {
          [AttributeProto.t]: tensor,
          [AttributeProto.tensors]: tensor,
          [AttributeProto.g]: graph,
          [AttributeProto.graphs]: graph,
        }),
    });
  const graph = (bytes: Uint8Array): Uint8Array =>
    rewrite(bytes, { [GraphProto.initializer]: tensor, [GraphProto.node]: node });
  const ownFunction = (bytes: Uint8Array): Uint8Array => rewrite(bytes, { [FunctionProto.node]: node });
  return rewrite(model, { [ModelProto.graph]: graph, [ModelProto.functions]: ownFunction });
}

const utf8 = new TextDecoder();

/** Copies a message, replacing its fields of some numbers. */
function rewrite(
  message: Uint8Array,
  replace: Readonly<Record<number, (bytes: Uint8Array) => Uint8Array>>,
): Uint8Array {
  const out = new Writer();
  for (const field of fields(message)) {
    if (field.wire === 2) out.bytes(field.number, replace[field.number]?.(field.bytes) ?? field.bytes);
    else copyNumber(out, field);
  }
  return out.finish();
}

function copyNumber(out: Writer, field: Field): void {
  if (field.wire === 0) out.int(field.number, field.value);
  else if (field.wire === 5) out.float(field.number, new Float32Array(Uint32Array.of(Number(field.value)).buffer)[0]);
  else throw new Error(`a field of wire type ${field.wire}, which onnx.proto has not`);
}
