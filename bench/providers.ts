/**
 * Execution providers side by side on one model and data set: throughput by batch size, what the start costs, memory, and
 * how far features, logits and predictions are from the CPU's in float32. Each provider and precision runs in a process of
 * its own; what does not load stands in the table with its reason. Run `npm run build` first, then
 *
 *     node --import tsx bench/providers.ts --model resnet20_cifar100.onnx [--dataset cifar100:test[0:256]] [--data-dir DIR]
 *         [--transform NAME] [--providers cpu,webgpu,cuda] [--precisions float32,float16] [--batch-sizes 1,8,32]
 *         [--threads N] [--seconds 5] [--json FILE]
 *
 * `--seconds` bounds the time of each batch size. Without a graphics card WebGPU runs on SwiftShader, where
 * VK_DRIVER_FILES names it (docs/gpu.md): its figures say nothing about a card.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { defaultDataDir, openDataset, type Dataset } from '../dist/datasets/index.js';
import { extractFeatures } from '../dist/extract/index.js';
import { accumulate } from '../dist/fit/index.js';
import { BatchWriter, decodePool, makeTransform, type TransformName } from '../dist/images/index.js';
import { findVulkan } from '../dist/doctor/index.js';
import { runtimeVersion } from '../dist/doctor/index.js';
import { listProviders, loadModel, type Model, type ProviderName } from '../dist/runtime/index.js';
import { toNdArray } from '../dist/tensor/index.js';
import { toFloat16 } from './float16.js';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string' },
    dataset: { type: 'string', default: 'cifar100:test[0:256]' },
    'data-dir': { type: 'string', default: defaultDataDir() },
    transform: { type: 'string', default: 'protocol' },
    providers: { type: 'string' },
    precisions: { type: 'string', default: 'float32,float16' },
    'batch-sizes': { type: 'string', default: '1,8,32' },
    threads: { type: 'string', default: String(availableParallelism()) },
    seconds: { type: 'string', default: '5' },
    json: { type: 'string' },
    // For the processes that this one starts: what to measure, and the folder for what was found.
    side: { type: 'string' },
    folder: { type: 'string' },
  },
});
if (!flags.model) throw new Error('Expected --model FILE.onnx.');
const file = flags.model;
const threads = Number(flags.threads);
const seconds = Number(flags.seconds);
const batchSizes = flags['batch-sizes'].split(',').map(Number);
/** Images a run in the pass that is compared with the CPU's. */
const batchSize = 32;
const fitRows = 16_384;
const transform = flags.transform as TransformName;

/** A provider with a precision. */
interface Side {
  provider: string;
  precision: string;
}

/** What one side measures of itself. */
interface Measured {
  /** Seconds: file read, head found, session created, two images run. */
  load: number;
  /** Seconds of the first batch (of 32, or of all images where there are fewer) after that. */
  firstBatch: number;
  /** Images a second of `extractFeatures` at the batch size that was quickest, preprocessing included. */
  extract: number;
  /** Images a second of the model alone on ready tensors, by batch size. */
  rates: Record<string, number>;
  /** Seconds for the statistics of 16,384 rows, logits to features; null where the provider has no float64. */
  fit: number | null;
  /** MiB, of the process. */
  memory: number;
  nodes: Record<string, number> | null;
}

interface Row extends Side, Partial<Measured> {
  device: string;
  /** MiB above what was in use before, of an NVIDIA card. */
  deviceMemory?: number | null;
  /** Against the CPU in float32. */
  images?: number;
  agreed?: number;
  featureDifference?: number;
  featureScale?: number;
  logitDifference?: number;
  logitScale?: number;
  /** Why there are no figures. */
  reason?: string;
}

