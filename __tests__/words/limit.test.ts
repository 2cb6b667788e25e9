import { overLimitInWords } from '../../lib/words/index.js';

test('a limit that is not known to hold is one sentence, with each reason', () => {
  expect(
    overLimitInWords(
      [
        { observe: 'probs', why: 'exact' },
        { observe: 'probs+topk:5', why: 'above', high: 0.442 },
        { observe: 'probs+topk:1', why: 'learning', enough: 600 },
        { observe: 'label', why: 'unknown' },
      ],
      0.4,
    ),
  ).toBe(
    'Not known to stay at 40 % or below: probabilities (all, by algebra); top 5 probabilities (up to 45 %); top 1 probability (not known while the reader is still learning; about 600 images may tell); label alone (not known).',
  );
});
