/**
 * Does it pay to hand images to the graph as bytes, and to normalise (and pad) them there? Batches of float32, as
 * `extractFeatures` makes them, against batches of uint8 behind nodes that are put in front of the model. Run
 * `npm run build` first, then
 *
 *     node --import tsx bench/uint8.ts --model FILE.onnx... [--dataset cifar100:test[0:128]] [--data-dir DIR]
 *         [--transform NAME] [--forms planes,pixels,small,table,affine] [--provider cpu] [--batch-size 32] [--threads N]
 *         [--repeats 15] [--passes 1] [--json FILE]
 *
 * Images are decoded, resized and cropped beforehand: what is timed is writing them into a batch and running the model, so
 * that nothing else hides the difference. The sides take turns in one process; the figures are medians of the ratios of
 * turns that lie side by side, by the clock and by the processor time of all threads. "Without the model" is the processor time
 * of an image's way into a graph that does nothing but what is put in front, on one thread.
 *
 * - `planes`  bytes (n, c, h, w) on the black canvas; Cast, Div, Sub, Div
 * - `pixels`  bytes (n, h, w, c), a plain copy of what was decoded; Transpose before that
 * - `small`   bytes (n, c, h, w) of the images without their canvas; Pad and Add (of the black around them) behind that
 * - `table`   as `planes`, with Gather in the table of `BatchWriter` in place of arithmetic
 * - `affine`  as `planes`, with one Mul and one Add: not the same bits, the least that arithmetic can cost
 */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { defaultDataDir, openDataset } from '../dist/datasets/index.js';
import { runtimeVersion } from '../dist/doctor/index.js';
import { applyPixels, BatchWriter, decodePool, makeTransform } from '../dist/images/index.js';
import type { RgbImage, Transform, TransformName } from '../dist/images/index.js';
import { buildModel, parseModel, tapModel, type GraphConstant, type GraphNode } from '../dist/onnx/index.js';
import { GraphProto, ModelProto, ValueInfoProto } from '../dist/onnx/fields.js';
import { fields, text, Writer } from '../dist/onnx/protobuf.js';
import { describeModel } from '../dist/runtime/index.js';
import { median, medianRatio } from './median.js';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', multiple: true },
    dataset: { type: 'string', default: 'cifar100:test[0:128]' },
    'data-dir': { type: 'string', default: defaultDataDir() },
    transform: { type: 'string', default: 'protocol' },
    forms: { type: 'string', default: 'planes,pixels,small,table,affine' },
    provider: { type: 'string', default: 'cpu' },
    'batch-size': { type: 'string', default: '32' },
    threads: { type: 'string', default: String(availableParallelism()) },
    repeats: { type: 'string', default: '15' },
    passes: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
});
if (!flags.model) throw new Error('Expected --model FILE.onnx.');
const batchSize = Number(flags['batch-size']);
const repeats = Number(flags.repeats);
const passes = Number(flags.passes);

type Size = [number, number];
type Form = 'planes' | 'pixels' | 'small' | 'table' | 'affine';

/** Nodes that make a model's input of bytes. */
interface Front {
  nodes: GraphNode[];
  constants: GraphConstant[];
  /** Of the bytes, without the batch. */
  dims: number[];
}

const floats = (name: string, values: ArrayLike<number>, dims: number[]): GraphConstant => ({
  name,
  type: 'float32',
  dims,
  data: Float32Array.from(values),
});
const longs = (name: string, values: number[]): GraphConstant => ({
  name,
  type: 'int64',
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});
const chain = (...steps: [op: string, constants: string[], attributes?: GraphNode['attributes']][]): GraphNode[] =>
  steps.map(([op, constants, attributes], i) => ({
    op,
    inputs: [i === 0 ? 'bytes' : `step${i - 1}`, ...constants],
    outputs: [i === steps.length - 1 ? 'made' : `step${i}`],
    attributes,
  }));

