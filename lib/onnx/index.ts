/** onnx: protobuf bytes → graph view; find the head, lift it, tap the features; build small graphs. */
export { buildModel, dataType } from './build.js';
export type { DataTypeName, GraphConstant, GraphNode, GraphSpec, GraphValue } from './build.js';
export { withScores } from './classifiers.js';
export { integersOf } from './constants.js';
export { describeNode, parseModel } from './graph.js';
export type { GraphView } from './graph.js';
export { resolveExternal } from './external.js';
export { externalTensors } from './external-tensors.js';
export type { ExternalTensor } from './external-tensors.js';
export { findHead } from './head.js';
export type { HeadLocation } from './head.js';
export { liftHead } from './lift.js';
export { renameExternalData, tapModel } from './tap.js';
export { openWeights, withWeights } from './weights.js';
export type { StoredWeight } from './weights.js';
