// Experiment 4: from which models' logits can which models' features be read, and is it the logits or the features that
// make it hard?
//
//   node --import tsx examples/04-all-models.ts A.onnx B.onnx ... [--train SPEC] [--test SPEC] [--stores FOLDER]
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { applyLinearMap, evaluateAgreement, extractToStore } from 'featreconstruct';
import { accumulateJoint, jointProblem, readJoint, solve } from 'featreconstruct/statistics';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    train: { type: 'string', default: 'cifar100:train[0:2000]' },
    test: { type: 'string', default: 'cifar100:test[0:500]' },
    stores: { type: 'string', default: 'out/examples' },
  },
});

// Each model runs once over each data set; the stores are used again by the next run.
const models = [];
for (const file of positionals) {
  const name = basename(file, '.onnx');
  const store = (data: string): string => join(values.stores, `${name}-${data.replace(/\W+/g, '-')}.safetensors`);
  const train = await extractToStore(file, values.train, store(values.train));
  const test = await extractToStore(file, values.test, store(values.test));
  models.push({ name, train, test, head: train.head, features: train.features });
}

// One pass over all features holds every least-squares problem, from features and, since they are linear, from logits.
const joint = await accumulateJoint(models);
for (const from of ['logits', 'features'] as const) {
  console.log(`agreement in %, read from the source's ${from}`);
  for (const [i, source] of models.entries()) {
    const line: string[] = [];
    const { read, statistics, targets } = await jointProblem(joint, i, from);
    const X = readJoint(read, source.test.features);
    for (const [j, target] of models.entries()) {
      const map = await solve(statistics, { targets: targets[j] });
      const { agreement } = await evaluateAgreement(target.head, applyLinearMap(map, X), target.test.logits);
      line.push((100 * agreement).toFixed(2).padStart(7));
    }
    console.log(`${line.join('')}  ${source.name}`);
  }
}
for (const { train, test } of models) await Promise.all([train.close(), test.close()]);
