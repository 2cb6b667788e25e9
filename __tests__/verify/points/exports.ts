import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkExport, expectedWidths, tolerance } from '../../onnx-export/check.js';
import { failed, notRun, type Check, type Point } from '../check.js';
import { command } from '../command.js';
import { exportModel } from '../exported.js';
import { hasModules, outFolder, project, type Settings } from '../settings.js';
import { checkTests } from '../tests.js';

export const point: Point = {
  id: 8,
  title: 'models of onnx/export.py and onnx/demo/train.py, and the golden tests',
  needs: [],
  async run(settings) {
    const checks: Check[] = [];
    for (const name of Object.keys(expectedWidths)) checks.push(...(await checkModel(name, settings)));
    checks.push(await checkTags(settings));
    checks.push(...(await checkTraining(settings)));
    const goldens = ['images', 'onnx', 'runtime', 'fit'].map((room) => `__tests__/${room}/`);
    return [...checks, ...(await checkTests(goldens))];
  },
};

/** Widths as the command line reads them, and the numbers as PyTorch has them. */
async function checkModel(name: string, settings: Settings): Promise<Check[]> {
  const subject = `export.py ${name}`;
  const [d, c] = expectedWidths[name];
  const widths = widthsBar([d, c]);
  const [model, part] = name.split('.');
  const { file, problem } = await exportModel(model, settings, part);
  if (!file) return [notRun(subject, widths, problem!)];
  const read = await checkWidths(subject, file, [d, c]);
  const bar = `features and logits within ${tolerance} of PyTorch's`;
  const check = await checkExport(settings.exported, name);
  if (!check) return [read, notRun(subject, bar, `no ${name}.safetensors beside the model`)];
  const figure = `${check.featuresDifference.toExponential(1)} and ${check.logitsDifference.toExponential(1)} of their scale`;
  return [read, { subject, bar, figure, held: check.held }];
}

/** What is built and stated for each published tag of open_clip, without weights. */
async function checkTags({ python }: Settings): Promise<Check> {
  const [subject, bar] = ['export.py, all tags of open_clip', 'transform and activation as open_clip has them'];
  const modules = ['torch', 'torchvision', 'open_clip'];
  if (!python || !(await hasModules(python, modules))) {
    return notRun(subject, bar, `no Python with ${modules.join(', ')}`);
  }
  const script = join(project, '__tests__/onnx-export/open_clip_tags.py');
  const { code, stdout, lastWords } = await command(python, [script], { show: false });
  return { subject, bar, figure: stdout.trim().split('\n').at(-1) || lastWords, held: code === 0 };
}

type Widths = readonly [features: number, classes: number];

const widthsBar = ([d, c]: Widths): string => `inspect reads ${d} → ${c}`;

async function checkWidths(subject: string, file: string, [d, c]: Widths): Promise<Check> {
  const { code, stdout, lastWords } = await command(process.execPath, [
    ...[join(project, 'dist/cli/main.js'), 'inspect', file, '--json'],
  ]);
  const found = code === 0 ? (JSON.parse(stdout) as { featureDim: number; classCount: number }) : null;
  return {
    subject,
    bar: widthsBar([d, c]),
    figure: found ? `${found.featureDim} → ${found.classCount}` : lastWords,
    held: found?.featureDim === d && found.classCount === c,
  };
}

/** The demo's models, trained for one short epoch: the script runs to its end, and what it writes has the widths it should. */
async function checkTraining({ python }: Settings): Promise<Check[]> {
  const subject = 'train.py, an epoch of 256 images';
  const modules = ['torch', 'onnx', 'onnxruntime', 'safetensors'];
  if (!python || !(await hasModules(python, modules))) {
    return [notRun(subject, 'all', `no Python with ${modules.join(', ')}`)];
  }
  const demo = join(project, 'onnx/demo');
  const folder = await outFolder('train');
  const specs = ['synthetic:train[0:256]', 'synthetic:test[0:64]'];
  const runs = [
    [process.execPath, join(demo, 'images.mjs'), folder, ...specs],
    [python, join(demo, 'train.py'), folder, '--epochs', '1', '--out', folder],
  ];
  for (const [program, ...args] of runs) {
    const { code, lastWords } = await command(program, args, { cwd: project });
    if (code !== 0) return [failed(subject, lastWords)];
  }
  const published = JSON.parse(await readFile(join(demo, 'log.json'), 'utf8')) as Record<
    string,
    { d: number; c: number }
  >;
  const checks: Check[] = [];
  for (const [name, { d, c }] of Object.entries(published)) {
    checks.push(await checkWidths(`train.py ${name}`, join(folder, `${name}.onnx`), [d, c]));
  }
  return checks;
}
