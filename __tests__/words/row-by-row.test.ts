import { expect, test } from '@jest/globals';
import { rowByRowInWords } from '../../lib/words/index.js';

const all = { column: 'id', rows: 3000, sameTop: 3000, kappa: 1, sameNumbers: 3000 };
const paired = 'Row by row (paired by ‘id’, which 3,000 rows of both have): ';

test.each([
  [
    all,
    'all have the same top class and the same numbers, as far as the files are rounded. By these rows nothing tells the two apart.',
  ],
  [
    { ...all, sameTop: 2867, kappa: 0.95, sameNumbers: 2 },
    '133 of 3,000 have another top class, and 2,998 have other numbers, rounding aside. The same requests got other answers: another model made them, or one that was given its images in another way.',
  ],
  [
    { ...all, sameNumbers: 2990 },
    'all have the same top class, and 10 have other numbers, rounding aside. The same requests got other answers: another model made them, or one that was given its images in another way.',
  ],
  [
    { ...all, sameTop: 100, kappa: 0.02, sameNumbers: 0 },
    '2,900 of 3,000 have another top class, and 3,000 have other numbers, rounding aside. That is hardly more alike than by chance. Either ‘id’ does not name the same requests in both, as where each log counts its own, or the models have little in common: which of them does not show.',
  ],
  [
    { ...all, sameNumbers: null },
    'all have the same top class. Their numbers are not in one unit, and were not compared.',
  ],
])('%o', (found, text) => {
  expect(rowByRowInWords(found)).toBe(paired + text);
});
