import type { Command } from 'commander';
import { UsageError } from '../base/index.js';
import type { ZeroShotSource } from '../experiments/index.js';

export interface ZeroShotFlags {
  textEmbeddings?: string;
  textModel?: string;
  tokenizer?: string;
  classNames?: string;
  templates?: string;
}

/** Options for the zero-shot head of experiment 5. */
export function zeroShotOptions(command: Command): Command {
  return command
    .option('--text-embeddings <file>', 'embeddings of the classes (c, d), .npy, .npz or .safetensors, in experiment 5')
    .option('--text-model <file>', 'or the text tower that makes them from prompts (.onnx, or its name: ViT-B-32.text)')
    .option(
      '--tokenizer <file>',
      "tokenizer.json of the text tower (default: its repository's, or the one beside its file)",
    )
    .option(
      '--class-names <names>',
      'class names for the prompts of 5 and the report of 1 to 3: cifar10, cifar100, imagenet, or a file (a name on each line, or JSON)',
    )
    .option('--templates <name>', 'simple (default), openai, or a file with a template on each line, {} for the name');
}

/**
 * The source of the zero-shot head that the flags ask for; undefined where none is given.
 * @throws UsageError when some of the flags are given and others that go with them are not
 */
export function readZeroShot(flags: ZeroShotFlags): ZeroShotSource | undefined {
  const { textEmbeddings, textModel, tokenizer, classNames, templates } = flags;
  const prompts = [textModel, tokenizer, classNames, templates].some((flag) => flag !== undefined);
  if (textEmbeddings !== undefined && !prompts) return { textEmbeddings };
  if (textEmbeddings === undefined && !prompts) return undefined;
  if (textEmbeddings === undefined && textModel && classNames) {
    return { textModel, tokenizer, classNames, templates };
  }
  throw new UsageError(
    textEmbeddings === undefined
      ? 'Expected --text-model and --class-names together, found only some of them.'
      : 'Expected --text-embeddings alone or a text model with its tokenizer and class names, found both: leave one out.',
  );
}
