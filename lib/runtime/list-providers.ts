import { findCudaLibraries, isCudaProvider, type MissingLibrary } from '../doctor/index.js';
import { knownProviders, type ProviderName } from './providers.js';
import { demandLoading } from './session.js';

/** Whether a provider runs here. */
export interface ProviderReport {
  name: ProviderName;
  available: boolean;
  /** Why not, and what to do about it. */
  reason?: string;
  /** Libraries that the loader does not find, and the package of each; CUDA and TensorRT only. */
  missing: MissingLibrary[];
}

/**
 * Tries each provider of this build of ONNX Runtime on a graph of two nodes. A native library that fails to load says
 * more on stderr.
 */
export async function listProviders(): Promise<ProviderReport[]> {
  const reports: ProviderReport[] = [];
  for (const name of await knownProviders()) {
    const missing = isCudaProvider(name) && process.platform === 'linux' ? (await findCudaLibraries(name)).missing : [];
    try {
      await demandLoading(name);
      reports.push({ name, available: true, missing });
    } catch (error) {
      reports.push({ name, available: false, reason: (error as Error).message, missing });
    }
  }
  return reports;
}
