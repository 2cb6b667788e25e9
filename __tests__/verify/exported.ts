import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from './command.js';
import { hasModules, project, type Settings } from './settings.js';

/** The file of a ResNet-18 with random weights, exported where it is not there yet; or why there is none. */
export async function exportedResnet18({
  exported,
  python,
}: Settings): Promise<{ file: string | null; problem: string | null }> {
  const file = join(exported, 'resnet18.onnx');
  if (existsSync(file)) return { file, problem: null };
  if (!python || !(await hasModules(python, ['torch', 'torchvision', 'onnx', 'onnxruntime']))) {
    return { file: null, problem: `no ${file}, and no Python with torch and torchvision to export it` };
  }
  await mkdir(exported, { recursive: true });
  const { code, lastWords } = await command(python, [join(project, 'onnx/export.py'), 'resnet18', '--out', file]);
  return code === 0 ? { file, problem: null } : { file: null, problem: `onnx/export.py failed: ${lastWords}` };
}
