import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FeatReconstructError } from '../../lib/base/index.js';
import { buildModel, findHead, liftHead, parseModel, type GraphNode } from '../../lib/onnx/index.js';
import { Writer } from '../../lib/onnx/protobuf.js';
import { describeModel, loadModel } from '../../lib/runtime/index.js';
import { temporaryFolder } from '../cli/support.js';
import { coded } from '../support/coded.js';

/** Small models that promise much, or are made of themselves: one sentence, within a second. */

const folder = temporaryFolder();
/** Milliseconds; far more than it takes, far less than it took. */
const limit = 5000;

/** An ONNX model of one graph, whose fields are given. */
function model(fill: (graph: Writer) => void): Uint8Array {
  const graph = new Writer();
  fill(graph);
  graph.bytes(12, value('y', [1, 3]));
  return new Writer().int(1, 8).bytes(8, new Writer().bytes(1, '').int(2, 17)).bytes(7, graph).finish();
}

function value(name: string, dims: number[]): Writer {
  const shape = new Writer();
  for (const dim of dims) shape.bytes(1, new Writer().int(1, dim));
  const type = new Writer().bytes(1, new Writer().int(1, 1).bytes(2, shape));
  return new Writer().bytes(1, name).bytes(2, type);
}

function node(op: string, inputs: string[], outputs: string[]): Writer {
  const out = new Writer();
  for (const name of inputs) out.bytes(1, name);
  for (const name of outputs) out.bytes(2, name);
  return out.bytes(4, op);
}

const tensor = (name: string, dims: number[], rest: (writer: Writer) => Writer, type = 1): Writer => {
  const out = new Writer();
  for (const dim of dims) out.int(1, dim);
  return rest(out.int(2, type).bytes(8, name));
};

