import { buildModel, type DataTypeName, type GraphConstant, type GraphNode } from '../onnx/index.js';

/** A rectangle of the joint Gram of Z = [X | Y]: rows [row, row + rows), columns [col, col + cols). */
export interface Rectangle {
  row: number;
  rows: number;
  col: number;
  cols: number;
}

/**
 * The rectangles that cover the upper triangle of XᵀX and all of XᵀY: panel k of X's columns against the columns from
 * its own start to the end of Y. Eight panels cost 9/16 of the full Gram's arithmetic.
 */
export function panels(p: number, q: number): Rectangle[] {
  const count = Math.min(8, Math.ceil(p / 64));
  const out: Rectangle[] = [];
  for (let k = 0; k < count; k++) {
    const row = Math.round((k * p) / count);
    out.push({ row, rows: Math.round(((k + 1) * p) / count) - row, col: row, cols: p + q - row });
  }
  return out;
}

/**
 * The graph of one block: x (n, p) and y (n, q) in, out come `mean` (1, p + q), `gram0`, `gram1`, … (the centred
 * panels) and `squares` (1, q), all in float64 whatever x and y are.
 */
export function blockGraph(p: number, q: number, x: DataTypeName, y: DataTypeName): Uint8Array {
  const nodes: GraphNode[] = [
    { op: 'Cast', inputs: ['x'], outputs: ['x64'], attributes: { to: { int: 11 } } },
    { op: 'Cast', inputs: ['y'], outputs: ['y64'], attributes: { to: { int: 11 } } },
    { op: 'Concat', inputs: ['x64', 'y64'], outputs: ['z'], attributes: { axis: { int: 1 } } },
    { op: 'ReduceMean', inputs: ['z'], outputs: ['mean'], attributes: { axes: { ints: [0] } } },
    { op: 'Sub', inputs: ['z', 'mean'], outputs: ['centred'] },
  ];
  const constants: GraphConstant[] = [integers('axis', 1), integers('p', p), integers('end', p + q)];
  const outputs = ['mean'];
  for (const [k, { row, rows }] of panels(p, q).entries()) {
    constants.push(integers(`from${k}`, row), integers(`to${k}`, row + rows));
    nodes.push({ op: 'Slice', inputs: ['centred', `from${k}`, `to${k}`, 'axis'], outputs: [`left${k}`] });
    if (k > 0) nodes.push({ op: 'Slice', inputs: ['centred', `from${k}`, 'end', 'axis'], outputs: [`right${k}`] });
    nodes.push({
      op: 'Gemm',
      inputs: [`left${k}`, k > 0 ? `right${k}` : 'centred'],
      outputs: [`gram${k}`],
      attributes: { transA: { int: 1 } },
    });
    outputs.push(`gram${k}`);
  }
  nodes.push(
    { op: 'Slice', inputs: ['centred', 'p', 'end', 'axis'], outputs: ['targets'] },
    { op: 'ReduceSumSquare', inputs: ['targets'], outputs: ['squares'], attributes: { axes: { ints: [0] } } },
  );
  outputs.push('squares');
  return buildModel({
    inputs: [
      { name: 'x', type: x, dims: ['n', p] },
      { name: 'y', type: y, dims: ['n', q] },
    ],
    outputs: outputs.map((name) => ({ name, type: 'float64', dims: [`${name}_rows`, `${name}_cols`] })),
    nodes,
    constants,
  });
}

const integers = (name: string, ...values: number[]): GraphConstant => ({
  name,
  type: 'int64',
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});
