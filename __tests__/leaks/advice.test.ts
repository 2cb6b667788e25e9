import { adviceOf, mayRead, type InterfaceAnswer } from '../../lib/leaks/index.js';

/** The upper end of an interval and what a gain of so much with the last doubling may still bring. */
const most = (high: number, gain = 0.01): unknown => expect.closeTo(high + gain * (2 + Math.SQRT2), 9);

/** An interface of 600 images whose reader hardly learns any more, with an interval of five points to both sides unless a test says otherwise. */
const of = (observe: string, r2: number, sameTop = 1, high = r2 + 0.05): InterfaceAnswer => ({
  observe,
  read: {
    ...{
      kind: 'at-least',
      r2,
      interval: [r2 - 0.05, high],
      images: 600,
      fitted: 540,
      fewer: { fitted: 270, r2: r2 - 0.01 },
    },
    ...{ splits: { folds: 10, repeats: 10 }, by: 'log', alpha: null },
  },
  cost: { images: 600, sameTop, interval: [0.8, 1], accuracy: null },
  ...{ width: null, recognised: null },
});

test('the most open interface below a share is advised, unless another one is better in both', () => {
  expect(adviceOf([of('probs+round:2', 0.4, 0.97), of('probs+topk:5', 0.3), of('probs+topk:1', 0.1)])).toEqual([
    { below: 0.5, observe: 'probs+topk:5', mayRead: most(0.35) },
    { below: 0.25, observe: 'probs+topk:1', mayRead: most(0.15) },
    { below: 0.1, observe: null },
  ]);
  // Its interval ends at 49.6 %, which the table has as 50.
  expect(adviceOf([of('probs+round:2', 0.446)])[0].observe).toBeNull();
});

test('noise does not take the number from a label: what is computed from an answer gives away no more', () => {
  const [half] = adviceOf([of('label', 0.21), of('probs+topk:1', 0.2)]);
  expect(half.observe).toBe('probs+topk:1');
  // What is read off the label is read off the number with it, too.
  const high = adviceOf([of('probs+topk:1', 0.2), of('label', 0.3, 1, 0.55)]);
  expect(high[0].observe).toBeNull();
});

test('an interface whose numbers are not the model’s stands beside one whose numbers are, and does not push it out', () => {
  const sharp = 'temperature:0.5+probs+round:2';
  const [half] = adviceOf([of(sharp, 0.4), of('probs+topk:5', 0.3, 0.99), of('label', 0.2)]);
  expect(half).toEqual({ below: 0.5, observe: sharp, own: 'label', mayRead: most(0.45) });
  expect(adviceOf([of('probs+round:2', 0.4, 0.98), of(sharp, 0.3, 0.99)])[0]).toMatchObject({
    ...{ below: 0.5, observe: 'probs+round:2' },
  });
});

describe('a reader that is still learning', () => {
  const learning = (images: number, half?: number): InterfaceAnswer => {
    const each = of('probs+topk:5', 0.3);
    const fewer = half === undefined ? undefined : { fitted: 0.45 * images, r2: half };
    return { ...each, read: { ...each.read!, images, fitted: 0.9 * images, fewer } };
  };

  test('is advised where it stays below with all that more images may bring, too', () => {
    const [half, quarter] = adviceOf([learning(600, 0.24)]);
    expect(half).toEqual({
      ...{ below: 0.5, observe: null },
      learning: { observe: 'probs+topk:5', images: 600, mayRead: most(0.35, 0.06) },
    });
    // More was read already.
    expect(quarter).toEqual({ below: 0.25, observe: null });
    expect(adviceOf([learning(600, 0.28)])[0]).toEqual({
      ...{ below: 0.5, observe: 'probs+topk:5', mayRead: most(0.35, 0.02) },
    });
    expect(adviceOf([learning(600, 0.31)])[0].mayRead).toBe(0.35);
  });

  test('is never advised where images are few, or what half of them give is not known', () => {
    expect(adviceOf([learning(40, 0.3)])[0].learning).toEqual({ observe: 'probs+topk:5', images: 40 });
    expect(adviceOf([learning(600)])[0].learning).toEqual({ observe: 'probs+topk:5', images: 600 });
    // Of what is computed from it nothing is known.
    expect(adviceOf([of('probs+topk:5', 0.3), { ...learning(600), observe: 'label' }])[0].observe).toBeNull();
  });

  test('leaves the advice to a less open interface', () => {
    const [half] = adviceOf([learning(600, 0.2), of('label', 0.1)]);
    expect(half).toEqual({ below: 0.5, observe: 'label', mayRead: most(0.15) });
  });

  test('may read all where all is given away, and no more than all', () => {
    expect(mayRead({ ...of('probs', 1).read!, kind: 'exact' })).toBe(1);
    expect(mayRead(learning(600, 0.05).read!)).toBe(1);
  });
});
