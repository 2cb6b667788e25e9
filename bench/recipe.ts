/**
 * The published recipe (SGD, learning rate 0.1, momentum 0.9, batches of 256, 100 epochs) beside least squares on the same
 * tensors: where it stops short, where it blows up, and what its limit of stability says beforehand. Run `npm run build`
 * first, then
 *
 *     node --import tsx bench/recipe.ts MODEL.onnx[@TRANSFORM] ... [--train SPEC] [--test SPEC] [--data-dir DIR]
 *         [--stores DIR] [--epochs N] [--json]
 *
 * Each model is read from its own logits, three times: exactly, by the recipe, and by the recipe with nine tenths of the
 * learning rate that is stable, where 0.1 is not.
 */
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  applyLinearMap,
  evaluateAgreement,
  extractToStore,
  fitLinearMap,
  fitSgd,
  reconstructionError,
  type LinearMap,
  type Store,
  type TransformName,
} from '../dist/index.js';
import { renderTable } from '../dist/report/index.js';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    train: { type: 'string', default: 'cifar100:train[0:10000]' },
    test: { type: 'string', default: 'cifar100:test' },
    'data-dir': { type: 'string' },
    stores: { type: 'string', default: 'out/bench' },
    epochs: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
  },
});
const epochs = Number(flags.epochs);

interface Figure {
  model: string;
  shape: string;
  exact: number;
  /** Largest over smallest eigenvalue that is kept: what makes gradient descent slow. */
  condition: number;
  /** Largest stable learning rate. */
  limit: number;
  /** Null: it ended in NaN. */
  recipe: number | null;
  recipeR2: number | null;
  rate: number | null;
  slower: number | null;
  exactR2: number | null;
}

function store(file: string, transform: string, spec: string): Promise<Store> {
  const slug = `${basename(file, '.onnx')}-${transform}-${spec}`.replace(/\W+/g, '-').replace(/-$/, '');
  return extractToStore(file, spec, join(flags.stores, `${slug}.safetensors`), {
    transform: transform as TransformName,
    dataset: { dataDir: flags['data-dir'] },
  });
}

async function judge(map: LinearMap, test: Store): Promise<{ agreement: number; r2: number | null }> {
  const features = applyLinearMap(map, test.logits);
  const { agreement } = await evaluateAgreement(test.head, features, test.logits, { topk: [] });
  return { agreement, r2: (await reconstructionError(test.features, features)).r2 };
}

const figures: Figure[] = [];
for (const argument of positionals) {
  const [file, transform = 'protocol'] = argument.split('@');
  const [train, test] = [await store(file, transform, flags.train), await store(file, transform, flags.test)];
  const fitted = await fitLinearMap(train.logits, train.features);
  const exact = await judge(fitted, test);
  const sgd = await fitSgd(train.logits, train.features, { epochs });
  const limit = sgd.fit.stabilityLimit;
  const recipe = sgd.fit.diverged ? null : await judge(sgd, test);
  const rate = limit < 0.1 ? 0.9 * limit : null;
  const gentle = rate === null ? null : await fitSgd(train.logits, train.features, { epochs, learningRate: rate });
  const slower = gentle === null || gentle.fit.diverged ? null : (await judge(gentle, test)).agreement;
  figures.push({
    model: basename(file, '.onnx'),
    shape: `${train.features.cols} → ${train.logits.cols}`,
    exact: exact.agreement,
    exactR2: exact.r2,
    condition: fitted.fit.condition,
    limit,
    recipe: recipe?.agreement ?? null,
    recipeR2: recipe?.r2 ?? null,
    rate,
    slower,
  });
  process.stderr.write(`${basename(file)}: done\n`);
  await Promise.all([train.close(), test.close()]);
}

const percent = (share: number | null): string => (share === null ? 'NaN' : (100 * share).toFixed(2));
const table = renderTable<Figure>(
  [
    { heading: 'model', cell: ({ model }) => model },
    { heading: 'd → c', cell: ({ shape }) => shape },
    { heading: 'least squares %', align: 'right', cell: ({ exact }) => percent(exact) },
    { heading: 'recipe %', align: 'right', cell: ({ recipe }) => percent(recipe) },
    { heading: 'stable below', align: 'right', cell: ({ limit }) => limit.toPrecision(2) },
    { heading: 'rate', align: 'right', cell: ({ rate }) => (rate === null ? '' : rate.toPrecision(2)) },
    { heading: 'at that rate %', align: 'right', cell: ({ rate, slower }) => (rate === null ? '' : percent(slower)) },
    { heading: 'condition', align: 'right', cell: ({ condition }) => condition.toExponential(0) },
  ],
  figures,
);
process.stdout.write(flags.json ? `${JSON.stringify(figures, null, 2)}\n` : `${table}\n`);
