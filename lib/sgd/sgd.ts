import { FeatReconstructError, uniform, UsageError, type TaskOptions } from '../base/index.js';
import { buildModel } from '../onnx/index.js';
import { createSession, type GraphSession, type GraphTensor, type SessionOptions } from '../runtime/index.js';
import { denseData, toNdArray, toRowSource, type LinearMap, type RowsLike } from '../tensor/index.js';
import type { SgdWarning } from '../words/index.js';
import { stepsGraph, type Rates } from './graph.js';
import { orderedRows, shuffledRows } from './rows.js';
import { sgdStabilityLimit } from './stability.js';

/** The published recipe by default: no shuffling, 100 epochs, batches of 256. */
export interface SgdOptions extends TaskOptions {
  /** Default 0.1. */
  learningRate?: number | undefined;
  /** Default 0.9. */
  momentum?: number | undefined;
  /** Default 256; the last batch of an epoch is smaller where it does not divide n. */
  batchSize?: number | undefined;
  /** Default 100. */
  epochs?: number | undefined;
  /** Seed of a new order of the rows in every epoch (they are then read one by one); false, the default, keeps the data's order. */
  shuffle?: false | number | undefined;
  /** Of the initial weights. Default 0. */
  seed?: number | undefined;
  /** Where to start instead of at random weights. */
  initial?: LinearMap | undefined;
  /** Where the steps run. Default `cpu`. */
  executionProviders?: SessionOptions['executionProviders'] | undefined;
}

/** How an SGD fit went. */
export interface SgdReport {
  solver: 'sgd';
  n: number;
  /** Epochs asked for. */
  epochs: number;
  learningRate: number;
  momentum: number;
  batchSize: number;
  shuffle: false | number;
  seed: number;
  /** By finished epoch: the sum over batches of each batch's mean squared error, the published "MSE total". */
  loss: number[];
  /** By finished epoch: the mean over batches of each batch's mean squared error. */
  meanLoss: number[];
  /**
   * True when the loss stopped being a number (it ended there, and the map holds the last weights that were finite), or
   * when the last epoch's loss is more than ten times the first's.
   */
  diverged: boolean;
  /** Largest learning rate at which gradient descent with this momentum is stable (`sgdStabilityLimit`). */
  stabilityLimit: number;
  /** Why it diverged; null when it did not. */
  note: SgdWarning | null;
}

/** The map that SGD ended at, float32. */
export interface SgdMap extends LinearMap {
  fit: SgdReport;
}

/**
 * Learns a linear map by the recipe that the published figures were made with (a baseline: `fitLinearMap` gives the
 * exact answer to the same problem): PyTorch's nn.Linear and SGD (v ← βv + g, w ← w − lr·v) on the mean squared error
 * over all elements of a batch, in float32.
 *
 * Weights and bias start uniform in ±1/√p, PyTorch's default for nn.Linear, from a seeded generator of our own: the
 * distribution is PyTorch's, the bits are not (pass `initial` for those).
 * @param X inputs (n, p)
 * @param Y targets (n, q)
 * @throws FeatReconstructError where n or a width does not match; divergence is no error but `fit.diverged`
 */
export async function fitSgd(X: RowsLike, Y: RowsLike, options: SgdOptions = {}): Promise<SgdMap> {
  const { learningRate = 0.1, momentum = 0.9, batchSize = 256, epochs = 100, seed = 0, shuffle = false } = options;
  checkSettings({ learningRate, momentum, batchSize, epochs });
  const x = toRowSource(X, 'X');
  const y = toRowSource(Y, 'Y');
  if (x.rows !== y.rows || x.rows === 0) {
    throw new FeatReconstructError(
      `Expected X and Y to have the same number of rows and at least one, found ${x.rows} and ${y.rows}: pass both for the same images.`,
      { code: 'mismatch' },
    );
  }
  const initial = options.initial
    ? initialState(options.initial, x.cols, y.cols)
    : randomState(x.cols, y.cols, uniform(seed));
  const stabilityLimit = await sgdStabilityLimit(x, { ...options, momentum, outputs: y.cols });
  const rows = shuffle === false ? orderedRows(x, y) : shuffledRows(x, y, uniform(shuffle));
  const plan = epochPlan(x.rows, batchSize);
  const sessions = await openSteps(plan, x.cols, y.cols, { learningRate, momentum }, options.executionProviders);
  const loss: number[] = [];
  const meanLoss: number[] = [];
  let state = initial;
  let broken = false;
  try {
    for (let epoch = 0; epoch < epochs && !broken; epoch++) {
      rows.newEpoch();
      let total = 0;
      for (const { start, batches } of plan) {
        options.signal?.throwIfAborted();
        const block = await rows.read(start, start + rowsIn(batches));
        const out = await sessions.get(key(batches))!.run({ ...state, ...block });
        for (const value of out.losses.data as Float32Array) total += value;
        broken = !Number.isFinite(total);
        if (broken) break;
        state = { w: out.wNext, b: out.bNext, vw: out.vwNext, vb: out.vbNext };
      }
      if (!broken) {
        loss.push(total);
        meanLoss.push(total / Math.ceil(x.rows / batchSize));
        options.onProgress?.({ stage: 'fit by SGD', done: epoch + 1, total: epochs, unit: 'epochs' });
      }
    }
  } finally {
    for (const session of sessions.values()) await session.release();
  }
  const diverged = broken || loss[loss.length - 1] > 10 * loss[0];
  return {
    weight: toNdArray(state.w.data as Float32Array<ArrayBuffer>, [y.cols, x.cols]),
    bias: toNdArray(state.b.data as Float32Array<ArrayBuffer>, [y.cols]),
    fit: {
      solver: 'sgd',
      n: x.rows,
      epochs,
      learningRate,
      momentum,
      batchSize,
      shuffle,
      seed,
      loss,
      meanLoss,
      diverged,
      stabilityLimit,
      note: diverged ? divergence(loss, broken, { learningRate, momentum }, stabilityLimit) : null,
    },
  };
}

