/** runtime: ONNX Runtime's sessions and providers; models that are ready to run. The only room that imports onnxruntime-node. */
export { describeModel, loadOptions, modelNameOf } from './describe.js';
export type { LoadModelOptions, ModelDescription, ModelOptions } from './describe.js';
export { chooseProvider, float64Providers } from './choose.js';
export type { ProviderChoice } from './choose.js';
export { listProviders } from './list-providers.js';
export type { ProviderReport } from './list-providers.js';
export type { InputPlace, ModelBatch, ModelInput } from './input.js';
export { loadModel } from './model.js';
export type { Model } from './model.js';
export { openModel } from './model-file.js';
export type { ModelFile } from './model-file.js';
export type { ModelOutput } from './output.js';
export { checkProviderOptions, providerName } from './providers.js';
export type { ExecutionProvider } from './providers.js';
export { createSession } from './session.js';
export type { GraphSession, GraphTensor, Placement, SessionOptions, SessionValue } from './session.js';
