import { InvalidArgumentError, Option, type Command } from 'commander';
import { UsageError } from '../base/index.js';
import type { Interpolation, TransformChoice, TransformName, TransformSpec } from '../images/index.js';
import { namesOptions } from './names.js';
import { providerOptions } from './provider.js';

// Parsers of options that several commands share. Each throws what commander prints with the option's name.

/** A whole number from 1. */
export const wholeNumber = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number of at least 1.');
  return value;
};

/** A finite number. */
export const number = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
};

/** A whole number from 0. */
export const seed = (text: string): number => {
  const value = number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('Expected a whole number, 0 or above.');
  return value;
};

/** A number above 0. */
export const minutes = (text: string): number => {
  const value = number(text);
  if (!(value > 0)) throw new InvalidArgumentError('Expected a number above 0.');
  return value;
};

const triple = (text: string): [number, number, number] => {
  const values = text
    .trim()
    .split(/[,/\s]+/)
    .map(number);
  if (values.length === 1) return [values[0], values[0], values[0]];
  if (values.length !== 3) throw new InvalidArgumentError('Expected one number or three, as in 0.485,0.456,0.406.');
  return values as [number, number, number];
};

/** Options of three numbers. */
const triples = /^--(?:target-)?(?:mean|std)$/;

/**
 * `--mean 0.485 0.456 0.406` as `--mean 0.485,0.456,0.406`: three numbers that are typed one by one are one value. (Two might
 * be one value and an argument that happens to be a number.)
 */
export function joinedNumbers(argv: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    joined.push(argv[i]);
    const next = argv.slice(i + 1, i + 4).map((text) => text.replace(/,$/, ''));
    if (!triples.test(argv[i]) || next.length < 3 || !next.every((text) => /^[-+]?[\d.]+(?:e[-+]?\d+)?$/i.test(text)))
      continue;
    joined.push(next.join(','));
    i += 3;
  }
  return joined;
}

/**
 * Names of presets, written out so that `--help` need not load `images`; the compiler makes sure that none is missing.
 */
const presetNames: Record<TransformName, true> = {
  protocol: true,
  imagenet: true,
  upsample: true,
  timm: true,
  caffe: true,
  unit: true,
  raw: true,
};
const presets = Object.keys(presetNames) as TransformName[];

/** `--transform`, `--mean`, … and, with a prefix, `--target-transform`, `--target-mean`, … */
export function transformOptions(
  command: Command,
  prefix = '',
  assumed = "'protocol' on CIFAR, 'imagenet' on photographs",
): Command {
  const of = prefix ? ` of the ${prefix}` : '';
  const flag = prefix ? `--${prefix}-` : '--';
  return command
    .addOption(
      new Option(
        `${flag}transform <name>`,
        `how images become the input${of} (default: what the model's files state; else ${assumed})`,
      ).choices([...presets, 'model']),
    )
    .addOption(new Option(`${flag}mean <numbers>`, 'mean of the normalisation, one number or three').argParser(triple))
    .addOption(
      new Option(`${flag}std <numbers>`, 'standard deviation of the normalisation, one number or three').argParser(
        triple,
      ),
    )
    .addOption(
      new Option(
        `${flag}crop-pct <number>`,
        "share of the resized image that 'timm' and 'imagenet' keep (default: 0.875)",
      ).argParser(number),
    )
    .addOption(
      new Option(`${flag}interpolation <name>`, 'interpolation of the resizing').choices([
        'nearest',
        'box',
        'bilinear',
        'hamming',
        'bicubic',
        'lanczos',
      ]),
    )
    .addOption(
      new Option(`${flag}channels <order>`, 'colour order of the input (default: rgb)').choices(['rgb', 'bgr']),
    );
}

export interface TransformFlags {
  transform?: TransformName | 'model';
  mean?: [number, number, number];
  std?: [number, number, number];
  cropPct?: number;
  interpolation?: Interpolation;
  channels?: 'rgb' | 'bgr';
}

/** The transform that the flags ask for; undefined where none is given. */
export function readTransform(flags: TransformFlags): TransformChoice | undefined {
  const { transform, mean, std, cropPct, interpolation, channels } = flags;
  const numbers = mean ?? std ?? cropPct ?? interpolation ?? channels;
  if (transform === 'model') {
    if (numbers === undefined) return 'model';
    throw new UsageError(
      "Expected the transform 'model' alone, found numbers beside it: it takes all of them from the model's file. Give another transform, or leave them out.",
    );
  }
  if (!transform && numbers === undefined) return undefined;
  return { ...(transform ? { name: transform } : {}), mean, std, cropPct, interpolation, channels };
}

/**
 * `NAME=PRESET,mean=0.485,0.456,0.406,std=0.5,crop-pct=0.9,interpolation=bicubic` or `NAME=model`, added to those read before.
 * The three numbers of a mean are written as after `--mean`, separated by commas, blanks or slashes.
 */
