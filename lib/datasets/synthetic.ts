import { UsageError, seedOf, uniform } from '../base/index.js';
import type { DatasetFormat, ExampleSource } from './source.js';
import { drawSynthetic, syntheticClasses, type Variety } from './synthetic-draw.js';
import type { Sample } from './types.js';

/** Images that are drawn at once. */
const CHUNK = 256;

const usual: Variety = {
  radius: [7, 12],
  offset: 4,
  period: [3.5, 6.5],
  depth: [22, 70],
  ground: [10, 130],
  front: [110, 245],
  blotches: 30,
  bars: 1,
  noise: [4, 32],
};

/** The same classes under other conditions: smaller, farther from the middle, on an uneven ground, behind more bars. */
const shifted: Variety = {
  radius: [5.5, 8.5],
  offset: 7,
  period: [3, 5],
  depth: [20, 80],
  ground: [30, 180],
  front: [80, 230],
  blotches: 80,
  bars: 3,
  noise: [0, 60],
};

/** What is drawn for a split: how many images, from which seed, and how they vary. */
interface Split {
  size: number;
  seed: number;
  variety: Variety;
}

/**
 * Textured shapes in 24 classes, 32 x 32, drawn when they are read: needs no files, and has the same bytes everywhere.
 */
export const synthetic = syntheticFormat('synthetic', {
  train: { size: 20_000, seed: 1, variety: usual },
  test: { size: 5_000, seed: 2, variety: usual },
});

/** The same classes under conditions that `synthetic:train` does not show, as from another camera. */
export const syntheticShift = syntheticFormat('synthetic-shift', {
  test: { size: 5_000, seed: 3, variety: shifted },
});

function syntheticFormat(name: string, splits: Readonly<Record<string, Split>>): DatasetFormat {
  const forms = Object.keys(splits).map((split) => `${name}:${split}`);
  return {
    name,
    forms,
    about: {
      what: 'drawn, no files',
      images: Object.fromEntries(Object.entries(splits).map(([split, { size }]) => [split, size])),
      classes: syntheticClasses.length,
    },
    async open({ rest }) {
      if (Object.hasOwn(splits, rest)) return syntheticSource(`${name}:${rest}`, splits[rest]);
      throw new UsageError(
        `${name} has no split '${rest}': write ${forms.join(' or ')}, with a slice as in ${forms[0]}[0:1000].`,
      );
    },
  };
}

function syntheticSource(id: string, split: Split): ExampleSource {
  return {
    size: split.size,
    kind: 'images',
    classNames: syntheticClasses,
    async *blocks(start, stop) {
      for (let from = start; from < stop; from += CHUNK) yield samplesOf(id, split, from, Math.min(from + CHUNK, stop));
    },
  };
}

function* samplesOf(id: string, { seed, variety }: Split, start: number, stop: number): Generator<Sample> {
  for (let i = start; i < stop; i++) {
    const random = uniform(seedOf(seed, i));
    const label = Math.floor(random() * syntheticClasses.length);
    yield { id: `${id}/${String(i).padStart(5, '0')}`, label, image: drawSynthetic(label, random, variety) };
  }
}
