import { readFile } from 'node:fs/promises';
import { UsageError } from '../base/index.js';
import { openaiTemplates } from './zero-shot-templates.js';

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

const knownTemplates: Readonly<Record<string, readonly string[]>> = {
  simple: ['a photo of a {}.'],
  openai: openaiTemplates,
};

/** A class name as it is written in a prompt: `maple_tree` is `maple tree`. */
export function asWords(name: string): string {
  return name.replaceAll('_', ' ');
}

/** @param names the names themselves, `cifar10`, `cifar100`, or a file with one on each line, in the order of the labels */
export async function readClassNames(names: string | readonly string[]): Promise<readonly string[]> {
  const found = typeof names === 'string' ? (knownClasses[names] ?? (await linesOf(names, knownClasses))) : names;
  if (found.length >= 2) return found;
  throw new UsageError(`Expected two class names or more, found ${found.length}: one stands on each line.`);
}

/** @param templates the templates themselves, `simple`, `openai`, or a file with one on each line; {} is the class name */
export async function readTemplates(templates: string | readonly string[]): Promise<readonly string[]> {
  const found =
    typeof templates === 'string'
      ? (knownTemplates[templates] ?? (await linesOf(templates, knownTemplates)))
      : templates;
  const wrong = found.find((template) => !template.includes('{}'));
  if (found.length > 0 && wrong === undefined) return found;
  throw new UsageError(
    `Expected templates with {} for the class name, as in "a photo of a {}.", found ${wrong === undefined ? 'none' : `"${wrong}"`}.`,
  );
}

async function linesOf(file: string, known: Readonly<Record<string, unknown>>): Promise<string[]> {
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
