import { accuracyAsPublished, allAgree, r2AsExpected, rankAsExpected, rowSpaceRecovered } from '../bars.js';
import type { Check, Point } from '../check.js';
import { checkRun } from '../claims.js';

/** The models' own accuracy on CIFAR-10, in percent, as published with their weights. */
const published = { resnet20_cifar10: 91.7, resnet56_cifar10: 93.4 };

export const point: Point = {
  id: 5,
  title: 'more features than classes',
  needs: ['models', 'data'],
  async run(settings) {
    const checks: Check[] = [];
    for (const [source, accuracy] of Object.entries(published)) {
      const bars = [allAgree, rowSpaceRecovered, r2AsExpected, rankAsExpected];
      checks.push(
        ...(await checkRun(
          { experiment: 1, source, train: 'cifar10:train', tests: ['cifar10:test'] },
          [
            { fit: 'least squares', bars: [...bars, accuracyAsPublished(accuracy)] },
            { fit: 'head as prior', bars },
          ],
          settings,
        )),
      );
    }
    return checks;
  },
};
