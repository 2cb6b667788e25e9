import { notRunInWords } from '../../lib/words/index.js';

test('what a run of all left out is one line', () => {
  expect(notRunInWords([])).toBeNull();
  expect(
    notRunInWords([
      { experiment: 2, why: 'in-4' },
      { experiment: 3, why: 'no-test-of-another-kind' },
    ]),
  ).toBe(
    'Not run: experiment 2, since experiment 4 holds its pairs; experiment 3, since no test set is of another kind than the training set.',
  );
});

test('test sets that an experiment was not run on are named', () => {
  expect(notRunInWords([{ experiment: 4, why: 'another-kind', on: ['folder:/home/me/photos'] }])).toBe(
    'Not run: experiment 4 on folder:photos, since these are of another kind than the training set; ‘run 4’ alone takes them.',
  );
});
