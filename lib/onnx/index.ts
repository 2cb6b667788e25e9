/** onnx: protobuf bytes → graph view; find the head, lift it, tap the features; build small graphs. */
export { buildModel, dataType, valueInfoProto } from './build.js';
export type { Attribute, DataTypeName, GraphConstant, GraphNode, GraphSpec, GraphValue } from './build.js';
export { withScores } from './classifiers.js';
export { integersOf } from './constants.js';
export { describeNode, externalLocations, parseModel } from './graph.js';
export type { AttributeView, GraphView, NodeView, ValueView } from './graph.js';
export { resolveExternal } from './external.js';
export type { ExternalData } from './external.js';
export { findHead } from './head.js';
export type { HeadLocation } from './head.js';
export { liftHead } from './lift.js';
export type { LiftedHead } from './lift.js';
export { renameExternalData, tapModel } from './tap.js';
export type { NumericTensor, TensorView } from './tensor.js';
export { openWeights, withWeights } from './weights.js';
export type { StoredWeight } from './weights.js';
export type { Region, Source } from './region.js';
