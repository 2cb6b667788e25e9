/**
 * doctor: which libraries of ONNX Runtime and its providers are on this machine, which are missing, and the command that fetches
 * them. Nothing here loads ONNX Runtime.
 */
export { installCudaLibraries } from './install-cuda.js';
export type { InstalledLibraries } from './install-cuda.js';
export { findCudaLibraries, isCudaProvider } from './libraries.js';
export type { CudaLibraries, MissingLibrary } from './libraries.js';
export { fetchCommand } from './npm.js';
export { findVulkan, vulkanCure } from './vulkan.js';
export type { VulkanReport } from './vulkan.js';
export { runtimeFolder, runtimeVersion } from './package.js';
