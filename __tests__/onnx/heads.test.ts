import { readFileSync } from 'node:fs';
import { FeatReconstructError } from '../../lib/base/index.js';
import { buildModel, describeNode, findHead, liftHead, parseModel, type GraphConstant } from '../../lib/onnx/index.js';
import { accepted, errorOf, floats, modelFile, refused, relativeError } from './fixtures.js';

const read = (name: string) => parseModel(readFileSync(modelFile(name)), { modelPath: modelFile(name) });

describe('the head of each fixture', () => {
  test.each(accepted.map((each) => [each.name, each] as const))('%s', (name, expected) => {
    const graph = read(name);
    const head = findHead(graph, expected.options);
    expect({ features: head.features, logits: head.logits }).toEqual({
      features: expected.featuresTensor,
      logits: expected.logitsTensor,
    });
    expect(head.featuresTransposed).toBe(expected.columns ?? false);
    expect(head.precision).toBe(expected.precision ?? 'float32');
    expect(head.notes).toEqual(expected.notes);

    const { weight, bias } = liftHead(graph, head);
    if (expected.weight) expect(relativeError(weight.data, floats(expected.weight))).toBeLessThan(1e-6);
    if (expected.bias) expect(relativeError(bias.data, floats(expected.bias))).toBeLessThan(1e-6);

    // The property that everything rests on, with features and logits that others computed.
    const features = floats(expected.features);
    const logits = floats(expected.logits);
    const n = expected.dims[0];
    const [c, d] = weight.shape;
    expect([features.length, logits.length]).toEqual([n * d, n * c]);
    const found = Float64Array.from(logits, (_, at) => {
      const [row, k] = [Math.floor(at / c), at % c];
      let sum = bias.get(k);
      for (let j = 0; j < d; j++) sum += weight.get(k, j) * features[row * d + j];
      return sum;
    });
    expect(relativeError(found, logits)).toBeLessThan(expected.precision === 'float16' ? 5e-3 : 2e-6);
  });
});

test('unscaled float32 weights are lifted bit for bit', () => {
  const expected = accepted.find(({ name }) => name === 'matmul_add')!;
  const graph = read('matmul_add');
  const { weight, bias } = liftHead(graph, findHead(graph));
  expect(weight.data).toEqual(floats(expected.weight!));
  expect(bias.data).toEqual(floats(expected.bias!));
});

describe('refused by the graph alone', () => {
  const cases = refused.filter(({ at }) => at !== 'load');
  test.each(cases.map((each) => [each.name, each] as const))('%s', (name, { at, parts, options }) => {
    const error = errorOf(() => {
      const graph = read(name);
      if (at === 'parse') throw new Error('parsed');
      liftHead(graph, findHead(graph, options));
    });
    expect(error).toBeInstanceOf(FeatReconstructError);
    for (const part of parts) expect(error.message).toContain(part);
  });
});

test('a graph view says what the file says', () => {
  const graph = read('torch_script_net');
  expect(graph.producer).toMatch(/^pytorch \d/);
  expect(graph.opsets.get('')).toBe(17);
  expect(graph.inputs).toEqual([{ name: 'x', type: 'float32', dims: ['n', 3, 6, 6] }]);
  expect(graph.outputs.map(({ name }) => name)).toEqual(['y']);
  expect(describeNode(graph.producers.get('y')!)).toBe("Gemm '/fc/Gemm'");
});

test('initialisers that are listed as inputs are no inputs', () => {
  expect(read('initializers_as_inputs').inputs.map(({ name }) => name)).toEqual(['x']);
});

