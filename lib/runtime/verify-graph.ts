import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { drawnImages, drawnTokens, goldenFile, openGraph, writeDrawnCheckpoint } from '../models/index.js';
import { readSafetensors } from '../tensor/index.js';
import { loadModel } from './model.js';

/** How far a graph is from the library that it was made from, in units of each tensor's root mean square. */
interface GraphCheck {
  graph: string;
  /** timm, transformers or open_clip, its version and the model in it. */
  source: string;
  /** By `features` and `logits`, or `embeddings` of a tower. */
  differences: Record<string, number>;
}

/** A difference above this is a failure: float32's rounding through a deep network stays below it. */
export const graphTolerance = 1e-5;
/** Height and width of the images, for a graph that takes any. */
const size = 224;
/** CLIP's: tokens of a text, and words that there are. */
const [textLength, vocabulary] = [77, 49408];

/**
 * Runs a graph that ships with the library on drawn weights and inputs, through a checkpoint written as one is published, and
 * compares with what the library that it comes from computes of them. Needs no published weights.
 * @throws FeatReconstructError where no graph has this name
 */
export async function verifyGraph(name: string): Promise<GraphCheck> {
  const graph = await openGraph(name);
  const folder = await mkdtemp(path.join(tmpdir(), `featreconstruct-graph-${process.pid}-`));
  try {
    const file = path.join(folder, 'drawn.safetensors');
    await writeDrawnCheckpoint(graph, file);
    const isTower = graph.classes.length === 0;
    const model = await loadModel(file, {
      checkpoint: { graph: name },
      output: isTower ? 'features' : 'logits',
      ...(graph.anySize ? { imageSize: size } : {}),
    });
    const batch =
      graph.reads === 'tokens'
        ? { type: 'int64', data: drawnTokens(textLength, vocabulary), dims: [2, textLength] }
        : { type: 'float32', data: drawnImages(size), dims: [2, 3, size, size] };
    const { features, logits } = await model.run(batch);
    await model.release();
    const golden = await readSafetensors(goldenFile(name));
    const found = { features, logits, embeddings: features };
    const differences = Object.entries(golden.tensors).map(([output, { data }]) => [
      output,
      difference(found[output as keyof typeof found], data as Float32Array),
    ]);
    return {
      graph: name,
      source: graph.source,
      differences: Object.fromEntries(differences) as Record<string, number>,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The largest difference, in units of the root mean square of what was expected; Infinity where one is NaN. */
function difference(found: Float32Array, expected: Float32Array): number {
  let most = 0;
  let squares = 0;
  for (let i = 0; i < expected.length; i++) {
    const each = Math.abs(found[i] - expected[i]);
    if (!(each <= most)) most = Number.isNaN(each) ? Infinity : each;
    squares += expected[i] ** 2;
  }
  return found.length === expected.length ? most / Math.sqrt(squares / expected.length) : Infinity;
}
