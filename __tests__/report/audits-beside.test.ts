import { expect, test } from '@jest/globals';
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
