import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from './command.js';
import { hasModules, project, type Settings } from './settings.js';

/** An exported model: its file with what PyTorch computed beside it (NAME.safetensors), or why there is none. */
export interface Exported {
  file: string | null;
  problem: string | null;
}

const modules = ['torch', 'torchvision', 'timm', 'open_clip', 'onnx', 'onnxruntime'];

/**
 * A model with random weights by onnx/export.py, exported where it is not there yet.
 * @param part `image` or `text` of a model that becomes two files
 */
export async function exportModel(name: string, { exported, python }: Settings, part?: string): Promise<Exported> {
  const stem = join(exported, name);
  const file = part ? `${stem}.${part}.onnx` : `${stem}.onnx`;
  if (existsSync(file)) return { file, problem: null };
  if (!python || !(await hasModules(python, modules))) {
    return { file: null, problem: `not exported to ${exported}, and no Python with ${modules.join(', ')}` };
  }
  await mkdir(exported, { recursive: true });
  const script = join(project, 'onnx/export.py');
  const args = [script, name, '--out', `${stem}.onnx`, '--save-check', `${stem}.safetensors`];
  const { code, lastWords } = await command(python, args);
  return code === 0 ? { file, problem: null } : { file: null, problem: `onnx/export.py failed: ${lastWords}` };
}
