import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  auditVerdict,
  fingerprint,
  observe,
  outputsVerdict,
  recoverFeatures,
  sphereRowsNeeded,
  variationsNeeded,
  type AuditFindings,
  type Verdict,
} from '../../lib/leaks/index.js';
import { mismatch } from '../../lib/results/index.js';
import { findingInWords, findingsInWords } from '../../lib/words/index.js';
import { made } from '../leaks/data.js';

const schema = JSON.parse(readFileSync('assets/results.schema.json', 'utf8'));

/** A verdict with its sentences; its findings must be what results.json may hold. */
function verdictOf(found: AuditFindings, flags = false): Omit<Verdict, 'findings'> & { sentences: string[] } {
  const { findings: data, ...rest } = auditVerdict(found);
  const list = { type: 'array', items: { $ref: '#/definitions/finding' } };
  expect(mismatch(JSON.parse(JSON.stringify(data)), list, 'findings', schema)).toBeNull();
  return { ...rest, sentences: findingsInWords(data, flags) };
}

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
    untried: null,
    variations: null,
  };
}

describe('the verdict of an audit', () => {
  it('says first that the features are out where they are', async () => {
    const { level, sentences } = verdictOf(
      await findings('sphere', [
        { observe: 'logits', agreement: 1, r2: 1 },
        { observe: 'log-probs', agreement: 1, r2: 0.99999 },
        { observe: 'probs', agreement: 0.8, r2: 0.8 },
        { observe: 'probs+topk:5+round:2', agreement: 0.8765, r2: 0.4321 },
      ]),
    );
    expect(level).toBe('features');
    expect(sentences).toEqual([
      'Anyone who sees all 30 outputs of made (logits, or probabilities, at full float32 precision) for 600 images can compute a normalised vector of this model up to a rotation, and so see which images are similar in that vector. That takes the outputs alone. Only linear maps stand between that vector and the outputs; it need not be the layer right before the last one.',
      'To anyone who also has the features of some images, all logits and all log-probabilities give away those of every other image: one linear map reads off more than 99.9 % of how they differ from image to image.',
      'With less shown, a linear map read less: 43 % or more of how the features differ from image to image off the top 5 probabilities rounded to 2 decimals. A better reader may get more.',
      'At full precision the outputs also show that the layer before the last is 16 numbers wide.',
    ]);
  });

  it('takes five sentences at most, however many interfaces were tried, and names the ends of them', async () => {
    const { level, sentences } = verdictOf({
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
      untried: 'no-gap',
    });
    expect(level).toBe('partly');
    expect(sentences).toEqual([
      'Anyone who sees all 10 outputs of made and has its features for some images learns 83 % or more of how its 16 features differ from image to image.',
      'With less shown, a linear map read less: 70 % or more of how the features differ from image to image off all logits rounded to 2 decimals, and 25 % or more off only the largest probability. A better reader may get more.',
      'At full precision the outputs also show that the layer before the last is 16 numbers wide.',
      'The outputs alone cannot give all of the features away: the layer before the last has 16 numbers and the model only 10 outputs, so a part of them never reaches the outputs.',
    ]);
  });

  it('takes what explains nothing for not known, and says next to nothing in words', async () => {
    const low = await findings('silu', [
      { observe: 'logits', agreement: 0.5, r2: 0.0004 },
      { observe: 'probs', agreement: 0.3, r2: -0.02 },
      { observe: 'probs+topk:1', agreement: 0.2, r2: -0.4 },
    ]);
    const unread = { recovery: null, untried: 'too-few-rows' } as const;
    expect(verdictOf({ ...low, ...unread }).sentences.slice(0, 2)).toEqual([
      'Anyone who sees all 30 outputs of made and has its features for some images learns less than 0.1 % of how its 16 features differ from image to image.',
      'It is not known whether showing less (only the largest probability) gives anything away: the map did no better than the mean of the features, or than chance. Another map, or more images, may read more. Their rows are left empty.',
    ]);
    const nothing = verdictOf({ ...low, ...unread, curve: low.curve.slice(1) });
    expect(nothing.level).toBe('unknown');
    expect(nothing.sentences[0]).toBe(
      'These images do not show how much of the 16 features of made one linear map reads off its 30 outputs.',
    );
    expect(nothing.sentences.join(' ')).not.toContain('0.0 %');
  });

  it('never says 100 % of what is less, and hands on why nothing was recovered', async () => {
    const verdict = verdictOf(await findings('silu', [{ observe: 'probs', agreement: 0.9999, r2: 0.9995 }]));
    expect(verdict.level).toBe('map');
    expect(verdict.sentences.join(' ')).toContain('more than 99.9 %');
    expect(verdict.sentences.join(' ')).toContain(
      'From the outputs alone this tool found no way to the features. The search found',
    );
    const untried = await findings('silu', [{ observe: 'probs', agreement: 0.9, r2: 0.3 }]);
    const gapless = verdictOf({ ...untried, recovery: null, untried: 'no-gap' });
    expect(gapless).toMatchObject({ level: 'partly', r2: 0.3 });
    expect(gapless.sentences.at(-1)).toMatch(
      /^From the outputs alone this tool found no way to the features: .* spectrum has no gap/,
    );
    // An exception's text is no sentence of a verdict, whatever stopped the search.
    expect([...gapless.sentences, ...verdict.sentences].join(' ')).not.toContain('Expected');
    const few = verdictOf({ ...untried, recovery: null, untried: 'too-few-rows', variations: 3, needed: 1500 });
    expect(few.sentences).toContain(
      'Whether the outputs alone give features away is not known: a search for a normalisation before the last layer needs 1,500 different images. An attacker can choose the images: more of them, or these in 3 variations each (inverted, shifted, in other colours), are about enough (vary: 3).',
    );
    const rectified = { needed: 160, variations: 2 };
    const either = verdictOf({
      ...untried,
      recovery: null,
      untried: 'too-few-rows',
      variations: 9,
      needed: 1500,
      rectified,
    });
    expect(either.sentences.join()).toContain(
      'needs 1,500 different images, one for features that are often zero at least 160 (vary: 2 makes as many). An attacker can choose the images: more of them, or these in 9 variations each (inverted, shifted, in other colours), are about enough for both (vary: 9).',
    );
  });

  it('says so where the search was stopped before it finished', async () => {
    const whole = await findings('sphere', []);
    const [{ sentences }, ended] = [whole, { ...whole, recovery: { ...whole.recovery!, cut: true } }].map((each) =>
      verdictOf(each),
    );
    expect(ended.sentences).toEqual([
      ...sentences,
      'The search was stopped before it finished. With more time it may find more features.',
    ]);
  });

  it('of a search that its time ended nothing reads as an answer', async () => {
    const base = await findings('silu', [{ observe: 'logits', agreement: 1, r2: 1 }]);
    const cut = { ...base.recovery!, cut: true, seconds: 33.6 };
    const none = verdictOf({ ...base, recovery: cut }).sentences.join(' ');
    expect(none).toContain('In 34 s this tool found no features in the outputs alone, and then its time was over');
    expect(verdictOf({ ...base, recovery: cut, variations: 3 }).sentences.join(' ')).not.toContain('no way');
    const some = { ...cut, certified: true, kind: 'rectified' as const, features: 3 };
    const [first, ...rest] = verdictOf({ ...base, recovery: some }).sentences;
    expect(first).toContain('can compute at least 3 of this model');
    expect(first).toContain('stopped after 34 s: there may be more');
    expect(rest.join(' ')).not.toContain('stopped');
    const shared = { kind: 'search-skipped', budget: 60, shared: 120 } as const;
    expect(findingInWords(shared, true)).toContain('60 s, this model’s share of 2 min (--budget), is too short');
  });

  it('says nothing of interfaces for which a map had too few images', async () => {
    const fitted = 60;
    const { level, sentences } = verdictOf({
      ...(await findings('silu', [
        { observe: 'logits', agreement: 1, r2: 1, fitted },
        { observe: 'log-probs', agreement: 1, r2: 1, fitted },
        { observe: 'probs+round:2', agreement: 0.2, r2: -466_332, fitted },
        { observe: 'probs+topk:1', agreement: 0.77, r2: 0.085, fitted },
      ])),
      recovery: null,
      untried: 'too-few-rows',
    });
    expect(level).toBe('map');
    expect(sentences[0]).toBe(
      'Anyone who sees all 30 outputs of made and has its features for some images (here 60) has those of every other image as well: one linear map reads off 100.0 % of how the 16 features differ from image to image.',
    );
    expect(sentences).toContain(
      'There are too few images to say what other outputs give away (all probabilities rounded to 2 decimals and only the largest probability): a map from 30 numbers needs at least 90 images, and here it had 60. Their rows are left empty; they may still give something away.',
    );
    expect(sentences.join(' ')).not.toMatch(/8\.5|466/);
    const none = verdictOf({
      ...(await findings('silu', [{ observe: 'logits', agreement: 0.9, r2: -0.3, fitted }])),
      recovery: null,
      untried: 'too-few-rows',
    });
    expect(none.level).toBe('unknown');
    expect(none.sentences[0]).toMatch(/^These images do not show how much/);
    const bound = verdictOf({
      ...(await findings('silu', [{ observe: 'logits', agreement: 0.9, r2: 0.7, fitted }])),
      recovery: null,
      untried: 'too-few-rows',
    });
    expect(bound.level).toBe('partly');
    expect(bound.sentences[0]).toMatch(/learns 70 % or more of how its 16 features differ from image to image/);
  });
});

