import { buildModel, dataType, type DataTypeName, type GraphConstant, type GraphNode } from '../onnx/index.js';

/** A rectangle of the joint Gram of Z = [X | Y]: rows [row, row + rows), columns [col, col + cols). */
interface Rectangle {
  row: number;
  rows: number;
  col: number;
  cols: number;
}

/** Columns of Z that are worked on together. */
interface Piece {
  name: string;
  start: number;
  width: number;
}

/**
 * Widths of pieces, by measurement: a product is quickest where both factors are wide and the left one is a multiple of the 6
 * rows of ONNX Runtime's kernel. Pieces of X are halved for the diagonal of its Gram, so that less of it is computed twice.
 */
const pieceWidth = { x: 252, y: 512 };

const piecesOf = (name: 'x' | 'y', start: number, width: number): Piece[] =>
  Array.from({ length: Math.ceil(width / pieceWidth[name]) }, (_, k) => ({
    name: `${name}${k}`,
    start: start + k * pieceWidth[name],
    width: Math.min(pieceWidth[name], width - k * pieceWidth[name]),
  }));

/** A wide piece of X in two, as the graph splits it; a narrow one as it is. */
function halvesOf(piece: Piece): Piece[] {
  const first = pieceWidth.x / 2;
  if (piece.width <= first) return [piece];
  const { name, start, width } = piece;
  return [
    { name: `${name}a`, start, width: first },
    { name: `${name}b`, start: start + first, width: width - first },
  ];
}

/** Pairs of pieces whose products cover XᵀX on and above the diagonal, and all of XᵀY. */
function pairs(p: number, q: number): [Piece, Piece][] {
  const x = piecesOf('x', 0, p);
  const y = piecesOf('y', p, q);
  return x.flatMap((left, k): [Piece, Piece][] => {
    const [a, b] = halvesOf(left);
    const diagonal: [Piece, Piece][] = b
      ? [
          [a, a],
          [a, b],
          [b, b],
        ]
      : [[a, a]];
    return [...diagonal, ...[...x.slice(k + 1), ...y].map((right): [Piece, Piece] => [left, right])];
  });
}

/** The rectangles that a block's Gram consists of, in the order of the graph's outputs `gram0`, `gram1`, … */
export const panels = (p: number, q: number): Rectangle[] =>
  pairs(p, q).map(([left, right]) => ({ row: left.start, rows: left.width, col: right.start, cols: right.width }));

/**
 * The graph of one block of rows: x (n, p) and y (n, q) in; out come `mean` (p + q, 1), `gram0`, `gram1`, … (the centred
 * rectangles) and `squares` (q), all in float64. Pieces are transposed first, since a product A Bᵀ
 * of long rows is ONNX Runtime's quickest, and small enough to stay in the cache from there to the centred piece.
 */
export function blockGraph(p: number, q: number, x: DataTypeName, y: DataTypeName): Uint8Array {
  const nodes: GraphNode[] = [];
  const constants: GraphConstant[] = [];
  const [xs, ys] = [piecesOf('x', 0, p), piecesOf('y', p, q)];
  for (const [source, pieces] of [['x', xs] as const, ['y', ys] as const]) {
    const widths = pieces.map(({ width }) => width);
    constants.push({
      name: `${source}Widths`,
      type: 'int64',
      dims: [widths.length],
      data: BigInt64Array.from(widths, BigInt),
    });
    nodes.push({
      op: 'Split',
      inputs: [source, `${source}Widths`],
      outputs: pieces.map(({ name }) => `${name}Rows`),
      attributes: { axis: { int: 1 } },
    });
    for (const { name } of pieces) nodes.push(...centred(name));
  }
  for (const piece of xs) {
    const halves = halvesOf(piece);
    if (halves.length === 1) continue;
    const lengths = BigInt64Array.from(halves, ({ width }) => BigInt(width));
    constants.push({ name: `${piece.name}Halves`, type: 'int64', dims: [2], data: lengths });
    nodes.push({
      op: 'Split',
      inputs: [piece.name, `${piece.name}Halves`],
      outputs: halves.map(({ name }) => name),
      attributes: { axis: { int: 0 } },
    });
  }
  const squares = ys.map(({ name }) => `${name}Squares`);
  for (const { name } of ys) {
    nodes.push({
      op: 'ReduceSumSquare',
      inputs: [name],
      outputs: [`${name}Squares`],
      attributes: { axes: { ints: [1] }, keepdims: { int: 0 } },
    });
  }
  const products = pairs(p, q).map(([left, right], k): GraphNode => ({
    op: 'Gemm',
    inputs: [left.name, right.name],
    outputs: [`gram${k}`],
    attributes: { transB: { int: 1 } },
  }));
  nodes.push(
    ...products,
    {
      op: 'Concat',
      inputs: [...xs, ...ys].map(({ name }) => `${name}Mean`),
      outputs: ['mean'],
      attributes: { axis: { int: 0 } },
    },
    { op: 'Concat', inputs: squares, outputs: ['squares'], attributes: { axis: { int: 0 } } },
  );
  return buildModel({
    inputs: [
      { name: 'x', type: x, dims: ['n', p] },
      { name: 'y', type: y, dims: ['n', q] },
    ],
    outputs: [
      { name: 'mean', type: 'float64', dims: [p + q, 1] },
      { name: 'squares', type: 'float64', dims: [q] },
      ...panels(p, q).map(({ rows, cols }, k) => ({
        name: `gram${k}`,
        type: 'float64' as const,
        dims: [rows, cols],
      })),
    ],
    nodes,
    constants,
  });
}

/** From a piece's rows (n, width) to the piece: transposed, in float64, less its mean. */
const centred = (name: string): GraphNode[] => [
  { op: 'Transpose', inputs: [`${name}Rows`], outputs: [`${name}Columns`], attributes: { perm: { ints: [1, 0] } } },
  {
    op: 'Cast',
    inputs: [`${name}Columns`],
    outputs: [`${name}Float64`],
    attributes: { to: { int: dataType.float64 } },
  },
  { op: 'ReduceMean', inputs: [`${name}Float64`], outputs: [`${name}Mean`], attributes: { axes: { ints: [1] } } },
  { op: 'Sub', inputs: [`${name}Float64`, `${name}Mean`], outputs: [name] },
];