/** @param small height and width of the images, where the model's are padded */
function frontOf(form: Form, { scale, mean, std }: Transform, [height, width]: Size, small: Size): Front {
  const perChannel = [3, 1, 1];
  const constants = [
    // Divided by 255 a byte is the table's float32 number, multiplied by 1 / 255 in float32 it often is not.
    floats('scale', [1 / scale], []),
    floats('mean', mean, perChannel),
    floats('std', std, perChannel),
  ];
  type Steps = Parameters<typeof chain>;
  const cast: Steps[0] = ['Cast', [], { to: { int: 1 } }];
  const normalised: Steps = [cast, ['Div', ['scale']], ['Sub', ['mean']], ['Div', ['std']]];
  const planes = [3, height, width];
  if (form === 'planes') return { nodes: chain(...normalised), constants, dims: planes };
  if (form === 'pixels') {
    const nodes = chain(['Transpose', [], { perm: { ints: [0, 3, 1, 2] } }], ...normalised);
    return { nodes, constants, dims: [height, width, 3] };
  }
  const black = mean.map((value, i) => Math.fround(0 - Math.fround(value)) / Math.fround(std[i]));
  if (form === 'small') {
    const [top, left] = [Math.floor((height - small[0]) / 2), Math.floor((width - small[1]) / 2)];
    const [bottom, right] = [height - small[0] - top, width - small[1] - left];
    const frame = new Float32Array(3 * height * width);
    for (let i = 0; i < frame.length; i++) {
      const [y, x] = [Math.floor(i / width) % height, i % width];
      const isInside = y >= top && y < top + small[0] && x >= left && x < left + small[1];
      frame[i] = isInside ? 0 : black[Math.floor(i / (height * width))];
    }
    const pads = longs('pads', [0, 0, top, left, 0, 0, bottom, right]);
    return {
      nodes: chain(...normalised, ['Pad', ['pads']], ['Add', ['frame']]),
      constants: [...constants, pads, floats('frame', frame, planes)],
      dims: [3, ...small],
    };
  }
  if (form === 'table') {
    const table = mean.flatMap((value, c) =>
      Array.from(
        { length: 256 },
        (_, v) => Math.fround(Math.fround(v * scale) - Math.fround(value)) / Math.fround(std[c]),
      ),
    );
    const offsets: GraphConstant = { name: 'at', type: 'int32', dims: perChannel, data: Int32Array.of(0, 256, 512) };
    const nodes = chain(['Cast', [], { to: { int: 6 } }], ['Add', ['at']]);
    nodes[1].outputs = ['places'];
    nodes.push({ op: 'Gather', inputs: ['table', 'places'], outputs: ['made'] });
    return { nodes, constants: [offsets, floats('table', table, [768])], dims: planes };
  }
  const factor = std.map((value) => scale / value);
  const offset = mean.map((value, i) => -value / std[i]);
  return {
    nodes: chain(cast, ['Mul', ['factor']], ['Add', ['offset']]),
    constants: [floats('factor', factor, perChannel), floats('offset', offset, perChannel)],
    dims: planes,
  };
}

/** The model behind other nodes: its input's name becomes that of the tensor that they make. */
function behind(model: Uint8Array, input: string, { nodes, constants, dims }: Front): Uint8Array {
  const named = (name: string): string => (name === 'made' ? input : `${input}/${name}`);
  const front = buildModel({
    inputs: [{ name: named('bytes'), type: 'uint8', dims: ['n', ...dims] }],
    outputs: [],
    nodes: nodes.map((node) => ({ ...node, inputs: node.inputs.map(named), outputs: node.outputs.map(named) })),
    constants: constants.map((constant) => ({ ...constant, name: named(constant.name) })),
  });
  const graphOf = (bytes: Uint8Array) =>
    [...fields(bytes)].filter(({ number }) => number === ModelProto.graph).map(({ bytes: graph }) => graph);
  const isInput = (value: Uint8Array): boolean =>
    [...fields(value)].some((field) => field.number === ValueInfoProto.name && text(field) === input);
  const graph = new Writer();
  for (const message of [...graphOf(front), ...graphOf(model)]) {
    for (const { number, wire, bytes } of fields(message)) {
      if (wire !== 2 || (number === GraphProto.input && isInput(bytes))) continue;
      if (number !== GraphProto.name || message !== graphOf(front)[0]) graph.bytes(number, bytes);
    }
  }
  const out = new Writer();
  for (const field of fields(model)) {
    if (field.wire === 0) out.int(field.number, field.value);
    else if (field.number !== ModelProto.graph) out.bytes(field.number, field.bytes);
  }
  return out.bytes(ModelProto.graph, graph).finish();
}

/** One turn: all images, batch by batch. `check` is called with each batch's outputs in the first turn. */
type Turn = (check?: (outputs: Float32Array[]) => void) => Promise<void>;

interface Measured {
  /** Images a second, by the clock. */
  rate: number;
  /** Milliseconds of processor time an image. */
  cpu: number;
  /** Images a second against float32 batches. */
  rateRatio: number;
  /** Images a second of processor time against float32 batches. */
  cpuRatio: number;
  /** Largest difference of an output, and whether it is the same bits. */
  difference: number;
}

