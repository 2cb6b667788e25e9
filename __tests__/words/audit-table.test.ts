import {
  abilityName,
  adviceInWords,
  changedNumbersInWords,
  findingInWords,
  howSure,
  published,
  readOff,
  searchTimesInWords,
  takes,
} from '../../lib/words/index.js';

describe('the table of an audit', () => {
  test.each([
    ['logits', 'logits'],
    ['probs+topk:5+round:2', 'top 5 probabilities, 2 decimals'],
    ['probs+topk:1', 'top 1 probability'],
    ['temperature:0.5+probs+round:1', 'probabilities, temp. 0.5, 1 decimal'],
    ['probs+noise:0.01', 'probabilities, noise 0.01'],
    ['label', 'label alone'],
    ['probs+label', 'label alone'],
  ])('%s is %s', (spec, words) => {
    expect(published(spec)).toBe(words);
  });

  test('a bound says that it is one, and nothing that is not known is a zero', () => {
    expect(readOff({ kind: 'at-least', r2: 0.293, interval: [0.244, 0.331] })).toBe('29 % (24 to 34) or more');
    expect(readOff({ kind: 'exact', r2: 1, interval: null })).toContain('exact');
    expect(readOff({ kind: 'not-shown', r2: 0.02, interval: [-0.04, 0.08] })).toBe('not known');
    expect(readOff({ kind: 'at-least', r2: 0.9996, interval: [0.9995, 0.9997] })).toBe('more than 99.9 %');
    expect(readOff({ kind: 'at-least', r2: 0.9979, interval: [0.995, 0.9985] })).toBe('99.7 % (99.5 to 99.9) or more');
    expect(readOff({ kind: 'at-least', r2: 0.07, interval: [0.0039, 0.15] })).toBe('7 % (<1 to 15) or more');
    // No bound is more than what was read, and no end of an interval nearer.
    expect(readOff({ kind: 'at-least', r2: 0.638, interval: [0.558, 0.681] })).toBe('63 % (55 to 69) or more');
    expect(readOff({ kind: 'at-least', r2: 0.9897, interval: [0.9868, 0.9902] })).toBe('98.9 % (98.6 to 99.1) or more');
    expect(readOff(null)).toBe('not known');
  });

  test('what others need are outputs, or features of some images', () => {
    const line = { ability: 'map', observe: [], sure: 'proven' } as const;
    expect(takes({ ...line, queries: 257, stolen: 257 })).toBe('features of 257 images');
    expect(takes({ ...line, queries: 1720, stolen: 0 })).toBe('outputs of 1,720 images');
  });

  test('what was not tried says why, and what a try takes; a part is no whole', () => {
    const line = { ability: 'features', observe: [], stolen: 0, queries: 640, sure: 'not-tried' } as const;
    expect(takes(line)).toBe('640 outputs or more');
    expect(howSure(line)).toBe('not tried: few images');
    expect(howSure({ ...line, why: 'outputs' })).not.toContain('few');
    const map = { ...line, ability: 'map', stolen: 54, head: true } as const;
    expect(takes(map)).toContain('head');
    expect(abilityName({ ...map, sure: 'measured' })).toContain('estimate');
    expect(abilityName({ ...map, sure: 'proven' })).not.toContain('estimate');
  });

  test('what time ended is not said to be an answer', () => {
    const line = { ability: 'features', queries: 2911, stolen: 0, stopped: 34 } as const;
    expect(howSure({ ...line, sure: 'not-found' })).toBe('not found in 34 s');
    expect(howSure({ ...line, sure: 'proven' })).toBe('proven: some in 34 s');
    expect(searchTimesInWords([])).toBe('');
    const both = searchTimesInWords([
      { name: 'before', stopped: 34.2 },
      { name: 'after', stopped: null },
    ]);
    expect(both).toContain('before was stopped after 34 s, that of after was left out');
    expect(both).toContain('may come from time alone');
  });

  test('advice is no promise, says a share once, and what costs less', () => {
    const cost = (sameTop: number, r2 = 0.08) => ({
      read: { kind: 'at-least' as const, r2, interval: [r2 / 2, 0.09] as const, images: 60 },
      cost: { sameTop },
    });
    const interfaces = [
      { observe: 'probs+round:2', ...cost(0.967, 0.3) },
      { observe: 'probs+topk:1', ...cost(1) },
    ];
    const advice = [
      { below: 0.5, observe: 'probs+round:2', cheapest: 'probs+topk:1' },
      { below: 0.25, observe: 'probs+topk:1' },
      { below: 0.1, observe: 'probs+topk:1' },
    ];
    const [best, first, second, last] = adviceInWords(advice, interfaces);
    expect(best).toContain('the least was read off top 1 probability: 8 % (4 to 9) or more');
    expect(first).toContain('96.7 %), or top 1 probability (100.0 %)');
    expect(second).toContain('less than 25 % and 10 % of the features');
    expect(last).toContain('more than these 60 images');
    expect(last).toContain('none of them means safe');
    expect(adviceInWords([{ below: 0.5, observe: null }], interfaces, true).slice(1)).toEqual([
      expect.stringMatching(/^None .* 50 %; .*--observe/),
    ]);
  });

  test('where more images may read more than a share nothing is advised, and what they may read is said', () => {
    const read = {
      ...{ kind: 'at-least' as const, r2: 0.125, interval: [0.06, 0.19] as const, images: 300, fitted: 240 },
      fewer: { fitted: 135, r2: 0.043 },
    };
    const interfaces = [{ observe: 'probs+topk:5', read, cost: { sameTop: 1 } }];
    const learning = { observe: 'probs+topk:5', images: 300 };
    const advice = [0.5, 0.25].map((below) => ({ below, observe: null }));
    expect(
      adviceInWords(
        advice.map((each) => ({ ...each, learning: { ...learning, mayRead: 0.516 } })),
        interfaces,
      ),
    ).toEqual([
      'Whether anything stays below 50 % and 25 % is not known: with these 300 images it is 12 % (6 to 19) or more off top 5 probabilities, with very many it may be up to 52 %, going by what the second half of them brought.',
    ]);
    expect(
      adviceInWords(
        advice.map((each) => ({ ...each, learning })),
        interfaces,
      ),
    ).toEqual([
      'Whether anything stays below 50 % and 25 % is not known: with these 300 images it is 12 % (6 to 19) or more off top 5 probabilities, and they are too few to tell what more would read: take 200 or more.',
    ]);
    const advised = { below: 0.5, observe: 'probs+topk:5', mayRead: 0.416 };
    expect(adviceInWords([advised], interfaces)).toContain(
      'Counted in is what very many images may read, going by what the second half of these brought: up to 42 % off top 5 probabilities.',
    );
  });

  test('where label alone is not below, nothing less is advised; what is open is not said to be above', () => {
    const read = { kind: 'at-least' as const, r2: 0.14, interval: [0.09, 0.28] as const, images: 300 };
    const interfaces = [{ observe: 'label', read, cost: { sameTop: 1 } }];
    const advice = [0.25, 0.1].map((below) => ({ below, observe: null }));
    const lines = adviceInWords(advice, interfaces, true);
    expect(lines).toEqual([
      expect.stringMatching(
        /below 25 % is not known: 300 images are few.* Label alone is the least .* 14 % \(9 to 28\) or more/,
      ),
      'Nothing that was tried stays below 10 %.',
    ]);
    expect(lines.join(' ')).not.toContain('--observe');
  });

  test('a coarser interface is named in place of the one that happened to read less', () => {
    const of = (observe: string, r2: number) => ({
      ...{ observe, read: { kind: 'at-least' as const, r2, interval: [r2 - 0.05, r2 + 0.05] as const, images: 300 } },
      cost: { sameTop: 1, interval: [0.98, 1] as const },
    });
    const [line] = adviceInWords([], [of('probs+topk:1', 0.2), of('label', 0.21)]);
    expect(line).toContain('label alone gives the least away: 21 %');
    expect(line).toContain('computed from top 1 probability, off which 20 %');
  });

  test('numbers that are not the model’s are told beside its own, in the advice too', () => {
    const of = (observe: string, model: number, published: number) => ({
      ...{ observe, read: { kind: 'at-least' as const, r2: 0.3, interval: [0.2, 0.4] as const, images: 300 } },
      cost: { sameTop: 1, topProbability: { model, published } },
    });
    const sharp = 'temperature:0.5+probs+round:2';
    const interfaces = [of(sharp, 0.331, 0.684), of('probs+topk:5', 0.331, 0.331)];
    expect(changedNumbersInWords(interfaces)).toContain(
      '0.33 on average; with probabilities, temp. 0.5, 2 decimals it is 0.68',
    );
    expect(changedNumbersInWords(interfaces.slice(1))).toBe('');
    const [, advised] = adviceInWords([{ below: 0.5, observe: sharp, own: 'probs+topk:5' }], interfaces);
    expect(advised).toContain('no longer the model’s probabilities: the top one is 0.68 on average, the model’s 0.33');
    expect(advised).toContain('or, with the model’s own numbers, top 5 probabilities (same answer 100.0 %)');
    // Results of earlier versions have no such figure.
    const old = interfaces.map(({ cost, ...rest }) => ({ ...rest, cost: { sameTop: cost.sameTop } }));
    expect(adviceInWords([{ below: 0.5, observe: sharp }], old)[1]).toContain('no longer the model’s own');
  });

  test('what algebra says takes its own number of images, not those that are here', () => {
    const best = { observe: 'logits', r2: 1, above99: null };
    const of = { kind: 'learnt', model: 'made', classes: 100, features: 64, fitted: 65, vary: 1, best } as const;
    expect(findingInWords({ ...of, exact: true })).not.toContain('here');
    expect(findingInWords(of)).toContain('here 65');
  });
});
