import { describe, expect, it } from '@jest/globals';
import {
  auditVerdict,
  fingerprint,
  recoverFeatures,
  sphereRowsNeeded,
  variationsNeeded,
  type AuditFindings,
} from '../../lib/leaks/index.js';
import { made } from './data.js';

async function findings(shape: 'sphere' | 'silu', curve: AuditFindings['curve']): Promise<AuditFindings> {
  const { logits } = made(shape, 600, 16, 30);
  return {
    model: 'made',
    classes: 30,
    features: 16,
    images: 600,
    curve,
    fingerprint: await fingerprint(logits, { features: false }),
    recovery: (await recoverFeatures(logits)).report,
    reason: null,
    variations: null,
  };
}

describe('auditVerdict', () => {
  it('says first that the features are out where they are', async () => {
    const { level, sentences } = auditVerdict(
      await findings('sphere', [
        { observe: 'logits', agreement: 1, r2: 1 },
        { observe: 'log-probs', agreement: 1, r2: 0.99999 },
        { observe: 'probs', agreement: 0.8, r2: 0.8 },
        { observe: 'probs+topk:5+round:2', agreement: 0.8765, r2: 0.4321 },
      ]),
    );
    expect(level).toBe('features');
    expect(sentences).toEqual([
      "Anyone who sees all 30 outputs of made (logits or probabilities) for 600 images has this model's 16 features up to a rotation: which images are similar to which, exactly as the model sees it. Nothing but the outputs is needed for that.",
      'To anyone who also has the features of some images, all logits and all log-probabilities (or the logarithms of all probabilities) give away those of every other image: one linear map reads off 99.9 % of how they differ from image to image.',
      'Showing less gives away less: the top 5 probabilities rounded to 2 decimals 43.2 % of how the features differ from image to image. One linear map reads that off, and a cleverer reader may get more.',
      "The outputs also show that the layer before the last is at least 16 numbers wide, and tell this model's outputs from any other's.",
    ]);
  });

  it('takes five sentences at most, however many interfaces were tried, and names the ends of them', async () => {
    const { level, sentences } = auditVerdict({
      ...(await findings('silu', [
        { observe: 'logits', agreement: 1, r2: 0.83 },
        { observe: 'log-probs', agreement: 1, r2: 0.8 },
        { observe: 'probs', agreement: 0.9, r2: 0.6 },
        { observe: 'logits+round:2', agreement: 1, r2: 0.7 },
        { observe: 'probs+topk:5', agreement: 0.8, r2: 0.4 },
        { observe: 'probs+topk:1', agreement: 0.9, r2: 0.25 },
      ])),
      classes: 10,
      recovery: null,
      reason: 'Expected fewer features than classes.',
    });
    expect(level).toBe('partly');
    expect(sentences).toEqual([
      'Anyone who sees all 10 outputs of made and has its features for some images learns 83.0 % of how its 16 features differ from image to image, or more.',
      'Showing less gives away less: all logits rounded to 2 decimals 70.0 % of how the features differ from image to image, only the largest of the probabilities 25.0 %. One linear map reads that off, and a cleverer reader may get more.',
      "The outputs also show that the layer before the last is at least 16 numbers wide, and tell this model's outputs from any other's.",
      'The outputs alone do not give the features away: the layer before the last has 16 numbers and the model only 10 outputs, so that a part of them never gets out.',
    ]);
  });

  it('says in words where a map explains nothing, or next to nothing', async () => {
    const low = await findings('silu', [
      { observe: 'logits', agreement: 0.5, r2: 0.0004 },
      { observe: 'probs', agreement: 0.3, r2: -0.02 },
      { observe: 'probs+topk:1', agreement: 0.2, r2: -0.4 },
    ]);
    const unread = { recovery: null, reason: 'Expected 500 rows.' };
    expect(auditVerdict({ ...low, ...unread }).sentences.slice(0, 2)).toEqual([
      'Anyone who sees all 30 outputs of made and has its features for some images learns less than 0.1 % of how its 16 features differ from image to image, or more.',
      'Showing less (all probabilities to only the largest of the probabilities) gives nothing away to one linear map. A cleverer reader may get something.',
    ]);
    const nothing = auditVerdict({ ...low, ...unread, curve: low.curve.slice(1) });
    expect(nothing.level).toBe('little');
    expect(nothing.sentences[0]).toBe(
      'Anyone who sees all 30 outputs of made and has its features for some images cannot read off the others with one linear map: it explains nothing of how the 16 features differ from image to image. A cleverer reader may get more.',
    );
    expect(nothing.sentences.join(' ')).not.toContain('0.0 %');
  });

  it('never says 100 % of what is less, and hands on why nothing was recovered', async () => {
    const verdict = auditVerdict(await findings('silu', [{ observe: 'probs', agreement: 0.9999, r2: 0.9995 }]));
    expect(verdict.level).toBe('map');
    expect(verdict.sentences.join(' ')).toContain('99.9 %');
    expect(verdict.sentences.join(' ')).toContain('From the outputs alone: No certificate');
    const untried = await findings('silu', [{ observe: 'probs', agreement: 0.9, r2: 0.3 }]);
    expect(auditVerdict({ ...untried, recovery: null, reason: 'Expected 500 rows.' })).toMatchObject({
      level: 'little',
      sentences: expect.arrayContaining(['From the outputs alone: Expected 500 rows.']),
    });
    const few = auditVerdict({ ...untried, recovery: null, reason: 'Expected 500 rows.', variations: 3, needed: 1500 });
    expect(few.sentences).toContain(
      'From the outputs alone nothing came back: to look for a normalisation before the last layer takes 1,500 different images. Whoever asks chooses the images, and these in 3 variations each (inverted, shifted, in other colours) are enough: --vary 3.',
    );
    const rectified = { needed: 160, variations: 2 };
    const either = auditVerdict({ ...untried, recovery: null, reason: 'x', variations: 9, needed: 1500, rectified });
    expect(either.sentences.join()).toContain(
      'takes 1,500 different images, for features that are often zero 160 (--vary 2 makes enough of these). Whoever asks chooses the images, and these in 9 variations each (inverted, shifted, in other colours) are enough for both: --vary 9.',
    );
  });

  it('says so where the search was ended before it was through', async () => {
    const whole = await findings('sphere', []);
    const [{ sentences }, ended] = [whole, { ...whole, recovery: { ...whole.recovery!, cut: true } }].map(auditVerdict);
    expect(ended.sentences).toEqual([
      ...sentences,
      'The search was ended before it was through: with more time it may find more features.',
    ]);
  });

  it('says nothing of interfaces for which a map had too few images', async () => {
    const fitted = 60;
    const { level, sentences } = auditVerdict({
      ...(await findings('silu', [
        { observe: 'logits', agreement: 1, r2: 1, fitted },
        { observe: 'log-probs', agreement: 1, r2: 1, fitted },
        { observe: 'probs+round:2', agreement: 0.2, r2: -466_332, fitted },
        { observe: 'probs+topk:1', agreement: 0.77, r2: 0.085, fitted },
      ])),
      recovery: null,
      reason: 'Expected 500 rows.',
    });
    expect(level).toBe('map');
    expect(sentences[0]).toBe(
      'Anyone who sees all 30 outputs of made and has its features for some images (here 60) has those of every other image as well: one linear map reads off 100.0 % of how the 16 features differ from image to image.',
    );
    expect(sentences).toContain(
      'What other outputs give away (all probabilities rounded to 2 decimals and only the largest of the probabilities) these images are too few to say: a map from 30 numbers takes 90 images or more, here it had 60, and those rows of the table are left to chance.',
    );
    expect(sentences.join(' ')).not.toMatch(/8\.5|nothing/);
    const none = auditVerdict({
      ...(await findings('silu', [{ observe: 'logits', agreement: 0.9, r2: -0.3, fitted }])),
      recovery: null,
      reason: 'Expected 500 rows.',
    });
    expect(none.level).toBe('unknown');
    expect(none.sentences[0]).toMatch(/these images are too few to say/);
    const bound = auditVerdict({
      ...(await findings('silu', [{ observe: 'logits', agreement: 0.9, r2: 0.7, fitted }])),
      recovery: null,
      reason: 'Expected 500 rows.',
    });
    expect(bound.level).toBe('partly');
    expect(bound.sentences[0]).toMatch(/learns 70\.0 % of how its 16 features differ from image to image, or more/);
  });
});

describe('variationsNeeded', () => {
  it('counts those that come out alike, and is null where there are enough', () => {
    const needed = sphereRowsNeeded(191);
    // 1.15 x 191 x 194 / 2 for the fit, and 927 that are kept out of it.
    expect(variationsNeeded(needed, 720, 1)).toBe(34);
    expect(variationsNeeded(needed, 21_977, 32)).toBe(36);
    expect(variationsNeeded(needed, 22_234, 32)).toBeNull();
  });
});