function divergence(loss: number[], broken: boolean, { learningRate, momentum }: Rates, limit: number): SgdWarning {
  return {
    ...{ kind: 'diverged', learningRate, momentum, limit: Number.isFinite(limit) ? limit : null },
    epoch: broken ? loss.length + 1 : null,
    losses: broken ? null : [loss[0], loss[loss.length - 1]],
  };
}

function checkSettings(settings: { learningRate: number; momentum: number; batchSize: number; epochs: number }): void {
  const { learningRate, momentum, batchSize, epochs } = settings;
  const wrong = (what: string, found: number): UsageError =>
    new UsageError(`Expected ${what}, found ${found}: leave it out for the published recipe's value.`);
  if (!(learningRate > 0 && Number.isFinite(learningRate))) throw wrong('a learning rate above 0', learningRate);
  if (!(momentum >= 0 && momentum < 1)) throw wrong('a momentum from 0 to below 1', momentum);
  if (!(Number.isInteger(batchSize) && batchSize >= 1)) throw wrong('a batch size of at least 1', batchSize);
  if (!(Number.isInteger(epochs) && epochs >= 1)) throw wrong('at least 1 epoch', epochs);
}

/** Weights and their velocities. */
interface State extends Record<string, GraphTensor> {
  w: GraphTensor;
  b: GraphTensor;
  vw: GraphTensor;
  vb: GraphTensor;
}

function stateOf(weight: Float32Array, bias: Float32Array, p: number, q: number): State {
  const tensor = (data: Float32Array, dims: number[]): GraphTensor => ({ type: 'float32', data, dims });
  return {
    w: tensor(weight, [q, p]),
    b: tensor(bias, [q]),
    vw: tensor(new Float32Array(q * p), [q, p]),
    vb: tensor(new Float32Array(q), [q]),
  };
}

function initialState({ weight, bias }: LinearMap, p: number, q: number): State {
  const [outputs, inputs] = weight.shape;
  if (outputs !== q || inputs !== p || bias.size !== q) {
    throw new FeatReconstructError(
      `Expected initial weights (${q}, ${p}) and a bias (${q}), found (${weight.shape.join(', ')}) and (${bias.shape.join(', ')}).`,
      { code: 'mismatch' },
    );
  }
  return stateOf(new Float32Array(denseData(weight)), new Float32Array(denseData(bias)), p, q);
}

/** nn.Linear's reset_parameters: kaiming_uniform_(a = √5) is uniform in ±1/√p for the weight, and so is the bias. */
function randomState(p: number, q: number, random: () => number): State {
  const bound = 1 / Math.sqrt(p);
  const draw = (): number => (2 * random() - 1) * bound;
  return stateOf(new Float32Array(q * p).map(draw), new Float32Array(q).map(draw), p, q);
}

/** Steps in one run of a graph: weights are passed between JavaScript and ONNX Runtime once a run, not once a step. */
const stepsPerRun = 16;

/** The batches of one run of a graph. */
interface Run {
  /** First row. */
  start: number;
  /** Rows of each batch. */
  batches: number[];
}

/** An epoch's batches in the rows' order, grouped into runs. */
function epochPlan(n: number, batchSize: number): Run[] {
  const runs: Run[] = [];
  for (let start = 0; start < n; start += batchSize * stepsPerRun) {
    const batches: number[] = [];
    for (let at = start; at < Math.min(n, start + batchSize * stepsPerRun); at += batchSize) {
      batches.push(Math.min(batchSize, n - at));
    }
    runs.push({ start, batches });
  }
  return runs;
}

const rowsIn = (batches: number[]): number => batches.reduce((a, b) => a + b, 0);
const key = (batches: number[]): string => batches.join();

/** One session for every shape of run that an epoch has: the full one and the last. */
async function openSteps(
  plan: Run[],
  p: number,
  q: number,
  rates: Rates,
  executionProviders: SgdOptions['executionProviders'],
): Promise<Map<string, GraphSession>> {
  const sessions = new Map<string, GraphSession>();
  for (const { batches } of plan) {
    if (sessions.has(key(batches))) continue;
    sessions.set(
      key(batches),
      await createSession(buildModel(stepsGraph(batches, p, q, rates)), { executionProviders }),
    );
  }
  return sessions;
}
