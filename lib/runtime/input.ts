import { FeatReconstructError, option, UsageError } from '../base/index.js';
import { integersOf, type GraphView } from '../onnx/index.js';
import { float32ToFloat16 } from '../tensor/index.js';
import type { ModelNote } from '../words/index.js';
import type { GraphTensor } from './session.js';

/** What a model reads. */
export interface ModelInput {
  inputName: string;
  /** `float32`, `uint8`, … */
  inputType: string;
  /** With the batch first; -1 for an open dimension. */
  inputShape: number[];
  /** An image model's input is (n, 3, h, w), `nchw`, or (n, h, w, 3), `nhwc`; `other` where it takes no images. */
  layout: 'nchw' | 'nhwc' | 'other';
  /** Height and width of the images; null where the model takes none. */
  imageSize: [number, number] | null;
  /** The batch that the graph was fixed to, or null. */
  batchSize: number | null;
  /**
   * The inputs after the first, where there are several, as an attention mask beside token ids. Such a model takes ready inputs
   * only, never images.
   */
  otherInputs?: readonly InputPlace[];
  /** Inputs that no node reads (tf2onnx leaves those of constants that it folded). ONNX Runtime wants a tensor for them all the same. */
  unreadInputs?: readonly InputPlace[];
}

/** One of several inputs. */
export type InputPlace = Pick<ModelInput, 'inputName' | 'inputType' | 'inputShape'>;

/** Numbers for one input, the batch first, row-major. */
export interface ModelBatch {
  type: string;
  data: GraphTensor['data'];
  dims: readonly number[];
  /** By name, those of the model's other inputs, as many rows each. */
  others?: Readonly<Record<string, Omit<ModelBatch, 'others'>>>;
}

const defaultImageSize = 224;

/**
 * Reads the input's name, type and shape from the graph.
 * @param imageSize height and width, as the caller gives them, for graphs that leave them open
 * @param otherwise the height and width to assume where neither graph nor caller gives them. Default 224 x 224
 * @throws FeatReconstructError when there is no input, one of unknown rank, or one of several without a row for each example
 * @throws UsageError when `imageSize` contradicts the graph
 */
export function readInput(
  graph: GraphView,
  imageSize?: number | readonly [number, number],
  otherwise: readonly [number, number] = [defaultImageSize, defaultImageSize],
): ModelInput {
  const reads = readNames(graph);
  const declared = graph.inputs.map(declaredInput);
  const isRead = ({ inputName }: InputPlace): boolean => reads.has(inputName);
  const [first, ...otherInputs] = declared.some(isRead) ? declared.filter(isRead) : declared;
  const unread = declared.filter((input) => input !== first && !otherInputs.includes(input));
  const isBatch = ({ inputShape }: InputPlace) => inputShape.length > 0 && inputShape[0] === first.inputShape[0];
  if (!first || !otherInputs.every(isBatch))
    throw notExamples(
      graph,
      first,
      otherInputs.filter((other) => !isBatch(other)),
    );
  const batchSize = first.inputShape[0] > 0 ? first.inputShape[0] : null;
  const unreadInputs = unread.length > 0 ? { unreadInputs: unread } : {};
  if (otherInputs.length > 0)
    return { ...first, layout: 'other', imageSize: null, batchSize, otherInputs, ...unreadInputs };
  const { inputName: name, inputType: type } = first;
  const inputShape = withChannels(graph, name, first.inputShape);
  const layout = layoutOf(inputShape);
  const size = layout === 'other' ? null : sizeOf(inputShape, layout, otherwise, imageSize);
  return { inputName: name, inputType: type, inputShape, layout, imageSize: size, batchSize, ...unreadInputs };
}

/** Names of tensors that a node, a body of one, or an output of the graph reads. */
function readNames(graph: GraphView): Set<string> {
  const names = new Set(graph.outputs.map(({ name }) => name));
  const open = [...graph.nodes];
  for (let node = open.pop(); node; node = open.pop()) {
    for (const name of node.inputs) names.add(name);
    for (const { nodes } of node.attributes.values()) open.push(...(nodes ?? []));
  }
  return names;
}

function notExamples(
  graph: GraphView,
  first: InputPlace | undefined,
  wanting: readonly InputPlace[],
): FeatReconstructError {
  const named = wanting.map(
    ({ inputName, inputShape }) =>
      `'${inputName}' (${inputShape.map((dim) => (dim < 0 ? '?' : dim)).join(' x ') || 'one number'})`,
  );
  return new FeatReconstructError(
    first === undefined
      ? 'Expected a model with one input, or with several that have the examples along the first axis, found none.'
      : `Expected a model with one input, or with several that have the examples along the first axis, found ${graph.inputs.length} (${graph.inputs.map(({ name }) => `'${name}'`).join(', ')}), and no values in the file for ${named.join(', ')}, which hold no examples: export the model with them as constants.`,
  );
}

