import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FeatReconstructError, type TaskOptions } from '../base/index.js';
import {
  describeModel,
  loadModel,
  loadOptions,
  tokenizerOf,
  type LoadModelOptions,
  type Model,
  type ModelOptions,
} from '../runtime/index.js';
import { makeFolder } from '../bytes/index.js';
import { checkDistinct, readClassNames } from './class-names.js';
import { loadClipTokenizer } from './clip-tokenizer.js';
import {
  normaliseRows,
  readClassEmbeddings,
  unitHead,
  writeClassEmbeddings,
  type ClassEmbeddings,
} from './zero-shot-file.js';
import { readTemplates } from './zero-shot-prompts.js';

/** Where the classes' embeddings come from: a file, or a text tower that reads prompts. */
export type ZeroShotSource =
  | {
      /**
       * A safetensors file with class embeddings (c, d), in the order of the labels: its one tensor, or the one called
       * `embeddings`. The metadata may name the classes, as a JSON list under `classNames`.
       */
      textEmbeddings: string;
      textModel?: undefined;
      tokenizer?: undefined;
      classNames?: undefined;
      templates?: undefined;
    }
  | {
      /** The text tower (.onnx, a checkpoint, or its name): token ids (n, 77) to embeddings (n, d). */
      textModel: string;
      /** tokenizer.json, as Hugging Face has it. Default: the one of the text tower's repository, or beside it. */
      tokenizer?: string | undefined;
      /** In the order of the labels; or `cifar10`, `cifar100`, or a file with one on each line. */
      classNames: string | readonly string[];
      /** With {} for the class name; or `simple` (the default: "a photo of a {}."), `openai`, or a file. */
      templates?: string | readonly string[] | undefined;
      textEmbeddings?: undefined;
    };

/** The head that class prompts make of an image tower. */
export interface ZeroShotHead extends ClassEmbeddings {
  /** Templates of the prompts; null for embeddings from a file. */
  templates: readonly string[] | null;
  /** The text tower; null for embeddings from a file. */
  textModel: { name: string; digest: string } | null;
}

export interface ZeroShotOptions extends TaskOptions {
  /** Where the text tower runs. Default `cpu`. */
  executionProviders?: LoadModelOptions['executionProviders'] | undefined;
  /** How it is read. */
  model?: Omit<ModelOptions, 'output'> | undefined;
  /** Folder to keep class embeddings in, so that the same prompts are read once. */
  stores?: string | undefined;
}

/** Tokens of a prompt where the text tower leaves that open: CLIP's own number. */
const defaultLength = 77;
const batchSize = 64;

/**
 * A zero-shot classifier as a head: weight (c, d) of unit rows, bias 0 (open_clip's `build_zero_shot_classifier`). The
 * prompts of a class are embedded, normalised and averaged, and the average is normalised again.
 *
 * CLIP compares by cosine, t · e / ‖e‖, times a temperature. Both ‖e‖, the norm of the image embedding, and the temperature
 * are above 0 and the same for all classes, so that they cannot change the arg-max: on the plain embedding e this head
 * gives the same classes.
 * @throws FeatReconstructError for files that are missing or not what they should be, or a tower that does not read tokens
 * @throws UsageError for class names or templates that cannot be used
 */
export async function zeroShotHead(source: ZeroShotSource, options: ZeroShotOptions = {}): Promise<ZeroShotHead> {
  if (source.textEmbeddings !== undefined) {
    return { ...(await readClassEmbeddings(source.textEmbeddings)), templates: null, textModel: null };
  }
  const classNames = await readClassNames(source.classNames);
  checkDistinct(classNames);
  const templates = await readTemplates(source.templates ?? 'simple');
  const settings: LoadModelOptions = { ...loadOptions(options), output: 'features', checkpoint: { half: 'text' } };
  const { name, digest, inputShape } = await describeModel(source.textModel, settings);
  const length = inputShape.length === 2 && inputShape[1] > 0 ? inputShape[1] : defaultLength;
  const tokenizer = await loadClipTokenizer(source.tokenizer ?? (await tokenizerOf(source.textModel, settings.fetch)));
  const tokens = classNames.flatMap((each) =>
    templates.map((template) => tokenizer.encode(template.replaceAll('{}', each), length)),
  );
  const origin = { templates, textModel: { name, digest } };
  const kept =
    options.stores && join(options.stores, `${name}-classes-${keyOf(digest, classNames, tokens)}.safetensors`);
  if (kept && (await exists(kept))) return { ...(await readClassEmbeddings(kept)), ...origin };

  const tower = await loadModel(source.textModel, settings);
  let embeddings: Float64Array;
  try {
    embeddings = await embed(tower, tokens, options);
  } finally {
    await tower.release();
  }
  const averages = averageBy(templates.length, embeddings, tower.featureDim);
  const head = { ...unitHead(averages, tower.featureDim, name), classNames, notices: [] };
  if (kept) {
    await makeFolder(options.stores!);
    await writeClassEmbeddings(kept, head);
  }
  return { ...head, ...origin };
}

/** Unit embeddings (n, d) of token rows. */
async function embed(
  tower: Model,
  tokens: readonly (readonly number[])[],
  { signal, onProgress }: TaskOptions,
): Promise<Float64Array> {
  const { name, featureDim: d } = tower;
  const out = new Float64Array(tokens.length * d);
  for (let start = 0; start < tokens.length; start += batchSize) {
    signal?.throwIfAborted();
    const batch = tokens.slice(start, start + batchSize);
    const { features } = await tower.run(tokenBatch(tower, batch)).catch((error: Error) => {
      if (error instanceof FeatReconstructError) throw error;
      throw new FeatReconstructError(
        `Expected ${name} to read the tokens of its prompts, found that ONNX Runtime stops: ${error.message.trim().replace(/\.$/, '')}. Give the tokenizer.json of the same model.`,
        { code: 'not-run', cause: error },
      );
    });
    out.set(features, start * d);
    const done = start + batch.length;
    onProgress?.({ stage: `embed prompts with ${name}`, done, total: tokens.length, unit: 'prompts' });
  }
  return normaliseRows(out, d, (row) => `the embedding of prompt ${row} by ${name}`);
}

function tokenBatch({ name, inputType }: Model, batch: readonly (readonly number[])[]): Parameters<Model['run']>[0] {
  const ids = batch.flat();
  const dims = [batch.length, batch[0].length];
  if (inputType === 'int64') return { type: 'int64', data: BigInt64Array.from(ids, BigInt), dims };
  if (inputType === 'int32') return { type: 'int32', data: Int32Array.from(ids), dims };
  throw new FeatReconstructError(
    `Expected a text tower that reads token ids, found that ${name} reads ${inputType}: give the text half of the CLIP model.`,
  );
}

/** Means (n / count, d) of `count` consecutive rows each. */
function averageBy(count: number, rows: Float64Array, d: number): Float64Array {
  const out = new Float64Array(rows.length / count);
  for (let i = 0; i < rows.length; i++) out[Math.floor(i / (count * d)) * d + (i % d)] += rows[i] / count;
  return out;
}

function keyOf(digest: string, classNames: readonly string[], tokens: readonly (readonly number[])[]): string {
  return createHash('sha256')
    .update(JSON.stringify([digest, classNames, tokens]))
    .digest('hex')
    .slice(0, 12);
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
