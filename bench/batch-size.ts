/**
 * Processor time of an image through `extractFeatures` at several batch sizes, which take turns in one process.
 *
 *     node --import tsx bench/batch-size.ts MODEL... [--dataset cifar100:test] [--data-dir data] [--images 64] [--rounds 3]
 *
 * One thread, so that a busy machine stretches nothing: processor time, the least of the rounds. Ratios are of the time at the largest
 * size, so above 1 is quicker.
 */
import { parseArgs } from 'node:util';
import { extractFeatures, loadModel } from '../dist/index.js';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dataset: { type: 'string', default: 'cifar100:test' },
    'data-dir': { type: 'string' },
    images: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '3' },
  },
});
const [images, rounds] = [Number(flags.images), Number(flags.rounds)];
const sizes = [4, 8, 16, 32];

for (const path of positionals) {
  const model = await loadModel(path, { intraOpNumThreads: 1 });
  const least = new Map(sizes.map((size) => [size, Infinity]));
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const batchSize of sizes) {
      const before = process.cpuUsage();
      await extractFeatures(model, `${flags.dataset}[0:${images}]`, {
        batchSize,
        dataset: { dataDir: flags['data-dir'] },
      });
      const { user, system } = process.cpuUsage(before);
      if (round > 0) least.set(batchSize, Math.min(least.get(batchSize)!, (user + system) / 1000 / images));
    }
  }
  const base = least.get(sizes[sizes.length - 1])!;
  const ratios = sizes.map((size) => `${size}: ${(base / least.get(size)!).toFixed(2)}`);
  console.log(`${model.name}  ${base.toFixed(3)} ms an image in batches of 32; ${ratios.join('  ')}`);
  await model.release();
}
