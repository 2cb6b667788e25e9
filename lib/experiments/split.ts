import { FeatReconstructError } from '../base/index.js';
import type { Store } from '../extract/index.js';
import { spreadPositions } from '../fit/index.js';
import { chooseRows } from '../tensor/index.js';

/**
 * Splits a store 4 : 1 by the content of its images, so that the same images fall on the same side on every machine and
 * in every order, and equal images on one side. Variations of an image go with it.
 * @param contents hex digest of each image of the data set
 * @param variations rows of the store that each image has
 * @throws FeatReconstructError when a side would be empty
 */
export function splitByContent(
  store: Store,
  contents: readonly string[],
  variations = 1,
): { train: Store; test: Store } {
  const isTest = (row: number): boolean =>
    parseInt(contents[Math.floor(store.positions[row] / variations)].slice(0, 8), 16) % 5 === 0;
  const rows = Array.from({ length: store.rows }, (_, row) => row);
  const test = rows.filter(isTest);
  if (test.length === 0 || test.length === store.rows) {
    const images = store.rows / variations;
    const different = new Set(Array.from(store.positions, (position) => contents[Math.floor(position / variations)]))
      .size;
    const found =
      different < images ? `${different} different ${different === 1 ? 'one' : 'ones'} among ${images}` : images;
    throw new FeatReconstructError(
      `Expected images enough to keep a fifth of them for testing, found ${found}; give a hundred or more.`,
      { code: 'too-few-rows' },
    );
  }
  return {
    train: rowsOfStore(
      store,
      rows.filter((row) => !isTest(row)),
    ),
    test: rowsOfStore(store, test),
  };
}

/** A store without the copies of its images, whose first rows stay: each image counts once. */
export function withoutCopies(store: Store, contents: readonly string[], variations = 1): Store {
  const first = new Map<string, number>();
  const kept: number[] = [];
  for (let row = 0; row < store.rows; row++) {
    const image = Math.floor(store.positions[row] / variations);
    if (!first.has(contents[image])) first.set(contents[image], image);
    if (first.get(contents[image]) === image) kept.push(row);
  }
  return kept.length === store.rows ? store : rowsOfStore(store, kept);
}

/** About `most` rows of a store from all over it, where that is clearly fewer than all; else all of them. */
export function spreadOver(store: Store, most: number, variations = 1): Store {
  const rows = spreadPositions(store.rows, most, variations);
  return rows ? rowsOfStore(store, rows) : store;
}

/** Some rows of a store; it stays open when they are closed. */
export function rowsOfStore(store: Store, rows: Iterable<number>): Store {
  const chosen = Int32Array.from(rows);
  return {
    ...store,
    rows: chosen.length,
    features: chooseRows(store.features, chosen),
    logits: chooseRows(store.logits, chosen),
    labels: chosen.map((row) => store.labels[row]),
    positions: chosen.map((row) => store.positions[row]),
    close: async () => undefined,
  };
}
