import { buildModel, dataType, type GraphNode, type GraphValue } from '../onnx/index.js';
import { createSession, type GraphSession, type GraphTensor, type SessionOptions } from '../runtime/index.js';
import type { AffineMap, Basis, CentredSpan } from './affine.js';
import { ScreenedHead } from './screened-head.js';

/** What an evaluation computes of its rows; every part is optional. */
export interface Plan {
  /** f̂ = A x + a; without it the rows are the reconstructed features already. */
  map?: AffineMap;
  /** ẑ = W f̂ + b, in float32 where the head is screened. */
  head?: AffineMap | ScreenedHead;
  /** Compares f̂ with the true features, sums about the row `first`. */
  features?: { first: Float64Array; rowSpace?: Basis };
  /** How far x is from an affine space. */
  span?: CentredSpan;
}

/** Types of the rows as they are read; everything is float64 from there on. */
interface RowTypes {
  x: 'float32' | 'float64';
  y?: 'float32' | 'float64';
}

/** A compiled plan. */
interface PlanSession {
  run(x: GraphTensor, y?: GraphTensor): Promise<Record<string, GraphTensor>>;
  release(): Promise<void>;
}

/**
 * One graph for the whole plan, so that a block of rows is sent once and only sums come back (and ẑ, whose arg-max and
 * ranks are read row by row). Weights are inputs, not constants: the graph's bytes stay small, and nothing is held twice.
 */
export async function openPlan(
  plan: Plan,
  types: RowTypes,
  executionProviders: SessionOptions['executionProviders'],
): Promise<PlanSession> {
  const { nodes, outputs, weights } = drawPlan(plan, types);
  // Without outputs there is nothing to run; that the rows are finite is checked by the walk.
  if (outputs.length === 0) return { run: async () => ({}), release: async () => undefined };
  const input = (name: string, type: GraphValue['type'], rank: number): GraphValue => ({
    name,
    type,
    dims: Array.from({ length: rank }, (_, i) => `${name}${i}`),
  });
  const session: GraphSession = await createSession(
    buildModel({
      inputs: [
        input('x', types.x, 2),
        ...(types.y ? [input('y', types.y, 2)] : []),
        ...Object.entries(weights).map(([name, { type, dims }]) => input(name, type, dims.length)),
      ],
      outputs: outputs.map((name) => input(name, name === 'zhat32' ? 'float32' : 'float64', ranks[name])),
      nodes,
      constants: [{ name: 'axis0', type: 'int64', dims: [1], data: new BigInt64Array([0n]) }],
    }),
    { executionProviders },
  );
  return {
    run: (x, y) => session.run({ x, ...(y ? { y } : {}), ...weights }),
    release: () => session.release(),
  };
}

/** Every output that a plan may have, by its rank. */
const ranks = {
  fhat: 2,
  zhat: 2,
  zhat32: 2,
  errorByRow: 1,
  errorByFeature: 1,
  shift: 1,
  square: 1,
  rowError: 0,
  rowShift: 1,
  rowSquare: 0,
  residual: 1,
  length: 1,
};

type Output = keyof typeof ranks;

function drawPlan(plan: Plan, types: RowTypes): Drawing {
  const drawing = new Drawing();
  const x = drawing.asFloat64('x', types.x);
  const fhat = plan.map ? drawing.affine(x, 'map', plan.map, 'fhat') : x;
  if (plan.head) drawHead(drawing, fhat, plan.head, types, plan.map !== undefined);
  if (plan.features && types.y) drawFeatures(drawing, fhat, drawing.asFloat64('y', types.y), plan.features);
  if (plan.span) drawSpan(drawing, x, plan.span);
  return drawing;
}

function drawHead(
  drawing: Drawing,
  fhat: string,
  head: NonNullable<Plan['head']>,
  types: RowTypes,
  mapped: boolean,
): void {
  if (!(head instanceof ScreenedHead)) {
    drawing.outputs.push(drawing.affine(fhat, 'head', head, 'zhat'));
    return;
  }
  // Rows that are read as they are need not come back.
  if (mapped) drawing.outputs.push('fhat');
  const narrow =
    !mapped && types.x === 'float32' ? 'x' : drawing.node('Cast', [fhat], 'fhat32', { to: { int: dataType.float32 } });
  drawing.outputs.push(drawing.affine(narrow, 'head', head, 'zhat32'));
}

