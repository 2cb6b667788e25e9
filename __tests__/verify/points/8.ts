import { join } from 'node:path';
import { checkExport, expectedWidths, tolerance } from '../../onnx-export/check.js';
import { notRun, type Check, type Point } from '../check.js';
import { command } from '../command.js';
import { exportModel } from '../exported.js';
import { project, type Settings } from '../settings.js';
import { checkTests } from '../tests.js';

export const point: Point = {
  id: 8,
  title: 'models of onnx/export.py, and the golden tests',
  needs: [],
  async run(settings) {
    const checks: Check[] = [];
    for (const name of Object.keys(expectedWidths)) checks.push(...(await checkModel(name, settings)));
    const goldens = ['images', 'onnx', 'runtime', 'fit'].map((room) => `__tests__/${room}/`);
    return [...checks, ...(await checkTests(goldens))];
  },
};

/** Widths as the command line reads them, and the numbers as PyTorch has them. */
async function checkModel(name: string, settings: Settings): Promise<Check[]> {
  const subject = `export.py ${name}`;
  const [d, c] = expectedWidths[name];
  const widths = `inspect reads ${d} → ${c}`;
  const [model, part] = name.split('.');
  const { file, problem } = await exportModel(model, settings, part);
  if (!file) return [notRun(subject, widths, problem!)];
  const { code, stdout, lastWords } = await command(process.execPath, [
    ...[join(project, 'dist/cli/main.js'), 'inspect', file, '--json'],
  ]);
  const found = code === 0 ? (JSON.parse(stdout) as { featureDim: number; classCount: number }) : null;
  const read = {
    subject,
    bar: widths,
    figure: found ? `${found.featureDim} → ${found.classCount}` : lastWords,
    held: found?.featureDim === d && found.classCount === c,
  };
  const bar = `features and logits within ${tolerance} of PyTorch's`;
  const check = await checkExport(settings.exported, name);
  if (!check) return [read, notRun(subject, bar, `no ${name}.safetensors beside the model`)];
  const figure = `${check.featuresDifference.toExponential(1)} and ${check.logitsDifference.toExponential(1)} of their scale`;
  return [read, { subject, bar, figure, held: check.held }];
}
