import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { FeatReconstructError } from '../base/index.js';
import { makeTransform, type TransformSpec } from '../images/index.js';
import { snapshotOf } from '../hub/index.js';
import type { ModelNote } from '../words/index.js';
import { followedProcessor, processorSize, type Processor } from './processor.js';
import { sidesOf, type Followed } from './stated.js';
import { followedTimm, timmConfigOf, timmSize } from './timm-config.js';

/** What the files beside a model say of its images and classes. */
export interface Beside {
  /** Height and width; null where nothing is said. */
  imageSize: [number, number] | null;
  /** The folder's name where transformers' files are there, since its models are all called `model.onnx`; else null. */
  name: string | null;
  /** In the order of the logits; null where they are not named. */
  classNames: readonly string[] | null;
  /**
   * The transform of images for an input of this size, null where none is stated or it cannot be followed; and what a user
   * should know about it.
   */
  transformFor(size: readonly [number, number]): { transform: TransformSpec | null; notes: ModelNote[] };
}

/** The files that are read beside a model. */
export const besideNames = ['config.json', 'preprocessor_config.json'] as const;

/** The fields of config.json that are read, transformers' and timm's. */
interface Config {
  image_size?: unknown;
  id2label?: unknown;
  label_names?: unknown;
}

/**
 * Reads `preprocessor_config.json` and `config.json` beside a model, or above its folder `onnx`, as transformers and timm
 * write them.
 * @throws FeatReconstructError where one of them is no JSON
 */
export async function besideModel(file: string): Promise<Beside> {
  const dir = path.dirname(file);
  const folders = path.basename(path.resolve(dir)) === 'onnx' ? [dir, path.dirname(dir)] : [dir];
  const found = await firstJson(folders, besideNames[0]);
  const config = (found?.value ?? {}) as Config;
  const timm = timmConfigOf(config);
  const preprocessor = await firstJson(folders, besideNames[1]);
  // The file that states the transform, how it is followed, and the size that it makes.
  const stated = preprocessor
    ? {
        file: preprocessor.file,
        follow: () => followedProcessor(preprocessor.value as Processor),
        size: processorSize(preprocessor.value as Processor),
      }
    : timm && {
        file: found!.file,
        follow: (at: readonly [number, number]) => followedTimm(timm, at),
        size: timmSize(timm),
      };
  const stem = path.parse(file).name;
  const folder = path.resolve(folders[folders.length - 1]);
  // In the cache of Hugging Face the folder has the name of a commit: the repository's says more.
  const repository = snapshotOf(folder)?.repo.split('/').at(-1);
  const name = repository
    ? stem.replace(/^model(?=$|_)/, repository)
    : found && stem === 'model'
      ? path.basename(folder)
      : null;
  return {
    imageSize: stated?.size ?? sidesOf(config.image_size),
    name: name || null,
    classNames: namesOf(config),
    transformFor(size) {
      if (!stated) return { transform: null, notes: [] };
      const read = checked(stated.follow(size), size);
      const name = path.basename(stated.file);
      return 'why' in read
        ? { transform: null, notes: [{ kind: 'transform-not-followed', file: name, why: read.why }] }
        : { transform: read.transform, notes: [{ kind: 'transform-stated', file: name }] };
    },
  };
}

/** Refuses a transform that cannot be made, or that makes images of another size than the graph reads. */
function checked(read: Followed, size: readonly [number, number]): Followed {
  if ('why' in read) return read;
  try {
    makeTransform(read.transform, size);
  } catch (error) {
    return { why: { kind: 'refused', message: (error as Error).message } };
  }
  const last = read.transform.steps?.at(-1);
  if (!last || last.op === 'grey' || typeof last.size === 'number' || last.size.join() === size.join()) return read;
  return { why: { kind: 'other-size', made: last.size, read: size } };
}

/** Names of the classes from transformers' `id2label` or timm's `label_names`; null where there are none but `LABEL_0`, …. */
function namesOf({ id2label, label_names }: Config): string[] | null {
  const entries = Object.entries(((Array.isArray(label_names) ? label_names : id2label) ?? {}) as object);
  const names = entries.map(([index, name]: [string, unknown], place) => (index === String(place) ? name : null));
  const isNamed = names.length >= 2 && names.every((name) => typeof name === 'string');
  return isNamed && !names.every((name) => /^LABEL_\d+$/.test(name as string)) ? (names as string[]) : null;
}

async function firstJson(folders: readonly string[], name: string): Promise<{ file: string; value: unknown } | null> {
  for (const folder of folders) {
    const file = path.join(folder, name);
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch {
      continue;
    }
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null) return { file, value };
    } catch {
      // Said below.
    }
    throw new FeatReconstructError(
      `Expected JSON in ${file}, found none: it stands beside the model and would state its transform. Copy it again or take it away.`,
      { code: 'not-found' },
    );
  }
  return null;
}
