import { exp, log } from '../base/index.js';
import { buildModel, dataType, type GraphValue } from '../onnx/index.js';
import { kernel } from './kernels.js';

// By index: `for … of` makes an object of every number, which the collector has to look at.
/** log Σ exp of a row, relative to its largest number so that nothing overflows. */
export function logSumExp(row: Float64Array | Float32Array): number {
  let largest = -Infinity;
  for (let j = 0; j < row.length; j++) if (row[j] > largest) largest = row[j];
  let sum = 0;
  for (let j = 0; j < row.length; j++) sum += exp(row[j] - largest);
  return largest + log(sum);
}

/** From this many numbers in a row on ONNX Runtime is clearly quicker, all that it costs to call included. */
const longRow = 4096;
/** Most numbers in one run: they are float64 inside, 8 MiB. */
const mostInOneRun = 2 ** 20;

/**
 * {@link logSumExp} of each row of a block, over a temperature. Long rows are summed on ONNX Runtime's CPU provider: a sixth of
 * the time, and the last digits may be others.
 * @param block rows (n, cols)
 * @returns (n)
 */
export async function logSumExps(
  block: Float64Array | Float32Array,
  cols: number,
  temperature = 1,
): Promise<Float64Array> {
  const out = new Float64Array(block.length / cols);
  if (cols >= longRow) {
    await onRuntime('log-sum-exp', block, cols, temperature, (sums, row) => out.set(sums, row));
    return out;
  }
  for (let i = 0; i < out.length; i++) {
    const row = block.subarray(i * cols, (i + 1) * cols);
    // A quotient is one of float64; what is as it stands needs no copy.
    out[i] = logSumExp(temperature === 1 ? row : new Float64Array(row).map((value) => value / temperature));
  }
  return out;
}

/**
 * The softmax of each row of a block over a temperature; of long rows on ONNX Runtime's CPU provider, as above.
 * @param block rows (n, cols)
 * @param sums (n) the rows' `logSumExps`
 * @returns (n, cols)
 */
export async function softmaxes(
  block: Float64Array | Float32Array,
  cols: number,
  temperature: number,
  sums: Float64Array,
): Promise<Float64Array> {
  if (cols >= longRow) {
    let all: Float64Array = new Float64Array(0);
    await onRuntime(
      'softmax',
      block,
      cols,
      temperature,
      (shares, row) => {
        // One run has all of a small block: then no copy is needed.
        if (shares.length === block.length) all = shares;
        else {
          if (row === 0) all = new Float64Array(block.length);
          all.set(shares, row * cols);
        }
      },
      sums,
    );
    return all;
  }
  const out = new Float64Array(block.length);
  for (let at = 0; at < out.length; at++) out[at] = exp(block[at] / temperature - sums[Math.floor(at / cols)]);
  return out;
}

/** Runs rows of x over the temperature t, a few at a time. @param take is given what comes of them, and the first one's number */
async function onRuntime(
  what: 'log-sum-exp' | 'softmax',
  block: Float64Array | Float32Array,
  cols: number,
  temperature: number,
  take: (result: Float64Array, row: number) => void,
  sums?: Float64Array,
): Promise<void> {
  const type = block instanceof Float64Array ? 'float64' : 'float32';
  const session = await kernel(`${what} ${type}`, () => graph(what, type));
  const step = Math.max(1, Math.floor(mostInOneRun / cols));
  for (let start = 0, n = block.length / cols; start < n; start += step) {
    const end = Math.min(n, start + step);
    const { y } = await session.run({
      x: { type, data: block.subarray(start * cols, end * cols), dims: [end - start, cols] },
      t: { type: 'float64', data: Float64Array.of(temperature), dims: [1] },
      ...(sums ? { sums: { type: 'float64', data: sums.subarray(start, end), dims: [end - start, 1] } } : {}),
    });
    take(y.data as Float64Array, start);
  }
}

function graph(what: 'log-sum-exp' | 'softmax', type: 'float32' | 'float64'): Uint8Array {
  const input = (name: string, dims: (string | number)[]): GraphValue => ({ name, type: 'float64', dims });
  const isSum = what === 'log-sum-exp';
  return buildModel({
    inputs: [{ ...input('x', ['n', 'c']), type }, input('t', [1]), ...(isSum ? [] : [input('sums', ['n', 1])])],
    outputs: [input('y', isSum ? ['n'] : ['n', 'c'])],
    nodes: [
      { op: 'Cast', inputs: ['x'], outputs: ['wide'], attributes: { to: { int: dataType.float64 } } },
      { op: 'Div', inputs: ['wide', 't'], outputs: ['scaled'] },
      ...(isSum
        ? [
            {
              op: 'ReduceLogSumExp',
              inputs: ['scaled'],
              outputs: ['y'],
              attributes: { axes: { ints: [1] }, keepdims: { int: 0 } },
            },
          ]
        : [
            { op: 'Sub', inputs: ['scaled', 'sums'], outputs: ['logarithms'] },
            { op: 'Exp', inputs: ['logarithms'], outputs: ['y'] },
          ]),
    ],
  });
}
