/**
 * Whether what an audit reads off few images is below the truth: folders of 60, 200 and 700 images are drawn from the images of
 * a store that are not used for the truth, and each interface's interval is held against the R² of maps that were fitted on
 * 40,000 images of the same kind and tried on a fifth of these.
 *
 *     node --import tsx bench/bounds.ts STORE... [--sizes 60,200,700] [--draws 20] [--truth 40000] [--seed 0] [--observe …] [--json]
 *
 * A store holds a model's activations on 40,000 images and more, such as CIFAR-100's training images:
 *
 *     featreconstruct extract --model resnet20_cifar100.onnx --dataset cifar100:train --data-dir data --store STORE
 *
 * The truth is fitted by `fitLinearMap` (least squares, and through a logarithm where probabilities are shown; the better of the
 * two), which shares no code with the splits of few images.
 */
import { parseArgs } from 'node:util';
import { uniform } from '../dist/base/index.js';
import { reconstructionError } from '../dist/evaluate/index.js';
import { readFewerImages, readFewImages, readersOf, auditedInterfaces } from '../dist/experiments/index.js';
import { openStore } from '../dist/extract/index.js';
import { applyLinearMap, fitLinearMap } from '../dist/fit/index.js';
import { mayRead, observe } from '../dist/leaks/index.js';
import { renderTable } from '../dist/report/index.js';
import { chooseRows, type RowSource } from '../dist/tensor/index.js';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sizes: { type: 'string', default: '60,200,700' },
    draws: { type: 'string', default: '20' },
    truth: { type: 'string', default: '40000' },
    seed: { type: 'string', default: '0' },
    observe: { type: 'string', multiple: true },
    json: { type: 'boolean' },
  },
});
const sizes = flags.sizes.split(',').map(Number);
const [draws, most, seed] = [flags.draws, flags.truth, flags.seed].map(Number);
const specs = flags.observe ?? auditedInterfaces;

/** Some of 0 to n − 1 in a random order. */
function sample(n: number, size: number, of: number): Int32Array {
  const random = uniform(of);
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < size; i++) {
    const j = i + Math.floor(random() * (n - i));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order.slice(0, size).sort();
}

const range = (start: number, end: number): Int32Array => Int32Array.from({ length: end - start }, (_, i) => start + i);

interface Line {
  model: string;
  observe: string;
  truth: number;
  images: number;
  /** Mean over the draws of the bound, and of the ends of its interval. */
  bound: number;
  low: number;
  high: number;
  /** Draws whose interval lies above the truth, and the largest distance of a bound above it. */
  violations: number;
  above: number;
  /** Mean of what may be read with very many images, draws that have one, and those of them in which the truth is above it. */
  may: number;
  estimates: number;
  exceeded: number;
  /** Draws whose interval does not reach zero. */
  answered: number;
  seconds: number;
}

/** Of exact answers, which are no estimates, nothing but rounding of float32, squared, is left. */
const rounding = 1e-9;

