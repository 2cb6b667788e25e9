import { allAgree, imageCounts, r2AsExpected, rankAsExpected, rowSpaceRecovered } from '../bars.js';
import type { Point } from '../check.js';
import { checkRun } from '../claims.js';

export const point: Point = {
  id: 1,
  title: 'one ImageNet model, all of CIFAR-100',
  needs: ['models', 'data'],
  run: (settings) => {
    const bars = [imageCounts(50_000, 10_000), allAgree, rowSpaceRecovered, r2AsExpected, rankAsExpected];
    return checkRun(
      { experiment: 1, source: 'efficientnet_lite0', train: 'cifar100:train', tests: ['cifar100:test'] },
      [
        { fit: 'least squares', bars },
        { fit: 'head as prior', bars },
      ],
      settings,
    );
  },
};