test('a graph that was built here is read back', () => {
  const graph = parseModel(
    buildModel({
      inputs: [{ name: 'x', type: 'float32', dims: ['n', 2] }],
      outputs: [{ name: 'y', type: 'float32', dims: ['n', 3] }],
      nodes: [
        { op: 'Relu', inputs: ['x'], outputs: ['f'] },
        { op: 'Gemm', inputs: ['f', 'w'], outputs: ['y'], attributes: { transB: { int: 1 }, alpha: { float: 2 } } },
      ],
      constants: [{ name: 'w', type: 'float32', dims: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    }),
  );
  const head = findHead(graph);
  expect(head).toMatchObject({ features: 'f', logits: 'y', node: "Gemm 'y'" });
  expect([...liftHead(graph, head).weight.data]).toEqual([2, 4, 6, 8, 10, 12]);
});

test('several heads on one tensor, each behind a batch normalisation of its own, read that tensor', () => {
  const constant = (name: string, dims: number[], data: number[]): GraphConstant => ({
    name,
    type: 'float32',
    dims,
    data: Float32Array.from(data),
  });
  const vector = (name: string, data: number[]): GraphConstant => constant(name, [2], data);
  const matrix = (name: string, data: number[]): GraphConstant => constant(name, [3, 2], data);
  const graph = parseModel(
    buildModel({
      inputs: [{ name: 'x', type: 'float32', dims: ['n', 2] }],
      outputs: [{ name: 'y', type: 'float32', dims: ['n', 3] }],
      nodes: [
        { op: 'Relu', inputs: ['x'], outputs: ['f'] },
        {
          op: 'BatchNormalization',
          inputs: ['f', 'g1', 'zero', 'zero', 'one'],
          outputs: ['b1'],
          attributes: { epsilon: { float: 0 } },
        },
        {
          op: 'BatchNormalization',
          inputs: ['f', 'g2', 'one', 'zero', 'one'],
          outputs: ['b2'],
          attributes: { epsilon: { float: 0 } },
        },
        { op: 'Gemm', inputs: ['b1', 'w1'], outputs: ['y1'], attributes: { transB: { int: 1 } } },
        { op: 'Gemm', inputs: ['b2', 'w2'], outputs: ['y2'], attributes: { transB: { int: 1 } } },
        { op: 'Add', inputs: ['y1', 'y2'], outputs: ['y'] },
      ],
      constants: [
        ...[vector('g1', [2, 3]), vector('g2', [5, 7]), vector('zero', [0, 0]), vector('one', [1, 1])],
        ...[matrix('w1', [1, 0, 0, 1, 1, 1]), matrix('w2', [1, 1, 0, 1, 1, 0])],
      ],
    }),
  );
  const head = findHead(graph);
  expect(head).toMatchObject({ features: 'f', logits: 'y', added: [] });
  const { weight, bias } = liftHead(graph, head);
  // W1 diag(2, 3) + W2 diag(5, 7), and W2 (1, 1) from the second's shift.
  expect([...weight.data]).toEqual([7, 7, 0, 10, 7, 3]);
  expect([...bias.data]).toEqual([2, 1, 1]);
});

test('the exponential of a log-softmax is a softmax; a prior taken off by its logarithm is folded in', () => {
  const graph = parseModel(
    buildModel({
      inputs: [{ name: 'x', type: 'float32', dims: ['n', 2] }],
      outputs: [{ name: 'p', type: 'float32', dims: ['n', 2] }],
      nodes: [
        { op: 'MatMul', inputs: ['x', 'W'], outputs: ['h'] },
        { op: 'Log', inputs: ['prior'], outputs: ['shift'] },
        { op: 'Sub', inputs: ['h', 'shift'], outputs: ['z'] },
        { op: 'LogSoftmax', inputs: ['z'], outputs: ['l'], attributes: { axis: { int: 1 } } },
        { op: 'Exp', inputs: ['l'], outputs: ['p'] },
      ],
      constants: [
        { name: 'W', type: 'float32', dims: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
        { name: 'prior', type: 'float32', dims: [2], data: Float32Array.of(0.25, 0.75) },
      ],
    }),
  );
  const head = findHead(graph);
  expect([head.features, head.logits]).toEqual(['x', 'z']);
  const { weight, bias } = liftHead(graph, head);
  expect(Array.from(weight.data)).toEqual([1, 3, 2, 4]);
  expect(relativeError(bias.data, Float32Array.of(-Math.log(0.25), -Math.log(0.75)))).toBeLessThan(1e-6);
});

test.each([
  [0, 'node-over-images'],
  [1, 'node'],
])('a softmax over axis %d is read, and noted where it is not over the classes', (axis, as) => {
  const graph = parseModel(
    buildModel({
      inputs: [{ name: 'x', type: 'float32', dims: ['n', 2] }],
      outputs: [{ name: 'p', type: 'float32', dims: ['n', 3] }],
      nodes: [
        { op: 'MatMul', inputs: ['x', 'W'], outputs: ['z'] },
        { op: 'Softmax', inputs: ['z'], outputs: ['p'], attributes: { axis: { int: axis } } },
      ],
      constants: [{ name: 'W', type: 'float32', dims: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 7) }],
    }),
  );
  const { logits, notes } = findHead(graph);
  expect(logits).toBe('z');
  expect(notes).toEqual([{ kind: 'output-form', output: 'p', form: { kind: 'softmax', as }, logits: 'z' }]);
});
