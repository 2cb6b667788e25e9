import type { ResultRow } from '../../lib/results/index.js';

/** A made-up row, as a fit of a model's own logits gives it. */
export const madeRow = (changes: Partial<ResultRow> = {}): ResultRow => ({
  ...{ source: 'resnet18', target: 'resnet18', train: 'cifar100:train[0:5000]', test: 'cifar100:test', from: 'logits' },
  ...{ nTrain: 5000, nTest: 10000, overlap: 0, agreed: 10000, agreement: 1, agreementInterval: [0.9996, 1] },
  ...{ topkAgreement: { 5: 1 }, inSpanShare: 1, agreementInSpan: 1, agreementByMargin: [], kappa: 1 },
  ...{ majorityShare: 0.25, distinctClasses: 80, ties: 0, rawAgreement: 1, accuracy: null },
  ...{ pinvAgreement: null, cka: null, procrustesError: null },
  ...{ mse: 1e-12, mseTotal256: 4e-11, mseTotal16: 6e-10, variance: 0.5, r2: 1 - 2e-12, r2RowSpace: 1 - 2e-12 },
  ...{ r2NullSpace: null, r2PerFeature: null },
  ...{ rank: 512, gap: 1e6, condition: 1e5, alpha: 0, prior: null, solver: 'cholesky', sgd: null },
  ...{ seconds: { extract: 100, fit: 1.5, evaluate: 2 }, warnings: [] },
  ...changes,
});
