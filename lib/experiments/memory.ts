import type { ActivationStream, SkippedImage, Store } from '../extract/index.js';
import type { Model } from '../runtime/index.js';
import { memoryRows } from '../tensor/index.js';

/** All rows of a stream, as a store that is not on disk. */
export async function inMemory(model: Model, { provenance, batches }: ActivationStream): Promise<Store> {
  const { featureDim: d, classCount: c, head } = model;
  const { size } = provenance.dataset;
  const [features, logits] = [new Float32Array(size * d), new Float32Array(size * c)];
  const [labels, positions] = [new Int32Array(size), new Int32Array(size)];
  const skipped: SkippedImage[] = [];
  let rows = 0;
  for await (const batch of batches) {
    features.set(batch.features, rows * d);
    logits.set(batch.logits, rows * c);
    labels.set(batch.labels, rows);
    positions.set(batch.positions, rows);
    skipped.push(...batch.skipped);
    rows += batch.labels.length;
  }
  return {
    path: '',
    rows,
    features: memoryRows(features.subarray(0, rows * d), rows, d),
    logits: memoryRows(logits.subarray(0, rows * c), rows, c),
    labels: labels.subarray(0, rows),
    positions: positions.subarray(0, rows),
    head,
    provenance,
    skipped,
    close: async () => {},
  };
}
