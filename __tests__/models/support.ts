import { writeFile } from 'node:fs/promises';
import { createSafetensors, readSafetensors, type SafetensorsDtype, type TensorSpec } from '../../lib/tensor/index.js';
import { drawnImages, drawnTokens, goldenFile, openGraph, writeDrawnCheckpoint } from '../../lib/models/index.js';
import { loadModel } from '../../lib/runtime/index.js';

/** The largest difference, in units of the root mean square of what was expected. */
export function difference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) throw new Error(`${found.length} numbers in place of ${expected.length}`);
  let most = 0;
  let squares = 0;
  for (let i = 0; i < expected.length; i++) {
    // NaN stays NaN here, where Math.max of the difference would lose it.
    const each = Math.abs(found[i] - expected[i]);
    most = each > most || Number.isNaN(each) ? each : most;
    squares += expected[i] ** 2;
  }
  return most / Math.sqrt(squares / expected.length);
}

/** How far a graph on drawn weights is from its own library, through a checkpoint that is written to `file`: by output. */
export async function differences(name: string, file: string): Promise<Record<string, number>> {
  const graph = await openGraph(name);
  await writeDrawnCheckpoint(graph, file);
  const golden = await readSafetensors(goldenFile(name));
  const isTower = graph.classes.length === 0;
  const model = await loadModel(file, {
    ...(isTower ? { output: 'features' as const } : {}),
    half: graph.match.half,
  });
  try {
    const batch =
      graph.reads === 'tokens'
        ? { data: drawnTokens(77, 49408), dims: [2, 77] }
        : { data: drawnImages(224), dims: [2, 3, 224, 224] };
    const { features, logits } = await model.run(batch);
    const found: Record<string, number> = {};
    for (const [key, value] of Object.entries({ logits, features, embeddings: features })) {
      if (golden[key]) found[key] = difference(value, golden[key].data as Float32Array);
    }
    return found;
  } finally {
    await model.release();
  }
}

/** The layout of a graph's checkpoint. */
export async function layoutOf(name: string, dtype: SafetensorsDtype = 'F32'): Promise<TensorSpec[]> {
  const { weights } = await openGraph(name);
  return [...weights].map(([tensor, shape]) => ({ name: tensor, dtype, shape }));
}

/** A checkpoint of zeros. */
export async function writeZeros(file: string, layout: readonly TensorSpec[]): Promise<void> {
  await (await createSafetensors(file, layout)).close();
}

/** A safetensors file with any header. */
export async function writeRaw(file: string, header: string | Uint8Array, data: Uint8Array): Promise<void> {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await writeFile(file, Buffer.concat([length, json, data]));
}