const lines: Line[] = [];
for (const path of positionals) {
  const store = await openStore(path);
  const model = store.provenance.model.name;
  const truthRows = Math.min(most, store.rows - Math.max(...sizes));
  const held = Math.floor(truthRows / 5);
  const part = (source: RowSource, rows: Int32Array): RowSource => chooseRows(source, rows);
  const [train, test] = [range(held, truthRows), range(0, held)];
  const truths = new Map<string, number>();
  for (const spec of specs) {
    let best = -Infinity;
    for (const reader of readersOf(spec)) {
      const map = await fitLinearMap(observe(part(store.logits, train), reader.spec), part(store.features, train), {
        alpha: 0,
      });
      const read = applyLinearMap(map, observe(part(store.logits, test), reader.spec));
      const { r2 } = await reconstructionError(part(store.features, test), read);
      best = Math.max(best, r2 ?? -Infinity);
    }
    truths.set(spec, best);
    process.stderr.write(`${model} ${spec}: truth ${best.toFixed(5)}\n`);
  }
  const rest = store.rows - truthRows;
  for (const images of sizes) {
    const found = new Map<string, { r2: number; interval: [number, number]; may: number | null }[]>();
    const begun = performance.now();
    for (let draw = 0; draw < draws; draw++) {
      const rows = sample(rest, images, seed + 1000 * draw + images).map((row) => truthRows + row);
      const given = {
        features: part(store.features, rows),
        logits: part(store.logits, rows),
        head: store.head,
        groups: range(0, images),
        classes: rows.map((row) => store.labels[row]),
      };
      const bounds = await readFewImages(given, specs);
      const fewer = await readFewerImages(given, specs);
      for (const [spec, bound] of bounds) {
        const { r2, interval, folds, repeats } = bound;
        const may = mayRead({
          ...{ kind: 'at-least', r2, interval, images, fitted: images - Math.ceil(images / folds), alpha: null },
          ...{ splits: { folds, repeats }, by: bound.by, fewer: fewer.get(spec) },
        });
        found.set(spec, [...(found.get(spec) ?? []), { r2, interval, may }]);
      }
    }
    const seconds = (performance.now() - begun) / 1000 / draws;
    for (const [spec, all] of found) {
      const truth = truths.get(spec)!;
      const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
      lines.push({
        ...{ model, observe: spec, truth, images, seconds },
        bound: mean(all.map(({ r2 }) => r2)),
        low: mean(all.map(({ interval }) => interval[0])),
        high: mean(all.map(({ interval }) => interval[1])),
        violations: all.filter(({ interval }) => interval[0] > truth + rounding).length,
        above: Math.max(...all.map(({ r2 }) => r2 - truth)),
        exceeded: all.filter(({ may }) => may !== null && may < truth - rounding).length,
        estimates: all.filter(({ may }) => may !== null).length,
        may: mean(all.flatMap(({ may }) => may ?? [])),
        answered: all.filter(({ interval }) => interval[0] > 0).length,
      });
    }
    process.stderr.write(
      `${model} ${images} images: ${lines
        .filter((line) => line.model === model && line.images === images)
        .reduce((sum, { violations }) => sum + violations, 0)} violations, ${seconds.toFixed(1)} s a draw\n`,
    );
  }
  await store.close();
}
if (flags.json) console.log(JSON.stringify(lines, null, 2));
else {
  console.log(
    renderTable<Line>(
      [
        { heading: 'model', cell: ({ model }) => model },
        { heading: 'images', align: 'right', cell: ({ images }) => String(images) },
        { heading: 'shown', cell: ({ observe: spec }) => spec },
        { heading: 'truth', align: 'right', cell: ({ truth }) => truth.toFixed(4) },
        { heading: 'bound', align: 'right', cell: ({ bound }) => bound.toFixed(4) },
        { heading: '95 %', align: 'right', cell: ({ low, high }) => `${low.toFixed(4)} – ${high.toFixed(4)}` },
        { heading: 'may be', align: 'right', cell: ({ may }) => (Number.isNaN(may) ? '–' : may.toFixed(4)) },
        {
          heading: 'truth above that',
          align: 'right',
          cell: ({ exceeded, estimates }) => `${exceeded} of ${estimates}`,
        },
        { heading: 'above zero', align: 'right', cell: ({ answered }) => `${answered} of ${draws}` },
        { heading: 'above the truth', align: 'right', cell: ({ violations }) => `${violations} of ${draws}` },
      ],
      lines,
    ),
  );
  const violations = lines.reduce((sum, line) => sum + line.violations, 0);
  const [exceeded, estimates] = [(line: Line) => line.exceeded, (line: Line) => line.estimates].map((of) =>
    lines.reduce((sum, line) => sum + of(line), 0),
  );
  console.log(`The truth is above what may be read in ${exceeded} of ${estimates}.`);
  console.log(`\n${violations} of ${lines.length * draws} intervals lie above the truth.`);
}
