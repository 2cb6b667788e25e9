import { expect, test } from '@jest/globals';
import { inTime, matchedInWords, publishedList } from '../../lib/words/index.js';

test('a correlation near 1 is a bound that people read; another one is a figure', () => {
  expect(matchedInWords(1 - 2e-13)).toMatch(/each .* \(correlation above 0\.9999\)\.$/);
  expect(matchedInWords(0.97)).toContain('0.9700');
});

test('interfaces are listed, or those that are missing where that is shorter', () => {
  const tried = ['logits', 'log-probs', 'probs', 'probs+round:2', 'label'];
  expect(publishedList(tried.slice(0, 2), tried)).toBe('logits; log-probabilities');
  expect(publishedList(tried.slice(0, 4), tried)).toBe('all but label alone');
  expect(publishedList(tried, tried)).toBe('all 5 tried');
  expect(publishedList([], tried)).toBe('');
});

test('a time that was measured is told to the second where it is short', () => {
  expect([33.6, 101.6, 299, 301].map(inTime)).toEqual(['34 s', '102 s', '299 s', '5 min']);
});