function drawFeatures(
  drawing: Drawing,
  fhat: string,
  y: string,
  { first, rowSpace }: NonNullable<Plan['features']>,
): void {
  const error = drawing.node('Sub', [fhat, y], 'error');
  const shifted = drawing.node('Sub', [y, drawing.weight('first', first, first.length)], 'shifted');
  drawing.outputs.push(
    drawing.squares(error, 'errorByRow', 1),
    drawing.squares(error, 'errorByFeature', 0),
    drawing.columnSums(shifted, 'shift'),
    drawing.squares(shifted, 'square', 0),
  );
  // Where the row space is everything, its sums are the ones above; where it is nothing, they are 0.
  if (!rowSpace || rowSpace.rank === 0 || rowSpace.rank === rowSpace.size) return;
  const basis = drawing.weight('rowSpace', rowSpace.data, rowSpace.size, rowSpace.rank);
  const seen = drawing.node('MatMul', [shifted, basis], 'shiftedSeen');
  drawing.outputs.push(
    drawing.squares(drawing.node('MatMul', [error, basis], 'errorSeen'), 'rowError'),
    drawing.columnSums(seen, 'rowShift'),
    drawing.squares(seen, 'rowSquare'),
  );
}

function drawSpan(drawing: Drawing, x: string, { mean, basis }: CentredSpan): void {
  const centred = drawing.node('Sub', [x, drawing.weight('mean', mean, mean.length)], 'centred');
  let outside: string = centred;
  if (basis.rank > 0) {
    const span = drawing.weight('span', basis.data, basis.size, basis.rank);
    const within = drawing.node('MatMul', [centred, span], 'within');
    outside = drawing.node('Gemm', [within, span, centred], 'outside', { transB: { int: 1 }, alpha: { float: -1 } });
  }
  drawing.outputs.push(drawing.squares(outside, 'residual', 1), drawing.squares(centred, 'length', 1));
}

/** A graph in the making: each method adds a node and returns the name of its output. */
class Drawing {
  readonly nodes: GraphNode[] = [];
  readonly outputs: Output[] = [];
  readonly weights: Record<string, GraphTensor> = {};

  node<Name extends string>(op: string, inputs: string[], output: Name, attributes?: GraphNode['attributes']): Name {
    this.nodes.push({ op, inputs, outputs: [output], attributes });
    return output;
  }

  weight(name: string, data: Float32Array | Float64Array, ...dims: number[]): string {
    this.weights[name] = { type: data instanceof Float64Array ? 'float64' : 'float32', data, dims };
    return name;
  }

  asFloat64(name: string, type: 'float32' | 'float64'): string {
    return type === 'float64' ? name : this.node('Cast', [name], `${name}64`, { to: { int: dataType.float64 } });
  }

  affine<Name extends string>(
    input: string,
    name: string,
    { weight, bias, outputs, inputs }: AffineMap | ScreenedHead,
    output: Name,
  ): Name {
    const w = this.weight(`${name}Weight`, weight, outputs, inputs);
    const b = this.weight(`${name}Bias`, bias, outputs);
    return this.node('Gemm', [input, w, b], output, { transB: { int: 1 } });
  }

  /** Sums of squares along an axis, or of everything. */
  squares<Name extends string>(input: string, output: Name, axis?: number): Name {
    const axes: GraphNode['attributes'] = axis === undefined ? {} : { axes: { ints: [axis] } };
    return this.node('ReduceSumSquare', [input], output, { keepdims: { int: 0 }, ...axes });
  }

  columnSums<Name extends string>(input: string, output: Name): Name {
    return this.node('ReduceSum', [input, 'axis0'], output, { keepdims: { int: 0 } });
  }
}
