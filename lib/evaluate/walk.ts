import type { TaskOptions } from '../base/index.js';
import type { GraphTensor, SessionOptions } from '../runtime/index.js';
import type { LinearMap, RowSource } from '../tensor/index.js';
import { openPlan, type Plan } from './graph.js';
import { toAffine } from './affine.js';
import { answersOf, type Answers } from './answers.js';
import { checkFinite } from './checks.js';
import { ScreenedHead } from './screened-head.js';
import type { BlockSums } from './reconstruction.js';

/** What every evaluation takes. */
export interface EvaluateOptions extends TaskOptions {
  /** Where the products run: `['cpu']` by default. */
  executionProviders?: SessionOptions['executionProviders'] | undefined;
}

/** A source with the name that errors call it. */
export interface Named {
  source: RowSource;
  name: string;
}

/** The rows that are walked over, side by side. */
export interface Sources {
  /** What the plan's map is applied to (or reconstructed features). */
  x: Named;
  /** True features. */
  y?: Named;
  /** Original logits, which `visit` gets as they are. */
  z?: Named;
}

/** What is known of one block of rows. Parts that the plan does not ask for are absent. */
interface Block {
  /** The first row's number. */
  start: number;
  rows: number;
  /** Original logits. */
  z?: Float32Array | Float64Array;
  /**
   * What the reconstructed logits say of each row.
   * @param originals (rows) the class that each image had
   * @param most ranks from this on need not be told apart
   * @throws FeatReconstructError naming a row whose logits are not finite
   */
  answers?: (originals: Int32Array, most: number) => Promise<Answers>;
  /** Errors and scatter of the features. */
  sums?: BlockSums;
  /** Distance from the span over distance from its mean, by row. */
  residual?: Float64Array;
}

/** Bytes that a block's temporaries may take: a few thousand rows of a thousand columns. */
const budget = 128 * 2 ** 20;
const mostRows = 4096;

/**
 * A head as a walk computes its logits: screened on the CPU. A graphics card may round the factors of a product further, to
 * TF32, so that there it is computed in float64.
 */
export const headFor = (
  head: LinearMap,
  { executionProviders: providers = ['cpu'] }: EvaluateOptions,
): NonNullable<Plan['head']> =>
  providers.every((provider) => provider === 'cpu') ? new ScreenedHead(head) : toAffine(head, 'the head');

/** Walks once over all rows, block by block. The same sources give the same blocks, and so the same sums. */
export async function walk(
  plan: Plan,
  sources: Sources,
  options: EvaluateOptions,
  visit: (block: Block) => void | Promise<void>,
): Promise<void> {
  const { x, y, z } = sources;
  const n = x.source.rows;
  const size = rowsPerBlock(plan, sources);
  // A name of its own for each kind of walk, since the time left is estimated by stage.
  const stage = plan.features ? (z ? 'evaluate' : 'evaluate: error') : 'evaluate: agreement';
  const session = await openPlan(plan, { x: typeOf(x.source), y: y && typeOf(y.source) }, options.executionProviders);
  try {
    for (let start = 0; start < n; start += size) {
      options.signal?.throwIfAborted();
      const end = Math.min(start + size, n);
      const xBlock = await readBlock(x, start, end);
      const yBlock = y && (await readBlock(y, start, end));
      const zBlock = z && (await z.source.read(start, end));
      const out = await session.run(xBlock, yBlock);
      await visit({
        start,
        rows: end - start,
        z: zBlock,
        answers: answering(plan, out, xBlock, start),
        ...blockOf(out),
      });
      options.onProgress?.({ stage, done: end, total: n, unit: 'images' });
    }
  } finally {
    await session.release();
  }
}

/** Rows of a block, so that its temporaries stay within the budget. */
function rowsPerBlock(plan: Plan, { x, y, z }: Sources): number {
  const projected = plan.features?.rowSpace?.rank ?? 0;
  const span = plan.span ? 2 * x.source.cols + plan.span.basis.rank : 0;
  const doubles =
    2 * x.source.cols + // as read and as float64
    (plan.map?.outputs ?? 0) +
    2 * (plan.head?.outputs ?? 0) + // in the graph and as it comes back
    4 * (y?.source.cols ?? 0) +
    (z?.source.cols ?? 0) +
    2 * projected +
    span;
  return Math.min(mostRows, Math.max(1, Math.floor(budget / (8 * doubles))));
}

const typeOf = (source: RowSource): 'float32' | 'float64' => (source.dtype === 'float64' ? 'float64' : 'float32');

async function readBlock({ source, name }: Named, start: number, end: number): Promise<GraphTensor> {
  const data = await source.read(start, end);
  checkFinite(data, source.cols, start, name);
  return { type: typeOf(source), data, dims: [end - start, source.cols] };
}

function answering(
  { head }: Plan,
  { zhat, zhat32, fhat }: Record<string, GraphTensor | undefined>,
  x: GraphTensor,
  start: number,
): Block['answers'] {
  if (head instanceof ScreenedHead) {
    const rows = (fhat ?? x).data as Float32Array | Float64Array;
    return (originals, most) => head.answers(zhat32!.data as Float32Array, rows, originals, start, most);
  }
  if (!zhat) return undefined;
  return async (originals) => answersOf(zhat.data as Float64Array, originals, (i) => start + i);
}

function blockOf(out: Record<string, GraphTensor>): Omit<Block, 'start' | 'rows' | 'z' | 'answers'> {
  const data = (name: string): Float64Array => out[name].data as Float64Array;
  return {
    ...(out.errorByRow
      ? {
          sums: {
            errorByRow: data('errorByRow'),
            errorByFeature: data('errorByFeature'),
            shift: data('shift'),
            square: data('square'),
            ...(out.rowError
              ? { rowSpace: { error: data('rowError')[0], shift: data('rowShift'), square: data('rowSquare')[0] } }
              : {}),
          },
        }
      : {}),
    ...(out.residual ? { residual: relative(data('residual'), data('length')) } : {}),
  };
}

/** ‖outside‖ / ‖centred‖ from their squares; a row at the mean itself is in the span. */
const relative = (outside: Float64Array, length: Float64Array): Float64Array =>
  outside.map((square, i) => (length[i] === 0 ? 0 : Math.sqrt(square / length[i])));
