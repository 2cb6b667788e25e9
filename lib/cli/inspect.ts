import type { Command } from 'commander';
import type { TransformSpec } from '../images/index.js';
import { FeatReconstructError, isCoded, visible } from '../base/index.js';
import type { ModelDescription, ModelInput } from '../runtime/index.js';
import { common, createContext } from './context.js';
import { bringNamed, namesOptions, type NamesFlags } from './names.js';
import { imageSizeOption } from './options.js';

interface Flags extends NamesFlags {
  featuresTensor?: string;
  logitsTensor?: string;
  embeddings?: boolean;
  imageSize?: number | [number, number];
  verbose?: boolean;
  json?: boolean;
  quiet?: boolean;
}

export function register(program: Command): void {
  common(
    namesOptions(
      imageSizeOption(
        program
          .command('inspect')
          .description("show a model's head, its widths, and what can be read back from its logits")
          .argument('<model>', 'an .onnx classifier, the folder that holds it (Hugging Face), or hf:owner/name')
          .option('--features-tensor <name>', 'input of the head (default: found in the graph)')
          .option('--logits-tensor <name>', 'output of the head (default: found in the graph)')
          .option('--embeddings', 'the model gives embeddings and no logits, as the image towers of CLIP do')
          .option('--verbose', 'also print the condition of the head'),
      ),
    ),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  $ featreconstruct inspect resnet18.onnx\n  $ featreconstruct inspect RN50.image.onnx --embeddings',
    )
    .action(async (path: string, flags: Flags) => {
      const context = createContext(flags);
      const { loadModel } = await import('../runtime/index.js');
      const { headCondition } = await import('../fit/index.js');
      const { brief, count } = await import('../words/index.js');
      // Loading runs the self-check, so that what is printed here is known to hold.
      const fetch = await bringNamed({ models: [path] }, flags, context);
      const model = await loadModel(path, {
        fetch,
        features: flags.featuresTensor,
        logits: flags.logitsTensor,
        imageSize: flags.imageSize,
        ...(flags.embeddings ? { output: 'features' } : {}),
      }).catch((error: unknown) => {
        throw flags.embeddings ? error : hinted(error);
      });
      await model.release();
      const { featureDim: d, classCount: c } = model;
      const { rank, condition } = flags.embeddings ? { rank: null, condition: null } : await headCondition(model.head);
      const shape = shapeOf(model);
      const facts: [string, string][] = [
        ['model', model.name],
        ['input', `${model.inputName}, ${model.inputType}, ${shape} (${model.layout})`],
        ...(model.otherInputs ?? []).map((other): [string, string] => [
          'input',
          `${other.inputName}, ${other.inputType}, ${shapeOf({ ...other, layout: 'other', imageSize: null })}`,
        ]),
        ...(rank === null
          ? ([
              ['head', 'none: a target of experiment 5, whose classes are the embeddings of their names'],
              ['embeddings', `${model.featuresTensor}, d = ${count(d)}`],
            ] satisfies [string, string][])
          : ([
              ['head', model.headNode],
              ['features', `${model.featuresTensor}, d = ${count(d)}`],
              ['logits', `${model.logitsTensor}, c = ${count(c)}`],
              ['rank(W)', `${count(rank)} of ${count(Math.min(d, c))}`],
              ...(flags.verbose ? [['cond(W)', brief(condition)] satisfies [string, string]] : []),
              ['recoverable', recoverable(d, rank)],
            ] satisfies [string, string][])),
        ['transform', await transformOf(model)],
        ...classesOf(model.classNames),
        ...model.notes.map((note): [string, string] => ['note', note]),
      ];
      const width = Math.max(...facts.map(([name]) => name.length));
      const lines = facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
      context.print(lines, {
        name: model.name,
        digest: model.digest,
        featureDim: d,
        classCount: rank === null ? null : c,
        rank,
        condition,
        inputName: model.inputName,
        inputType: model.inputType,
        inputShape: model.inputShape,
        layout: model.layout,
        ...(model.otherInputs ? { otherInputs: model.otherInputs } : {}),
        head: rank === null ? null : model.headNode,
        features: model.featuresTensor,
        logits: rank === null ? null : model.logitsTensor,
        precision: model.precision,
        provider: model.provider,
        recoverable: rank === null ? null : recoverable(d, rank),
        transform: model.transform,
        classNames: model.classNames,
        notes: model.notes,
      });
    });
}

/** An error of a model without a head, with what to do where it is a tower of embeddings. */
const hinted = (error: unknown): unknown =>
  isCoded(error, 'no-head', 'mismatch')
    ? new FeatReconstructError(
        `${(error as Error).message} If the model gives embeddings and no logits, as the image towers of CLIP do, add --embeddings.`,
        { code: (error as FeatReconstructError).code, cause: error },
      )
    : error;

/** `n x 3 x 224 x 224`: the batch, and for open sides of images the size that the model is run with. */
function shapeOf({ inputShape, layout, imageSize }: Pick<ModelInput, 'inputShape' | 'layout' | 'imageSize'>): string {
  const first = layout === 'nchw' ? 2 : 1;
  return inputShape.map((dim, i) => (dim > 0 ? dim : i === 0 ? 'n' : (imageSize?.[i - first] ?? '?'))).join(' x ');
}

/** A model's own transform: by the names of options, or by its steps where it is no preset. */
async function transformOf({ transform, imageSize }: ModelDescription): Promise<string> {
  if (!transform) return 'not stated in the file';
  if (transform.name !== 'steps') return inOptions(transform);
  const { makeTransform } = await import('../images/index.js');
  const { transformInWords } = await import('../results/index.js');
  return transformInWords(makeTransform(transform, imageSize!)).replace(/^'steps': /, '');
}

/** The first class names, where there are any. */
const classesOf = (names: readonly string[] | null): [string, string][] =>
  names ? [['classes', `${names.slice(0, 3).map(visible).join(', ')}${names.length > 3 ? ', …' : ''}`]] : [];

/** A transform by the names of options: `timm, mean 0.5,0.5,0.5, crop-pct 0.9`. */
function inOptions({ name, mean, std, cropPct, interpolation, channels }: TransformSpec): string {
  const numbers = { mean, std, 'crop-pct': cropPct, interpolation, channels };
  const given = Object.entries(numbers).filter(([, value]) => value !== undefined);
  return [name, ...given.map(([option, value]) => `${option} ${String(value)}`)].join(', ');
}

/** What theory says of this head (docs/mathematics.md). */
function recoverable(d: number, rank: number): string {
  if (rank === d) return `all ${d} features: the head loses nothing, and one linear map gives them back exactly`;
  return `${rank} of ${d} dimensions exactly (the head's row space, which decides every answer); the other ${d - rank} only as far as these predict them`;
}
