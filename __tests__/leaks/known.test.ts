import { describe, expect, test } from '@jest/globals';
import { fingerprint, observe, recoverFeatures } from '../../lib/leaks/index.js';
import { whyUnknown, type NotKnown } from '../../lib/words/index.js';
import { FeatReconstructError, NotShownError } from '../../lib/base/index.js';
import { made } from './data.js';
import { coded } from '../support/coded.js';

describe('what is not known', () => {
  const few = { kind: 'few-images', images: 160, numbers: 1000 } as const;
  const worse = { kind: 'no-better-than-mean' } as const;
  test.each<[string, number, number | undefined, boolean, NotKnown | null]>([
    ['probs+topk:5', -1060, 160, false, few],
    ['probs+topk:5', 0.085, 160, false, few],
    ['logits+round:2', 0.85, 160, false, few],
    ['logits+round:2', 0.9995, 160, false, null],
    // All that there is: what few images read off it is a lower bound.
    ['logits', 0.85, 160, false, null],
    ['log-probs', 0.85, 160, false, null],
    ['logits', -0.01, 160, false, few],
    // With images enough a map may still do worse than the mean: that is no 0 either.
    ['probs+topk:1', -0.02, 3000, false, worse],
    ['probs+topk:1', 0, 3000, false, worse],
    ['probs+topk:1', 0.02, 3000, false, null],
    ['probs+topk:1', 0.02, undefined, false, null],
    ['probs+topk:1', 0.02, 2999, false, { ...few, images: 2999 }],
    // A penalty keeps chance out.
    ['probs+topk:5+round:2', 0.29, 160, true, null],
    ['probs+topk:5+round:2', -0.01, 160, true, worse],
  ])('%s with R² %d of %s images, penalised %s: %j', (shown, r2, fitted, penalised, why) => {
    expect(whyUnknown({ observe: shown, r2, fitted, penalised }, 1000)).toEqual(why);
  });
});

describe('what outputs cannot show is told from bad outputs', () => {
  const { logits } = made('sphere', 600, 16, 30);
  const codeOf = async (outputs: Parameters<typeof recoverFeatures>[0]): Promise<string> =>
    recoverFeatures(outputs).then(
      () => 'recovered',
      (error: unknown) => (error instanceof NotShownError ? error.code : 'another error'),
    );

  test.each<[string, () => Parameters<typeof recoverFeatures>[0], string]>([
    ['fewer rows than directions', () => made('sphere', 12, 16, 30).logits, 'too-few-rows'],
    ['fewer rows than a search takes', () => made('silu', 60, 16, 30).logits, 'too-few-rows'],
    ['more features than classes', () => made('sphere', 600, 24, 16).logits, 'no-gap'],
    ['the top 5 alone', () => observe(logits, 'probs+topk:5'), 'hidden'],
    ['zeros among probabilities', () => observe(logits, 'probs+round:2'), 'hidden'],
    ['one column', () => [[1], [2], [3]] as unknown as Parameters<typeof recoverFeatures>[0], 'another error'],
  ])('%s', async (_, outputs, code) => expect(await codeOf(outputs())).toBe(code));

  test('a time that is no whole number of milliseconds ends a search as any other does', async () => {
    // 18 s times 0.6 is 10,799.999… ms.
    const { report } = await recoverFeatures(made('silu', 600, 16, 30).logits, { seconds: 18 });
    expect(report.certified).toBe(false);
  });

  test('few rows of a head with fewer features than classes are not said to be of another head', async () => {
    await expect(recoverFeatures(made('sphere', 12, 16, 30).logits)).rejects.toThrow(coded('too-few-rows'));
  });

  test('a fingerprint has its own words for what is hidden', async () => {
    for (const shown of ['probs+topk:5', 'probs+round:2']) {
      const { hiddenWidth, reasons } = await fingerprint(observe(logits, shown));
      expect(hiddenWidth).toBeNull();
      const note = reasons.find((reason) => reason.kind === 'width-not-shown');
      expect(note!.why).toMatchObject(
        shown.includes('topk') ? { kind: 'outputs-hidden', classes: 30 } : { kind: 'zeros', rows: 600 },
      );
    }
    expect(new NotShownError('', 'hidden')).toBeInstanceOf(FeatReconstructError);
  });
});
