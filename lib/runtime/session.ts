import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { FeatReconstructError, UsageError } from '../base/index.js';
import { buildModel } from '../onnx/index.js';
import { isCudaProvider } from '../doctor/index.js';
import { loadRuntime } from './ort.js';
import { demandProviders, providerName, shortName, unloadable, type ExecutionProvider } from './providers.js';

/** What goes into and comes out of a session. Data are row-major; float16 numbers are bits in a Uint16Array. */
export interface GraphTensor {
  type: 'float32' | 'float64' | 'float16' | 'int32' | 'int64' | 'uint8' | 'int8' | 'bool';
  data: Float32Array | Float64Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array | Int8Array;
  dims: readonly number[];
}

/** Name, type and shape of a session's input or output; -1 for a dimension that is open. */
interface SessionValue {
  name: string;
  type: GraphTensor['type'];
  dims: number[];
}

/** How a graph is compiled and run. */
export interface SessionOptions {
  /** `cpu` (the default), `cuda`, `webgpu`, …, or one with its options. Of a list, each node runs on the first that can run it. */
  executionProviders?: readonly ExecutionProvider[] | undefined;
  /** Threads of one operator; 0 or absent lets ONNX Runtime take every core. */
  intraOpNumThreads?: number | undefined;
  /** Where the external data are when the model is given as bytes. */
  externalDataFolder?: string | undefined;
  /** 'all' by default. */
  graphOptimizationLevel?: 'disabled' | 'basic' | 'extended' | 'all' | undefined;
  /**
   * False: memory is allocated as each node needs it, instead of once for the whole graph, which takes less for a graph of
   * many large intermediate results. Default true.
   */
  enableMemPattern?: boolean | undefined;
  /** Record which provider runs each node, until `placement` is called. */
  profile?: boolean | undefined;
}

/** By provider, the nodes that ran on it, for people: `Conv '/stem/Conv'`. */
export type Placement = Record<string, string[]>;

/** One compiled graph. The rest of the library runs ONNX Runtime only through this. */
export interface GraphSession {
  readonly inputs: readonly SessionValue[];
  readonly outputs: readonly SessionValue[];
  /** Name of the provider that was asked for first. */
  readonly provider: string;
  /** Runs the graph; `fetches` limits the outputs that are computed and copied. */
  run(feeds: Record<string, GraphTensor>, fetches?: readonly string[]): Promise<Record<string, GraphTensor>>;
  /** Ends the recording of `profile`: the nodes that ran on each provider so far. */
  placement(): Promise<Placement>;
  /** Frees the memory, after runs that are under way. After it `run` throws a UsageError, and a second call does nothing. */
  release(): Promise<void>;
}

/**
 * Compiles a model from its bytes or its path.
 * @throws FeatReconstructError when ONNX Runtime refuses the model or the provider
 */
export async function createSession(model: Uint8Array | string, options: SessionOptions = {}): Promise<GraphSession> {
  const executionProviders = [...(options.executionProviders ?? ['cpu'])];
  await demandProviders(executionProviders);
  let session: OpenSession;
  try {
    session = await open(model, { ...options, executionProviders });
  } catch (error) {
    const names = executionProviders.map(providerName);
    for (const provider of executionProviders.filter((each) => providerName(each) !== 'cpu')) {
      await demandLoading(provider);
    }
    throw new FeatReconstructError(
      `ONNX Runtime could not open the model with provider '${names[0]}': ${(error as Error).message}`,
      { code: 'not-run', cause: error },
    );
  }
  const { Tensor: RuntimeTensor } = await loadRuntime();
  return graphSession(session, providerName(executionProviders[0]), RuntimeTensor);
}

/** A compiled graph and, while it is being profiled, the folder of the recording. */
interface OpenSession {
  session: InferenceSession;
  profile: string | undefined;
}