/** A head whose weight comes of the nodes given, from `c`. */
const headBehind = (nodes: GraphNode[]): Uint8Array =>
  buildModel({
    inputs: [{ name: 'x', type: 'float32', dims: ['n', 2] }],
    outputs: [{ name: 'y', type: 'float32', dims: ['n', 3] }],
    constants: [{ name: 'c', type: 'float32', dims: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    nodes: [
      { op: 'Relu', inputs: ['x'], outputs: ['f'] },
      ...nodes,
      { op: 'MatMul', inputs: ['f', 'w'], outputs: ['y'] },
    ],
  });

function read(bytes: Uint8Array): void {
  const graph = parseModel(bytes);
  liftHead(graph, findHead(graph));
}

/** Within the limit: 'read', or the error. */
function outcome(call: () => unknown): unknown {
  const begun = performance.now();
  let end: unknown = 'read';
  try {
    call();
  } catch (error) {
    if (!(error instanceof FeatReconstructError)) throw error;
    end = error;
  }
  expect(performance.now() - begun).toBeLessThan(limit);
  return end;
}

function nested(depth: number): Writer {
  // From the inside: a writer within a writer copies what it holds.
  let body = new Writer().bytes(1, node('Relu', ['x'], ['z']));
  for (let i = 0; i < depth; i++) {
    const attribute = new Writer().bytes(1, 'then_branch').bytes(6, body).int(20, 5);
    body = new Writer().bytes(1, node('If', ['b'], ['z']).bytes(5, attribute));
  }
  return body;
}

const chain = (length: number): GraphNode[] =>
  Array.from({ length }, (_, i) => ({
    op: 'Identity',
    inputs: [i === 0 ? 'c' : `w${i}`],
    outputs: [i === length - 1 ? 'w' : `w${i + 1}`],
  }));

describe('graphs', () => {
  test.each([101, 3000])('%i bodies in one another', (depth) => {
    const bytes = model((graph) =>
      graph.bytes(1, node('If', ['b'], ['y']).bytes(5, new Writer().bytes(6, nested(depth)))),
    );
    expect(outcome(() => read(bytes))).toEqual(coded('bad-input', 100));
  });

  test('30 bodies in one another, about as many as ONNX Runtime takes, are read', () => {
    const bytes = model((graph) =>
      graph.bytes(1, node('If', ['b'], ['y']).bytes(5, new Writer().bytes(6, nested(30)))),
    );
    expect(parseModel(bytes).nodes).toHaveLength(1);
  });

  test('a weight behind 20 nodes is read, one behind 20,000 is refused', () => {
    expect(outcome(() => read(headBehind(chain(20))))).toBe('read');
    const long = headBehind(chain(20_000));
    expect(outcome(() => read(long))).toEqual(coded('damaged', 1000));
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('a weight behind a node called %s', (op) => {
    expect(outcome(() => read(headBehind([{ op, inputs: ['c'], outputs: ['w'] }])))).toEqual(
      coded('bad-input', op, "'w'"),
    );
  });

  test('nodes that feed one another', () => {
    const circle = headBehind([
      { op: 'Identity', inputs: ['v'], outputs: ['w'] },
      { op: 'Identity', inputs: ['w'], outputs: ['v'] },
    ]);
    expect(outcome(() => read(circle))).toEqual(coded('no-head'));
  });

  test('a constant of 2^40 numbers that its shape alone gives', () => {
    const bytes = buildModel({
      inputs: [{ name: 'x', type: 'float32', dims: ['n', 2] }],
      outputs: [{ name: 'y', type: 'float32', dims: ['n', 3] }],
      constants: [{ name: 's', type: 'int64', dims: [2], data: BigInt64Array.of(2n ** 20n, 2n ** 20n) }],
      nodes: [
        { op: 'Relu', inputs: ['x'], outputs: ['f'] },
        { op: 'ConstantOfShape', inputs: ['s'], outputs: ['w'] },
        { op: 'MatMul', inputs: ['f', 'w'], outputs: ['y'] },
      ],
    });
    expect(outcome(() => read(bytes))).toEqual(coded('damaged', "'w'", '1048576 x 1048576'));
  });
});

describe('tensors', () => {
  const weight = (rest: (writer: Writer) => Writer, dims = [2, 3], type = 1): Uint8Array =>
    model((graph) =>
      graph
        .bytes(1, node('Relu', ['x'], ['f']))
        .bytes(1, node('MatMul', ['f', 'w'], ['y']))
        .bytes(5, tensor('w', dims, rest, type))
        .bytes(11, value('x', [1, 2])),
    );

  test.each<[string, Uint8Array, Error]>([
    [
      'a shape beyond all numbers',
      weight((t) => t.bytes(9, new Uint8Array(24)), [2 ** 40, 2 ** 40]),
      coded('damaged', 'bytes', "'w'"),
    ],
    ['a shape without numbers', weight((t) => t, [2 ** 20, 2 ** 20]), coded('damaged', 'numbers', "'w'")],
    ['a negative dimension', weight((t) => t.bytes(9, new Uint8Array(24)), [-2, -3]), coded('damaged', 'bytes', "'w'")],
    [
      'a megabyte of a number that never ends',
      weight((t) => t.bytes(7, new Uint8Array(1e6).fill(255)), [2, 3], 7),
      coded('damaged'),
    ],
    ['a dimension that never ends', weight((t) => t.bytes(1, new Uint8Array(1e6).fill(255))), coded('damaged')],
    ['a type that there is not', weight((t) => t.bytes(9, new Uint8Array(6)), [2, 3], 99), coded('bad-input', 99)],
    ['text', weight((t) => t.bytes(6, 'a'), [2, 3], 8), coded('bad-input', 'string')],
  ])('%s', (_, bytes, message) => {
    expect(outcome(() => read(bytes))).toEqual(message);
  });

  test('100,000 numbers in a field each take no longer than in one', () => {
    const many = weight(
      (t) => {
        for (let i = 0; i < 100_000; i++) t.float(4, 1);
        return t;
      },
      [2, 50_000],
    );
    expect(outcome(() => parseModel(many))).toBe('read');
  });

  test('an attribute of 300,000 floats is read, and one of seven bytes is no stack trace', () => {
    const attribute = (bytes: Uint8Array): Uint8Array =>
      model((graph) => graph.bytes(1, node('Relu', ['x'], ['y']).bytes(5, new Writer().bytes(1, 'a').bytes(7, bytes))));
    const floats = parseModel(attribute(new Uint8Array(1_200_000))).nodes[0].attributes.get('a')?.floats;
    expect(floats).toHaveLength(300_000);
    expect(parseModel(attribute(new Uint8Array(7))).nodes[0].attributes.get('a')?.floats).toHaveLength(1);
  });
});

describe('external data', () => {
  const external = (location: string): Uint8Array => {
    const entry = new Writer().bytes(1, 'location').bytes(2, location);
    return model((graph) =>
      graph
        .bytes(1, node('Relu', ['x'], ['f']))
        .bytes(1, node('MatMul', ['f', 'w'], ['y']))
        .bytes(
          5,
          tensor('w', [2, 3], (t) => t.bytes(13, entry).int(14, 1)),
        )
        .bytes(11, value('x', [1, 2])),
    );
  };
  const described = (location: string): Promise<unknown> => {
    const file = path.join(folder, 'external.onnx');
    writeFileSync(file, external(location));
    return describeModel(file);
  };
  const isPosix = process.platform !== 'win32';

  (isPosix ? test : test.skip)('in a pipe are not waited for', async () => {
    execFileSync('mkfifo', [path.join(folder, 'pipe')]);
    await expect(described('pipe')).rejects.toThrow(coded('bad-input', "'pipe'", 'regular'));
  });

  test('in a folder, or under a name with a zero byte, are refused', async () => {
    mkdirSync(path.join(folder, 'sub'));
    await expect(described('sub')).rejects.toThrow(coded('bad-input', "'sub'", 'regular'));
    await expect(described('a\0b')).rejects.toThrow(coded('bad-input', 'outside'));
  });
});

describe('inputs', () => {
  test.each([[[1, 3, 65_536, 65_536]], [['n', 3, 65_536, 65_536]], [['n', 65_536, 65_536, 3]], [['n', 2 ** 40]]])(
    '%j would not fit in memory',
    async (dims) => {
      const bytes = buildModel({
        inputs: [{ name: 'x', type: 'float32', dims }],
        outputs: [{ name: 'y', type: 'float32', dims: ['n', 3] }],
        constants: [{ name: 'w', type: 'float32', dims: [1, 3], data: Float32Array.of(1, 2, 3) }],
        nodes: [
          { op: 'Flatten', inputs: ['x'], outputs: ['flat'] },
          { op: 'ReduceMean', inputs: ['flat'], outputs: ['f'], attributes: { axes: { ints: [1] } } },
          { op: 'MatMul', inputs: ['f', 'w'], outputs: ['y'] },
        ],
      });
      const begun = performance.now();
      await expect(loadModel(bytes)).rejects.toThrow(coded('too-large'));
      expect(performance.now() - begun).toBeLessThan(limit);
    },
  );
});
