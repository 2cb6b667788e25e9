import { availableParallelism } from 'node:os';
import { FeatReconstructError, option } from '../base/index.js';
import { tapModel } from '../onnx/index.js';
import { float16ToFloat32 } from '../tensor/index.js';
import { checkHead, sampleBatches } from './check.js';
import { readModel, type LoadModelOptions, type ModelDescription, type ReadModel } from './describe.js';
import { withRealNames } from './file.js';
import { toModelTensors, unreadTensors, type ModelBatch } from './input.js';
import type { ModelOutput } from './output.js';
import { createSession, type GraphSession, type GraphTensor, type Placement } from './session.js';

/** A classifier that is ready to run. */
export interface Model extends ModelDescription {
  /** Threads of one operator. */
  readonly intraOpNumThreads: number;
  /**
   * Which of the graph's nodes ran where, as seen on two random inputs; null on `cpu`, which runs all. A provider leaves
   * to the CPU what it cannot do.
   */
  readonly placement: Placement | null;
  /**
   * Runs the model. A graph of fixed batch size is run in parts, the last one filled up by repeating its last input.
   * @param batch (n, ...) in the model's input type, or float32 for a model that reads float16 or float64; with `others`
   *   for a model of several inputs
   * @throws FeatReconstructError when type or shape are not the input's
   */
  run(batch: ModelBatch): Promise<ModelOutput>;
  /** Frees the memory, after runs that are under way. After it `run` throws a UsageError, and a second call does nothing. */
  release(): Promise<void>;
}

/**
 * Loads a classifier: finds its head in the graph, lifts it, exposes the head's input as an output, and checks on a
 * random batch that the head of the features is the logits.
 * @param model an .onnx file, a folder with one, `hf:owner/name[@revision][/file]` (fetched where `options.fetch` agrees), or its bytes
 * @throws FeatReconstructError for files that are missing, damaged or have no linear head, for providers that do not
 *   load, and when the check fails
 */
export async function loadModel(model: string | Uint8Array, options: LoadModelOptions = {}): Promise<Model> {
  return openReading(await readModel(model, options), options);
}

/** Opens in ONNX Runtime what `readModel` read, and checks it. @throws FeatReconstructError as `loadModel` */
export async function openReading(reading: ReadModel, options: LoadModelOptions): Promise<Model> {
  const intraOpNumThreads = options.intraOpNumThreads ?? availableParallelism();
  const session = await openTapped(reading, options, intraOpNumThreads);
  const { description, location } = reading;
  const loaded = makeModel(session, description, location.featuresTransposed, intraOpNumThreads);
  try {
    await selfCheck(loaded);
    if (loaded.provider === 'cpu') return loaded;
    const placement = await session.placement();
    checkPlacement(placement, loaded.provider);
    return { ...loaded, placement };
  } catch (error) {
    await session.release();
    throw error;
  }
}

/** A session of the graph, with the tensors of features and logits as outputs. */
function openTapped(reading: ReadModel, options: LoadModelOptions, threads: number): Promise<GraphSession> {
  const { bytes, external, outputs, location } = reading;
  const taps = [...new Set([location.features, location.logits])].filter((name) => !outputs.includes(name));
  const tapped = taps.length > 0 ? tapModel(bytes, taps, location.added) : bytes;
  return createSession(external ? withRealNames(tapped, external) : tapped, {
    executionProviders: options.executionProviders,
    intraOpNumThreads: threads,
    externalDataFolder: external?.folder,
    profile: reading.description.provider !== 'cpu',
  });
}

/** A model of an open session. It refers to the description only, so that the memory of the file's bytes is freed. */
function makeModel(
  session: GraphSession,
  description: ModelDescription,
  featuresTransposed: boolean,
  intraOpNumThreads: number,
): Model {
  const { featuresTensor, logitsTensor, featureDim, classCount, inputName, batchSize } = description;
  const unread = unreadTensors(description);
  const runOnce = async (inputs: Inputs): Promise<ModelOutput> => {
    const n = inputs[inputName].dims[0];
    const results = await session.run({ ...inputs, ...unread }, [...new Set([featuresTensor, logitsTensor])]);
    const features = matrixOf(results[featuresTensor], featuresTensor, n, featureDim, featuresTransposed);
    return { features, logits: matrixOf(results[logitsTensor], logitsTensor, n, classCount, false) };
  };
  return {
    ...description,
    intraOpNumThreads,
    placement: null,
    async run(batch) {
      const inputs = toModelTensors(description, batch);
      if (batchSize === null || batchSize === batch.dims[0]) return runOnce(inputs);
      return runInParts(inputs, batchSize, description, runOnce);
    },
    release: () => session.release(),
  };
}

