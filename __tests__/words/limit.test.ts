import { overLimitInWords } from '../../lib/words/index.js';

test('a limit that is not known to hold is one sentence, with each reason', () => {
  expect(
    overLimitInWords(
      [
        { observe: 'probs', why: 'exact' },
        { observe: 'probs+topk:5', why: 'above', high: 0.442 },
        { observe: 'probs+topk:1', why: 'learning', high: 0.551 },
        { observe: 'probs+round:2', why: 'few' },
        { observe: 'label', why: 'unknown' },
      ],
      0.4,
    ),
  ).toBe(
    'Not known to stay at 40 % or below: probabilities (all, by algebra); top 5 probabilities (up to 45 %); top 1 probability (with more images up to 56 % may be read); probabilities, 2 decimals (too few images to tell what more would bring: give 200 or more); label alone (not known).',
  );
});
