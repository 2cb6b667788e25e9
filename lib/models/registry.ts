import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { nearest } from '../base/index.js';
import type { TransformSpec } from '../images/index.js';

/** A published model with a registered name: an entry of assets/models.json. */
export interface RegisteredModel {
  name: string;
  aliases: readonly string[];
  /** The name of its graph (`openGraph`). */
  graph: string;
  /** Its repository on the Hub, `owner/name`. */
  repo: string;
  /** The path of the checkpoint in it. */
  file: string;
  /** The full commit that the graph was made for; null where none is known: then `main` is used. */
  revision: string | null;
  /** As its repository states it. */
  licence: string;
  /** Numbers in the checkpoint, 4 bytes each. */
  numbers: number;
  /** [height, width] that it was published for; null for a tower of texts. */
  inputSize: readonly [number, number] | null;
  /** The transform of its makers' evaluation; null for a tower of texts. */
  transform: TransformSpec | null;
  /** The list of its classes; null for a tower. */
  classes: 'imagenet-1k' | 'imagenet-21k' | null;
  /** d; for a tower the width of its embeddings. */
  featureDim: number;
  /** c, or null for a tower. */
  classCount: number | null;
  /** Who made the weights, and who converted them. */
  source: string;
  /** What the published experiments call it; null where they do not have it. */
  published: string | null;
  /** The path of the tokenizer in its repository, for a tower of texts. */
  tokenizer?: string;
}

let registry: readonly RegisteredModel[] | undefined;

/** All models with a registered name. */
export const registeredModels = (): readonly RegisteredModel[] =>
  (registry ??= JSON.parse(
    readFileSync(new URL('../../assets/models.json', import.meta.url), 'utf8'),
  ) as RegisteredModel[]);

/** A model by its name or one of its aliases, in any case; undefined where none is called so. */
export const registeredModel = (name: string): RegisteredModel | undefined =>
  registeredModels().find((model) => namesOf(model).some((each) => each.toLowerCase() === name.toLowerCase()));

/** The registered name that a mistyped one most likely means. */
export const nearestModel = (name: string): string | undefined => nearest(name, registeredModels().flatMap(namesOf));

const namesOf = ({ name, aliases }: RegisteredModel): string[] => [name, ...aliases];

/** Names of a model's classes in the order of the logits; null where the list does not ship with the package. */
export async function registeredClasses({ classes }: RegisteredModel): Promise<readonly string[] | null> {
  return classes === 'imagenet-1k' ? imagenetClasses() : null;
}

/** ImageNet's 1,000 classes in the order of the logits, each with all of its names: `tench, Tinca tinca`. */
export async function imagenetClasses(): Promise<readonly string[]> {
  const text = await readFile(new URL('../../assets/classes/imagenet-1k.txt', import.meta.url), 'utf8');
  return text.trimEnd().split('\n');
}
