import type { Point } from '../check.js';
import { checkTests } from '../tests.js';

export const point: Point = {
  id: 9,
  title: 'bad input',
  needs: [],
  run: () => checkTests(['__tests__/cli']),
};
