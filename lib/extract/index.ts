/**
 * extract: a model and a data set → features and logits, in memory or in a store on disk that can be resumed.
 */
export { extractFeatures, extractToStore, streamActivations } from './extract.js';
export type { ActivationBatch, Activations, ActivationStream, ExtractOptions, ExtractOptionsFor } from './extract.js';
export { openStore, storeOf } from './store.js';
export type { Store } from './store.js';
export { coveredBy, orderShards } from './shards.js';
export { asOnlyWriter } from './only-writer.js';
export { storeKey } from './provenance.js';
export type { Provenance } from './provenance.js';
export { unstatedTransform } from './image-transform.js';
export type { UnstatedTransform } from './image-transform.js';
export { whyLeftOut, type SkippedImage } from './batches.js';
export { isStore } from './store-layout.js';