async function compare(file: string): Promise<void> {
  const model = await describeModel(file);
  if (model.layout !== 'nchw' || !model.imageSize) throw new Error('Expected an image model with planes.');
  const size = model.imageSize;
  const transform = makeTransform(flags.transform as TransformName, size);
  const images = await pixelsOf(transform);
  // All images of one size that is smaller than the model's: the case of `small`.
  const [{ height, width }] = images;
  const isPadded = height < size[0] && width < size[1];
  if (images.some((image) => image.height !== height || image.width !== width))
    throw new Error('Images differ in size.');

  const forms = (flags.forms.split(',') as Form[]).filter((form) => isPadded || form !== 'small');
  const given = new Uint8Array(await readFile(file));
  const outputs = [model.featuresTensor, model.logitsTensor];
  const own = parseModel(given).outputs.map(({ name }) => name);
  const bytes = tapModel(
    given,
    outputs.filter((name) => !own.includes(name)),
  );
  const sessions: InferenceSession[] = [];
  const sidesOf = async (graph: Uint8Array, input: string, fetches: string[], threads: number, times: number) => {
    const sides: Record<string, Turn> = {};
    for (const form of ['float', ...forms] as const) {
      const front = form === 'float' ? null : frontOf(form, transform, size, [height, width]);
      const session = await InferenceSession.create(front ? behind(graph, input, front) : graph, {
        executionProviders: [flags.provider],
        intraOpNumThreads: threads,
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
      });
      sessions.push(session);
      const name = front ? `${input}/bytes` : input;
      const write = writerOf(form, transform, size, [height, width]);
      const dims = front?.dims ?? [3, ...size];
      sides[form] = async (check) => {
        for (let pass = 0; pass < times; pass++) {
          for (let start = 0; start < images.length; start += batchSize) {
            const group = images.slice(start, start + batchSize);
            const data = write(group);
            const tensor = new Tensor(front ? 'uint8' : 'float32', data as Float32Array, [group.length, ...dims]);
            const results = await session.run({ [name]: tensor }, fetches);
            check?.(fetches.map((output) => results[output].data as Float32Array));
          }
        }
      };
    }
    return sides;
  };
  // On one thread, so that none waits for another and counts as work.
  const alone = await takeTurns(await sidesOf(nothing(size), 'x', ['y'], 1, 4), 4 * images.length);
  const sides = await sidesOf(bytes, model.inputName, outputs, Number(flags.threads), passes);
  const measured = await takeTurns(sides, images.length * passes);
  for (const session of sessions) await session.release();
  report(file, images.length, [height, width], size, measured, alone);
}

/** A graph that reads an image and does nothing with it. */
const nothing = (size: Size): Uint8Array =>
  buildModel({
    inputs: [{ name: 'x', type: 'float32', dims: ['n', 3, ...size] }],
    outputs: [{ name: 'y', type: 'float32', dims: ['n', 3, 1, 1] }],
    nodes: [{ op: 'Slice', inputs: ['x', 'from', 'to', 'axes'], outputs: ['y'] }],
    constants: [longs('from', [0, 0]), longs('to', [1, 1]), longs('axes', [2, 3])],
  });

/** The data set's images as the decoder's threads hand them out; images that are only cropped stay as small as they are. */
async function pixelsOf(transform: Transform): Promise<RgbImage[]> {
  const dataset = await openDataset(flags.dataset, { dataDir: flags['data-dir'] });
  const pool = decodePool({ transform });
  const onlyCrops = transform.steps.every(({ op }) => op === 'centerCrop');
  const images: RgbImage[] = [];
  for await (const { image, encoded } of dataset.samples()) {
    images.push(encoded ? await pool.decode(encoded) : onlyCrops ? image! : applyPixels(transform, image!));
  }
  await pool.close();
  await dataset.close();
  return images;
}

