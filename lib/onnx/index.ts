/** onnx: protobuf bytes → graph view; find the head, lift it, tap the features; build small graphs. */
export { buildModel, dataType, valueInfoProto } from './build.js';
export type { Attribute, DataTypeName, GraphConstant, GraphNode, GraphSpec, GraphValue } from './build.js';
