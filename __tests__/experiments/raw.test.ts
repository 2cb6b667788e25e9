import ndarray from 'ndarray';
import { rawAgreement } from '../../lib/experiments/raw.js';
import { toRowSource } from '../../lib/tensor/index.js';

/** Rows of c numbers that are largest at the given places. */
const answers = (c: number, places: number[]) =>
  toRowSource(
    ndarray(
      Float32Array.from({ length: c * places.length }, (_, k) => (k % c === places[Math.floor(k / c)] ? 1 : 0)),
      [places.length, c],
    ),
    'Z',
  );

test('the same classes', async () => {
  expect(await rawAgreement(answers(4, [0, 1, 2, 3]), answers(4, [0, 1, 1, 3]))).toBe(0.75);
});

test('1001 classes are 1000 after a background, which agrees with none', async () => {
  const plain = answers(1000, [0, 5, 999, 0]);
  const shifted = answers(1001, [1, 5, 1000, 0]);
  expect(await rawAgreement(plain, shifted)).toBe(0.5);
  expect(await rawAgreement(shifted, plain)).toBe(0.5);
  expect(await rawAgreement(shifted, answers(1001, [1, 5, 1000, 0]))).toBe(1);
});

test('other classes are not compared', async () => {
  expect(await rawAgreement(answers(10, [1]), answers(100, [1]))).toBeNull();
});
