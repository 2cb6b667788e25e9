import { expect, test } from '@jest/globals';
import { auditVerdict, fingerprint, ofCutLog, ofKnownWidth, outputsVerdict } from '../../lib/leaks/index.js';
import { made } from './data.js';

const top = (rows: number, classes: number, k: number, decimals: number): number[][] =>
  Array.from({ length: rows }, (_, i) =>
    Array.from({ length: classes }, (_, j) => {
      const place = (j - 3 * i + 7 * classes * rows) % classes;
      return place < k ? Number((0.6 / (place + 1.3 + (i % 7) / 10)).toFixed(decimals)) : 0;
    }),
  );

test('in a log of the best classes zeros are what is not shown', async () => {
  const print = await fingerprint(top(60, 40, 5, 2), { features: false });
  const { reasons, atLeast } = ofCutLog(print, 5);
  expect(atLeast).toBe(true);
  expect(reasons.find(({ kind }) => kind === 'scale')).toMatchObject({ classes: 40, atLeast: true });
  expect(reasons.filter(({ kind }) => kind === 'width-not-shown')).toEqual([
    { kind: 'width-not-shown', why: { kind: 'outputs-hidden', classes: 40, topk: 5, atLeast: true } },
  ]);
  expect(reasons.map(({ kind }) => kind)).not.toContain('equal-columns');
});

test('columns that are equal because each was shown once are no copies; others are', async () => {
  // Classes 8 and 9 are shown in one row each time, with the same number.
  const once = Array.from({ length: 40 }, (_, i) =>
    Array.from({ length: 10 }, (_, j) => (j >= 8 ? (i === 20 ? 0.1 : 0) : 3 * Math.sin(1 + i * (j + 1)))),
  );
  const kinds = async (rows: number[][]): Promise<string[]> =>
    (await fingerprint(rows, { features: false })).reasons.map(({ kind }) => kind);
  expect(await kinds(once)).not.toContain('equal-columns');
  const twins = Array.from({ length: 40 }, (_, i) =>
    Array.from({ length: 10 }, (_, j) => Math.sin(1 + i * (j === 9 ? 9 : j + 1))),
  );
  expect(await kinds(twins)).toContain('equal-columns');
});

test('what was found in whole outputs is not said first where none of them is published', async () => {
  const print = await fingerprint(made('silu', 200, 6, 12).logits, { features: false });
  const of = (observe: string, skipped?: number) =>
    auditVerdict({
      ...{ model: 'made', classes: 12, features: 6, images: 200, recovery: null, untried: null, variations: null },
      ...{ fingerprint: print, curve: [{ observe, r2: 0.4, bound: 'at-least' as const }], skipped },
    }).findings.map(({ kind }) => kind);
  expect(of('probs+topk:5')).toEqual(['learnt', 'shown-less', 'outputs-not-whole']);
  expect(of('logits', 60)).toContain('search-skipped');
  expect(of('logits')).not.toContain('search-skipped');
});

test('without the model the first finding is what was not asked, and not that nothing was found', async () => {
  const print = ofCutLog(await fingerprint(top(60, 40, 5, 2), { features: false }), 5);
  const { level, findings } = outputsVerdict({ name: 'a.csv', fingerprint: print, recovery: null, untried: 'hidden' });
  expect(level).toBe('unknown');
  expect(findings.map(({ kind }) => kind)).toEqual(['readings-unknown', 'outputs-hidden', 'width-not-shown']);
});

test('no more rows are asked for where the layer is known to be as wide as the outputs', async () => {
  const print = await fingerprint(made('silu', 10, 12, 40).logits, { features: false });
  const why = (features: number) =>
    ofKnownWidth(print, features).reasons.flatMap((reason) => (reason.kind === 'width-not-shown' ? reason.why : []));
  expect(why(64)).toEqual([{ kind: 'wide-layer', features: 64, classes: 40 }]);
  expect(why(12)).toEqual([{ kind: 'few-rows', rows: 10, features: 12 }]);
});