function declaredInput({ name, type, dims }: GraphView['inputs'][number]): InputPlace {
  if (!dims || !type) {
    throw new FeatReconstructError(
      `Expected the model to declare type and shape of its input '${name}', found none: run onnx.shape_inference or export it again.`,
    );
  }
  const inputShape = dims.map((dim) => (typeof dim === 'number' && dim > 0 ? dim : -1));
  return { inputName: name, inputType: type, inputShape };
}

/** A note on the size that is assumed for an input that leaves it open; null where none is. */
export function sizeNote({ inputShape, layout, imageSize }: ModelInput, asked: unknown): ModelNote | null {
  if (imageSize === null || asked !== undefined) return null;
  const sides = layout === 'nchw' ? inputShape.slice(2) : inputShape.slice(1, 3);
  if (sides.every((side) => side > 0)) return null;
  return { kind: 'open-size', size: imageSize };
}

/** Operators that may come before the first convolution and leave the channels where they are. */
const keepsChannels = new Set([
  'Cast',
  'Identity',
  'Pad',
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Clip',
  'Resize',
  'Dropout',
  'BatchNormalization',
]);

/**
 * The shape of an image input, with its channels filled in where all four dimensions are open, as exporters of Hugging Face
 * leave them. The first convolution tells: its weight is (out, channels, …). It reads the input as it is, behind a cast, a pad
 * or a scale, or, where the colours come last, transposed.
 */
function withChannels(graph: GraphView, input: string, shape: number[]): number[] {
  if (shape.length !== 4 || shape[1] > 0 || shape[3] > 0) return shape;
  const seen = new Set<string>();
  const open = [{ tensor: input, turned: false }];
  for (let at = open.shift(); at; at = open.shift()) {
    const { tensor, turned } = at;
    if (seen.has(tensor)) continue;
    seen.add(tensor);
    for (const { op, inputs, outputs, attributes } of graph.nodes) {
      if (!inputs.includes(tensor)) continue;
      const dims = op === 'Conv' && inputs[0] === tensor ? kernelOf(graph, inputs[1]) : null;
      if (dims) {
        const channels = dims[1] * (attributes.get('group')?.int ?? 1);
        return turned ? [shape[0], -1, shape[2], channels] : [shape[0], channels, shape[2], -1];
      }
      if (keepsChannels.has(op)) open.push({ tensor: outputs[0], turned });
      const isTurn = op === 'Transpose' && !turned && attributes.get('perm')?.ints?.join() === '0,3,1,2';
      if (isTurn) open.push({ tensor: outputs[0], turned: true });
    }
  }
  return shape;
}

/** The shape of a convolution's weight: as it is stored, or of the stored one that it is computed from. */
function kernelOf(graph: GraphView, weight: string): readonly number[] | null {
  let names = [weight];
  for (let step = 0; step < 12 && names.length > 0; step++) {
    const dims = names.map((name) => graph.initializers.get(name)?.dims).find((each) => each?.length === 4);
    if (dims) return dims;
    // PyTorch standardises a weight as (1, out, the rest), and gives it its shape at the end.
    for (const name of names) {
      const node = graph.producers.get(name);
      const of = node?.op === 'Reshape' ? node.inputs[1] : undefined;
      const isStored = of !== undefined && (graph.initializers.has(of) || graph.producers.get(of)?.op === 'Constant');
      const shape = isStored ? integersOf(node!, graph, 'shape') : null;
      if (shape?.length === 4 && shape[1] > 0) return shape;
    }
    names = names.flatMap((name) => graph.producers.get(name)?.inputs ?? []);
  }
  return null;
}

/** The dimension of 3, else that of 1, is the channels. */
function layoutOf(shape: number[]): ModelInput['layout'] {
  if (shape.length !== 4) return 'other';
  for (const channels of [3, 1]) {
    if (shape[1] === channels) return 'nchw';
    if (shape[3] === channels) return 'nhwc';
  }
  return 'other';
}

/** Height and width. @throws UsageError where what is asked for contradicts the graph */
function sizeOf(
  shape: number[],
  layout: 'nchw' | 'nhwc',
  otherwise: readonly [number, number],
  asked?: number | readonly [number, number],
): [number, number] {
  const wanted = typeof asked === 'number' ? [asked, asked] : asked;
  const declared = layout === 'nchw' ? shape.slice(2) : shape.slice(1, 3);
  const size = declared.map((dim, i) => (dim > 0 ? dim : (wanted?.[i] ?? otherwise[i])));
  if (wanted?.some((dim, i) => dim !== size[i] || !Number.isInteger(dim) || dim < 1)) {
    throw new UsageError(
      `Expected ${option('imageSize')} to be a size that the model takes, found ${wanted.join(' x ')}: its input has the shape [${shape.map((dim) => (dim > 0 ? dim : '?')).join(', ')}].`,
    );
  }
  return [size[0], size[1]];
}

