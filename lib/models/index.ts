/**
 * models: graphs without weights, published checkpoints that fill them, and their names.
 *
 * `checkpointModel` makes a model of a registered name, a .safetensors file or a folder with one; `openCheckpoint` of a
 * file, whose graph it finds by the config.json beside it or by its tensors; `bindCheckpoint` points the graph's
 * weights into the file. `registeredModels` are the names. `drawn` weights replace published ones wherever graphs are
 * checked.
 */
export { bindCheckpoint, checkpointTensors } from './bind.js';
export type { BoundGraph } from './bind.js';
export { checkpointNames, openCheckpoint } from './checkpoint.js';
export type { CheckpointModel, CheckpointOptions } from './checkpoint.js';
export { drawn, drawnImages, drawnTokens, writeDrawnCheckpoint } from './drawn.js';
export { goldenFile, graphNames, openGraph } from './graph-files.js';
export { graphOf } from './match.js';
export type { Half } from './match.js';
export { imagenetClasses, nearestModel, registeredModel, registeredModels } from './registry.js';
export type { RegisteredModel } from './registry.js';
export { cachedCheckpoint, checkpointModel, filesOf, publishedModel, requestOf } from './source.js';
