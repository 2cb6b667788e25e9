import path from 'node:path';
import { openStore, type Provenance } from '../../lib/extract/index.js';
import { writeStore } from '../../lib/extract/store-writer.js';
import { toNdArray } from '../../lib/tensor/index.js';
import { temporaryFolder } from '../cli/support.js';

const file = path.join(temporaryFolder(), 'short.safetensors');

test('a store without its bad images has all rows of the others, over more than a block', async () => {
  const [size, rows, d, c] = [5003, 5000, 2, 3];
  const provenance: Provenance = {
    format: 1,
    model: { name: 'm', digest: 'x', features: 'f', logits: 'l', precision: 'float32', featureDim: d, classCount: c },
    dataset: { spec: 'made', digest: 'y', size },
    transform: null,
    batchSize: 32,
    provider: 'cpu',
    logits: 'stored',
  };
  const head = {
    weight: toNdArray(
      Float32Array.from({ length: c * d }, (_, i) => i),
      [c, d],
    ),
    bias: toNdArray(new Float32Array(c), [c]),
  };
  const writer = await writeStore(file, provenance, head, 1, { check: async () => {} });
  const features = Float32Array.from({ length: rows * d }, (_, i) => i + 1);
  const logits = Float32Array.from({ length: rows * c }, (_, i) => -i - 1);
  const labels = Array.from({ length: rows }, (_, i) => i % 7);
  const positions = Array.from({ length: rows }, (_, i) => i + 3);
  const skipped = [0, 1, 2].map((position) => ({ position, id: `${position}`, reason: 'bad' }));
  await writer.append({ features, logits, labels, positions, skipped, next: size });
  await writer.finish();
  const store = await openStore(file);
  expect([store.rows, store.skipped.length]).toEqual([rows, 3]);
  expect(Buffer.from((await store.features.read(0, rows)).buffer).equals(Buffer.from(features.buffer))).toBe(true);
  expect(Buffer.from((await store.logits.read(0, rows)).buffer).equals(Buffer.from(logits.buffer))).toBe(true);
  expect(Array.from(store.labels)).toEqual(labels);
  expect(Array.from(store.positions)).toEqual(positions);
  await store.close();
});
