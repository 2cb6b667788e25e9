import type { ResultRow } from 'featreconstruct';
import { compareAllPairs } from '../all-pairs.js';
import { agreedWithin, allAgree, r2AsExpected, rankAsExpected, type Bar } from '../bars.js';
import { notRun, type Check, type Point } from '../check.js';
import { runExperiment } from '../claims.js';
import { findExpected } from '../expected.js';
import { hasModules, type Settings } from '../settings.js';

const models = [
  'resnet20_cifar10',
  'resnet56_cifar10',
  'resnet20_cifar100',
  'mobilenet_v1_025',
  'vit_tiny_patch16_224',
  'efficientnet_lite0',
  'efficientnet_lite1',
];
const [train, test] = ['cifar100:train[0:10000]', 'cifar100:test'];

export const point: Point = {
  id: 10,
  title: 'every model to every model',
  needs: ['models', 'data'],
  async run(settings) {
    const run = { experiment: 4, source: models[0], models, train, tests: [test] } as const;
    const { results, problem } = await runExperiment(run, settings);
    const subject = `run 4, ${models.length} models, ${train} → ${test}`;
    if (!results) return [{ subject, bar: 'the command ends well', figure: problem!, held: false }];
    const wanted = 2 * models.length ** 2 + models.length;
    const checks: Check[] = [
      {
        subject,
        bar: `${wanted} rows`,
        figure: `${results.rows.length}, all maps in ${results.environment.jointSeconds?.toFixed(1)} s`,
        held: results.rows.length === wanted,
      },
      ...results.rows.flatMap((row) => checkRow(row, settings)),
    ];
    const why = 'no Python with NumPy, SciPy and scikit-learn (FEATRECONSTRUCT_PYTHON)';
    if (settings.python && (await hasModules(settings.python, ['sklearn']))) {
      checks.push(...(await compareAllPairs(models, { train, test }, settings)));
    } else checks.push(notRun(subject, 'as NumPy, SciPy and scikit-learn, pair by pair', why));
    return checks;
  },
};

function checkRow(row: ResultRow, { expected }: Settings): Check[] {
  const { source, target, from, prior, nTrain } = row;
  const subject = `run 4 ${source} → ${target} from ${from}${prior ? ', head as prior' : ''}`;
  const answer =
    expected &&
    findExpected(expected, { experiment: 4, transform: 'protocol', from, source, target, train, test, prior, nTrain });
  const bars: Bar[] = [agreedWithin(2), r2AsExpected, rankAsExpected];
  if (source === target) bars.unshift(allAgree);
  return bars.map((bar) => {
    const verdict = bar(row, answer);
    return verdict ? { subject, ...verdict } : notRun(subject, 'as in expected.json', 'it has no such row here');
  });
}
