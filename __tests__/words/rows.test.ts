import { expect, test } from '@jest/globals';
import { placesInWords, rowsInWords } from '../../lib/words/index.js';

const line = (number: number, file?: string) => ({ unit: 'line' as const, number, ...(file ? { file } : {}) });

test.each([
  [[line(3)], 'line 3'],
  [[line(3), line(5)], 'lines 3, 5'],
  [Array.from({ length: 11 }, (_, i) => line(i + 1)), 'lines 1, 2, 3, 4, 5, 6, 7, 8 and 3 more'],
  [[line(3, 'a.csv'), line(3, 'b.csv'), line(4, 'b.csv')], 'line 3 of a.csv, lines 3, 4 of b.csv'],
  [['a', 'b', 'c', 'd'].map((file) => line(1, file)), 'line 1 of a, line 1 of b, line 1 of c and more in 1 other file'],
])('places %#', (places, words) => {
  expect(placesInWords(places)).toBe(words);
});

test('rows with places and without', () => {
  expect(rowsInWords([4])).toBe('Row 4 (counted from 0)');
  expect(rowsInWords([4], [line(6)])).toBe('Line 6');
  expect(rowsInWords([4, 5], [line(6), line(8)])).toBe('2 rows (lines 6, 8)');
});
