import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { nearest } from '../base/index.js';
import type { TransformSpec } from '../images/index.js';

/** A published model that is known by name: an entry of assets/models.json. */
export interface RegisteredModel {
  name: string;
  aliases: readonly string[];
  /** Its graph, by the name of the file in onnx/graphs. */
  graph: string;
  /** On the Hub: `owner/name`, and the checkpoint in it. */
  repo: string;
  file: string;
  /** The full commit that the graph was made for; null where none is known, and `main` is taken. */
  revision: string | null;
  /** As its repository states it. */
  licence: string;
  /** Numbers in the checkpoint, 4 bytes each. */
  numbers: number;
  /** Height and width that it was published for; null for a tower of texts. */
  inputSize: readonly [number, number] | null;
  /** Its own evaluation; null for a tower of texts. */
  transform: TransformSpec | null;
  /** The list of its classes; null for a tower. */
  classes: 'imagenet-1k' | 'imagenet-21k' | null;
  /** d, of a tower the width of its embeddings. */
  featureDim: number;
  /** c, or null for a tower. */
  classCount: number | null;
  /** Whose weights, and who converted them. */
  source: string;
  /** What the published experiments call it; null where they have it not. */
  published: string | null;
  /** The tokenizer in its repository, of a tower of texts. */
  tokenizer?: string;
}

let registry: readonly RegisteredModel[] | undefined;

/** All models that are known by name. */
export const registeredModels = (): readonly RegisteredModel[] =>
  (registry ??= JSON.parse(
    readFileSync(new URL('../../assets/models.json', import.meta.url), 'utf8'),
  ) as RegisteredModel[]);

/** A model by its name or one of its aliases, in any case; undefined where none is called so. */
export const registeredModel = (name: string): RegisteredModel | undefined =>
  registeredModels().find((model) => namesOf(model).some((each) => each.toLowerCase() === name.toLowerCase()));

/** The name that a mistyped one was most likely meant to be. */
export const nearestModel = (name: string): string | undefined => nearest(name, registeredModels().flatMap(namesOf));

const namesOf = ({ name, aliases }: RegisteredModel): string[] => [name, ...aliases];

/** Names of the classes in the order of the logits; null where the list does not ship. */
export async function registeredClasses({ classes }: RegisteredModel): Promise<readonly string[] | null> {
  return classes === 'imagenet-1k' ? imagenetClasses() : null;
}

/** ImageNet's 1,000 classes in the order of the logits, each with all of its names: `tench, Tinca tinca`. */
export async function imagenetClasses(): Promise<readonly string[]> {
  const text = await readFile(new URL('../../assets/classes/imagenet-1k.txt', import.meta.url), 'utf8');
  return text.trimEnd().split('\n');
}
