import { Writer } from './protobuf.js';

/**
 * Small graphs written from scratch: the arithmetic of fits and evaluations runs on ONNX Runtime, so that one piece of
 * code serves every provider. Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */

/** onnx.TensorProto.DataType, the types used here. */
export const dataType = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
} as const;
export type DataTypeName = keyof typeof dataType;

export interface GraphValue {
  name: string;
  type: DataTypeName;
  /** A number, or a name for a dimension that is known at run time. */
  dims: (number | string)[];
}

export type Attribute = { int: number } | { ints: number[] } | { float: number } | { string: string };

export interface GraphNode {
  op: string;
  inputs: string[];
  outputs: string[];
  attributes?: Record<string, Attribute>;
}

export interface GraphConstant {
  name: string;
  type: DataTypeName;
  dims: number[];
  data: Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array;
}

export interface GraphSpec {
  inputs: GraphValue[];
  outputs: GraphValue[];
  nodes: GraphNode[];
  constants?: GraphConstant[];
  /** Default 17, which every ONNX Runtime since 1.12 reads. */
  opset?: number;
}

/** Serialises a graph as an ONNX model. */
export function buildModel(spec: GraphSpec): Uint8Array {
  const graph = new Writer();
  for (const node of spec.nodes) graph.bytes(1, nodeProto(node));
  graph.bytes(2, 'featreconstruct');
  for (const constant of spec.constants ?? []) graph.bytes(5, tensorProto(constant));
  for (const value of spec.inputs) graph.bytes(11, valueInfoProto(value));
  for (const value of spec.outputs) graph.bytes(12, valueInfoProto(value));
  const opset = new Writer().bytes(1, '').int(2, spec.opset ?? 17);
  return new Writer().int(1, 8).bytes(2, 'featreconstruct').bytes(7, graph).bytes(8, opset).finish();
}

/** A NodeProto: also what is appended to a file to compute one more tensor. */
export function nodeProto(node: GraphNode): Writer {
  const out = new Writer();
  for (const name of node.inputs) out.bytes(1, name);
  for (const name of node.outputs) out.bytes(2, name);
  out.bytes(4, node.op);
  for (const [name, value] of Object.entries(node.attributes ?? {})) {
    const attribute = new Writer().bytes(1, name);
    if ('int' in value) attribute.int(3, value.int).int(20, 2);
    else if ('float' in value) attribute.float(2, value.float).int(20, 1);
    else if ('string' in value) attribute.bytes(4, value.string).int(20, 3);
    else {
      for (const item of value.ints) attribute.int(8, item);
      attribute.int(20, 7);
    }
    out.bytes(5, attribute);
  }
  return out;
}

/** A TensorProto of raw data: also what is appended to a file as one more constant. */
export function tensorProto(constant: GraphConstant): Writer {
  const out = new Writer();
  for (const dim of constant.dims) out.int(1, dim);
  const { buffer, byteOffset, byteLength } = constant.data;
  return out
    .int(2, dataType[constant.type])
    .bytes(8, constant.name)
    .bytes(9, new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
}

/** A ValueInfoProto: also what is appended to a file to expose one of its tensors as an output. */
export function valueInfoProto(value: GraphValue): Writer {
  const shape = new Writer();
  for (const dim of value.dims) {
    shape.bytes(1, typeof dim === 'number' ? new Writer().int(1, dim) : new Writer().bytes(2, dim));
  }
  const tensor = new Writer().int(1, dataType[value.type]).bytes(2, shape);
  return new Writer().bytes(1, value.name).bytes(2, new Writer().bytes(1, tensor));
}
