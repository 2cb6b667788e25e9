import { describe, expect, it } from '@jest/globals';
import { auditVerdict, fingerprint, recoverFeatures, type AuditFindings } from '../../lib/leaks/index.js';
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
      'To anyone who also has the features of some images, all logits and all log-probabilities (or the logarithms of all probabilities) give those of every other image away: one linear map reads off 99.9 % of their variance.',
      "The top 5 probabilities rounded to 2 decimals give away 43.2 % of the features' variance at the least, to one linear map; from what is read back the model's last layer names its own answer for 87.6 % of the images.",
      "The outputs also show that the layer before the last is 16 numbers wide, and tell this model's outputs from any other's.",
    ]);
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
  });
});
