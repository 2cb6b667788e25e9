import {
  AttributeProto,
  AttributeType,
  Dimension,
  GraphProto,
  ModelProto,
  NodeProto,
  OperatorSetIdProto,
  TensorProto,
  TensorShapeProto,
  TensorTypeProto,
  TypeProto,
  ValueInfoProto,
} from './fields.js';
import { Writer } from './protobuf.js';

/**
 * Writes ONNX: whole small graphs, since the arithmetic of fits and evaluations runs on ONNX Runtime, where one piece of
 * code serves every provider; and the single messages that are appended to a model's bytes.
 */

/** The version of the file format that goes with opset 17. */
const irVersion = 8;

/** onnx.TensorProto.DataType: the types of the graphs that are written here, and of the constants that are read. */
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
/** A type of `dataType`, by its name. */
export type DataTypeName = keyof typeof dataType;

/** An input or an output of a graph. */
export interface GraphValue {
  name: string;
  type: DataTypeName;
  /** A number, or a name for a dimension that is known at run time. */
  dims: (number | string)[];
}

/** The value of a node's attribute. */
export type Attribute = { int: number } | { ints: number[] } | { float: number } | { string: string };

/** A node of ONNX's own domain. */
export interface GraphNode {
  op: string;
  inputs: string[];
  outputs: string[];
  attributes?: Record<string, Attribute>;
}

/** An initializer, row-major. `data` is an array of `type`; a float16 or bfloat16 one cannot be written. */
export interface GraphConstant {
  name: string;
  type: DataTypeName;
  dims: number[];
  data: Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array;
}

/** A graph to write. */
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
  for (const node of spec.nodes) graph.bytes(GraphProto.node, nodeProto(node));
  graph.bytes(GraphProto.name, 'featreconstruct');
  for (const constant of spec.constants ?? []) graph.bytes(GraphProto.initializer, tensorProto(constant));
  for (const value of spec.inputs) graph.bytes(GraphProto.input, valueInfoProto(value));
  for (const value of spec.outputs) graph.bytes(GraphProto.output, valueInfoProto(value));
  const opset = new Writer().bytes(OperatorSetIdProto.domain, '').int(OperatorSetIdProto.version, spec.opset ?? 17);
  return new Writer()
    .int(ModelProto.irVersion, irVersion)
    .bytes(ModelProto.producerName, 'featreconstruct')
    .bytes(ModelProto.graph, graph)
    .bytes(ModelProto.opsetImport, opset)
    .finish();
}

/** A NodeProto, of a whole graph or to append to a model's bytes so that it computes one more tensor. */
export function nodeProto(node: GraphNode): Writer {
  const out = new Writer();
  for (const name of node.inputs) out.bytes(NodeProto.input, name);
  for (const name of node.outputs) out.bytes(NodeProto.output, name);
  out.bytes(NodeProto.opType, node.op);
  for (const [name, value] of Object.entries(node.attributes ?? {})) {
    const attribute = new Writer().bytes(AttributeProto.name, name);
    if ('int' in value) attribute.int(AttributeProto.i, value.int).int(AttributeProto.type, AttributeType.int);
    else if ('float' in value)
      attribute.float(AttributeProto.f, value.float).int(AttributeProto.type, AttributeType.float);
    else if ('string' in value)
      attribute.bytes(AttributeProto.s, value.string).int(AttributeProto.type, AttributeType.string);
    else {
      for (const item of value.ints) attribute.int(AttributeProto.ints, item);
      attribute.int(AttributeProto.type, AttributeType.ints);
    }
    out.bytes(NodeProto.attribute, attribute);
  }
  return out;
}

/** A TensorProto of raw data, of a whole graph or to append to a model's bytes as one more constant. */
export function tensorProto(constant: GraphConstant): Writer {
  const out = new Writer();
  for (const dim of constant.dims) out.int(TensorProto.dims, dim);
  const { buffer, byteOffset, byteLength } = constant.data;
  return out
    .int(TensorProto.dataType, dataType[constant.type])
    .bytes(TensorProto.name, constant.name)
    .bytes(TensorProto.rawData, new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
}

/** A ValueInfoProto: name, type and shape of an input or an output. */
function valueInfoProto(value: GraphValue): Writer {
  const shape = new Writer();
  for (const dim of value.dims) {
    shape.bytes(
      TensorShapeProto.dim,
      typeof dim === 'number' ? new Writer().int(Dimension.dimValue, dim) : new Writer().bytes(Dimension.dimParam, dim),
    );
  }
  const tensor = new Writer().int(TensorTypeProto.elemType, dataType[value.type]).bytes(TensorTypeProto.shape, shape);
  return new Writer()
    .bytes(ValueInfoProto.name, value.name)
    .bytes(ValueInfoProto.type, new Writer().bytes(TypeProto.tensorType, tensor));
}
