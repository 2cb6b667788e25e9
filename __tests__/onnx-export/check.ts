/**
 * Holds the files of onnx/export.py against what PyTorch computed: widths, and features and logits on the saved batch.
 * The large ones need not run in CI.
 *
 *   python onnx/export.py resnet18 --out F/resnet18.onnx --save-check F/resnet18.safetensors        (each model)
 *   npm run build && node --import tsx __tests__/onnx-export/check.ts F
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadModel, readSafetensors } from 'featreconstruct';

/** Features and classes (or numbers of an embedding) of the published models, as their makers state them. */
export const expectedWidths: Readonly<Record<string, readonly [features: number, classes: number]>> = {
  resnet18: [512, 1000],
  resnet50: [2048, 1000],
  vit_base_patch16_224_in21k: [768, 21_843],
  densenet121: [1024, 1000],
  inception_v4: [1536, 1000],
  convnext_base: [1024, 1000],
  mixer_b16_224: [768, 1000],
  'ViT-B-32.image': [768, 512],
  'ViT-B-32.text': [512, 512],
};

/** Largest difference, in units of the root mean square of what PyTorch has. */
export const tolerance = 1e-5;

export interface ExportCheck {
  name: string;
  featureDim: number;
  classCount: number;
  featuresDifference: number;
  logitsDifference: number;
  held: boolean;
}

/** Checks one exported model; null where its two files are not in the folder. */
export async function checkExport(folder: string, name: string): Promise<ExportCheck | null> {
  const [file, saved] = [join(folder, `${name}.onnx`), join(folder, `${name}.safetensors`)];
  if (!existsSync(file) || !existsSync(saved)) return null;
  const { tensors } = await readSafetensors(saved);
  const model = await loadModel(file);
  try {
    const input = tensors[model.inputName];
    const found = await model.run({ type: model.inputType, data: input.data as Float32Array, dims: input.shape });
    const { featureDim, classCount } = model;
    const featuresDifference = difference(found.features, tensors.features.data as Float32Array);
    const logitsDifference = difference(found.logits, (tensors.logits ?? tensors.embeddings).data as Float32Array);
    const [features, classes] = expectedWidths[name];
    const held =
      featureDim === features &&
      classCount === classes &&
      featuresDifference <= tolerance &&
      logitsDifference <= tolerance;
    return { name, featureDim, classCount, featuresDifference, logitsDifference, held };
  } finally {
    await model.release();
  }
}

function difference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  let [largest, squares] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const gap = Math.abs(found[i] - expected[i]);
    if (!(gap <= largest)) largest = gap; // NaN stays
    squares += expected[i] ** 2;
  }
  return largest / Math.sqrt(squares / expected.length);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = process.argv[2];
  for (const name of Object.keys(expectedWidths)) {
    const check = await checkExport(folder, name);
    console.log(check ? JSON.stringify(check) : `${name}: not exported to ${folder}`);
    if (!check?.held) process.exitCode = 1;
  }
}
