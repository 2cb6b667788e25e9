import { readFile } from 'node:fs/promises';
import { option, UsageError } from '../base/index.js';
import { checkRegularFile } from '../bytes/index.js';
import { imagenetClasses } from '../models/index.js';
import type { ModelDescription } from '../runtime/index.js';

/** CIFAR's own names in the order of its labels, as words. */
const knownClasses: Readonly<Record<string, readonly string[]>> = {
  cifar10: 'airplane automobile bird cat deer dog frog horse ship truck'.split(' '),
  cifar100: `apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can
    castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
    flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree
    motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate
    poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider
    squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
    wardrobe whale willow_tree wolf woman worm`
    .split(/\s+/)
    .map(asWords),
};

/** By index: names of the ImageNet classes whose first name does not tell them from another class. */
const toldApart: ReadonlyMap<number, string> = new Map([
  [134, 'crane, a bird'],
  [264, 'Cardigan Welsh corgi'],
  [517, 'construction crane'],
  [639, 'tank suit'],
]);

/** The first name of each class. */
const imagenet = async (): Promise<string[]> =>
  (await imagenetClasses()).map((names, i) => toldApart.get(i) ?? names.split(',')[0]);

/** A class name as it is written in a prompt: `maple_tree` is `maple tree`. */
export function asWords(name: string): string {
  return name.replaceAll('_', ' ');
}

/**
 * Names of classes, in the order of the labels.
 * @param names the names themselves, `cifar10`, `cifar100`, `imagenet`, or a file: one on each line, or as JSON a list, or an object by
 *   index as `id2label` in a Hugging Face config.json and Keras' imagenet_class_index.json
 * @throws UsageError for fewer than two names, or a file that does not have them
 */
export async function readClassNames(names: string | readonly string[]): Promise<readonly string[]> {
  const found = typeof names === 'string' ? await listed(names) : names;
  if (found.length >= 2) return found;
  throw new UsageError(`Expected two class names or more, found ${found.length}: one stands on each line.`);
}

/**
 * Refuses names of which two are the same: of two classes with equal prompts the first would always win.
 * @throws UsageError naming the first two classes
 */
export function checkDistinct(names: readonly string[]): void {
  const first = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const known = first.get(name.toLowerCase());
    if (known !== undefined) {
      throw new UsageError(
        `Expected ${option('classNames')} that differ from one another, found "${name}" for class ${known} and for class ${index}: their prompts would be the same. Name what tells them apart.`,
      );
    }
    first.set(name.toLowerCase(), index);
  }
}

/**
 * Names of a model's classes: those that are given, else those of config.json beside the model; undefined where there are none.
 * @throws UsageError where those that are given are not as many as its classes
 */
export async function classNamesOf(
  describe: () => Promise<ModelDescription>,
  names: string | readonly string[] | undefined,
): Promise<readonly string[] | undefined> {
  const found = names === undefined ? null : await readClassNames(names);
  const { classCount, name, classNames } = await describe();
  if (found === null) return classNames ?? undefined;
  if (found.length === classCount) return found;
  throw new UsageError(
    `Expected names of the ${classCount} classes of ${name}, found ${found.length}: give one for each, in the order of the logits.`,
  );
}

const listed = async (names: string): Promise<readonly string[]> =>
  names === 'imagenet' ? imagenet() : (knownClasses[names] ?? (await fromFile(names)));

async function fromFile(file: string): Promise<readonly string[]> {
  const lines = await linesOfFile(file, { ...knownClasses, imagenet });
  if (!/^[[{]/.test(lines[0] ?? '')) return lines;
  let listed: unknown;
  try {
    listed = JSON.parse(lines.join('\n'));
  } catch (error) {
    throw new UsageError(`Expected JSON in ${file}, which starts like it, found: ${(error as Error).message}.`);
  }
  // An object's whole-number keys come in ascending order.
  const { id2label = listed } = listed as { id2label?: unknown };
  const names = Object.entries((id2label ?? {}) as object).map(([index, value]: [string, unknown], place) =>
    index === String(place) ? (Array.isArray(value) ? value.at(-1) : value) : undefined,
  );
  if (names.every((name) => typeof name === 'string')) return names;
  throw new UsageError(
    `Expected the names of all classes in ${file}, as a list or by index from 0, found none at ${names.findIndex((name) => typeof name !== 'string')}.`,
  );
}

/**
 * The lines of a text file that are not empty, trimmed.
 * @param known the names that could have been given instead of a file, for the error
 * @throws UsageError where the file cannot be read
 */
export async function linesOfFile(file: string, known: Readonly<Record<string, unknown>>): Promise<string[]> {
  await checkRegularFile(file);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `Expected ${Object.keys(known).join(', ')} or a text file with one on each line, found "${file}", which cannot be read.`,
      { cause: error },
    );
  }
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean);
}