/** The main process: one side after another, then the table. */
async function compare(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'featreconstruct-providers-'));
  try {
    const reports = await listProviders();
    const names = flags.providers?.split(',') ?? reports.map(({ name }) => name);
    const rows: Row[] = [];
    for (const provider of ['cpu', ...names.filter((name) => name !== 'cpu')]) {
      for (const precision of flags.precisions.split(',')) {
        const device = await deviceOf(provider);
        const report = reports.find(({ name }) => name === provider);
        if (!report?.available) {
          const reason = report ? shortReason(report.reason!, report.missing) : 'not in this build of ONNX Runtime';
          rows.push({ provider, precision: '–', device, reason });
          break;
        }
        rows.push({ ...(await startSide({ provider, precision }, folder)), device });
      }
    }
    const result = { ...(await conditions()), rows };
    if (flags.json) await writeFile(flags.json, `${JSON.stringify(result, null, 2)}\n`);
    console.log(markdown(result));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const shortReason = (reason: string, missing: readonly { name: string }[]): string =>
  missing.length > 0
    ? `does not load: ${missing.map(({ name }) => name).join(', ')} missing`
    : reason.replace(/^Execution provider '\w+' /, '').replace(/\. .*$/s, '');

/** Runs a side in a process of its own and compares what it computed with the CPU's. */
async function startSide(side: Side, folder: string): Promise<Row> {
  const watch = side.provider === 'cpu' ? null : watchCard();
  const own = process.argv.slice(2);
  const args = [...process.execArgv, fileURLToPath(import.meta.url), ...own, '--side', JSON.stringify(side)];
  const child = spawn(process.execPath, [...args, '--folder', folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const [code] = (await once(child, 'close')) as [number | null];
  const deviceMemory = watch?.() ?? null;
  const empty = { ...side, device: '' };
  if (code !== 0) {
    const line = complaint.split('\n').find((text) => /Error.*: /.test(text)) ?? `ended with ${code}`;
    return { ...empty, reason: line.replace(/^.*?Error.*?: /, '').slice(0, 200) };
  }
  const measured = JSON.parse(await readFile(join(folder, `${nameOf(side)}.json`), 'utf8')) as Measured;
  return { ...empty, ...measured, deviceMemory, ...(await differences(side, folder)) };
}

const nameOf = ({ provider, precision }: Side): string => `${provider}-${precision}`;

async function floats(folder: string, side: Side, what: 'features' | 'logits'): Promise<Float32Array> {
  const bytes = await readFile(join(folder, `${nameOf(side)}.${what}`));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

async function differences(side: Side, folder: string): Promise<Partial<Row>> {
  const reference = { provider: 'cpu', precision: 'float32' };
  const [f, z] = [await floats(folder, reference, 'features'), await floats(folder, reference, 'logits')];
  const [g, y] = [await floats(folder, side, 'features'), await floats(folder, side, 'logits')];
  const { images, classes } = JSON.parse(await readFile(join(folder, 'shape.json'), 'utf8')) as Record<string, number>;
  let agreed = 0;
  for (let row = 0; row < images; row++) {
    if (argMax(z, row * classes, classes) === argMax(y, row * classes, classes)) agreed++;
  }
  const largest = (a: Float32Array, b?: Float32Array): number =>
    a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b ? b[i] : 0))), 0);
  return {
    images,
    agreed,
    featureDifference: largest(g, f),
    featureScale: largest(f),
    logitDifference: largest(y, z),
    logitScale: largest(z),
  };
}

function argMax(values: Float32Array, offset: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (values[offset + i] > values[offset + best]) best = i;
  return best;
}

/** Samples the card's memory; the result is called for the most above what was in use at first, in MiB. */
function watchCard(): (() => number | null) | null {
  const query = ['--query-gpu=memory.used', '--format=csv,noheader,nounits'];
  const before = spawnSync('nvidia-smi', query, { encoding: 'utf8' });
  if (before.status !== 0) return null;
  const idle = parseInt(before.stdout, 10);
  let most = idle;
  const sampler = spawn('nvidia-smi', [...query, '-lms', '100'], { stdio: ['ignore', 'pipe', 'ignore'] });
  sampler.stdout.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.trim().split('\n')) most = Math.max(most, parseInt(line, 10) || 0);
  });
  return () => {
    sampler.kill();
    return most - idle;
  };
}

