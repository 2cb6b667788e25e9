/**
 * Throughput of `extractFeatures` (data set open) against a bare `session.run` loop on ready tensors, which is the most
 * that ONNX Runtime can give, and against the same model in PyTorch with a DataLoader. Run `npm run build` first, then
 *
 *     node --import tsx bench/extract.ts --model efficientnet_lite0.onnx [--dataset cifar100:test[0:128]] [--data-dir DIR]
 *         [--python PATH] [--provider cpu|cuda] [--batch-size N] [--repeats N] [--json]
 *
 * The machine is never as quiet as one would like, so the sides take turns (ours, bare, PyTorch, ours, …), and what
 * counts is the median of the ratios of turns that lie side by side. Also: what preprocessing costs, what decoding JPEGs
 * beside the model costs (data folder's scenes), and other batch sizes. Without --python PyTorch is left out; with
 * --provider cuda all sides run on the card, in float32 without TF32.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { defaultDataDir, openDataset, type Dataset } from '../dist/datasets/index.js';
import { extractFeatures } from '../dist/extract/index.js';
import { BatchWriter, decodePool, makeTransform, type RgbImage } from '../dist/images/index.js';
import { tapModel } from '../dist/onnx/index.js';
import { loadModel, type Model } from '../dist/runtime/index.js';
import { median, medianRatio } from './median.js';

const bars = { bare: 0.97, torch: 1 };

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string' },
    dataset: { type: 'string', default: 'cifar100:test[0:128]' },
    'data-dir': { type: 'string', default: defaultDataDir() },
    python: { type: 'string' },
    provider: { type: 'string', default: 'cpu' },
    'batch-size': { type: 'string', default: '32' },
    repeats: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
if (!flags.model) throw new Error('Expected --model FILE.onnx.');
const file = flags.model;
const dataDir = flags['data-dir'];
const repeats = Number(flags.repeats);
const say = (text: string): void => void (flags.json || console.log(text));

/** A task that takes a turn; what it returns is how many images it did. */
type Side = () => Promise<number>;

/** Throughputs, in images a second, of sides that take turns; the first turn of each warms up and is left out. */
async function takeTurns<Name extends string>(
  sides: Record<Name, Side>,
  rounds: number,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(sides) as Name[];
  const rates = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const begun = performance.now();
      const images = await sides[name]();
      if (round > 0) rates[name].push((1000 * images) / (performance.now() - begun));
    }
  }
  return rates;
}

const transformOf = (model: Model) => makeTransform('protocol', model.imageSize!);

/** The data set as ready input tensors, a batch each. */
async function readyTensors(model: Model, dataset: Dataset, batchSize: number): Promise<Tensor[]> {
  const size = model.imageSize!;
  const writer = new BatchWriter(transformOf(model), size, batchSize, 'nchw');
  const pool = decodePool({ transform: transformOf(model) });
  const tensors: Tensor[] = [];
  let slot = 0;
  const flush = (): void => {
    const data = writer.data.slice(0, slot * 3 * size[0] * size[1]);
    tensors.push(new Tensor('float32', data, [slot, 3, ...size]));
    slot = 0;
  };
  for await (const { image, encoded } of dataset.samples()) {
    if (image) writer.writeImage(slot++, image);
    else writer.write(slot++, await pool.decode(encoded!));
    if (slot === batchSize) flush();
  }
  if (slot > 0) flush();
  await pool.close();
  return tensors;
}

/** ONNX Runtime by itself: the tapped graph, the same two outputs, tensors that are ready. */
async function bareSession(model: Model): Promise<(tensors: Tensor[]) => Promise<number>> {
  const bytes = tapModel(new Uint8Array(await readFile(file)), [model.featuresTensor]);
  const session = await InferenceSession.create(bytes, {
    executionProviders: [flags.provider],
    intraOpNumThreads: model.intraOpNumThreads,
    logSeverityLevel: 3,
  });
  const fetches = [model.featuresTensor, model.logitsTensor];
  return async (tensors) => {
    let images = 0;
    for (const tensor of tensors) {
      await session.run({ [model.inputName]: tensor }, fetches);
      images += tensor.dims[0];
    }
    return images;
  };
}

