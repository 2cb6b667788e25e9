import { expect, test } from '@jest/globals';
import { together } from '../../lib/experiments/together.js';
import type { Results } from '../../lib/results/index.js';

test('several models run together keep the choice of a penalty of each', () => {
  const part = (source: string): Results =>
    ({
      ...{ rows: [{ source }], spectra: [], failures: [], crossValidations: [{ source }] },
      environment: { models: [{ name: source }], datasets: [{ spec: 'a' }] },
    }) as unknown as Results;
  const { rows, crossValidations, environment } = together([part('one'), part('two')]);
  expect([rows, crossValidations]).toEqual([rows, rows]);
  expect([environment.models.length, environment.datasets.length]).toEqual([2, 1]);
});
