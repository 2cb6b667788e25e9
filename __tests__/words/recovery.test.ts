import { recoveryNoteInWords } from '../../lib/words/index.js';

describe('features whose ridges were not tested', () => {
  const said = (features: number, skipped: number): string =>
    recoveryNoteInWords({ kind: 'without-ridge', features, skipped });

  it('says which have none, and which were not looked at', () => {
    expect(said(3, 0)).toMatch(/^3 of the features are zero too rarely to have a ridge to test\. They are taken/);
    expect(said(1, 0)).toMatch(/^1 of the features is zero too rarely/);
    expect(said(213, 213)).toMatch(/^The ridges of 213 of the features were not looked at/);
    expect(said(213, 213)).not.toMatch(/rarely/);
    expect(said(213, 200)).toMatch(
      /^13 of the features are zero .* test\. The ridges of 200 others were not looked at/,
    );
  });
});
