// Experiment 2: how much of one model's features can be read from another model's logits?
//
//   node --import tsx examples/02-across-models.ts SOURCE.onnx TARGET.onnx [--train SPEC] [--test SPEC]
import { parseArgs } from 'node:util';
import { applyLinearMap, evaluateAgreement, extractFeatures, fitLinearMap, loadModel } from 'featreconstruct';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    train: { type: 'string', default: 'cifar100:train[0:2000]' },
    test: { type: 'string', default: 'cifar100:test[0:500]' },
  },
});

const source = await loadModel(positionals[0]);
const target = await loadModel(positionals[1]);
const wanted = {
  train: await extractFeatures(target, values.train),
  test: await extractFeatures(target, values.test),
};

// The question as asked, and the target's own logits beside it: what a linear map can do at best.
for (const reader of [source, target]) {
  const train = await extractFeatures(reader, values.train);
  const test = await extractFeatures(reader, values.test);
  const map = await fitLinearMap(train.logits, wanted.train.features);
  const reconstructed = await applyLinearMap(map, test.logits);
  const { agreed, n, agreement, interval } = await evaluateAgreement(target.head, reconstructed, wanted.test.logits);
  const [low, high] = interval.map((share) => (100 * share).toFixed(1));
  console.log(`${reader.name} → ${target.name}: agreement ${(100 * agreement).toFixed(2)} % (${agreed} of ${n})`);
  console.log(`  95 % interval ${low} to ${high} %, rank ${map.fit.rank}`);
}
await source.release();
await target.release();