/** The tensors of a batch by the names of the inputs. */
type Inputs = Record<string, GraphTensor>;

/** Runs a batch on a graph of fixed batch size. */
async function runInParts(
  inputs: Inputs,
  batchSize: number,
  { inputName, featureDim, classCount }: ModelDescription,
  runOnce: (inputs: Inputs) => Promise<ModelOutput>,
): Promise<ModelOutput> {
  const n = inputs[inputName].dims[0];
  const features = new Float32Array(n * featureDim);
  const logits = new Float32Array(n * classCount);
  for (let start = 0; start < n; start += batchSize) {
    const rows = Math.min(batchSize, n - start);
    const part = Object.entries(inputs).map(([name, tensor]) => [name, partOf(tensor, start, batchSize)]);
    const output = await runOnce(Object.fromEntries(part) as Inputs);
    features.set(output.features.subarray(0, rows * featureDim), start * featureDim);
    logits.set(output.logits.subarray(0, rows * classCount), start * classCount);
  }
  return { features, logits };
}

function partOf({ type, data, dims }: GraphTensor, start: number, batchSize: number): GraphTensor {
  const length = data.length / Math.max(dims[0], 1);
  const part = data.slice(start * length, (start + batchSize) * length);
  const isWhole = part.length === batchSize * length;
  return { type, data: isWhole ? part : filledUp(part, length, batchSize), dims: [batchSize, ...dims.slice(1)] };
}

/** Fills a part up to the batch size by repeating its last input. */
function filledUp(data: GraphTensor['data'], length: number, batchSize: number): GraphTensor['data'] {
  const out = new (data.constructor as new (length: number) => Float32Array)(batchSize * length);
  out.set(data as Float32Array);
  const last = data.subarray(data.length - length) as Float32Array;
  for (let at = data.length; at < out.length; at += length) out.set(last, at);
  return out;
}

/** An output as (n, width) in float32. Dimensions of size 1 in between do not change the order of row-major data. */
function matrixOf(tensor: GraphTensor, name: string, n: number, width: number, transposed: boolean): Float32Array {
  if (tensor.data.length !== n * width) {
    throw new FeatReconstructError(
      `Expected ${width} numbers an input in '${name}', found the shape [${tensor.dims.join(', ')}] for ${n} inputs: the layer is applied at several positions, or mixes the inputs of a batch, and is no classifier's head.`,
      { code: 'no-head' },
    );
  }
  const values = toFloat32(tensor, name);
  if (!transposed) return values;
  const out = new Float32Array(values.length);
  for (let i = 0; i < n; i++) for (let j = 0; j < width; j++) out[i * width + j] = values[j * n + i];
  return out;
}

function toFloat32({ type, data }: GraphTensor, name: string): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Float64Array) return new Float32Array(data);
  if (type === 'float16' && data instanceof Uint16Array) return float16ToFloat32(data);
  throw new FeatReconstructError(`Expected floats in '${name}', found ${type}: name another tensor.`);
}

/** Checks the head on a batch of two random inputs: enough to see whether the rows of a batch stay apart. */
async function selfCheck(model: Model): Promise<void> {
  const rows = 2;
  let failure: unknown;
  for (const batch of sampleBatches(model, rows)) {
    let output: ModelOutput;
    try {
      output = await model.run(batch);
    } catch (error) {
      failure ??= error;
      continue;
    }
    return checkHead(model.head, model.precision, rows, output);
  }
  if (failure instanceof FeatReconstructError) throw failure;
  const reason = (failure as Error).message.trim().replace(/\.$/, '');
  throw new FeatReconstructError(
    `Expected the model to run on a random batch of ${rows}, found that ONNX Runtime stops: ${reason}. If the batch size is fixed inside the graph, export it with a dynamic one${model.imageSize ? `; if the image size is not ${model.imageSize.join(' x ')}, give ${option('imageSize')}` : ''}.`,
    { code: 'not-run', cause: failure },
  );
}

/** Refuses a provider that ran no node: ONNX Runtime leaves what it cannot do to the CPU without a word. */
function checkPlacement(placement: Placement, provider: string): void {
  if (placement[provider]) return;
  throw new FeatReconstructError(
    `Expected the model to run on provider '${provider}', found all of its nodes on ${Object.keys(placement).join(', ')}: the provider takes none of them; use cpu.`,
    { code: 'unavailable' },
  );
}
