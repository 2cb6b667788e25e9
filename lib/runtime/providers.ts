import { existsSync } from 'node:fs';
import path from 'node:path';
import { FeatReconstructError } from '../base/index.js';
import { loadRuntime, runtimeFolder } from './ort.js';

/** An execution provider as ONNX Runtime takes it: a name, or a name with options. */
export type ExecutionProvider = string | { name: string; [option: string]: unknown };

export const providerName = (provider: ExecutionProvider): string =>
  typeof provider === 'string' ? provider : provider.name;

/** Names of the providers that this build of ONNX Runtime was compiled with; not all of them need load. */
export async function knownProviders(): Promise<string[]> {
  const { listSupportedBackends } = await loadRuntime();
  return listSupportedBackends().map(({ name }) => name);
}

/**
 * Refuses what could only fail or be replaced in silence: ONNX Runtime drops unknown names from a list.
 * @throws FeatReconstructError naming the provider, the reason and the cure
 */
export async function demandProviders(providers: readonly ExecutionProvider[]): Promise<void> {
  const known = await knownProviders();
  for (const name of providers.map(providerName)) {
    if (!known.includes(name)) {
      throw new FeatReconstructError(
        `Expected an execution provider out of ${known.join(', ')} (what this build of ONNX Runtime has on ${process.platform} ${process.arch}), found '${name}': name one of those, cpu always runs.`,
      );
    }
    const missing = missingLibrary(name);
    if (missing) throw unloadable(name, `${missing} is not installed`);
  }
}

/** The error of a provider that does not load here. */
export function unloadable(name: string, reason: string): FeatReconstructError {
  return new FeatReconstructError(`Execution provider '${name}' does not load: ${reason}. ${cure(name)}`);
}

/** CUDA and TensorRT are too large for npm; a script of onnxruntime-node fetches them. Known before anything is tried. */
function missingLibrary(name: string): string | undefined {
  if ((name !== 'cuda' && name !== 'tensorrt') || process.platform !== 'linux') return undefined;
  const files = ['libonnxruntime_providers_shared.so', `libonnxruntime_providers_${name}.so`];
  const missing = files.find((file) => !existsSync(path.join(runtimeFolder(), file)));
  return missing && path.join(runtimeFolder(), missing);
}

function cure(name: string): string {
  if (name === 'cuda' || name === 'tensorrt') {
    return missingLibrary(name)
      ? `Fetch it with \`ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node --ignore-scripts=false\` (Linux x64, NVIDIA driver, CUDA 12 and cuDNN 9), or use cpu.`
      : `Its libraries are here: check the NVIDIA driver (nvidia-smi), and that CUDA 12, cuDNN 9${name === 'tensorrt' ? ' and TensorRT 10' : ''} are on LD_LIBRARY_PATH; what is missing is named on stderr. Or use cpu.`;
  }
  if (name === 'webgpu') {
    return process.platform === 'linux'
      ? 'On Linux it needs a Vulkan loader (Debian: libvulkan1) and the driver of a graphics card. Or use cpu.'
      : 'It needs a graphics card with a current driver. Or use cpu.';
  }
  return 'Use cpu, which always runs.';
}

/** `CUDAExecutionProvider` in a profile is `cuda` in options. */
export const shortName = (profiled: string): string => profiled.replace(/ExecutionProvider$/, '').toLowerCase();