describe('bounds from images that were kept out', () => {
  it('count however few the images, and one that reaches zero is not known', async () => {
    const { level, sentences } = verdictOf({
      ...(await findings('silu', [
        { observe: 'logits', r2: 0.72, fitted: 20, bound: 'at-least' },
        { observe: 'probs+topk:5', r2: 0.31, fitted: 20, bound: 'at-least' },
        { observe: 'probs+topk:1', r2: 0.02, fitted: 20, bound: 'not-shown' },
      ])),
      recovery: null,
      untried: 'too-few-rows',
      variations: 12,
      needed: 500,
      seconds: 400,
    });
    expect(level).toBe('partly');
    expect(sentences.join(' ')).toContain('31 % or more of how the features differ from image to image off the top 5');
    expect(sentences.join(' ')).toContain('whether showing less (only the largest probability)');
    expect(sentences.join(' ')).toContain('about 7 min here');
    expect(sentences.join(' ')).not.toContain('too few images to say');
  });
});

describe('what a verdict claims', () => {
  const of = (r2: number, more: object = {}) => [{ observe: 'probs+topk:5', agreement: 0.9, r2, ...more }];
  const unread = { recovery: null, untried: 'no-gap' } as const;

  it('its level carries the figure that it goes by, and little is less than a tenth', async () => {
    const base = await findings('silu', []);
    const verdict = verdictOf({ ...base, ...unread, curve: of(0.49, { above99: 0.25, by: 'log' }) });
    expect(verdict).toMatchObject({ level: 'partly', r2: 0.49, above99: 0.25 });
    expect(verdict.sentences[0]).toContain(
      'Anyone who sees the top 5 probabilities (read through logarithms) of made and has its features for some images learns 49 % or more of how its 16 features differ from image to image (R² above 0.99 for 25.0 % of the features).',
    );
    expect(verdictOf({ ...base, ...unread, curve: of(0.099) }).level).toBe('little');
    expect(verdictOf({ ...base, ...unread, curve: [] })).toMatchObject({ level: 'unknown', r2: null });
  });

  it('a logarithm that reads all of the probabilities stands beside the logits, and is no reader of its own by rounding', async () => {
    const { sentences } = verdictOf({
      ...(await findings('silu', [
        { observe: 'logits', agreement: 1, r2: 1 - 3e-13 },
        { observe: 'probs', agreement: 1, r2: 1 - 2e-13, by: 'log' },
      ])),
      ...unread,
    });
    expect(sentences[0]).not.toContain('from all');
    expect(sentences[1]).toContain('As much is given away by all probabilities (read through logarithms):');
  });

  it('a normalised vector is said to be the last layer only where it is', async () => {
    const sphere = await findings('sphere', []);
    const first = (compared: number): string => verdictOf({ ...sphere, compared }).sentences[0];
    expect(first(0.9999)).toContain("Compared with the model's own 16 features, it is these");
    expect(first(0.74)).toContain('It is not the layer right before the last one: it tells 74.0 % of that');
  });

  it('an option goes by its flag on the command line alone', async () => {
    const few = { ...(await findings('silu', [])), recovery: null, untried: 'too-few-rows', variations: 3 } as const;
    expect(verdictOf(few).sentences.join(' ')).toContain('(vary: 3)');
    expect(verdictOf(few).sentences.join(' ')).not.toContain('--');
    expect(verdictOf(few, true).sentences.join(' ')).toContain('(--vary 3)');
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

describe('sentences of widths and of variations', () => {
  it('a width that the outputs show in part is said to be at least that, beside what it is', async () => {
    const { sentences } = verdictOf({ ...(await findings('silu', [])), features: 20 });
    expect(sentences).toContain(
      'At full precision the outputs also show that the layer before the last is at least 16 numbers wide (it is 20).',
    );
  });

  it('as many features as classes: no part is hidden, but no gap shows', async () => {
    const square = { ...(await findings('silu', [])), features: 30, recovery: null, untried: 'no-gap' } as const;
    const text = verdictOf(square).sentences.join(' ');
    expect(text).toContain('as many numbers as the model has outputs (30)');
    expect(text).not.toContain('never reaches');
  });

  it('variations are said to be variations', async () => {
    const curve = [{ observe: 'logits', agreement: 1, r2: 1, fitted: 155 }];
    const varied = { ...(await findings('sphere', curve)), images: 200, vary: 16 };
    expect(verdictOf(varied).sentences[0]).toContain('for 200 images in 16 variations each can compute');
    const unread = { ...varied, recovery: null, untried: 'too-few-rows' } as const;
    expect(verdictOf(unread).sentences[0]).toContain('(here 155 in 16 variations each)');
  });

  it('probabilities off which more is read than off the logits are not called less', async () => {
    const { sentences } = verdictOf({
      ...(await findings('silu', [
        { observe: 'logits', agreement: 0.9, r2: 0.6 },
        { observe: 'probs+round:2', agreement: 0.9, r2: 0.7 },
      ])),
      classes: 10,
      recovery: null,
      untried: 'no-gap',
    });
    expect(sentences.join(' ')).toContain('With less shown, a linear map read: 70 % or more');
    expect(sentences.join(' ')).not.toContain('gives away less');
  });
});

test('what is found in whole outputs is no first sentence where none of them was asked about', () => {
  const about = { kind: 'outputs-not-whole', recovered: 37 } as const;
  expect(findingInWords(about)).toContain('37 features');
  expect(findingInWords({ ...about, recovered: null })).not.toContain('Whoever');
  expect(findingInWords({ kind: 'search-skipped', budget: 60 }, true)).toMatch(/60 s .*--budget/);
});

it('a figure stands with its interval, since it is the middle of it', () => {
  const most = { observe: 'probs+topk:5', r2: 0.444, interval: [0.372, 0.615] as [number, number] };
  expect(findingInWords({ kind: 'shown-less', most, least: null, isLess: true })).toContain(
    'read less: 44 % (37 to 62) or more of how the features differ',
  );
});

it('rows at full precision are as open as logits, if their layer is as narrow as they show', () => {
  expect(findingInWords({ kind: 'readings-unknown', width: 256 })).toMatch(/as open as logits.*if .* 256 numbers wide/);
  expect(findingInWords({ kind: 'readings-unknown' })).toMatch(/not known without the model/);
});

it('of rows at full precision alone it is known that a map reads them', async () => {
  const { logits } = made('silu', 200, 8, 20);
  const [full, rounded] = await Promise.all(
    ['probs', 'probs+round:3'].map(async (spec) => {
      const print = await fingerprint(observe(logits, spec), { features: false });
      return outputsVerdict({ name: 'log', fingerprint: print, recovery: null, untried: 'too-few-rows' }).findings[0];
    }),
  );
  expect(full).toEqual({ kind: 'readings-unknown', width: 8 });
  expect(rounded).toEqual({ kind: 'readings-unknown' });
});
