/** runtime: ONNX Runtime's sessions and providers; models that are ready to run. The only room that imports onnxruntime-node. */
export { describeModel } from './describe.js';
export type { LoadModelOptions, ModelDescription } from './describe.js';
export { chooseProvider, float64Providers } from './choose.js';
export type { Choice } from './choose.js';
export { listProviders } from './doctor.js';
export type { ProviderReport } from './doctor.js';
export { installCudaLibraries } from './install-cuda.js';
export type { InstalledLibraries } from './install-cuda.js';
export type { ModelBatch, ModelInput } from './input.js';
export { loadModel } from './model.js';
export type { Model, ModelOutput } from './model.js';
export type { MissingLibrary } from './libraries.js';
export { runtimeVersion } from './ort.js';
export type { ExecutionProvider } from './providers.js';
export { createSession } from './session.js';
export type { GraphSession, GraphTensor, Placement, SessionOptions, SessionValue } from './session.js';
export { findVulkan } from './vulkan.js';
export type { VulkanDriver, VulkanReport } from './vulkan.js';
