import type { GraphNode, GraphSpec } from '../onnx/index.js';

/** What SGD's step depends on. */
export interface Rates {
  learningRate: number;
  momentum: number;
}

/**
 * Training steps on consecutive batches, unrolled. The loss of a batch of B rows is Σ e²/(B q) with e = x Wᵀ + b − y, so
 * its gradient is 2/(B q) eᵀx; one Gemm adds it to the decayed velocity.
 */
export function stepsGraph(batches: number[], p: number, q: number, { learningRate, momentum }: Rates): GraphSpec {
  const n = batches.reduce((a, b) => a + b, 0);
  const nodes: GraphNode[] = [];
  const node = (op: string, inputs: string[], output: string, attributes?: GraphNode['attributes']): string => {
    nodes.push({ op, inputs, outputs: [output], attributes });
    return output;
  };
  const parts = (name: string): string[] => {
    const outputs = batches.map((_, i) => `${name}${i}`);
    nodes.push({ op: 'Split', inputs: [name, 'sizes'], outputs, attributes: { axis: { int: 0 } } });
    return outputs;
  };
  const xs = parts('x');
  const ys = parts('y');
  const [keep, drop] = [{ int: 1 }, { int: 0 }];
  const last = batches.length - 1;
  const losses: string[] = [];
  let [w, b, vw, vb] = ['w', 'b', 'vw', 'vb'];
  batches.forEach((rows, i) => {
    const next = (name: string): string => (i === last ? `${name}Next` : `${name}Next${i}`);
    const slope: GraphNode['attributes'] = { alpha: { float: 2 / (rows * q) }, beta: { float: momentum } };
    const error = node('Sub', [node('Gemm', [xs[i], w, b], `yhat${i}`, { transB: { int: 1 } }), ys[i]], `e${i}`);
    losses.push(node('ReduceMean', [node('Mul', [error, error], `e2${i}`)], `loss${i}`, { keepdims: keep }));
    vw = node('Gemm', [error, xs[i], vw], next('vw'), { transA: { int: 1 }, ...slope });
    const gradient = node(
      'Mul',
      [node('ReduceSum', [error, 'axis0'], `es${i}`, { keepdims: drop }), `slope${rows}`],
      `gb${i}`,
    );
    vb = node('Add', [node('Mul', [vb, 'momentum'], `vbKept${i}`), gradient], next('vb'));
    w = node('Sub', [w, node('Mul', [vw, 'rate'], `wStep${i}`)], next('w'));
    b = node('Sub', [b, node('Mul', [vb, 'rate'], `bStep${i}`)], next('b'));
  });
  node('Concat', losses, 'losses', { axis: { int: 0 } });
  const scalar = (name: string, value: number): NonNullable<GraphSpec['constants']>[number] => ({
    name,
    type: 'float32',
    dims: [],
    data: new Float32Array([value]),
  });
  return {
    inputs: [
      { name: 'w', type: 'float32', dims: [q, p] },
      { name: 'b', type: 'float32', dims: [q] },
      { name: 'vw', type: 'float32', dims: [q, p] },
      { name: 'vb', type: 'float32', dims: [q] },
      { name: 'x', type: 'float32', dims: [n, p] },
      { name: 'y', type: 'float32', dims: [n, q] },
    ],
    outputs: [
      { name: 'wNext', type: 'float32', dims: [q, p] },
      { name: 'bNext', type: 'float32', dims: [q] },
      { name: 'vwNext', type: 'float32', dims: [q, p] },
      { name: 'vbNext', type: 'float32', dims: [q] },
      { name: 'losses', type: 'float32', dims: [batches.length, 1] },
    ],
    nodes,
    constants: [
      { name: 'axis0', type: 'int64', dims: [1], data: new BigInt64Array([0n]) },
      { name: 'sizes', type: 'int64', dims: [batches.length], data: BigInt64Array.from(batches, BigInt) },
      scalar('rate', learningRate),
      scalar('momentum', momentum),
      ...[...new Set(batches)].map((rows) => scalar(`slope${rows}`, 2 / (rows * q))),
    ],
  };
}