async function deviceOf(provider: string): Promise<string> {
  if (provider === 'cpu') return `${cpus()[0]?.model ?? 'unknown'}, ${threads} threads`;
  if (provider === 'webgpu') {
    const vulkan = await findVulkan();
    const drivers = (vulkan?.drivers ?? []).filter(({ loads }) => loads).map(({ library }) => basename(library!));
    if (drivers.some((name) => name.includes('swiftshader'))) return 'SwiftShader (software, on the CPU)';
    if (!drivers.some((name) => name.includes('nvidia'))) return drivers.join(', ') || 'unknown';
  }
  const { status, stdout } = spawnSync('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim().split('\n')[0] : 'no NVIDIA card';
}

async function conditions() {
  return {
    model: basename(file),
    dataset: flags.dataset,
    transform,
    date: new Date().toISOString().slice(0, 10),
    onnxruntime: runtimeVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    threads,
    command: `node --import tsx bench/providers.ts ${process.argv.slice(2).map(publicArgument).join(' ')}`,
  };
}

/** Paths of this machine are no news to others. */
const publicArgument = (text: string): string => (text.includes('/') ? basename(text) : text);

function markdown({ rows, ...about }: Awaited<ReturnType<typeof conditions>> & { rows: Row[] }): string {
  const number = (value: number): string =>
    value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(2);
  const difference = (value: number, scale: number): string => `${value.toExponential(1)} of ${number(scale)}`;
  const head = [
    ...['provider', 'device', 'precision', 'load s', 'first batch s'],
    ...batchSizes.map((size) => `images/s at ${size}`),
    ...['extract images/s', 'process MiB', 'card MiB', 'agreement', 'feature difference', 'logit difference', 'fit s'],
  ];
  const lines = rows
    .filter(({ reason }) => reason === undefined)
    .map((row) => [
      row.provider,
      row.device,
      row.precision,
      number(row.load!),
      number(row.firstBatch!),
      ...batchSizes.map((size) => number(row.rates![size])),
      number(row.extract!),
      number(row.memory!),
      row.deviceMemory === null ? '–' : number(row.deviceMemory!),
      `${row.agreed} of ${row.images}`,
      difference(row.featureDifference!, row.featureScale!),
      difference(row.logitDifference!, row.logitScale!),
      row.fit === null ? '–' : number(row.fit!),
    ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const idle = rows.filter(({ reason }) => reason !== undefined);
  return [
    `**${about.model}** on ${about.dataset} (${about.transform}), ${about.date}; ONNX Runtime ${about.onnxruntime}, Node ${about.node}, ${about.platform}, ${about.cpu}, ${about.threads} threads`,
    '',
    line(head),
    line(head.map((_, i) => (i < 3 ? '---' : '---:'))),
    ...lines.map(line),
    '',
    ...idle.flatMap(({ provider, precision, device, reason }) => [
      `Not run: ${provider}${precision === '–' ? '' : ` in ${precision}`} (${device}): ${reason}.`,
      '',
    ]),
    `\`${about.command}\``,
  ].join('\n');
}

/** One side, in a process of its own. */
async function measure({ provider, precision }: Side, folder: string): Promise<void> {
  const source = precision === 'float16' ? toFloat16(new Uint8Array(await readFile(file))) : file;
  const begun = performance.now();
  const model = await loadModel(source, { executionProviders: [provider as ProviderName], intraOpNumThreads: threads });
  const load = performance.now() - begun;
  const dataset = await openDataset(flags.dataset, { dataDir: flags['data-dir'] });
  const tensors = await readyTensors(model, dataset, Math.max(batchSize, ...batchSizes));
  const first = await timeOf(() => model.run(tensors(Math.min(batchSize, dataset.size), 0)));
  const { features, logits } = await extractFeatures(model, dataset, { transform, batchSize });
  const rates: Record<string, number> = {};
  for (const size of batchSizes) rates[size] = await rateAt(model, tensors, size);
  const quickest = batchSizes.reduce((best, size) => (rates[size] > rates[best] ? size : best));
  const pass = await timeOf(() => extractFeatures(model, dataset, { transform, batchSize: quickest }));
  const extract = (1000 * dataset.size) / pass;
  const hasFloat64 = provider === 'cpu' || provider === 'cuda';
  const fit = hasFloat64 && precision === 'float32' ? await timeOf(() => statistics(features, logits, provider)) : null;
  const nodes = model.placement
    ? Object.fromEntries(Object.entries(model.placement).map(([name, list]) => [name, list.length]))
    : null;
  const measured: Measured = {
    load: load / 1000,
    firstBatch: first / 1000,
    extract,
    rates,
    fit: fit === null ? null : fit / 1000,
    memory: process.resourceUsage().maxRSS / 1024,
    nodes,
  };
  const name = nameOf({ provider, precision });
  await writeFile(join(folder, `${name}.features`), new Uint8Array(features.data.slice().buffer));
  await writeFile(join(folder, `${name}.logits`), new Uint8Array(logits.data.slice().buffer));
  await writeFile(join(folder, 'shape.json'), JSON.stringify({ images: dataset.size, classes: logits.shape[1] }));
  await writeFile(join(folder, `${name}.json`), JSON.stringify(measured));
  await model.release();
  await dataset.close();
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** Images a second of the model alone. The first run of a batch size compiles for it and is left out. */
async function rateAt(model: Model, tensors: Awaited<ReturnType<typeof readyTensors>>, size: number): Promise<number> {
  // Made once: whoever makes them anew for each run also measures how their memory is given back.
  const ready = [0, 1, 2].map((turn) => tensors(size, turn));
  await model.run(ready[0]);
  let [runs, time] = [0, 0];
  while (time < 1000 * seconds) {
    const tensor = ready[++runs % ready.length];
    time += await timeOf(() => model.run(tensor));
  }
  return (1000 * size * runs) / time;
}

/** Batches of the data set's first images as the model's input, starting at any of them and going round. */
async function readyTensors(model: Model, dataset: Dataset, most: number) {
  const size = model.imageSize!;
  const spec = makeTransform(transform, size);
  const length = 3 * size[0] * size[1];
  const count = Math.min(dataset.size, 2 * most);
  const writer = new BatchWriter(spec, size, count, model.layout as 'nchw' | 'nhwc');
  const pool = decodePool({ transform: spec });
  let slot = 0;
  for await (const { image, encoded } of dataset.samples()) {
    if (image) writer.writeImage(slot++, image);
    else writer.write(slot++, await pool.decode(encoded!));
    if (slot === count) break;
  }
  await pool.close();
  const dims = model.layout === 'nchw' ? [3, ...size] : [...size, 3];
  return (n: number, turn: number) => {
    const data = new Float32Array(n * length);
    for (let i = 0; i < n; i++) {
      const at = (turn * n + i) % count;
      data.set(writer.data.subarray(at * length, (at + 1) * length), i * length);
    }
    return { type: 'float32' as const, data, dims: [n, ...dims] };
  };
}

/** The fit's pass over rows, with the data set's own repeated up to 16,384. */
async function statistics(
  features: { data: Float32Array; shape: number[] },
  logits: { data: Float32Array; shape: number[] },
  provider: string,
): Promise<unknown> {
  const repeated = ({ data, shape: [n, cols] }: { data: Float32Array; shape: number[] }) => {
    const out = new Float32Array(fitRows * cols);
    for (let row = 0; row < fitRows; row++)
      out.set(data.subarray((row % n) * cols, ((row % n) + 1) * cols), row * cols);
    return toNdArray(out, [fitRows, cols]);
  };
  return accumulate(repeated(logits), repeated(features), { executionProviders: [provider as ProviderName] });
}

if (flags.side) await measure(JSON.parse(flags.side) as Side, flags.folder!);
else await compare();
