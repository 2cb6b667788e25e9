// Experiment 1: how much of a model's features can be read back from its own logits?
//
//   node --import tsx examples/01-same-model.ts MODEL.onnx [--train SPEC] [--test SPEC]
import { parseArgs } from 'node:util';
import {
  applyLinearMap,
  evaluateAgreement,
  extractFeatures,
  fitLinearMap,
  loadModel,
  reconstructionError,
} from 'featreconstruct';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    train: { type: 'string', default: 'cifar100:train[0:2000]' },
    test: { type: 'string', default: 'cifar100:test[0:500]' },
  },
});

const model = await loadModel(positionals[0]);
const train = await extractFeatures(model, values.train); // features (n, d), logits (n, c), labels (n)
const test = await extractFeatures(model, values.test);

const map = await fitLinearMap(train.logits, train.features);
const reconstructed = await applyLinearMap(map, test.logits);

const { agreed, n, agreement, kappa } = await evaluateAgreement(model.head, reconstructed, test.logits);
const { r2, r2RowSpace } = await reconstructionError(test.features, reconstructed, { head: model.head });
console.log(`${model.name}: ${model.classCount} logits → ${model.featureDim} features, rank ${map.fit.rank}`);
console.log(`agreement ${(100 * agreement).toFixed(2)} % (${agreed} of ${n}), kappa ${kappa?.toFixed(4)}`);
console.log(`R² ${r2?.toFixed(4)}, of what the head sees ${r2RowSpace?.toFixed(4)}`);
await model.release();