/** Writes a group of images as the session's input. */
function writerOf(form: string, transform: Transform, size: Size, small: Size) {
  if (form === 'float') {
    const writer = new BatchWriter({ ...transform, steps: [{ op: 'centerCrop', size }] }, size, batchSize, 'nchw');
    const length = 3 * size[0] * size[1];
    return (group: readonly RgbImage[]) => {
      for (const [slot, image] of group.entries()) writer.writeImage(slot, image);
      return writer.data.subarray(0, group.length * length);
    };
  }
  const [height, width] = form === 'small' ? small : size;
  const length = 3 * height * width;
  // Never written again around a small image, as in BatchWriter.
  const data = new Uint8Array(batchSize * length);
  const [top, left] = [Math.floor((height - small[0]) / 2), Math.floor((width - small[1]) / 2)];
  return (group: readonly RgbImage[]) => {
    for (const [slot, { data: pixels }] of group.entries()) {
      for (let y = 0; y < small[0]; y++) {
        const from = y * small[1] * 3;
        const at = (top + y) * width + left;
        if (form === 'pixels') data.set(pixels.subarray(from, from + small[1] * 3), slot * length + at * 3);
        else planesOf(pixels, from, data, slot * length + at, height * width, small[1]);
      }
    }
    return data.subarray(0, group.length * length);
  };
}

/** A function of its own: one that sees arrays of one type only is compiled for it. */
function planesOf(pixels: Uint8Array, from: number, data: Uint8Array, to: number, plane: number, count: number): void {
  const end = to + count;
  for (let at = from; to < end; to++, at += 3) {
    data[to] = pixels[at];
    data[to + plane] = pixels[at + 1];
    data[to + 2 * plane] = pixels[at + 2];
  }
}

async function takeTurns(sides: Record<string, Turn>, images: number): Promise<Record<string, Measured>> {
  const names = Object.keys(sides);
  const times = Object.fromEntries(names.map((name) => [name, { wall: [] as number[], cpu: [] as number[] }]));
  const first: Float32Array[] = [];
  const differences: Record<string, number> = {};
  for (const name of names) {
    let [at, most] = [0, 0];
    await sides[name]((outputs) => {
      for (const output of outputs) {
        if (name === 'float') first.push(output.slice());
        else {
          const expected = first[at++];
          // Bits, not numbers, where nothing but them may be the same.
          if (Buffer.compare(Buffer.from(expected.buffer), Buffer.from(output.slice().buffer)) === 0) continue;
          // Above 0 even where only the sign of a zero is another.
          most = Math.max(most, Number.MIN_VALUE);
          for (let i = 0; i < output.length; i++) most = Math.max(most, Math.abs(output[i] - expected[i]));
        }
      }
    });
    differences[name] = most;
  }
  for (let round = 0; round < repeats; round++) {
    // Each round begins with another side, so that none always comes behind the same one.
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length];
      const before = process.cpuUsage();
      const begun = performance.now();
      await sides[name]();
      times[name].wall.push(performance.now() - begun);
      const { user, system } = process.cpuUsage(before);
      times[name].cpu.push((user + system) / 1000);
    }
  }
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        rate: (1000 * images) / median(times[name].wall),
        cpu: median(times[name].cpu) / images,
        rateRatio: medianRatio(times.float.wall, times[name].wall),
        cpuRatio: medianRatio(times.float.cpu, times[name].cpu),
        difference: differences[name],
      },
    ]),
  );
}

function report(
  file: string,
  images: number,
  from: Size,
  to: Size,
  measured: Record<string, Measured>,
  alone: Record<string, Measured>,
): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const head = [
    'batches',
    'images/s',
    'ms of processor',
    'images/s against float',
    'processor against float',
    'without the model, µs',
    'outputs',
  ];
  console.log(
    `**${basename(file)}**, ${images} images of ${publicSpec(flags.dataset)}, ${from.join(' x ')} into ${to.join(' x ')} (${flags.transform}), batches of ${batchSize}, ${flags.provider}, ${flags.threads} threads, ONNX Runtime ${runtimeVersion()}, Node ${process.version}, ${cpus()[0]?.model ?? 'unknown'}, median of ${repeats}\n`,
  );
  console.log(line(head));
  console.log(line(head.map((_, i) => (i === 0 ? '---' : '---:'))));
  for (const [name, { rate, cpu, rateRatio, cpuRatio, difference }] of Object.entries(measured)) {
    const bits = difference === 0 ? 'the same bits' : difference.toExponential(1);
    console.log(
      line([
        name,
        rate.toFixed(1),
        cpu.toFixed(3),
        rateRatio.toFixed(3),
        cpuRatio.toFixed(3),
        (1000 * alone[name].cpu).toFixed(0),
        bits,
      ]),
    );
  }
  console.log();
  results.push({ model: basename(file), images, from, to, measured, alone });
}

/** Folders of this machine are no news to others. */
const publicSpec = (spec: string): string => spec.replace(/^(\w+:).*\//, '$1');

const results: unknown[] = [];

for (const file of flags.model) await compare(file);
if (flags.json) await writeFile(flags.json, `${JSON.stringify(results, null, 2)}\n`);
