import { knownProviders } from './providers.js';
import { demandLoading } from './session.js';

/** Whether a provider runs here. */
export interface ProviderReport {
  name: string;
  available: boolean;
  /** Why not, and what to do about it. */
  reason?: string;
}

/**
 * Tries each provider of this build of ONNX Runtime on a graph of two nodes. A native library that fails to load says
 * more on stderr.
 */
export async function listProviders(): Promise<ProviderReport[]> {
  const reports: ProviderReport[] = [];
  for (const name of await knownProviders()) {
    try {
      await demandLoading(name);
      reports.push({ name, available: true });
    } catch (error) {
      reports.push({ name, available: false, reason: (error as Error).message });
    }
  }
  return reports;
}