export function transformFor(
  text: string,
  before: Record<string, TransformChoice> = {},
): Record<string, TransformChoice> {
  const [, model, preset, rest] = /^([^=]+)=([a-z]+)(,.*)?$/.exec(text) ?? [];
  if (model && preset === 'model' && !rest) return { ...before, [model]: 'model' };
  const name = presets.find((known) => known === preset);
  if (!model || !name) {
    throw new InvalidArgumentError(
      `Expected MODEL=PRESET[,mean=…][,std=…] with a preset out of ${presets.join(', ')}, or MODEL=model.`,
    );
  }
  const spec: TransformSpec = { name };
  // A comma before a name separates settings, any other one numbers.
  for (const part of (rest ?? '').split(/,(?=\s*[a-z][\w-]*=)/i).filter(Boolean)) {
    const [key, value = ''] = part.replace(/^\s*,?/, '').split('=');
    switch (key.trim()) {
      case '':
        break;
      case 'mean':
      case 'std':
        spec[key.trim() as 'mean' | 'std'] = triple(value);
        break;
      case 'crop-pct':
        spec.cropPct = number(value);
        break;
      case 'interpolation':
        spec.interpolation = value as Interpolation;
        break;
      case 'channels':
        spec.channels = value as 'bgr';
        break;
      default:
        throw new InvalidArgumentError(
          `Expected mean, std, crop-pct, interpolation or channels, found '${key.trim()}'.`,
        );
    }
  }
  return { ...before, [model]: spec };
}

/** The transform flags of the target, without their prefix. */
export function targetFlags(flags: Record<string, unknown>): TransformFlags {
  return {
    transform: flags.targetTransform,
    mean: flags.targetMean,
    std: flags.targetStd,
    cropPct: flags.targetCropPct,
    interpolation: flags.targetInterpolation,
    channels: flags.targetChannels,
  } as TransformFlags;
}

/** `32` or `480x640`, height first. */
const imageSize = (text: string): number | [number, number] => {
  const sides = text.split('x').map(wholeNumber);
  if (sides.length > 2) throw new InvalidArgumentError('Expected a whole number, or two as in 480x640.');
  return sides.length === 1 ? sides[0] : [sides[0], sides[1]];
};

/** The option for the size of images, where a model leaves it open. */
export const imageSizeOption = (command: Command): Command =>
  command.addOption(
    new Option(
      '--image-size <n>',
      'height and width of the images, as in 32 or 480x640, if the model leaves them open (default: 224)',
    ).argParser(imageSize),
  );

/** Options for the tensors of a model, where its graph leaves them open or others are meant. */
export const tensorOptions = (command: Command): Command =>
  command
    .option('--features-tensor <name>', 'input of the head (default: found in the graph)')
    .option('--logits-tensor <name>', 'output of the head (default: found in the graph)');

export interface TensorFlags {
  featuresTensor?: string;
  logitsTensor?: string;
}

/** The same options for a run of several models: each tensor is `NAME=TENSOR`. */
export const tensorsOfModels = (command: Command): Command => {
  const collect = (text: string, before: string[] = []): string[] => [...before, text];
  return command
    .addOption(
      new Option(
        '--features-tensor <name>',
        "tensor that enters the head, if it isn't found; NAME=TENSOR among several models, repeatable",
      ).argParser(collect),
    )
    .addOption(
      new Option(
        '--logits-tensor <name>',
        "tensor that leaves the head, if it isn't found; NAME=TENSOR among several models, repeatable",
      ).argParser(collect),
    );
};

/**
 * Tensors by model name.
 * @throws UsageError for a tensor without a name where there are several models
 */
export function readTensors(
  names: readonly string[],
  { features = [], logits = [] }: { features?: readonly string[]; logits?: readonly string[] },
): Record<string, { features?: string; logits?: string }> {
  const read = new Map<string, { features?: string; logits?: string }>();
  for (const [key, texts] of [['features', features] as const, ['logits', logits] as const]) {
    for (const text of texts) {
      const at = text.indexOf('=');
      const isNamed = at > 0 && names.includes(text.slice(0, at));
      if (!isNamed && names.length > 1) {
        throw new UsageError(
          `Expected --${key}-tensor as NAME=TENSOR with a model of this run (${names.join(', ')}), found '${text}'.`,
        );
      }
      const name = isNamed ? text.slice(0, at) : names[0];
      read.set(name, { ...read.get(name), [key]: isNamed ? text.slice(at + 1) : text });
    }
  }
  return Object.fromEntries(read);
}

/** Options for how models are run. */
export function runtimeOptions(command: Command): Command {
  return imageSizeOption(providerOptions(command))
    .addOption(new Option('--threads <n>', 'number of threads for ONNX Runtime').argParser(wholeNumber))
    .addOption(new Option('--batch-size <n>', 'images per batch (default: 32)').argParser(wholeNumber));
}

/** How the lines of a log are read: which columns are outputs, and what becomes of lines that cannot be read. */
export const logOptions = (command: Command): Command =>
  command
    .option(
      '--columns <names...>',
      'columns of a table that are outputs, one by one or as FIRST..LAST (default: found)',
    )
    .option('--skip-bad-lines', 'leave out and count lines of a log that cannot be read, at most a tenth of them');

/** Options for where data sets come from. */
export function dataOptions(command: Command): Command {
  return namesOptions(command)
    .option('--data-dir <dir>', 'folder of the data sets (default: $FEATRECONSTRUCT_DATA, else the cache folder)')
    .option('--allow-partial', 'use the CIFAR-10 batches that are there even if some are missing')
    .option('--skip-bad-images', 'leave out and count images that cannot be decoded or have an unsupported format');
}
