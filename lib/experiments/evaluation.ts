import { createHash } from 'node:crypto';
import type { TaskOptions } from '../base/index.js';
import { evaluateMap } from '../evaluate/index.js';
import { accumulate, trainingSpan, type MapWithFit, type StoredFit } from '../fit/index.js';
import { bytesOf } from '../bytes/index.js';
import { denseData, memoryRows, toNdArray, type LinearMap, type RowSource } from '../tensor/index.js';
import { definitions, unknownSolver } from '../results/index.js';
import type { Results } from '../results/index.js';
import { recordedWarnings } from '../words/index.js';
import { digestOf } from './digest.js';
import { describeMachine, headCheck } from './environment.js';
import { exactness } from './exact.js';
import { spaceOf } from './head-spaces.js';
import { failuresOf, resultRow, type Fit } from './result-row.js';

/** Rows with the name that results give them. */
export interface NamedRows {
  name: string;
  rows: RowSource;
}

/** What is evaluated: arrays, wherever they come from. */
export interface ArraysUnderTest {
  /** The target's head, and what it is called. */
  head: LinearMap;
  name: string;
  /** From x to features; null where x holds the reconstructed features themselves. */
  map: MapWithFit<StoredFit> | null;
  x: NamedRows;
  /** The true features (n, d) and logits (n, c). */
  features: NamedRows;
  logits: NamedRows;
  /** What the map was fitted on: tells which test rows lie in its span. Default not known. */
  train?: NamedRows;
  /** Whether x are the logits of the model itself. */
  sameModel: boolean;
}

/**
 * Evaluates a map on arrays as an experiment does, so that its figures end in results.json. What arrays do not tell is null,
 * and said in the row's warnings.
 * @throws FeatReconstructError where widths or counts do not match
 */
export async function evaluationResults(
  { head, name, map, x, features, logits, train, sameModel }: ArraysUnderTest,
  options: TaskOptions & { topk?: readonly number[]; command?: string } = {},
): Promise<Results> {
  const { signal, onProgress } = options;
  const begun = performance.now();
  const [c, d] = head.weight.shape;
  const fit = await fitOf(map ?? identity(d), map?.fit, train?.rows, options);
  const topk = (options.topk ?? [5]).filter((k) => k <= c);
  const test = { head, map: fit.map, X: x.rows, Y: features.rows, Z: logits.rows, topk };
  const evaluation = await evaluateMap(fit.span ? { ...test, span: fit.span, sameModel } : test, {
    signal,
    onProgress,
  });
  const shared = train ? await sharedRows(train.rows, x.rows) : 0;
  // The theorem is of least squares on these very rows; a prior may have been any map.
  const isOfTheseRows = map?.fit?.n !== undefined && map.fit.n === train?.rows.rows && fit.prior === null;
  const exact = isOfTheseRows
    ? await exactness(fit, 'logits', evaluation, {
        target: { head, features: features.rows, provenance: stored(logits.rows) },
        sameModel,
      })
    : undefined;
  const source = sameModel ? name : x.name;
  const row = resultRow(fit, evaluation, {
    ...{
      source,
      target: name,
      train: train ? `rows:${train.name}` : 'rows that are not known',
      test: `rows:${x.name}`,
    },
    ...(exact ? { exact } : {}),
    from: 'logits',
    nTrain: map?.fit?.n ?? train?.rows.rows ?? 0,
    nTest: x.rows.rows,
    // Of images nothing is known; equal rows are told below.
    overlap: 0,
    rawAgreement: sameModel ? 1 : null,
    seconds: { extract: 0, fit: 0, evaluate: (performance.now() - begun) / 1000 },
  });
  if (!train && map) {
    row.warnings.push({ kind: 'span-unknown' });
  }
  if (shared > 0) {
    row.warnings.push({ kind: 'rows-fitted-on', shared, of: x.rows.rows });
  }
  const definition = definitions[sameModel ? 0 : 1];
  const { rank, condition } = await spaceOf(head);
  return {
    schema: 2,
    kind: 'evaluation',
    experiment: definition.id,
    question: map ? definition.question : 'Does the head give the same answer on these features as on the true ones?',
    rows: [row],
    spectra: [],
    failures: failuresOf(row, evaluation),
    environment: {
      ...describeMachine(),
      ...{ command: options.command ?? null, jointSeconds: null, provider: 'cpu', fitProvider: 'cpu' },
      models: [
        {
          ...{
            name,
            digest: digestOfHead(head),
            featureDim: d,
            classCount: c,
            headRank: rank,
            headCondition: condition,
          },
          ...(await headCheck({ provenance: stored(logits.rows), head, features: features.rows, logits: logits.rows })),
          ...{ transform: null, placement: null },
        },
      ],
      datasets: await Promise.all(
        [...(train ? [train] : []), x].map(async (set) => ({
          ...{ spec: `rows:${set.name}`, size: set.rows.rows, digest: await digestOf(set.rows), skipped: 0 },
        })),
      ),
    },
  };
}

const stored = ({ dtype }: RowSource) => ({ logits: 'stored' as const, model: { precision: dtype } });

const identity = (d: number): LinearMap => {
  const data = new Float64Array(d * d);
  for (let i = 0; i < d; i++) data[i * d + i] = 1;
  return { weight: toNdArray(data, [d, d]), bias: toNdArray(new Float64Array(d), [d]) };
};

async function fitOf(
  map: LinearMap,
  info: StoredFit | undefined,
  train: RowSource | undefined,
  options: TaskOptions,
): Promise<Fit> {
  const { rank = null, gap = null, condition = null, alpha = null, prior = false, solver, warning } = info ?? {};
  const none = train && memoryRows(new Float64Array(train.rows), train.rows, 1);
  const span =
    train && none ? await trainingSpan(await accumulate(train, none, options), { rcond: info?.rcond }) : undefined;
  return {
    ...{ map, rank, gap, condition, alpha, seconds: 0, span, sgd: null, diverged: false },
    prior: prior ? 'head' : null,
    solver: solver ?? unknownSolver,
    // A map's file holds what an earlier version, or anybody, wrote.
    warnings: recordedWarnings(warning),
  };
}

/** Rows of the second that are in the first, bit for bit. */
async function sharedRows(first: RowSource, second: RowSource): Promise<number> {
  if (first.cols !== second.cols) return 0;
  const seen = new Set<string>();
  for await (const key of keysOf(first)) seen.add(key);
  let shared = 0;
  for await (const key of keysOf(second)) if (seen.has(key)) shared++;
  return shared;
}

async function* keysOf(source: RowSource): AsyncGenerator<string> {
  const step = Math.max(1, Math.floor(2 ** 22 / source.cols));
  for (let start = 0; start < source.rows; start += step) {
    const end = Math.min(source.rows, start + step);
    const block = Float64Array.from(await source.read(start, end));
    for (let i = 0; i < end - start; i++) {
      const row = block.subarray(i * source.cols, (i + 1) * source.cols);
      yield createHash('sha1').update(bytesOf(row)).digest('base64');
    }
  }
}

const digestOfHead = ({ weight, bias }: LinearMap): string =>
  createHash('sha256')
    .update(bytesOf(Float64Array.from(denseData(weight))))
    .update(bytesOf(Float64Array.from(denseData(bias))))
    .digest('hex');