/**
 * The tensors of a batch by the names of the model's inputs.
 * @throws FeatReconstructError when one is missing, has other rows than the first, or another type or shape than its input
 */
export function toModelTensors(input: ModelInput, batch: ModelBatch): Record<string, GraphTensor> {
  const tensors = { [input.inputName]: toModelTensor(input, batch) };
  for (const other of input.otherInputs ?? []) {
    const given = Object.hasOwn(batch.others ?? {}, other.inputName) ? batch.others![other.inputName] : undefined;
    if (!given) {
      throw new FeatReconstructError(
        `Expected numbers for each of the model's inputs (${inputNames(input)}), found none for '${other.inputName}': give them too.`,
      );
    }
    if (given.dims[0] !== batch.dims[0]) {
      throw new FeatReconstructError(
        `Expected ${batch.dims[0]} rows for the input '${other.inputName}', as many as for '${input.inputName}', found ${given.dims[0]}.`,
        { code: 'mismatch' },
      );
    }
    tensors[other.inputName] = toModelTensor(other, given);
  }
  return tensors;
}

/** Zeros for the inputs that no node reads. */
export function unreadTensors({ unreadInputs = [] }: Pick<ModelInput, 'unreadInputs'>): Record<string, GraphTensor> {
  const entries = unreadInputs.map(({ inputName, inputType, inputShape }): [string, GraphTensor] => {
    const dims = inputShape.map((dim) => Math.max(1, dim));
    const type = inputType as GraphTensor['type'];
    return [
      inputName,
      { type, data: new (arrayOf[type] ?? Float32Array)(dims.reduce((all, dim) => all * dim, 1)), dims },
    ];
  });
  return Object.fromEntries(entries);
}

const arrayOf: Record<GraphTensor['type'], new (length: number) => GraphTensor['data']> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  int8: Int8Array,
  bool: Uint8Array,
};

/** For messages: `'input_ids', 'attention_mask'`. */
const inputNames = ({ inputName, otherInputs = [] }: Pick<ModelInput, 'inputName' | 'otherInputs'>): string =>
  [inputName, ...otherInputs.map((other) => other.inputName)].map((name) => `'${name}'`).join(', ');

/**
 * Checks a batch against the input, and converts floats to the model's type of floats, whole numbers to its type of whole ones.
 * @throws FeatReconstructError when the shape does not fit, or numbers of this type are not converted
 */
function toModelTensor(input: InputPlace, batch: ModelBatch): GraphTensor {
  const { inputName, inputType, inputShape } = input;
  const { type, data, dims } = batch;
  const isShape =
    dims.length === inputShape.length && dims.every((dim, i) => i === 0 || inputShape[i] < 0 || inputShape[i] === dim);
  if (!isShape || dims.reduce((product, dim) => product * dim, 1) !== data.length) {
    throw new FeatReconstructError(
      `Expected input of shape [${inputShape.map((dim, i) => (i === 0 ? 'n' : dim < 0 ? '?' : dim)).join(', ')}] for '${inputName}', found [${dims.join(', ')}] with ${data.length} numbers.`,
      { code: 'mismatch' },
    );
  }
  if (type === inputType) return { type: type as GraphTensor['type'], data, dims };
  if (data instanceof Float32Array && inputType === 'float16') {
    return { type: 'float16', data: float32ToFloat16(data), dims };
  }
  if (data instanceof Float32Array && inputType === 'float64') {
    return { type: 'float64', data: new Float64Array(data), dims };
  }
  // From here on NumPy's defaults: float64 for fractions, int64 for whole numbers.
  if (data instanceof Float64Array && inputType === 'float32') {
    return { type: 'float32', data: new Float32Array(data), dims };
  }
  if (data instanceof Float64Array && inputType === 'float16') {
    return { type: 'float16', data: float32ToFloat16(new Float32Array(data)), dims };
  }
  if (data instanceof Int32Array && inputType === 'int64') {
    return { type: 'int64', data: BigInt64Array.from(data, BigInt), dims };
  }
  if (
    data instanceof BigInt64Array &&
    inputType === 'int32' &&
    data.every((value) => BigInt.asIntN(32, value) === value)
  ) {
    return { type: 'int32', data: Int32Array.from(data, Number), dims };
  }
  throw new FeatReconstructError(
    `Expected ${inputType} numbers for the input '${inputName}', found ${type}: convert them.`,
  );
}
