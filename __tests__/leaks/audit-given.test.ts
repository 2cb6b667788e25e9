import { readFile } from 'node:fs/promises';
import { auditModel } from '../../lib/leaks.js';
import { loadModel } from '../../lib/index.js';

const path = 'onnx/demo/demo_resnet.onnx';
const options = { observe: ['probs'], samples: 0, vary: 1, recoverySeconds: 0.1, budgetSeconds: 1 };

test('an audit of bytes, of a loaded model and of a path are one, and leave no store behind', async () => {
  const set = 'synthetic:train[0:120]';
  const model = await loadModel(path);
  const audits = [
    await auditModel(path, set, options),
    await auditModel(await readFile(path), set, { ...options, stores: null, model: { name: model.name } }),
    await auditModel(model, set, options),
  ];
  const figures = audits.map(({ rows, leaks }) => ({
    rows: rows.map(({ source, agreement, r2 }) => ({ source, agreement, r2 })),
    ...{ kind: leaks!.fingerprint.kind, interfaces: leaks!.interfaces!.map(({ observe }) => observe) },
  }));
  expect(figures[1]).toEqual(figures[0]);
  expect(figures[2]).toEqual(figures[0]);
  // The caller's model is still open.
  expect((await model.run(batchOf(model.imageSize!))).logits).toHaveLength(model.classCount);
  await model.release();
}, 120_000);

const batchOf = ([height, width]: readonly [number, number]) => ({
  ...{ type: 'float32' as const, data: new Float32Array(3 * height * width), dims: [1, 3, height, width] },
});
