// Experiment 5: can a classifier's logits be read as CLIP's image embeddings, well enough for CLIP's class prompts?
//
//   node --import tsx examples/05-into-clip.ts SOURCE.onnx IMAGE_TOWER.onnx TEXT_TOWER.onnx TOKENIZER.json
//     [--class-names cifar100] [--train SPEC] [--test SPEC]
import { parseArgs } from 'node:util';
import {
  applyLinearMap,
  evaluateAgreement,
  extractFeatures,
  fitLinearMap,
  loadModel,
  zeroShotHead,
} from 'featreconstruct';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'class-names': { type: 'string', default: 'cifar100' },
    train: { type: 'string', default: 'cifar100:train[0:2000]' },
    test: { type: 'string', default: 'cifar100:test[0:500]' },
  },
});
const [sourceFile, imageTower, textModel, tokenizer] = positionals;

// "a photo of a {}." for each class → text embeddings → the head of the image tower.
const head = await zeroShotHead({ textModel, tokenizer, classNames: values['class-names'] });
const tower = await loadModel(imageTower, { output: 'features' }); // it ends in embeddings, not in logits
const source = await loadModel(sourceFile);

const train = { x: await extractFeatures(source, values.train), y: await extractFeatures(tower, values.train) };
const test = { x: await extractFeatures(source, values.test), y: await extractFeatures(tower, values.test) };
const original = await applyLinearMap(head, test.y.features);
const own = await evaluateAgreement(head, test.y.features, test.y.labels);
console.log(`${tower.name}: zero-shot accuracy ${(100 * own.agreement).toFixed(2)} % (${own.agreed} of ${own.n})`);

for (const from of ['logits', 'features'] as const) {
  const map = await fitLinearMap(train.x[from], train.y.features);
  const reconstructed = await applyLinearMap(map, test.x[from]);
  const { agreed, n, agreement } = await evaluateAgreement(head, reconstructed, original);
  const right = await evaluateAgreement(head, reconstructed, test.y.labels);
  console.log(`from the ${from} of ${source.name}: agreement ${(100 * agreement).toFixed(2)} % (${agreed} of ${n})`);
  console.log(`  zero-shot accuracy ${(100 * right.agreement).toFixed(2)} % (${right.agreed} of ${right.n})`);
}
await source.release();
await tower.release();
