import { InferenceSession, Tensor } from 'onnxruntime-node';
import { FeatReconstructError } from '../base/index.js';

/** What goes into and comes out of a session. Data are row-major. */
export interface GraphTensor {
  type: 'float32' | 'float64' | 'float16' | 'int32' | 'int64' | 'uint8' | 'int8' | 'bool';
  data: Float32Array | Float64Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array | Int8Array;
  dims: readonly number[];
}

/** Name, type and shape of a session's input or output; -1 for a dimension that is open. */
export interface SessionValue {
  name: string;
  type: GraphTensor['type'];
  dims: number[];
}

export interface SessionOptions {
  /** `cpu` (the default), `cuda`, `webgpu`, …, with options of the provider if any. A list is tried in order by ONNX Runtime node by node. */
  executionProviders?: readonly (string | { name: string; [option: string]: unknown })[];
  /** Threads of one operator; 0 or absent lets ONNX Runtime take every core. */
  intraOpNumThreads?: number;
  /** Where the file's external data lie when the model is given as bytes. */
  externalDataFolder?: string;
  /** 'all' by default. */
  graphOptimizationLevel?: 'disabled' | 'basic' | 'extended' | 'all';
}

/** One compiled graph. The only door to ONNX Runtime for the rest of the library. */
export interface GraphSession {
  readonly inputs: readonly SessionValue[];
  readonly outputs: readonly SessionValue[];
  /** Name of the provider that was asked for first. */
  readonly provider: string;
  /** Runs the graph; `fetches` limits the outputs that are computed and copied. */
  run(feeds: Record<string, GraphTensor>, fetches?: readonly string[]): Promise<Record<string, GraphTensor>>;
  release(): Promise<void>;
}

/**
 * Compiles a model from its bytes or its path.
 * @throws FeatReconstructError when ONNX Runtime refuses the model or the provider
 */
export async function createSession(model: Uint8Array | string, options: SessionOptions = {}): Promise<GraphSession> {
  const executionProviders = [...(options.executionProviders ?? ['cpu'])];
  const first = executionProviders[0];
  const provider = typeof first === 'string' ? first : first.name;
  const sessionOptions: InferenceSession.SessionOptions = {
    executionProviders: executionProviders as InferenceSession.ExecutionProviderConfig[],
    graphOptimizationLevel: options.graphOptimizationLevel ?? 'all',
    // Warnings about unused initialisers and the like are no news to our users.
    logSeverityLevel: 3,
    ...(options.intraOpNumThreads ? { intraOpNumThreads: options.intraOpNumThreads } : {}),
    ...(options.externalDataFolder
      ? { extra: { session: { model_external_initializers_file_folder_path: options.externalDataFolder } } }
      : {}),
  };
  let session: InferenceSession;
  try {
    session = await (typeof model === 'string'
      ? InferenceSession.create(model, sessionOptions)
      : InferenceSession.create(model, sessionOptions));
  } catch (error) {
    throw new FeatReconstructError(
      `ONNX Runtime could not open the model with provider '${provider}': ${(error as Error).message}`,
      { cause: error },
    );
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
  return {
    inputs: describe(session.inputMetadata),
    outputs: describe(session.outputMetadata),
    provider,
    async run(feeds, fetches) {
      const tensors: Record<string, Tensor> = {};
      for (const [name, { type, data, dims }] of Object.entries(feeds)) {
        tensors[name] = new Tensor(type as 'float32', data as Float32Array, dims);
      }
      const results = fetches ? await session.run(tensors, fetches) : await session.run(tensors);
      const out: Record<string, GraphTensor> = {};
      for (const [name, tensor] of Object.entries(results)) {
        out[name] = { type: tensor.type as GraphTensor['type'], data: tensor.data as Float32Array, dims: tensor.dims };
      }
      return out;
    },
    release: () => session.release(),
  };
}
