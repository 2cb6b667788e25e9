import { describe, expect, test } from '@jest/globals';
import { besideInWords, besidePicture } from '../../lib/report/audits-beside.js';
import { toldApartOf } from '../../lib/report/told-apart.js';
import { loadPlot } from '../../lib/report/chart.js';
import type { Results } from '../../lib/results/index.js';
import { noiseLeftOut, published } from '../../lib/words/index.js';
import { naming } from '../support/coded.js';

const read = (r2: number) => ({ kind: 'at-least', r2, interval: [r2 - 0.1, r2 + 0.1] });
const audit = (r2: number): Results =>
  ({
    leaks: {
      interfaces: [
        { observe: 'logits', read: { kind: 'exact', r2: 1, interval: null } },
        { observe: 'temperature:0.5+probs+round:2', read: read(r2) },
        { observe: 'label', read: { kind: 'not-shown', r2: 0, interval: [-0.1, 0.1] } },
      ],
    },
  }) as unknown as Results;

test('two audits fit on a phone, with every figure', async () => {
  const plotting = await loadPlot();
  const [results, names] = [
    [audit(0.4), audit(0.6)],
    ['before', 'after'],
  ];
  const wide = besidePicture(plotting, results, names);
  const phone = besidePicture(plotting, results, names, 350);
  expect(wide.width).toBeGreaterThan(500);
  expect(phone.width).toBe(350);
  expect(phone.description).toBe(wide.description);
  for (const { svg } of [wide, phone]) {
    for (const figure of ['40 % (30 to 50)', '60 % (50 to 70)']) expect(svg.text).toContain(figure);
    expect(svg.text.match(/<circle/g)).toHaveLength(4);
  }
});

test('whether outsiders tell two models apart stands first, where they were audited together', () => {
  const named = (digest: string, beside?: string): Results => {
    const { leaks } = audit(0.4);
    // Noise is new in each answer: it tells no two models apart.
    const noise = { observe: 'probs+noise:0.01', images: 3, differ: 3 };
    const answers = [{ observe: 'logits', images: 3, differ: 3 }, noise];
    return {
      leaks: { ...leaks, ...(beside ? { toldApart: { beside, answers } } : {}) },
      environment: { models: [{ digest }] },
    } as unknown as Results;
  };
  const names = ['before', 'after'];
  expect(toldApartOf([named('a', 'b'), named('b', 'a')])).toEqual([{ observe: 'logits', images: 3, differ: 3 }]);
  expect(toldApartOf([named('a', 'c'), named('b')])).toBeNull();
  const together = besideInWords([named('a', 'b'), named('b', 'a')], names);
  const alone = besideInWords([named('a', 'c'), named('b')], names);
  expect(together).toHaveLength(2);
  expect(together.slice(1)).toEqual(alone);
  const noisy = [named('a', 'b'), named('b', 'a')];
  noisy[0].leaks!.interfaces!.push({ ...noisy[0].leaks!.interfaces![0], observe: 'probs+noise:0.01' });
  expect(besideInWords(noisy, names)[0]).toBe(`${together[0]} ${noiseLeftOut}`);
});

test('where more is given away is named for every interface: all against less, too', () => {
  const exact = { kind: 'exact', r2: 1, interval: null };
  const of = (...reads: object[]): Results =>
    ({
      leaks: {
        interfaces: ['logits', 'probs', 'probs+topk:5', 'label'].map((observe, i) => ({ observe, read: reads[i] })),
      },
      environment: { models: [{}] },
    }) as unknown as Results;
  const unknown = { kind: 'not-shown', r2: 0, interval: [-0.1, 0.1] };
  const [words] = besideInWords(
    [of(exact, exact, read(0.5), unknown), of(read(0.85), exact, read(0.2), read(0.9))],
    ['before', 'after'],
  );
  const [more, , none] = words.split('. ');
  expect(more).toMatch(naming('before', 'after', published('logits'), published('probs+topk:5')));
  expect(more).not.toContain(published('label'));
  // All of both, and what is not known of one.
  expect(none).toMatch(naming(published('probs'), published('label')));
});

describe('what stands behind it that more was read off one', () => {
  const exact = { kind: 'exact', r2: 1, interval: null };
  /** By interface of `logits`, `probs` what was read, and the width of the layer for 100 outputs. */
  const of = (features: number, ...reads: object[]): Results =>
    ({
      leaks: {
        interfaces: ['logits', 'probs'].map((observe, i) => ({ observe, read: reads[i] })),
        verdict: { findings: [{ kind: 'learnt', features, classes: 100 }] },
      },
      environment: { models: [{}] },
    }) as unknown as Results;
  const names = ['before', 'after'];
  const wordsOf = (one: Results, other: Results): string => besideInWords([one, other], names).at(-1)!;
  /** All sentences but the first ones, which name the interfaces. */
  const because = (one: Results, other: Results): string =>
    wordsOf(one, other)
      .split(/(?<=\.) /)
      .filter((sentence) => !sentence.includes('before'))
      .join(' ');

  test('is a proof where one gives all away, and the other has more features than outputs', () => {
    const proof = because(of(64, exact, exact), of(1280, read(0.6), read(0.5)));
    const bounds = because(of(64, exact, exact), of(64, read(0.6), read(0.5)));
    expect(proof).not.toBe('');
    expect(proof).not.toContain('95 %');
    expect(bounds).toContain('95 %');
    // Whichever of the two comes first.
    expect(because(of(1280, read(0.6), read(0.5)), of(64, exact, exact))).toBe(proof);
    expect(because(of(64, read(0.6), read(0.5)), of(64, exact, exact))).toBe(bounds);
  });

  test('is none where the one that is wider than its outputs is not the other', () => {
    expect(because(of(1280, exact, exact), of(64, read(0.6), read(0.5)))).toContain('95 %');
    expect(because(of(100, read(0.6), read(0.5)), of(100, exact, exact))).toContain('95 %');
  });

  test('is both where only a part of the interfaces is proven', () => {
    const partly = because(of(64, exact, read(0.9)), of(1280, read(0.6), read(0.5)));
    const all = because(of(64, exact, exact), of(1280, read(0.6), read(0.5)));
    expect(partly).toContain('95 %');
    expect(partly.split('. ').length).toBeGreaterThan(all.split('. ').length);
  });

  test('is not asked where no more was read', () => {
    const same = wordsOf(of(64, exact, exact), of(1280, exact, exact));
    expect(same).not.toContain('before');
    // What was estimated overlaps.
    expect(wordsOf(of(64, read(0.5), read(0.5)), of(1280, read(0.55), read(0.45)))).toBe(same);
  });
});
