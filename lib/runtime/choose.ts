import { isCoded } from '../base/index.js';
import { buildModel } from '../onnx/index.js';
import { knownProviders, providerName, type ExecutionProvider, type ProviderName } from './providers.js';
import { createSession, demandLoading, type GraphSession } from './session.js';

/** What `chooseProvider` chose, and the times that it chose by. */
export interface ProviderChoice {
  provider: ProviderName;
  /** Milliseconds of the test graph on each provider that loads; null where a small one already took too long. */
  milliseconds: Record<string, number | null>;
}

/** Providers that may be chosen. Not TensorRT, which compiles each graph for minutes: it has to be asked for. */
const candidates: readonly ProviderName[] = ['cuda', 'coreml', 'dml', 'webgpu'];

/**
 * The provider that is quickest on four products of 1,024 x 1,024 matrices, among those that load. That one loads is not
 * enough: WebGPU without a graphics card is hundreds of times slower than the CPU.
 */
export async function chooseProvider(): Promise<ProviderChoice> {
  const known = await knownProviders();
  const milliseconds: ProviderChoice['milliseconds'] = { cpu: await timeOf('cpu') };
  for (const name of candidates.filter((each) => known.includes(each))) {
    if (await works(name)) milliseconds[name] = await timeOf(name);
  }
  const times = Object.entries(milliseconds).filter((entry): entry is [ProviderName, number] => entry[1] !== null);
  const [provider] = times.sort(([, a], [, b]) => a - b)[0] ?? ['cpu'];
  return { provider, milliseconds };
}

async function works(name: ProviderName): Promise<boolean> {
  try {
    await demandLoading(name);
    return true;
  } catch (error) {
    if (isCoded(error, 'unavailable')) return false;
    throw error;
  }
}

/** Rows and columns of the matrices: first a small try, which takes a graphics card a millisecond or two, then the real one. */
const sizes = { small: 128, large: 1024 };
/** Milliseconds of the small try above which a provider is left out. */
const patience = 20;

/** Milliseconds of the large try on a provider; null where the small one already took too long. */
async function timeOf(name: ProviderName): Promise<number | null> {
  const session = await createSession(products(), { executionProviders: [name] });
  try {
    if (name !== 'cpu' && (await shortest(session, sizes.small)) > patience) return null;
    return await shortest(session, sizes.large);
  } finally {
    await session.release();
  }
}

/** Milliseconds of the shortest of some runs after the first, which compiles. */
async function shortest(session: GraphSession, size: number): Promise<number> {
  const dims = [size, size];
  const x = { type: 'float32' as const, data: new Float32Array(size * size).fill(1 / size), dims };
  const times: number[] = [];
  for (let run = 0; run < 4; run++) {
    const begun = performance.now();
    await session.run({ x, weight: x });
    times.push(performance.now() - begun);
  }
  return Math.min(...times.slice(1));
}

function products(): Uint8Array {
  const square = { type: 'float32' as const, dims: ['n', 'n'] };
  return buildModel({
    inputs: [
      { name: 'x', ...square },
      { name: 'weight', ...square },
    ],
    outputs: [{ name: 'x4', ...square }],
    nodes: ['x', 'x1', 'x2', 'x3'].map((input, i) => ({
      op: 'MatMul',
      inputs: [input, 'weight'],
      outputs: [`x${i + 1}`],
    })),
  });
}

/**
 * Where graphs in float64, such as those of a fit, run when a model runs on `providers`: on CUDA where the model does; else on
 * the CPU, since no other provider has kernels for float64.
 */
export function float64Providers(providers: readonly ExecutionProvider[] = []): ExecutionProvider[] {
  return [providers.find((provider) => providerName(provider) === 'cuda') ?? 'cpu'];
}