async function open(model: Uint8Array | string, options: SessionOptions): Promise<OpenSession> {
  const { InferenceSession: Runtime } = await loadRuntime();
  keepFloat32(options.executionProviders ?? []);
  const profile = options.profile
    ? await mkdtemp(path.join(tmpdir(), `featreconstruct-profile-${process.pid}-`))
    : undefined;
  const sessionOptions: InferenceSession.SessionOptions = {
    executionProviders: options.executionProviders as InferenceSession.ExecutionProviderConfig[],
    graphOptimizationLevel: options.graphOptimizationLevel ?? 'all',
    enableMemPattern: options.enableMemPattern ?? true,
    // Errors are thrown: printed too, they would bring names from a stranger's file to the terminal unescaped. Warnings,
    // about unused initialisers and the like, do not help our users.
    logSeverityLevel: 4,
    ...(options.intraOpNumThreads ? { intraOpNumThreads: options.intraOpNumThreads } : {}),
    extra: {
      session: {
        // At the default level ONNX Runtime quantises the activations too where a quantised weight enters a MatMul.
        qdq_matmulnbits_accuracy_level: '1',
        ...(options.externalDataFolder
          ? { model_external_initializers_file_folder_path: options.externalDataFolder }
          : {}),
      },
    },
    ...(profile ? { enableProfiling: true, profileFilePrefix: path.join(profile, 'nodes') } : {}),
  };
  try {
    const session = await (typeof model === 'string'
      ? Runtime.create(model, sessionOptions)
      : Runtime.create(model, sessionOptions));
    return { session, profile };
  } catch (error) {
    if (profile) await rm(profile, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Turns TF32 off. From Ampere on, CUDA's libraries round the factors of float32 products to its 10 bits of mantissa; the binding
 * has no option for that, but the libraries read this variable. Set it to 1 to have TF32.
 */
function keepFloat32(providers: readonly ExecutionProvider[]): void {
  if (providers.map(providerName).some(isCudaProvider)) process.env.NVIDIA_TF32_OVERRIDE ??= '0';
}

/**
 * Tries a provider on a graph of two nodes.
 * @throws FeatReconstructError with reason and cure when it does not load, or leaves all nodes to another one
 */
export async function demandLoading(provider: ExecutionProvider): Promise<void> {
  const name = providerName(provider);
  await demandProviders([provider]);
  let session: OpenSession;
  try {
    session = await open(twoNodes(), { executionProviders: [provider], profile: true });
  } catch (error) {
    throw await unloadable(name, plainMessage((error as Error).message));
  }
  const { Tensor: RuntimeTensor } = await loadRuntime();
  const probe = graphSession(session, name, RuntimeTensor);
  try {
    await probe.run({ x: { type: 'float32', data: Float32Array.of(1, -2), dims: [1, 2] } });
    const nodes = await probe.placement();
    if (!nodes[name]) throw await unloadable(name, `a test graph ran on ${Object.keys(nodes).join(', ')} instead`);
  } finally {
    await probe.release();
  }
}

/** The message of ONNX Runtime's error, without the file, line, function and condition in front of it. */
const plainMessage = (message: string): string =>
  message
    .trim()
    .split('\n')[0]
    .replace(/^\/.* was false\. /, '')
    .replace(/\.$/, '');

function twoNodes(): Uint8Array {
  return buildModel({
    inputs: [{ name: 'x', type: 'float32', dims: ['n', 2] }],
    outputs: [{ name: 'y', type: 'float32', dims: ['n', 2] }],
    nodes: [
      { op: 'Relu', inputs: ['x'], outputs: ['r'] },
      { op: 'Add', inputs: ['r', 'x'], outputs: ['y'] },
    ],
  });
}

/** What the library uses of an open session. */
function graphSession({ session, profile }: OpenSession, provider: string, RuntimeTensor: typeof Tensor): GraphSession {
  const running = new Set<Promise<unknown>>();
  let released: Promise<void> | undefined;
  const demandOpen = (): void => {
    if (released) throw new UsageError('Expected a model that is open, found one that was released: load it again.');
  };
  const runOnce: GraphSession['run'] = async (feeds, fetches) => {
    const tensors: Record<string, Tensor> = {};
    for (const [name, feed] of Object.entries(feeds)) tensors[name] = tensorOf(feed, RuntimeTensor);
    const results = fetches ? await session.run(tensors, fetches) : await session.run(tensors);
    const out: Record<string, GraphTensor> = {};
    for (const [name, tensor] of Object.entries(results)) {
      out[name] = { type: tensor.type as GraphTensor['type'], data: dataOf(tensor), dims: tensor.dims };
    }
    return out;
  };
  const close = async (): Promise<void> => {
    // A run that is under way still uses ONNX Runtime's memory.
    await Promise.allSettled(running);
    await session.release();
    // A recording that `placement` did not read.
    if (profile) await rm(profile, { recursive: true, force: true });
  };
  return {
    inputs: describe(session.inputMetadata),
    outputs: describe(session.outputMetadata),
    provider,
    async run(feeds, fetches) {
      demandOpen();
      const run = runOnce(feeds, fetches);
      running.add(run);
      try {
        return await run;
      } finally {
        running.delete(run);
      }
    },
    async placement() {
      demandOpen();
      return readProfile(session, profile);
    },
    release: () => (released ??= close()),
  };
}

const describe = (list: readonly InferenceSession.ValueMetadata[]): SessionValue[] =>
  list.flatMap((value) =>
    value.isTensor
      ? [
          {
            name: value.name,
            type: value.type as GraphTensor['type'],
            dims: value.shape.map((dim) => (typeof dim === 'number' ? dim : -1)),
          },
        ]
      : [],
  );

/**
 * A tensor for ONNX Runtime. In Node 24 and later onnxruntime-node 1.30 wraps float16 bits in a Float16Array, which its own native
 * part takes for empty ("not enough space: expected 24, got 0"): the bits themselves are put back.
 */
function tensorOf({ type, data, dims }: GraphTensor, RuntimeTensor: typeof Tensor): Tensor {
  const tensor = new RuntimeTensor(type as 'float32', data as Float32Array, dims);
  return type === 'float16' ? Object.defineProperty(tensor, 'data', { value: data }) : tensor;
}

/** A tensor's data; of float16 the bits, also in Node 24 and later, where onnxruntime-node gives a Float16Array. */
function dataOf(tensor: Tensor): GraphTensor['data'] {
  const data = tensor.data as Uint16Array;
  if (tensor.type !== 'float16' || data instanceof Uint16Array) return data;
  const { buffer, byteOffset, length } = data as { buffer: ArrayBuffer; byteOffset: number; length: number };
  return new Uint16Array(buffer, byteOffset, length);
}

interface ProfileEvent {
  cat: string;
  name: string;
  args?: { provider?: string; op_name?: string };
}

/** Ends a recording and lists the nodes by provider; the file of the recording is removed. */
async function readProfile(session: InferenceSession, folder: string | undefined): Promise<Placement> {
  if (folder === undefined) throw new Error('placement needs a session with the option profile');
  session.endProfiling();
  try {
    const [file] = await readdir(folder);
    const events = JSON.parse(await readFile(path.join(folder, file), 'utf8')) as ProfileEvent[];
    const nodes = new Map<string, Set<string>>();
    for (const { cat, name, args } of events) {
      if (cat !== 'Node' || !args?.provider) continue;
      const provider = shortName(args.provider);
      const node = `${args.op_name} '${name.replace(/_kernel_time$/, '')}'`;
      nodes.set(provider, (nodes.get(provider) ?? new Set()).add(node));
    }
    return Object.fromEntries([...nodes].map(([provider, names]) => [provider, [...names]]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
