import { exp, log } from '../base/index.js';
import { buildModel, dataType } from '../onnx/index.js';
import { kernel } from './kernels.js';

/** log Σ exp of a row, relative to its largest number so that nothing overflows. */
export function logSumExp(row: Float64Array | Float32Array): number {
  let largest = -Infinity;
  for (const value of row) if (value > largest) largest = value;
  let sum = 0;
  for (const value of row) sum += exp(value - largest);
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
  if (cols < longRow) {
    for (let i = 0; i < out.length; i++) {
      const row = block.subarray(i * cols, (i + 1) * cols);
      // A quotient is one of float64; what is as it stands needs no copy.
      out[i] = logSumExp(temperature === 1 ? row : new Float64Array(row).map((value) => value / temperature));
    }
    return out;
  }
  const type = block instanceof Float64Array ? 'float64' : 'float32';
  const session = await kernel(`log-sum-exp ${type}`, () => graph(type));
  const step = Math.max(1, Math.floor(mostInOneRun / cols));
  for (let i = 0; i < out.length; i += step) {
    const rows = Math.min(step, out.length - i);
    const { sums } = await session.run({
      x: { type, data: block.subarray(i * cols, (i + rows) * cols), dims: [rows, cols] },
      temperature: { type: 'float64', data: Float64Array.of(temperature), dims: [1] },
    });
    out.set(sums.data as Float64Array, i);
  }
  return out;
}

const graph = (type: 'float32' | 'float64'): Uint8Array =>
  buildModel({
    inputs: [
      { name: 'x', type, dims: ['n', 'c'] },
      { name: 'temperature', type: 'float64', dims: [1] },
    ],
    outputs: [{ name: 'sums', type: 'float64', dims: ['n'] }],
    nodes: [
      { op: 'Cast', inputs: ['x'], outputs: ['wide'], attributes: { to: { int: dataType.float64 } } },
      { op: 'Div', inputs: ['wide', 'temperature'], outputs: ['scaled'] },
      {
        op: 'ReduceLogSumExp',
        inputs: ['scaled'],
        outputs: ['sums'],
        attributes: { axes: { ints: [1] }, keepdims: { int: 0 } },
      },
    ],
  });
