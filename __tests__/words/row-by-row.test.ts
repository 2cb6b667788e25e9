import { expect, test } from '@jest/globals';
import { idsFoundInWords, rowByRowInWords, type IdsFound } from '../../lib/words/index.js';

const all = {
  column: 'id',
  rows: 3000,
  sameTop: 3000,
  kappa: 1,
  byChance: { sameTop: 61.4, likelihood: 1e-9 },
  sameNumbers: 3000,
};
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
    { ...all, sameTop: 61, kappa: 0, byChance: { sameTop: 61.4, likelihood: 1 }, sameNumbers: 0 },
    '2,939 of 3,000 have another top class, and 3,000 have other numbers, rounding aside. By chance about 61 would have the same top class, and hardly more have. Either ‘id’ does not name the same requests in both, as where each log counts its own, or the models have little in common: which of them does not show.',
  ],
  [
    { ...all, sameTop: 900, kappa: 0.29, sameNumbers: 0 },
    '2,100 of 3,000 have another top class, and 3,000 have other numbers, rounding aside. By chance about 61 would have the same top class: 900 is no chance. The same requests got other answers: another model made them, or one that was given its images in another way.',
  ],
  [
    { ...all, sameTop: 140, kappa: 0.03, sameNumbers: 0 },
    '2,860 of 3,000 have another top class, and 3,000 have other numbers, rounding aside. By chance about 61 would have the same top class: 140 is more, but little. If ‘id’ names the same requests in both, another model answered them; logs that each count their own may agree as much where requests of one kind come in one order.',
  ],
  [
    { ...all, kappa: null, byChance: { sameTop: 2999.1, likelihood: 0.4 }, sameNumbers: 0 },
    'all have the same top class, and 3,000 have other numbers, rounding aside. By chance about 2,999 would have the same top class: by so few rows, or rows so much of one class, it does not show whether ‘id’ names the same requests in both.',
  ],
  [
    { ...all, kappa: null, byChance: { sameTop: 2999.1, likelihood: 0.4 }, sameNumbers: 2990 },
    'all have the same top class, and 10 have other numbers, rounding aside. The same requests got other answers: another model made them, or one that was given its images in another way.',
  ],
  [
    { ...all, sameNumbers: null },
    'all have the same top class. Their numbers are not in one unit, and were not compared.',
  ],
])('%o', (found, text) => {
  expect(rowByRowInWords(found)).toBe(paired + text);
});

test('what the second file calls the ids, and ids that were left out', () => {
  expect(rowByRowInWords({ ...all, otherColumn: 'image' })).toContain('(paired by ‘id’ and ‘image’, which 3,000 rows');
  expect(rowByRowInWords({ ...all, repeated: [38, 0] })).toMatch(
    / ‘id’ names 38 requests of the first file more than once, with different outputs: these were left out\.$/,
  );
  expect(rowByRowInWords({ ...all, repeated: [1, 2] })).toContain(
    '‘id’ names 1 request of the first file and 2 requests of the second more than once',
  );
});

test('labels alone', () => {
  const labels = { ...all, sameNumbers: null, labels: true } as const;
  expect(rowByRowInWords(labels)).toBe(
    `${paired}all have the same top class. By these labels nothing tells the two apart. A log of labels tells nothing else: neither how wide a layer is, nor whether one last layer made both files.`,
  );
  expect(rowByRowInWords({ ...labels, sameTop: 2963, kappa: 0.98 })).toContain(
    '37 of 3,000 have another top class. The same requests got other answers',
  );
});

test('labels with scores, and scores that were not compared', () => {
  const labels = { ...all, labels: true } as const;
  expect(rowByRowInWords(labels)).toContain(
    'all have the same top class and the same score, as far as the files are rounded. By these labels and scores nothing tells the two apart. A log',
  );
  expect(rowByRowInWords({ ...labels, sameNumbers: 2069 })).toContain(
    'all have the same top class, and 931 have another score, rounding aside. The same requests got other answers',
  );
  expect(rowByRowInWords({ ...labels, sameNumbers: null, uncompared: ['score'] })).toContain(
    'By these labels nothing tells the two apart. The numbers of ‘score’ were not compared: both files need one column ‘score’, in one unit. A log',
  );
  const byChance = { sameTop: 2999.1, likelihood: 0.4 };
  expect(rowByRowInWords({ ...labels, kappa: null, byChance, sameNumbers: 2000 })).toContain(
    'it does not show whether ‘id’ names the same requests',
  );
});

test('logs of the best classes are compared as far as both list them', () => {
  expect(rowByRowInWords({ ...all, cut: true })).toContain(
    'all have the same top class and the same numbers, as far as both files list and round them. By these rows',
  );
});

test.each<[IdsFound, string]>([
  [
    { kind: 'other-labels', examples: [['jay_442'], ['masked tench', 'gar']] },
    'the first file has ‘jay_442’ and others, the second ‘masked tench’, ‘gar’ and others, and none is in both.',
  ],
  [
    { kind: 'no-ids', columns: [[], []] },
    'If both files had a column ‘id’ that names the same requests, each once, they would be compared row by row.',
  ],
  [{ kind: 'no-ids', columns: [[], ['image']] }, ' The second has ‘image’, the first none that was found.'],
  [
    { kind: 'no-ids', columns: [['id'], ['image']] },
    ' The first has ‘id’, the second ‘image’, which are not of one name and have no value in common.',
  ],
  [
    { kind: 'none-in-both', columns: ['id', 'id'] },
    'The rows were not compared one by one: both files have ‘id’, but none of its values is in both.',
  ],
  [
    { kind: 'none-in-both', columns: ['request.id', 'request_id'] },
    'the first file has ‘request.id’ and the second ‘request_id’, but none',
  ],
  [
    { kind: 'all-repeated', columns: ['path', 'path'], repeated: [3, 0] },
    '‘path’ names 3 requests of the first file more than once, with different outputs, and no other request is in both.',
  ],
])('why rows were not paired: %j', (found, text) => {
  expect(idsFoundInWords(found)).toContain(text);
});
