import type { Point } from '../check.js';
import { checkTests } from '../tests.js';

export const point: Point = {
  id: 21,
  title: 'outputs that cannot be used, certificates on made data, what neither kind gives',
  needs: [],
  run: () => checkTests(['__tests__/leaks', '__tests__/cli/leaks.test.ts']),
};
