/**
 * Numbers of those fields of ONNX's messages that we read or write, by their names in onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */
export const ModelProto = {
  irVersion: 1,
  producerName: 2,
  producerVersion: 3,
  graph: 7,
  opsetImport: 8,
  metadataProps: 14,
  functions: 25,
} as const;

export const OperatorSetIdProto = { domain: 1, version: 2 } as const;

export const StringStringEntryProto = { key: 1, value: 2 } as const;

export const FunctionProto = { name: 1, node: 7, domain: 10 } as const;

export const GraphProto = {
  node: 1,
  name: 2,
  initializer: 5,
  input: 11,
  output: 12,
  valueInfo: 13,
  sparseInitializer: 15,
} as const;

export const SparseTensorProto = { values: 1, indices: 2 } as const;

export const NodeProto = { input: 1, output: 2, name: 3, opType: 4, attribute: 5, domain: 7 } as const;

export const AttributeProto = {
  name: 1,
  f: 2,
  i: 3,
  s: 4,
  t: 5,
  g: 6,
  floats: 7,
  ints: 8,
  strings: 9,
  tensors: 10,
  graphs: 11,
  type: 20,
  sparseTensor: 22,
  sparseTensors: 23,
} as const;

/** What `AttributeProto.type` says. */
export const AttributeType = { float: 1, int: 2, string: 3, ints: 7 } as const;

export const TensorProto = {
  dims: 1,
  dataType: 2,
  floatData: 4,
  int32Data: 5,
  int64Data: 7,
  name: 8,
  rawData: 9,
  doubleData: 10,
  uint64Data: 11,
  externalData: 13,
  dataLocation: 14,
} as const;

/** What `TensorProto.dataLocation` says of data in a file beside the model. */
export const EXTERNAL = 1;

export const ValueInfoProto = { name: 1, type: 2 } as const;

export const TypeProto = { tensorType: 1 } as const;

/** TypeProto.Tensor. */
export const TensorTypeProto = { elemType: 1, shape: 2 } as const;

export const TensorShapeProto = { dim: 1 } as const;

/** TensorShapeProto.Dimension. */
export const Dimension = { dimValue: 1, dimParam: 2 } as const;
