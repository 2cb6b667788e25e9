import { expect, test } from '@jest/globals';
import { toldApartInWords } from '../../lib/words/index.js';

const found = (observe: string, differ: number) => ({ observe, images: 300, differ });

test('numbers and classes have words of their own: an answer is a class elsewhere', () => {
  expect(toldApartInWords([found('logits', 300), found('label', 56)])).toBe(
    'The same image gets other numbers in 300 of 300 cases as logits, and still another class in 56 of 300 cases as label alone: whoever asks both about the same images sees that these are two models.',
  );
});

test('what does not tell them apart is named', () => {
  expect(toldApartInWords([found('logits', 3), found('label', 0)])).toMatch(
    /Not by label alone: there both show the same\.$/,
  );
  expect(toldApartInWords([found('logits', 0)])).toMatch(/in all 300 cases/);
  expect(toldApartInWords(null)).toMatch(/different numbers of outputs/);
});
