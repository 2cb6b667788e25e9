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
  };
}

describe('auditVerdict', () => {
  it('says first that the features are out where they are', async () => {
    const verdict = auditVerdict(
      await findings('sphere', [
        { observe: 'logits', agreement: 1, r2: 1 },
        { observe: 'probs+topk:5+round:2', agreement: 0.8765, r2: 0.4321 },
      ]),
    );
    expect(verdict.level).toBe('features');
    expect(verdict.sentences[0]).toBe(
      "Anyone who sees all 30 outputs of made for 600 images has this model's 16 features up to a rotation: who is similar to whom, exactly as the model sees it. Nothing but the outputs is needed for that.",
    );
    expect(verdict.sentences.join(' ')).toContain('probs+topk:5+round:2 gives away 43.2 %');
    expect(verdict.sentences.join(' ')).toContain('its own answer for 87.6 % of the images');
  });

  it('never says 100 % of what is less, and hands on why nothing was recovered', async () => {
    const verdict = auditVerdict(await findings('silu', [{ observe: 'probs', agreement: 0.9999, r2: 0.9995 }]));
    expect(verdict.level).toBe('map');
    expect(verdict.sentences.join(' ')).toContain('99.9 %');
    expect(verdict.sentences.join(' ')).toContain('No certificate');
    expect(auditVerdict(await findings('silu', [{ observe: 'probs', agreement: 0.9, r2: 0.3 }])).level).toBe('little');
  });
});
