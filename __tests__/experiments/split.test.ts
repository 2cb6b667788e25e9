import { describe, expect, it, test } from '@jest/globals';
import { splitByContent, spreadOver, withoutCopies } from '../../lib/experiments/split.js';
import type { Store } from '../../lib/extract/index.js';
import { memoryRows } from '../../lib/tensor/index.js';

/** Rows that hold their own number, twice in the logits. */
function numbered(rows: number): Store {
  const numbers = Float32Array.from({ length: rows }, (_, i) => i);
  const store: Partial<Store> = {
    rows,
    features: memoryRows(numbers, rows, 1),
    logits: memoryRows(
      Float32Array.from({ length: 2 * rows }, (_, i) => Math.floor(i / 2)),
      rows,
      2,
    ),
    labels: Int32Array.from(numbers),
    positions: Int32Array.from(numbers),
  };
  return store as Store;
}

describe('spreadOver', () => {
  it('takes rows from all over the store, with their features, logits, labels and positions', async () => {
    const some = spreadOver(numbered(10000), 1024);
    const positions = Array.from(some.positions);
    expect(some.rows).toBe(1024);
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
    // A run of 64 in every ninth or tenth of them: none of the store's tenths has none.
    for (let tenth = 0; tenth < 10; tenth++) {
      expect(positions.some((row) => Math.floor(row / 1000) === tenth)).toBe(true);
    }
    expect(Array.from(some.labels)).toEqual(positions);
    expect(Array.from(await some.features.read(0, 1024))).toEqual(positions);
    expect(Array.from(await some.logits.read(100, 102))).toEqual([100, 100, 101, 101].map((i) => positions[i]));
  });

  it('keeps the variations of an image together', () => {
    const { positions } = spreadOver(numbered(9000), 900, 3);
    const images = Array.from(positions, (row) => Math.floor(row / 3));
    expect(images.filter((image, i) => i % 3 > 0 && image !== images[i - 1])).toEqual([]);
  });

  it('takes all rows where that is hardly more', () => {
    const store = numbered(1100);
    expect(spreadOver(store, 1024)).toBe(store);
  });
});

test('copies are no images enough: the refusal counts the different ones', () => {
  const copies = Array.from({ length: 30 }, () => 'ab'.repeat(32));
  expect(() => splitByContent(numbered(30), copies)).toThrow(/\b1\b.*\b30\b/);
});

test('each image counts once, with all of its variations', () => {
  const contents = ['a', 'b', 'a', 'c', 'b', 'a'];
  expect(Array.from(withoutCopies(numbered(6), contents).positions)).toEqual([0, 1, 3]);
  expect(Array.from(withoutCopies(numbered(12), contents, 2).positions)).toEqual([0, 1, 2, 3, 6, 7]);
  const all = numbered(3);
  expect(withoutCopies(all, contents.slice(0, 2).concat('c'))).toBe(all);
});
