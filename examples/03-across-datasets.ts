// Experiment 3: does a map that was fitted on one data set hold on images of another?
//
//   node --import tsx examples/03-across-datasets.ts MODEL.onnx [--train SPEC] [--test SPEC]
import { parseArgs } from 'node:util';
import { applyLinearMap, evaluateAgreement, extractFeatures, fitLinearMap, loadModel } from 'featreconstruct';
import { accumulate, inSpan, pseudoInverse, trainingSpan } from 'featreconstruct/statistics';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    train: { type: 'string', default: 'cifar100:train[0:500]' },
    test: { type: 'string', default: 'cifar10:test[0:500]' },
  },
});

const model = await loadModel(positionals[0]);
const train = await extractFeatures(model, values.train);
const test = await extractFeatures(model, values.test);

// Outside the span of the training logits the data say nothing about the features.
const span = await trainingSpan(await accumulate(train.logits, train.features));
const { share } = await inSpan(test.logits, span);
console.log(`${(100 * share).toFixed(1)} % of ${values.test} is in the span of ${values.train} (rank ${span.rank})`);

// Without a prior the smallest map is taken there; with one, the map nearest to the head's own inverse.
const plain = await fitLinearMap(train.logits, train.features);
const nearHead = await fitLinearMap(train.logits, train.features, { prior: await pseudoInverse(model.head) });
for (const [name, map] of Object.entries({ 'from the data alone': plain, 'with the head as prior': nearHead })) {
  const reconstructed = await applyLinearMap(map, test.logits);
  const { agreed, n, agreement } = await evaluateAgreement(model.head, reconstructed, test.logits);
  console.log(`${name}: agreement ${(100 * agreement).toFixed(2)} % (${agreed} of ${n})`);
}
await model.release();
