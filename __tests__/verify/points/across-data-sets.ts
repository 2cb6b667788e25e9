import {
  agreedWithin,
  allAgree,
  allInSpanAgree,
  noneInSpan,
  r2AsExpected,
  rankAsExpected,
  rankIs,
  spanAsExpected,
  type Bar,
} from '../bars.js';
import type { Check, Point } from '../check.js';
import { checkRun, type Claim } from '../claims.js';

/** Fitted on one data set, tested on others; what the data alone teach is held against these bars. */
const sections: { train: string; tests: string[]; alone: Bar[] }[] = [
  { train: 'cifar100:train', tests: ['scenes'], alone: [allInSpanAgree, spanAsExpected, rankAsExpected] },
  {
    train: 'cifar10:train',
    tests: ['scenes', 'cifar100:test'],
    alone: [allInSpanAgree, spanAsExpected, rankAsExpected],
  },
  // Outside the span for real: 500 images span 499 dimensions of 1000.
  { train: 'cifar100:train[0:500]', tests: ['cifar100:test', 'scenes'], alone: [noneInSpan, rankIs(499)] },
];

export const point: Point = {
  id: 4,
  title: 'across data sets, inside and outside the span',
  needs: ['models', 'data'],
  async run(settings) {
    const checks: Check[] = [];
    for (const { train, tests, alone } of sections) {
      const claims = tests.flatMap((test): Claim[] => [
        { test, fit: 'least squares', bars: [agreedWithin(2), r2AsExpected, ...alone] },
        { test, fit: 'head as prior', bars: [allAgree, r2AsExpected] },
      ]);
      checks.push(...(await checkRun({ experiment: 3, source: 'efficientnet_lite0', train, tests }, claims, settings)));
    }
    return checks;
  },
};
