import { adviceOf, type InterfaceAnswer } from '../../lib/leaks/index.js';

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
    { below: 0.5, observe: 'probs+topk:5' },
    { below: 0.25, observe: 'probs+topk:1' },
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
  expect(half).toEqual({ below: 0.5, observe: sharp, own: 'label' });
  expect(adviceOf([of('probs+round:2', 0.4, 0.98), of(sharp, 0.3, 0.99)])[0]).toEqual({
    ...{ below: 0.5, observe: 'probs+round:2' },
  });
});

describe('a reader that is still learning', () => {
  const learning = (images: number, half?: number): InterfaceAnswer => {
    const each = of('probs+topk:5', 0.3);
    const fewer = half === undefined ? undefined : { fitted: 0.45 * images, r2: half };
    return { ...each, read: { ...each.read!, images, fitted: 0.9 * images, fewer } };
  };

  test('is never advised, and the images are told that would do', () => {
    const [half, quarter] = adviceOf([learning(600, 0.24)]);
    // Twice the 3 points, so four times the images.
    expect(half).toEqual({
      ...{ below: 0.5, observe: null },
      learning: { observe: 'probs+topk:5', images: 600, enough: 3000 },
    });
    // More was read already.
    expect(quarter).toEqual({ below: 0.25, observe: null });
    expect(adviceOf([learning(600, 0.28)])[0]).toEqual({ below: 0.5, observe: 'probs+topk:5' });
  });

  test('is one of few images, whatever its curve, and one whose curve is not known', () => {
    expect(adviceOf([learning(40, 0.3)])[0].learning).toEqual({ observe: 'probs+topk:5', images: 40, enough: 200 });
    expect(adviceOf([learning(600)])[0].learning?.enough).toBe(2000);
  });

  test('leaves the advice to a less open interface whose reader is done', () => {
    expect(adviceOf([learning(600, 0.2), of('label', 0.1)])[0]).toEqual({ below: 0.5, observe: 'label' });
  });
});
