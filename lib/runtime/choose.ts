import { FeatReconstructError } from '../base/index.js';
import { buildModel } from '../onnx/index.js';
import { knownProviders, providerName, type ExecutionProvider } from './providers.js';
import { createSession, demandLoading, type GraphSession } from './session.js';

/** What `chooseProvider` took, and by what. */
export interface Choice {
  provider: string;
  /** Milliseconds of the test graph on each provider that loads. */
  milliseconds: Record<string, number>;
}

/** What may be chosen. TensorRT has to be asked for: it compiles each graph for minutes. */
const candidates = ['cuda', 'coreml', 'dml', 'webgpu'];

/**
 * The best provider that works here: of those that load the quickest on four products of 512 x 512 matrices, since one that
 * works need not be quick: WebGPU without a graphics card is hundreds of times slower than the CPU.
 */
export async function chooseProvider(): Promise<Choice> {
  const known = await knownProviders();
  const milliseconds: Record<string, number> = { cpu: await timeOf('cpu') };
  for (const name of candidates.filter((each) => known.includes(each))) {
    if (await works(name)) milliseconds[name] = await timeOf(name);
  }
  const [provider] = Object.entries(milliseconds).sort(([, a], [, b]) => a - b)[0];
  return { provider, milliseconds };
}

async function works(name: string): Promise<boolean> {
  try {
    await demandLoading(name);
    return true;
  } catch (error) {
    if (error instanceof FeatReconstructError) return false;
    throw error;
  }
}

const size = 512;

/** The shortest of some runs, the first of which compiles. */
async function timeOf(name: string): Promise<number> {
  const session = await createSession(products(), { executionProviders: [name] });
  try {
    const times: number[] = [];
    for (let run = 0; run < 4; run++) times.push(await timeOnce(session));
    return Math.min(...times.slice(1));
  } finally {
    await session.release();
  }
}

async function timeOnce(session: GraphSession): Promise<number> {
  const begun = performance.now();
  await session.run({ x: { type: 'float32', data: new Float32Array(size * size).fill(0.01), dims: [size, size] } });
  return performance.now() - begun;
}

function products(): Uint8Array {
  const weight = new Float32Array(size * size).fill(1 / size);
  return buildModel({
    inputs: [{ name: 'x', type: 'float32', dims: [size, size] }],
    outputs: [{ name: 'x4', type: 'float32', dims: [size, size] }],
    constants: [{ name: 'weight', type: 'float32', dims: [size, size], data: weight }],
    nodes: ['x', 'x1', 'x2', 'x3'].map((input, i) => ({
      op: 'MatMul',
      inputs: [input, 'weight'],
      outputs: [`x${i + 1}`],
    })),
  });
}

/**
 * Where graphs in float64, such as those of a fit, run beside a model on `providers`: on CUDA where the model does, which
 * has all their kernels; else on the CPU, since no other provider has float64.
 */
export function float64Providers(providers: readonly ExecutionProvider[] = []): ExecutionProvider[] {
  return [providers.find((provider) => providerName(provider) === 'cuda') ?? 'cpu'];
}
