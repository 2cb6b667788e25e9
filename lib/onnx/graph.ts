import { FeatReconstructError } from '../base/index.js';
import {
  AttributeProto,
  AttributeType,
  Dimension,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  OperatorSetIdProto,
  StringStringEntryProto,
  TensorTypeProto,
  TypeProto,
  ValueInfoProto,
} from './fields.js';
import { fields, int, ints, text } from './protobuf.js';
import { tensorView, typeName, type TensorView } from './tensor.js';

/** A model as its file describes it. Names, types and shapes are decoded; the numbers of tensors stay views of the file's bytes. */
export interface GraphView {
  /** The exporter's name and version, such as `pytorch 2.13.0`. */
  producer: string;
  irVersion: number;
  /** Version by domain; `''` is ONNX's own. */
  opsets: Map<string, number>;
  /** In topological order, as ONNX demands. */
  nodes: NodeView[];
  initializers: Map<string, TensorView>;
  /** Without those that are initialisers (files below IR version 4 list both). */
  inputs: ValueView[];
  outputs: ValueView[];
  /** What the file says of the type and shape of a tensor, by name: inputs, outputs and value_info. */
  values: Map<string, ValueView>;
  /** The node that makes a tensor, by the tensor's name. */
  producers: Map<string, NodeView>;
  /** Model-local functions as `domain:name`. */
  functions: Set<string>;
  /** Entries of the file's own metadata, by name. */
  metadata: Map<string, string>;
  /** The file that was parsed; external data are looked for beside it. */
  modelPath: string | undefined;
}

/** A node as its file describes it. */
export interface NodeView {
  op: string;
  /** `''` is ONNX's own. */
  domain: string;
  name: string;
  inputs: string[];
  outputs: string[];
  attributes: Map<string, AttributeView>;
}

/** An attribute as its file describes it: the field of its type is there, the others are absent. */
export interface AttributeView {
  int?: number;
  float?: number;
  string?: string;
  ints?: number[];
  floats?: number[];
  strings?: string[];
  tensor?: TensorView;
  /** Bodies of If, Loop and Scan: their nodes. */
  nodes?: NodeView[];
}

/** What a file says of an input, an output or a tensor in between. */
export interface ValueView {
  name: string;
  /** `float32`, …; null when the file does not say. */
  type: string | null;
  /** Numbers, names of open dimensions, null for unknown ones; null when the rank is unknown. */
  dims: (number | string | null)[] | null;
}

/**
 * Parses an ONNX model.
 * @param options.modelPath where the bytes come from; needed to read weights that are in external files
 * @throws FeatReconstructError when the bytes are cut short, corrupted, no ONNX model, or of an opset below 7
 */
export function parseModel(bytes: Uint8Array, options: { modelPath?: string } = {}): GraphView {
  if (bytes.length > 8 && new TextDecoder().decode(bytes.subarray(4, 8)) === 'ORTM') {
    throw notOnnx('a file in ONNX Runtime’s own .ort format', 'Use the .onnx file that it was made from.');
  }
  const graph: GraphView = {
    producer: '',
    irVersion: 0,
    opsets: new Map(),
    nodes: [],
    initializers: new Map(),
    inputs: [],
    outputs: [],
    values: new Map(),
    producers: new Map(),
    functions: new Set(),
    metadata: new Map(),
    modelPath: options.modelPath,
  };
  let graphs = 0;
  for (const field of fields(bytes)) {
    if (field.number === ModelProto.irVersion) graph.irVersion = int(field);
    else if (field.number === ModelProto.producerName) graph.producer = text(field);
    else if (field.number === ModelProto.producerVersion) graph.producer = `${graph.producer} ${text(field)}`.trim();
    else if (field.number === ModelProto.graph) {
      graphs++;
      readGraph(field.bytes, graph);
    } else if (field.number === ModelProto.opsetImport) readOpset(field.bytes, graph.opsets);
    else if (field.number === ModelProto.metadataProps) graph.metadata.set(...metadataEntry(field.bytes));
    else if (field.number === ModelProto.functions) graph.functions.add(functionName(field.bytes));
  }
  if (graphs === 0) throw notOnnx('no graph in it', 'The file is truncated, empty or of another kind.');
  if (graph.opsets.size === 0) throw notOnnx('no opset', 'The file is truncated: copy or export it again.');
  const opset = graph.opsets.get('');
  if (opset !== undefined && opset < 7) {
    throw new FeatReconstructError(
      `Expected opset 7 or newer, found opset ${opset}: convert the model with onnx.version_converter, or export it again.`,
      { code: 'version' },
    );
  }
  graph.inputs = graph.inputs.filter((value) => !graph.initializers.has(value.name));
  for (const node of graph.nodes) for (const output of node.outputs) graph.producers.set(output, node);
  if (graph.outputs.length === 0) throw notOnnx('a graph without outputs', 'The file is truncated or corrupted.');
  return graph;
}

function notOnnx(found: string, next: string): FeatReconstructError {
  return new FeatReconstructError(`Expected an ONNX model, found ${found}. ${next}`);
}

function readOpset(message: Uint8Array, opsets: Map<string, number>): void {
  let domain = '';
  let version = 0;
  for (const field of fields(message)) {
    if (field.number === OperatorSetIdProto.domain) domain = plainDomain(text(field));
    else if (field.number === OperatorSetIdProto.version) version = int(field);
  }
  opsets.set(domain, version);
}

/** `ai.onnx` is a second name of ONNX's own domain. */
const plainDomain = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

function metadataEntry(message: Uint8Array): [key: string, value: string] {
  let [key, value] = ['', ''];
  for (const field of fields(message)) {
    if (field.number === StringStringEntryProto.key) key = text(field);
    else if (field.number === StringStringEntryProto.value) value = text(field);
  }
  return [key, value];
}

