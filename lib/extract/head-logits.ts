import { buildModel, dataType } from '../onnx/index.js';
import { createSession, type GraphSession } from '../runtime/index.js';
import type { LinearMap, RowSource } from '../tensor/index.js';

/** Logits (n, c) that are computed from stored features (n, d) when they are read: in float64 on ONNX Runtime, rounded to float32. */
export function logitsOfHead(features: RowSource, head: LinearMap): RowSource & { release(): Promise<void> } {
  const [c, d] = head.weight.shape;
  let session: Promise<GraphSession> | undefined;
  const open = (): Promise<GraphSession> =>
    createSession(
      buildModel({
        inputs: [{ name: 'features', type: 'float32', dims: ['n', d] }],
        outputs: [{ name: 'logits', type: 'float32', dims: ['n', c] }],
        constants: [
          { name: 'weight', type: 'float64', dims: [c, d], data: Float64Array.from(head.weight.data) },
          { name: 'bias', type: 'float64', dims: [c], data: Float64Array.from(head.bias.data) },
        ],
        nodes: [
          { op: 'Cast', inputs: ['features'], outputs: ['wide'], attributes: { to: { int: dataType.float64 } } },
          { op: 'Gemm', inputs: ['wide', 'weight', 'bias'], outputs: ['sum'], attributes: { transB: { int: 1 } } },
          { op: 'Cast', inputs: ['sum'], outputs: ['logits'], attributes: { to: { int: dataType.float32 } } },
        ],
      }),
    );
  return {
    rows: features.rows,
    cols: c,
    dtype: 'float32',
    async read(start, end) {
      session ??= open();
      const data = (await features.read(start, end)) as Float32Array;
      const { logits } = await (await session).run({ features: { type: 'float32', data, dims: [end - start, d] } });
      return logits.data as Float32Array;
    },
    async release() {
      await (await session)?.release();
    },
  };
}
