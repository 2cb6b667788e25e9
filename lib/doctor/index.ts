/**
 * doctor: what of ONNX Runtime's package and of the libraries that its providers need is on this machine, what is missing, and the
 * command that fetches it. Nothing of ONNX Runtime is loaded here.
 */
export { installCudaLibraries } from './install-cuda.js';
export type { InstalledLibraries } from './install-cuda.js';
export { findCudaLibraries, isCudaProvider } from './libraries.js';
export type { CudaLibraries, MissingLibrary } from './libraries.js';
export { fetchCommand } from './npm.js';
export { findVulkan, vulkanCure } from './vulkan.js';
export type { VulkanDriver, VulkanReport } from './vulkan.js';
export { runtimeFolder, runtimeVersion } from './package.js';