/** PyTorch in a process of its own: one line in, one line of JSON out. */
function startPython(python: string) {
  const script = fileURLToPath(new URL('extract.py', import.meta.url));
  const child = spawn(python, [script, file, dataDir, flags.dataset, flags.provider], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = once(child, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => undefined);
  return {
    async ask<T>(question: string): Promise<T> {
      child.stdin.write(`${question}\n`);
      const { value, done } = (await Promise.race([lines.next(), failed])) as IteratorResult<string>;
      if (done) throw new Error(`${python} ended early; it needs torch, torchvision, timm and onnx`);
      return JSON.parse(value) as T;
    },
    stop: () => child.stdin.end(),
  };
}

interface TorchSettings {
  torch: string;
  device: string;
  timm: string;
  threads: number;
  batchSize: number;
  channelsLast: boolean;
  workers: number;
}

/** Ours, the bare loop and PyTorch, turn by turn. */
async function compare(model: Model, dataset: Dataset, batchSize: number) {
  const tensors = await readyTensors(model, dataset, batchSize);
  const bare = await bareSession(model);
  const sides: Record<string, Side> = {
    ours: async () => (await extractFeatures(model, dataset, { batchSize })).labels.shape[0],
    bare: () => bare(tensors),
  };
  const python = flags.python ? startPython(flags.python) : null;
  const about = await python?.ask<TorchSettings>('about');
  if (python) {
    await checkSameModel(await python.ask<number[]>('first'), model, dataset);
    sides.torch = async () => {
      await python.ask<number>('run');
      return dataset.size;
    };
  }
  const rates = await takeTurns(sides, repeats);
  python?.stop();
  return {
    images: dataset.size,
    batchSize,
    repeats,
    ours: median(rates.ours),
    bare: median(rates.bare),
    toBare: medianRatio(rates.ours, rates.bare),
    torch: about ? { ...about, rate: median(rates.torch), ratio: medianRatio(rates.ours, rates.torch) } : null,
  };
}

/** The first image's logits differ by rounding only. */
async function checkSameModel(theirs: number[], model: Model, dataset: Dataset): Promise<void> {
  const { logits } = await extractFeatures(model, dataset);
  const scale = Math.max(...theirs.map(Math.abs));
  const difference = Math.max(...theirs.map((value, i) => Math.abs(value - logits.get(0, i))));
  if (!(difference < 1e-4 * scale)) throw new Error(`PyTorch's logits differ by ${difference} at a scale of ${scale}`);
}

/**
 * Microseconds of processor time (which a busy machine does not stretch) an image: a padded image written into a batch,
 * and with reading it from the disk.
 */
async function preprocessing(model: Model, dataset: Dataset, batchSize: number) {
  const images: RgbImage[] = [];
  for await (const { image } of dataset.samples()) images.push(image!);
  const writer = new BatchWriter(transformOf(model), model.imageSize!, batchSize, 'nchw');
  const passes = Math.ceil(20_000 / images.length);
  const write = async (): Promise<void> => {
    for (let pass = 0; pass < passes; pass++) {
      for (const [i, image] of images.entries()) writer.writeImage(i % batchSize, image);
    }
  };
  const stream = async (): Promise<void> => {
    for (let pass = 0; pass < passes; pass++) {
      let i = 0;
      for await (const { image } of dataset.samples()) writer.writeImage(i++ % batchSize, image!);
    }
  };
  const least = async (task: () => Promise<void>): Promise<number> => {
    const times: number[] = [];
    for (let round = 0; round < 6; round++) {
      const before = process.cpuUsage();
      await task();
      const { user, system } = process.cpuUsage(before);
      times.push((user + system) / (passes * images.length));
    }
    return Math.min(...times);
  };
  return { write: await least(write), stream: await least(stream) };
}

/** How much of decoding JPEGs hides behind the model: 1 all of it, 0 none. In batches of 32, so that there are many. */
async function overlap(model: Model) {
  const batchSize = 32;
  const dataset = await openDataset(`folder:${join(dataDir, 'scenes')}[0:${flags.provider === 'cpu' ? 384 : 704}]`);
  const tensors = await readyTensors(model, dataset, batchSize);
  const bare = await bareSession(model);
  const decode: Side = async () => {
    const pool = decodePool({ transform: transformOf(model) });
    const jobs: Promise<RgbImage>[] = [];
    for await (const { encoded } of dataset.samples()) jobs.push(pool.decode(encoded!));
    await Promise.all(jobs);
    await pool.close();
    return jobs.length;
  };
  const extract: Side = async () => (await extractFeatures(model, dataset, { batchSize })).labels.shape[0];
  const rates = await takeTurns({ decode, run: () => bare(tensors), extract }, 2);
  const milliseconds = (images: number): number => 1000 / images;
  const [one, two, both] = [rates.decode, rates.run, rates.extract].map((side) => side.map(milliseconds));
  return {
    images: dataset.size,
    decode: median(one),
    run: median(two),
    extract: median(both),
    hidden: median(both.map((time, i) => (one[i] + two[i] - time) / Math.min(one[i], two[i]))),
  };
}

/** Throughput at other batch sizes, as shares of that at 32; a card wants larger ones. */
async function batchSizes(model: Model, dataset: Dataset): Promise<Record<string, number>> {
  const sizes = flags.provider === 'cpu' ? ['8', '16', '32', '64'] : ['32', '128', '256', '512'];
  const sides = Object.fromEntries(
    sizes.map((size) => [
      size,
      async () => (await extractFeatures(model, dataset, { batchSize: +size })).labels.shape[0],
    ]),
  );
  const rates = await takeTurns(sides, 2);
  return Object.fromEntries(sizes.map((size) => [size, medianRatio(rates[size], rates['32'])]));
}

if (flags.provider !== 'cpu' && flags.provider !== 'cuda') throw new Error('Expected --provider cpu or cuda.');
const model = await loadModel(file, { executionProviders: [flags.provider] });
const dataset = await openDataset(flags.dataset, { dataDir });
const batchSize = Number(flags['batch-size']);

const speed = await compare(model, dataset, batchSize);
const { toBare, torch } = speed;
const held = (figure: number, bar: number): string => `bar ${bar}: ${figure >= bar ? 'held' : 'NOT held'}`;
say(
  `${model.name} on ${flags.dataset}, batches of ${batchSize}, ${model.provider}, ${model.intraOpNumThreads} threads; median of ${repeats}`,
);
say(`  extractFeatures      ${speed.ours.toFixed(1)} images/s`);
say(
  `  bare session.run     ${speed.bare.toFixed(1)} images/s; ours / bare = ${toBare.toFixed(3)} (${held(toBare, bars.bare)})`,
);
if (torch) {
  say(
    `  PyTorch ${torch.torch.padEnd(12)} ${torch.rate.toFixed(1)} images/s; ours / PyTorch = ${torch.ratio.toFixed(3)} (${held(torch.ratio, bars.torch)})`,
  );
  say(
    `    its fastest here: batches of ${torch.batchSize}, ${torch.channelsLast ? 'channels_last' : 'contiguous'}, ${torch.workers} DataLoader worker(s), ${torch.device}, ${torch.threads} threads`,
  );
}
const pre = await preprocessing(model, dataset, batchSize);
say(`preprocessing: ${pre.write.toFixed(1)} µs an image, ${pre.stream.toFixed(1)} µs with reading it (processor time)`);
const scenes = existsSync(join(dataDir, 'scenes')) ? await overlap(model) : null;
if (scenes) {
  say(
    `JPEGs: decoding alone ${scenes.decode.toFixed(2)} ms an image, the model alone ${scenes.run.toFixed(2)}, extraction ${scenes.extract.toFixed(2)}: ${(100 * scenes.hidden).toFixed(0)} % of the shorter one hidden`,
  );
}
const sizes = await batchSizes(model, dataset);
say(
  `batch sizes, throughput against 32: ${Object.entries(sizes)
    .map(([size, share]) => `${size}: ${share.toFixed(3)}`)
    .join(', ')}`,
);
if (flags.json) {
  console.log(
    JSON.stringify({ model: model.name, dataset: flags.dataset, bars, ...speed, preprocessing: pre, scenes, sizes }),
  );
}
await model.release();
await dataset.close();
