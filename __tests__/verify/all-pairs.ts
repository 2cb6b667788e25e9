import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { evaluateMap, readNpy, type LinearMap, type Store } from 'featreconstruct';
import { accumulateJoint, jointProblem, readJoint, solve } from 'featreconstruct/statistics';
import type { Check } from './check.js';
import { command } from './command.js';
import { findStore } from './independent.js';
import type { Settings } from './settings.js';

const rcond = 1e-12;
const kinds = ['logits', 'features'] as const;

/** A top-2 margin, in parts of the largest logit, that float32's rounding of the inputs can turn. */
const nearTie = 1e-4;

interface Model {
  name: string;
  train: Store;
  test: Store;
}

/** A map of experiment 4: what it reads of the source, and what it makes of that. */
interface Cell {
  source: number;
  target: number;
  from: (typeof kinds)[number];
  read: LinearMap | null;
  map: LinearMap;
}

/**
 * All maps of experiment 4 from stores that a run has left behind, against all-pairs.py: predictions, time and memory.
 * What is timed is what `run 4` does for its maps: one joint Gram, and the solutions.
 */
export async function compareAllPairs(
  names: readonly string[],
  data: { train: string; test: string },
  settings: Settings,
): Promise<Check[]> {
  const models: Model[] = [];
  try {
    for (const name of names) {
      const train = await findStore(settings.stores, name, data.train);
      models.push({ name, train, test: await findStore(settings.stores, name, data.test) });
    }
    const ours = await timed(() => fitAll(models));
    const theirs = await askPython(models, settings.python!);
    const { same, rounded } = await differences(models, ours.result, theirs);
    const subject = `run 4, all ${ours.result.length} maps, ${data.train} → ${data.test}`;
    const ratio = ours.seconds / theirs.ridgeSeconds;
    return [
      {
        subject,
        bar: 'predictions of each cell equal to NumPy/SciPy, pair by pair',
        figure: say(same),
        held: same.images === 0,
      },
      {
        subject,
        bar: 'the same from logits that float32 has rounded (margin < 1e-4)',
        figure: say(rounded),
        held: rounded.margin < nearTie,
      },
      {
        subject,
        bar: "at most half the time of scikit-learn's Ridge, pair by pair",
        figure: `${ours.seconds.toFixed(1)} s, Ridge ${theirs.ridgeSeconds.toFixed(1)} s: ${ratio.toFixed(2)}`,
        held: ratio <= 0.5,
      },
      {
        subject,
        bar: 'under 2 GB',
        figure: `${(ours.peak / 1e9).toFixed(2)} GB at the peak, the whole process`,
        held: ours.peak < 2e9,
      },
    ];
  } finally {
    for (const { train, test } of models) await Promise.all([train.close(), test.close()]);
  }
}

async function timed<T>(task: () => Promise<T>): Promise<{ result: T; seconds: number; peak: number }> {
  let peak = process.memoryUsage.rss();
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 10);
  const begun = performance.now();
  const result = await task();
  const seconds = (performance.now() - begun) / 1000;
  clearInterval(watch);
  return { result, seconds, peak: Math.max(peak, process.memoryUsage.rss()) };
}

async function fitAll(models: readonly Model[]): Promise<Cell[]> {
  const joint = await accumulateJoint(
    models.map(({ name, train }) => ({ name, features: train.features, head: train.head })),
  );
  const cells: Cell[] = [];
  for (const from of kinds) {
    for (const source of models.keys()) {
      const { read, statistics, targets } = await jointProblem(joint, source, from);
      for (const [target, columns] of targets.entries()) {
        cells.push({ source, target, from, read, map: await solve(statistics, { rcond, targets: columns }) });
      }
    }
  }
  return cells;
}

interface Theirs {
  /** (3, models, models, images): from float64 logits, from features, from stored logits. */
  predictions: Int32Array;
  /** The same shape. */
  margins: Float64Array;
  ridgeSeconds: number;
}

async function askPython(models: readonly Model[], python: string): Promise<Theirs> {
  const folder = await mkdtemp(join(tmpdir(), 'featreconstruct-'));
  try {
    const out = join(folder, 'predictions.npy');
    const script = fileURLToPath(new URL('all-pairs.py', import.meta.url));
    const files = models.flatMap(({ train, test }) => [train.path, test.path]);
    const { code, stdout, lastWords } = await command(python, [script, String(rcond), out, ...files]);
    if (code !== 0) throw new Error(`all-pairs.py failed: ${lastWords}`);
    const { ridgeSeconds } = JSON.parse(stdout) as { ridgeSeconds: number };
    return {
      predictions: (await readNpy(out)).data as Int32Array,
      margins: (await readNpy(`${out}.margins.npy`)).data as Float64Array,
      ridgeSeconds,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Images that are given another class, and the largest top-2 margin of one. */
interface Difference {
  images: number;
  of: number;
  margin: number;
}

const say = ({ images, of, margin }: Difference): string =>
  images === 0
    ? `all ${of} equal`
    : `${of - images} of ${of} equal, margin of the other${images > 1 ? 's up to' : ''} ${margin.toExponential(0)}`;

/** Our classes against Python's: on the same numbers; and where Python reads stored logits, and we W f + b in float64. */
async function differences(
  models: readonly Model[],
  cells: readonly Cell[],
  { predictions, margins }: Theirs,
): Promise<{ same: Difference; rounded: Difference }> {
  const n = models[0].test.rows;
  const none = (): Difference => ({ images: 0, of: 0, margin: 0 });
  const found = { same: none(), rounded: none() };
  for (const { source, target, from, read, map } of cells) {
    const [x, y] = [models[source].test, models[target].test];
    const { reconstructedClass } = await evaluateMap({
      head: y.head,
      map,
      X: readJoint(read, x.features),
      Y: y.features,
      Z: y.logits,
    });
    const add = (to: Difference, kind: number): void => {
      const start = ((kind * models.length + source) * models.length + target) * n;
      to.of += n;
      reconstructedClass.forEach((given, row) => {
        if (given === predictions[start + row]) return;
        to.images++;
        to.margin = Math.max(to.margin, margins[start + row]);
      });
    };
    add(found.same, kinds.indexOf(from));
    if (from === 'logits') add(found.rounded, 2);
  }
  return found;
}
