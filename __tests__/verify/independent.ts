import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { evaluateMap, openStore, readNpy, type MapEvaluation, type Store } from 'featreconstruct';
import { accumulate, solve } from 'featreconstruct/statistics';
import { specOf, type Run } from './claims.js';
import { command } from './command.js';
import type { Settings } from './settings.js';

const rcond = 1e-12;

/** A run's stores, which it has left behind. */
interface Stores {
  trainSource: Store;
  trainTarget: Store;
  testSource: Store;
  testTarget: Store;
}

/** Our predictions for every test image against those of independent.py from the same stored tensors. */
export async function comparePredictions(
  run: Run & { target: string },
  settings: Settings,
): Promise<{ figure: string; held: boolean }> {
  const test = specOf(run.tests[0], settings);
  const stores: Stores = {
    trainSource: await findStore(settings.stores, run.source, run.train),
    trainTarget: await findStore(settings.stores, run.target, run.train),
    testSource: await findStore(settings.stores, run.source, test),
    testTarget: await findStore(settings.stores, run.target, test),
  };
  try {
    const ours = await evaluateOurs(stores);
    const theirs = await predictTheirs(stores, settings.python!);
    const n = ours.originalClass.length;
    const differing = Array.from(ours.reconstructedClass.keys()).filter(
      (row) => ours.reconstructedClass[row] !== theirs[row],
    );
    const rows = differing.length > 0 ? ` (rows ${differing.slice(0, 5).join(', ')} differ)` : '';
    return {
      figure: `${n - differing.length} of ${n} equal${rows}`,
      held: differing.length === 0 && theirs.length === n,
    };
  } finally {
    for (const store of Object.values(stores) as Store[]) await store.close();
  }
}

async function evaluateOurs({ trainSource, trainTarget, testSource, testTarget }: Stores): Promise<MapEvaluation> {
  const map = await solve(await accumulate(trainSource.logits, trainTarget.features), { rcond });
  return evaluateMap({
    head: testTarget.head,
    map,
    X: testSource.logits,
    Y: testTarget.features,
    Z: testTarget.logits,
  });
}

async function predictTheirs(stores: Stores, python: string): Promise<ArrayLike<number>> {
  const folder = await mkdtemp(join(tmpdir(), 'featreconstruct-'));
  try {
    const out = join(folder, 'predictions.npy');
    const script = fileURLToPath(new URL('independent.py', import.meta.url));
    const { trainSource, trainTarget, testSource, testTarget } = stores;
    const files = [trainSource, trainTarget, testSource, testTarget].map(({ path }) => path);
    const { code, lastWords } = await command(python, [script, ...files, String(rcond), out]);
    if (code !== 0) throw new Error(`independent.py failed: ${lastWords}`);
    return (await readNpy(out)).data as Int32Array;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A store that a run with the protocol's transform and the usual batches has written for a model and a data set. */
export async function findStore(folder: string, model: string, spec: string): Promise<Store> {
  const found: Store[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${model}-`) || !name.endsWith('.safetensors')) continue;
    const store = await openStore(join(folder, name));
    const { dataset, transform, batchSize } = store.provenance;
    // With the protocol's own numbers, not a model's.
    const seen = transform?.name === 'protocol' && transform.mean[0] === 0.485;
    const isIt = dataset.spec === spec && seen && batchSize === 32;
    if (isIt) found.push(store);
    else await store.close();
  }
  // More than one where another point has extracted the same: any of them holds the same rows.
  const [first, ...others] = found;
  for (const store of others) await store.close();
  if (!first) throw new Error(`Expected a store of ${model} on ${spec} in ${folder}, found none`);
  return first;
}
