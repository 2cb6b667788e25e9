import { expect, it } from '@jest/globals';
import { evenly, evenlyOf } from '../../lib/base/index.js';

it('positions are spread evenly, ascending, the first one among them', () => {
  expect([...evenly(10, 4)]).toEqual([0, 2, 5, 7]);
  expect([...evenly(3, 8)]).toEqual([0, 1, 2]);
  expect([...evenly(5, Infinity)]).toEqual([0, 1, 2, 3, 4]);
  expect([...evenly(0, 4)]).toEqual([]);
  expect([...evenly(7, 2.9)]).toEqual([0, 3]);
});

it('of a list its numbers are given', () => {
  expect([...evenlyOf([9, 8, 7, 6], 2)]).toEqual([9, 7]);
});
