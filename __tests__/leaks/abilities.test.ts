import { abilitiesOf, type InterfaceAnswer, type InterfaceBound } from '../../lib/leaks/index.js';
import type { RecoveryReport } from '../../lib/leaks/index.js';

/** A model of 64 features and 100 classes, unless a test says otherwise: what was found, as the table has it. */

const read = (kind: InterfaceBound['kind'], r2: number, by: InterfaceBound['by'] = 'log'): InterfaceBound => ({
  ...{ kind, r2, interval: kind === 'exact' ? null : [r2 - 0.05, r2 + 0.05], images: 60, fitted: 54 },
  ...{ splits: { folds: 10, repeats: 10 }, by, alpha: null },
});
const shown = (observe: string, bound: InterfaceBound, more: Partial<InterfaceAnswer> = {}): InterfaceAnswer => ({
  ...{ observe, read: bound, width: null, recognised: null },
  cost: { images: 60, sameTop: 1, interval: [0.94, 1], accuracy: null },
  ...more,
});
const interfaces = [
  shown('logits', read('exact', 1)),
  shown('probs', read('exact', 1)),
  shown('probs+round:2', read('at-least', 0.4)),
  shown('probs+topk:5', read('at-least', 0.3)),
];
const facts = {
  ...{ classes: 100, features: 64, outputs: 60, images: 60, width: null, tooMany: false, interfaces },
  ...{ recovery: null, untried: 'too-few-rows' as const, needed: { sphere: 2574, rectified: 640 } },
};
const certified = { certified: true, kind: 'rectified' } as RecoveryReport;

const lineOf = (changes: Partial<typeof facts> | object, ability: string) =>
  abilitiesOf({ ...facts, ...changes }).find((line) => line.ability === ability)!;

describe('who can do what', () => {
  test('what too few images do not show was not tried, whatever a top K cannot show', () => {
    // So many would do: 64 directions, a mean and one row more; twice as many and some for two halves.
    expect(lineOf({}, 'width')).toMatchObject({ sure: 'not-tried', why: 'images', queries: 66 });
    expect(lineOf({}, 'recognise')).toMatchObject({ sure: 'not-tried', why: 'images', queries: 146 });
    const varied = { outputs: 2911 };
    expect(lineOf(varied, 'recognise')).toMatchObject({ sure: 'not-tried', why: 'variations', queries: 146 });
    const topk = { interfaces: interfaces.slice(3), images: 700 };
    expect(lineOf(topk, 'recognise')).toMatchObject({ sure: 'not-tried', why: 'outputs' });
    expect(lineOf({ tooMany: true, images: 700 }, 'recognise')).toMatchObject({ sure: 'not-tried', why: 'classes' });
  });

  test('what was found on the images as they are took no variations of them', () => {
    const found = [shown('logits', read('exact', 1), { width: 64, recognised: 'yes' }), ...interfaces.slice(1)];
    const changes = { interfaces: found, images: 200, outputs: 2892 };
    expect(lineOf(changes, 'width')).toMatchObject({ sure: 'measured', queries: 200, observe: ['logits'] });
    expect(lineOf(changes, 'recognise')).toMatchObject({ sure: 'measured', queries: 200, observe: ['logits'] });
  });

  test('a changed head is noticed by the interfaces that show it, and by none where there are no fewer features than classes', () => {
    const seen = (recognised: ('yes' | 'no' | null)[]) =>
      interfaces.map((each, i) => ({ ...each, recognised: recognised[i] }));
    const of = (recognised: ('yes' | 'no' | null)[], more: object = {}) =>
      lineOf({ interfaces: seen(recognised), images: 200, ...more }, 'recognise');
    expect(of(['yes', 'yes', 'no', null])).toMatchObject({ sure: 'measured', observe: ['logits', 'probs'], stolen: 0 });
    expect(of(['no', 'no', 'no', null])).toMatchObject({ sure: 'not-found', observe: [], queries: null });
    // One that was not looked at does not hide what another did not show.
    expect(of([null, null, 'no', null])).toMatchObject({ sure: 'not-found', observe: [] });
    expect(of(['yes', 'yes', 'yes', null], { classes: 64 })).toMatchObject({ sure: 'impossible', observe: [] });
  });

  test('a width that only variations fill is one of all their outputs, and a part of it is none', () => {
    const varied = { outputs: 2728, width: 64 };
    expect(lineOf(varied, 'width')).toMatchObject({ sure: 'measured', queries: 2728, observe: ['logits'] });
    const filled = { ...varied, filled: ['logits', 'probs'] };
    expect(lineOf(filled, 'width')).toMatchObject({ queries: 2728, observe: ['logits', 'probs'] });
    const part = { interfaces: [shown('logits', read('exact', 1), { width: 62, recognised: 'no' })], images: 700 };
    expect(lineOf(part, 'width')).toMatchObject({ sure: 'not-found', observe: [] });
    expect(lineOf(part, 'recognise')).toMatchObject({ sure: 'not-found', observe: [] });
  });

  test('a certificate is of logits: an interface that hides a part of them has none', () => {
    const recovery = { recovery: certified, untried: null };
    expect(lineOf(recovery, 'features')).toMatchObject({ sure: 'proven', observe: ['logits', 'probs'] });
    const rounded = { ...recovery, interfaces: interfaces.slice(2) };
    expect(lineOf(rounded, 'features')).toMatchObject({ sure: 'not-tried', why: 'outputs', observe: [] });
    expect(lineOf(rounded, 'head')).toMatchObject({ sure: 'not-tried', why: 'outputs', observe: [] });
    // Probabilities of which the head was not seen to be undone.
    const blurred = { ...recovery, interfaces: [interfaces[0], shown('probs', read('at-least', 0.9))] };
    expect(lineOf(blurred, 'features').observe).toEqual(['logits']);
    const warm = { ...recovery, interfaces: [shown('temperature:2+probs', read('exact', 1))] };
    expect(lineOf(warm, 'features').sure).toBe('proven');
    expect(lineOf(warm, 'head').observe).toEqual(['temperature:2+probs']);
  });

  test('a search that its time ended is no answer, and what it found is not all', () => {
    const recovery = { recovery: { ...certified, cut: true, seconds: 33.6 }, untried: null };
    expect(lineOf(recovery, 'features')).toMatchObject({ sure: 'proven', stopped: 34 });
    const none = { recovery: { certified: false, kind: null, cut: true, seconds: 33.6 }, untried: null, outputs: 3000 };
    expect(lineOf(none, 'features')).toMatchObject({ sure: 'not-found', stopped: 34 });
    expect(lineOf(none, 'rotation').stopped).toBeUndefined();
    expect(lineOf({ ...none, recovery: { ...none.recovery, cut: false } }, 'features').stopped).toBeUndefined();
  });

  test('where variations took the time of the search, time stood against it and not the images', () => {
    expect(lineOf({}, 'features')).toMatchObject({ sure: 'not-tried', why: 'images' });
    expect(lineOf({ skipped: true, outOfTime: true }, 'features')).toMatchObject({ sure: 'not-tried', why: 'time' });
    expect(lineOf({ skipped: true, outOfTime: true }, 'rotation')).toMatchObject({ why: 'images' });
  });

  test('a map that starts from the head needs it', () => {
    const some = { interfaces: [shown('probs+round:4', read('at-least', 0.7, 'head'))] };
    expect(lineOf(some, 'map')).toMatchObject({ sure: 'measured', stolen: 54, head: true });
    expect(lineOf({ interfaces: interfaces.slice(2) }, 'map').head).toBeUndefined();
  });
});
