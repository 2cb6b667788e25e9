import { agreedWithin, allAgree, r2AsExpected, rankAsExpected } from '../bars.js';
import { notRun, type Check, type Point } from '../check.js';
import { checkRun, type Run } from '../claims.js';
import { comparePredictions } from '../independent.js';

const pairs: (Run & { target: string })[] = [
  {
    experiment: 2,
    source: 'efficientnet_lite0',
    target: 'efficientnet_lite1',
    train: 'cifar100:train[0:10000]',
    tests: ['cifar100:test'],
  },
  {
    experiment: 2,
    source: 'resnet20_cifar10',
    target: 'resnet56_cifar10',
    train: 'cifar10:train',
    tests: ['cifar10:test'],
  },
];

export const point: Point = {
  id: 3,
  title: 'across models',
  needs: ['models', 'data'],
  async run(settings) {
    const checks: Check[] = [];
    for (const run of pairs) {
      const own = { source: run.target, target: run.target, bars: [allAgree, r2AsExpected, rankAsExpected] };
      checks.push(
        ...(await checkRun(
          run,
          [
            { fit: 'least squares', bars: [agreedWithin(2), r2AsExpected, rankAsExpected] },
            { fit: 'least squares', ...own },
            { fit: 'head as prior', ...own },
          ],
          settings,
        )),
      );
      const subject = `run 2 ${run.source} → ${run.target}, ${run.train} → ${run.tests[0]}, least squares`;
      const bar = 'predictions equal to NumPy/SciPy on the same tensors';
      const why = 'no Python with NumPy and SciPy (FEATRECONSTRUCT_PYTHON)';
      if (settings.python) checks.push({ subject, bar, ...(await comparePredictions(run, settings)) });
      else checks.push(notRun(subject, bar, why));
    }
    return checks;
  },
};