function functionName(message: Uint8Array): string {
  let name = '';
  let domain = '';
  for (const field of fields(message)) {
    if (field.number === FunctionProto.name) name = text(field);
    else if (field.number === FunctionProto.domain) domain = text(field);
  }
  return `${plainDomain(domain)}:${name}`;
}

function readGraph(message: Uint8Array, graph: GraphView): void {
  for (const field of fields(message)) {
    if (field.number === GraphProto.node) graph.nodes.push(nodeView(field.bytes, 0));
    else if (field.number === GraphProto.initializer) {
      const tensor = tensorView(field.bytes);
      graph.initializers.set(tensor.name, tensor);
    } else if (
      field.number === GraphProto.input ||
      field.number === GraphProto.output ||
      field.number === GraphProto.valueInfo
    ) {
      const value = valueView(field.bytes);
      // A value may be declared twice, once without its type (an output that was tapped): the fuller one counts.
      if (value.type !== null || !graph.values.has(value.name)) graph.values.set(value.name, value);
      if (field.number === GraphProto.input) graph.inputs.push(value);
      if (field.number === GraphProto.output) graph.outputs.push(value);
    }
  }
}

/** Most bodies within bodies. Protobuf's own reader, which ONNX Runtime uses, stops at a third of this. */
const deepest = 100;

/** @param depth how many bodies the node is in */
function nodeView(message: Uint8Array, depth: number): NodeView {
  const node: NodeView = { op: '', domain: '', name: '', inputs: [], outputs: [], attributes: new Map() };
  for (const field of fields(message)) {
    if (field.number === NodeProto.input) node.inputs.push(text(field));
    else if (field.number === NodeProto.output) node.outputs.push(text(field));
    else if (field.number === NodeProto.name) node.name = text(field);
    else if (field.number === NodeProto.opType) node.op = text(field);
    else if (field.number === NodeProto.attribute) {
      const [name, attribute] = attributeView(field.bytes, depth);
      node.attributes.set(name, attribute);
    } else if (field.number === NodeProto.domain) node.domain = plainDomain(text(field));
  }
  return node;
}

function attributeView(message: Uint8Array, depth: number): [string, AttributeView] {
  let name = '';
  let type = 0;
  const out: AttributeView = {};
  for (const field of fields(message)) {
    if (field.number === AttributeProto.name) name = text(field);
    else if (field.number === AttributeProto.f) out.float = floatOf(field.value);
    else if (field.number === AttributeProto.i) out.int = int(field);
    else if (field.number === AttributeProto.s) out.string = text(field);
    else if (field.number === AttributeProto.t) out.tensor = tensorView(field.bytes);
    else if (field.number === AttributeProto.g) out.nodes = bodyNodes(field.bytes, depth + 1);
    else if (field.number === AttributeProto.floats) {
      out.floats ??= [];
      if (field.wire === 5) out.floats.push(floatOf(field.value));
      else for (const value of floatsOf(field.bytes)) out.floats.push(value);
    } else if (field.number === AttributeProto.ints) ints(field, (out.ints ??= []));
    else if (field.number === AttributeProto.strings) (out.strings ??= []).push(text(field));
    else if (field.number === AttributeProto.type) type = int(field);
  }
  // Writers that follow proto3 leave out a number that is 0.
  if (type === AttributeType.float) out.float ??= 0;
  if (type === AttributeType.int) out.int ??= 0;
  return [name, out];
}

const floatOf = (bits: bigint): number => new Float32Array(Uint32Array.of(Number(bits)).buffer)[0];

/** Packed float32s, without a last one that is cut off. Copied, since a Float32Array cannot begin at any byte. */
const floatsOf = (bytes: Uint8Array): Float32Array =>
  new Float32Array(new Uint8Array(bytes).buffer, 0, Math.floor(bytes.length / 4));

function bodyNodes(message: Uint8Array, depth: number): NodeView[] {
  if (depth > deepest) {
    throw notOnnx(`graphs inside graphs, more than ${deepest} deep`, 'The file is corrupted: copy or export it again.');
  }
  const nodes: NodeView[] = [];
  for (const field of fields(message)) if (field.number === GraphProto.node) nodes.push(nodeView(field.bytes, depth));
  return nodes;
}

function valueView(message: Uint8Array): ValueView {
  const value: ValueView = { name: '', type: null, dims: null };
  for (const field of fields(message)) {
    if (field.number === ValueInfoProto.name) value.name = text(field);
    else if (field.number === ValueInfoProto.type) {
      for (const kind of fields(field.bytes))
        if (kind.number === TypeProto.tensorType) readTensorType(kind.bytes, value);
    }
  }
  return value;
}

function readTensorType(message: Uint8Array, value: ValueView): void {
  for (const field of fields(message)) {
    if (field.number === TensorTypeProto.elemType) value.type = typeName(int(field));
    else if (field.number === TensorTypeProto.shape) {
      value.dims = [];
      for (const dim of fields(field.bytes)) value.dims.push(readDim(dim.bytes));
    }
  }
}

function readDim(message: Uint8Array): number | string | null {
  for (const field of fields(message)) {
    if (field.number === Dimension.dimValue) return int(field);
    if (field.number === Dimension.dimParam) return text(field);
  }
  return null;
}

/** `Gemm '/classifier/Gemm'`, for messages. */
export function describeNode(node: NodeView): string {
  const op = node.domain ? `${node.domain}.${node.op}` : node.op;
  const name = node.name || node.outputs[0] || '';
  return name ? `${op} '${name}'` : op;
}
