import { fileURLToPath } from 'node:url';
import type { TaskOptions } from '../base/index.js';
import { openDataset } from '../datasets/index.js';
import { definitionOf } from '../results/index.js';
import type { Results } from '../results/index.js';
import { auditModel } from './audit.js';
import { runAsked } from './run.js';
import { together } from './together.js';
import type { ExperimentSpec, RunOptions } from './options.js';

/** The models that come with the package; onnx/demo/README.md says how they were made. */
const folder = new URL('../../onnx/demo/', import.meta.url);
const families = ['demo_resnet', 'demo_densenet', 'demo_convnext', 'demo_mixer', 'demo_vit'];
const tower = 'demo_image_tower';
const batchSize = 100;

const file = (name: string): string => fileURLToPath(new URL(name, folder));
const model = (name: string): string => file(`${name}.onnx`);

/**
 * Fitted once more on a few images, which span the logits of 16 features (the first model's) and not 24 logits (the
 * second's): what the span and the prior are for.
 */
const fewFor = ['demo_convnext', 'demo_vit'];
const fewImages = 20;

const zeroShot = 5;

export interface DemoOptions extends TaskOptions {
  /** Folder for stores of activations. */
  stores: string;
  /** Images to fit on and to test on. Default 2,000 and 1,000. */
  images?: { train: number; test: number };
  command?: string;
  /** Called as each part begins, with its heading. */
  onPart?: (heading: string) => void;
}

/**
 * The five experiments at small size, on models and images that come with the package: no network, no data set, no
 * download. The published SGD recipe stands beside experiments 1 to 3.
 * Last an audit: what the logits of a model give away by themselves.
 * @returns a result for each experiment, in order, and the audit's, which has `leaks`
 */
export async function runDemo(options: DemoOptions): Promise<Results[]> {
  const { images = { train: 2000, test: 1000 }, onPart, ...task } = options;
  const results: Results[] = [];
  // The models were trained on these images, so that their classes are the data set's.
  const { classNames } = await openDataset('synthetic:train');
  const experiments = demoSpecs(images);
  for (const specs of experiments) {
    const { id, title } = definitionOf(specs[0].experiment)!;
    onPart?.(`Experiment ${id} of ${experiments.length} · ${title}`);
    const parts: Results[] = [];
    for (const spec of specs) parts.push(await runAsked(spec, optionsFor(spec, { ...task, classNames })));
    const result = together(parts);
    if (id === zeroShot) for (const row of result.rows) row.warnings.push({ kind: 'made-tower' });
    results.push(known(result));
  }
  onPart?.("Audit · What a model's outputs give away by themselves");
  const audited = `synthetic:train[0:${images.train}]`;
  results.push(
    known(
      await auditModel(model('demo_resnet'), audited, {
        ...task,
        classNames,
        batchSize,
        observe: ['logits', 'probs'],
        vary: 1,
      }),
    ),
  );
  return results;
}

/** These models were trained with the transform that they are seen through, which their files do not say. */
function known(results: Results): Results {
  const models = results.environment.models.map((each) =>
    each.transform ? { ...each, ownTransform: each.transform } : each,
  );
  return { ...results, environment: { ...results.environment, models } };
}

/** By experiment: what is run for it, one model or pair after the other. */
function demoSpecs({ train: n, test: m }: { train: number; test: number }): ExperimentSpec[][] {
  const usual = { train: `synthetic:train[0:${n}]`, test: `synthetic:test[0:${m}]` };
  const shifted = { train: usual.train, test: `synthetic-shift:test[0:${m}]` };
  const few = { ...shifted, train: `synthetic:train[0:${fewImages}]` };
  return [
    families.map((name) => ({ experiment: 1 as const, source: model(name), ...usual })),
    [{ experiment: 2, source: model('demo_convnext'), target: model('demo_resnet'), ...usual }],
    [
      ...families.map((name) => ({ experiment: 3 as const, source: model(name), ...shifted })),
      ...fewFor.map((name) => ({ experiment: 3 as const, source: model(name), ...few })),
    ],
    [{ experiment: 4, models: families.map(model), ...usual }],
    [
      {
        experiment: 5,
        source: model('demo_resnet'),
        target: model(tower),
        zeroShot: { textEmbeddings: file('demo_class_embeddings.safetensors') },
        ...usual,
      },
    ],
  ];
}

function optionsFor(
  { experiment }: ExperimentSpec,
  { classNames, ...task }: Omit<DemoOptions, 'images' | 'onPart'> & Pick<RunOptions, 'classNames'>,
): RunOptions {
  return { ...task, batchSize, ...(experiment <= 3 ? { sgd: {}, classNames } : {}) };
}
