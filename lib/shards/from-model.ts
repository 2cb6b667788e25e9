import { rm } from 'node:fs/promises';
import { blockRows, FeatReconstructError, option, UsageError } from '../base/index.js';
import { isThere, removeLeavings, upload, workFile } from '../bytes/index.js';
import type { Dataset } from '../datasets/index.js';
import { asOnlyWriter, streamActivations, type ActivationBatch, type ExtractOptions } from '../extract/index.js';
import { openBlocks, readStatistics, saveStatistics, type Blocks, type Statistics } from '../fit/index.js';
import type { Model } from '../runtime/index.js';
import { checkSameRows, originOf, rangesInWords, readOrigin, type Origin, type Tensor } from './origin.js';

/** Options of {@link accumulateModel}: those of an extraction, and what X is. */
type ModelStatisticsOptions = Omit<ExtractOptions, 'store' | 'logits' | 'model' | 'executionProviders' | 'dataset'> & {
  /** What X is. Default `logits`. */
  from?: Tensor;
};

/** Milliseconds of work that a killed run may lose. */
const saveEvery = 60_000;

/**
 * Statistics straight from a model, without keeping a row: X its logits (or features), Y its features. A run that was stopped
 * continues after the last whole block of 4,096 images, to the same bits; a finished file is used again.
 * @param out the file for the statistics
 * @returns which rows they are of, and how many
 * @throws FeatReconstructError where `out` is of other rows, and as `extractFeatures`
 */
export async function accumulateModel(
  model: Model,
  dataset: Dataset,
  out: string,
  { from = 'logits', ...options }: ModelStatisticsOptions = {},
): Promise<{ origin: Origin; rows: number }> {
  const whole = await streamActivations(model, dataset, options);
  const { provenance } = whole;
  if (blockRows % provenance.batchSize !== 0) {
    throw new UsageError(
      `Expected a batch size (${option('batchSize')}) that divides ${blockRows}, found ${provenance.batchSize}: statistics are gone on with there. Take 32.`,
    );
  }
  const wanted = originOf({ provenance, tensor: from }, { provenance, tensor: 'features' }, 0);
  let result = await finishedAt(out, wanted);
  if (result) return result;
  const work = workFile(out);
  await asOnlyWriter(work, options, async (check) => {
    // The process that was waited for may have finished it.
    result = await finishedAt(out, wanted);
    if (result) return;
    // Statistics for an object may be finished and not uploaded yet.
    result = work === out ? null : await finishedAt(work, wanted);
    result ??= await onePass(check);
    if (work === out) return;
    await upload(work, out, options);
    await rm(work, { force: true });
  });
  return result!;

  async function onePass(check: () => Promise<void>): Promise<{ origin: Origin; rows: number }> {
    const before = await unfinishedAt(work, wanted);
    const pass = new Pass(work, wanted, before, from);
    const { batches } = before
      ? await streamActivations(model, dataset, { ...options, start: pass.next - pass.start })
      : whole;
    try {
      for await (const batch of batches) await pass.add(batch);
      return await pass.finish(check);
    } catch (error) {
      await pass.suspend();
      throw error;
    } finally {
      await pass.release();
    }
  }
}

/** What is at `out` already: exactly these statistics, or null for no file. @throws FeatReconstructError for any other file */
async function finishedAt(out: string, wanted: Origin): Promise<{ origin: Origin; rows: number } | null> {
  if (!(await isThere(out))) return null;
  const { statistics, origin } = await readAs(out, wanted);
  if (JSON.stringify(origin.images) !== JSON.stringify(wanted.images)) throw otherImages(out, origin, wanted);
  return { origin, rows: statistics.n };
}

/** Statistics of the first blocks, which a stopped run left beside `out`. */
async function unfinishedAt(out: string, wanted: Origin): Promise<{ statistics: Statistics; origin: Origin } | null> {
  await removeLeavings(out, ['', '.partial']);
  const path = `${out}.partial`;
  if (!(await isThere(path))) return null;
  const found = await readAs(path, wanted);
  const [[start, end]] = wanted.images;
  const { images } = found.origin;
  if (images.length !== 1 || images[0][0] !== start || images[0][1] > end)
    throw otherImages(path, found.origin, wanted);
  return found;
}

/** The error of a file whose statistics are of other images. */
const otherImages = (path: string, found: Origin, wanted: Origin): FeatReconstructError =>
  new FeatReconstructError(
    `Expected ${path} to be of images ${rangesInWords(wanted.images)} or not to exist, found statistics of ${rangesInWords(found.images)}: choose another file or delete this one.`,
    { code: 'mismatch' },
  );

/** @throws FeatReconstructError where the statistics are of another model or data set */
async function readAs(path: string, wanted: Origin): Promise<{ statistics: Statistics; origin: Origin }> {
  const { statistics, about } = await readStatistics(path);
  const origin = readOrigin(about);
  if (!origin) {
    throw new FeatReconstructError(
      `Expected ${path} to say what its statistics are of, found that it does not: choose another file or delete this one.`,
      { code: 'mismatch' },
    );
  }
  checkSameRows({ path: 'what was asked for', origin: wanted }, { path, origin });
  return { statistics, origin };
}

/** One pass over the images of a shard, from where an earlier one stopped, block by block. */
class Pass {
  readonly start: number;
  private readonly end: number;
  private skipped: number;
  /** First image that is in no whole block yet, counted in the whole data set. */
  next: number;
  private blocks: Blocks | null = null;
  /** Rows and skipped images of the block that is not whole yet. */
  private waiting: { x: Float32Array[]; y: Float32Array[]; rows: number; skipped: number } = empty();
  private saved = performance.now();
  private isSaved: boolean;

  constructor(
    private readonly out: string,
    private readonly wanted: Origin,
    private readonly before: { statistics: Statistics; origin: Origin } | null,
    private readonly from: Tensor,
  ) {
    [[this.start, this.end]] = wanted.images;
    this.next = before?.origin.images[0][1] ?? this.start;
    this.skipped = before?.origin.skipped ?? 0;
    this.isSaved = before !== null;
  }

  /** Takes a batch; a block that it fills goes into the statistics. */
  async add({ features, logits, skipped, next, positions }: ActivationBatch): Promise<void> {
    const x = this.from === 'logits' ? logits : features;
    const rows = positions.length;
    if (rows > 0) {
      const widths: [number, number] = [x.length / rows, features.length / rows];
      this.blocks ??= await openBlocks(widths, ['float32', 'float32'], undefined, this.before?.statistics.nodes);
      this.waiting.x.push(x.slice());
      this.waiting.y.push(features.slice());
      this.waiting.rows += rows;
    }
    this.waiting.skipped += skipped.length;
    const position = this.start + next;
    if (position % blockRows !== 0 && position !== this.end) return;
    const { waiting } = this;
    if (waiting.rows > 0) await this.blocks!.add(joined(waiting.x), joined(waiting.y), this.next, position);
    this.skipped += waiting.skipped;
    this.waiting = empty();
    this.next = position;
    this.isSaved = false;
    if (performance.now() - this.saved > saveEvery && position !== this.end) await this.suspend();
  }

  /** Saves the whole blocks so far, for another run to continue from. */
  async suspend(): Promise<void> {
    if (this.isSaved || !this.blocks || this.next === this.start || this.next === this.end) return;
    await saveStatistics(`${this.out}.partial`, this.blocks.statistics('float32'), this.origin());
    this.isSaved = true;
    this.saved = performance.now();
  }

  /** Writes the statistics of all blocks to `out`. */
  async finish(check: () => Promise<void>): Promise<{ origin: Origin; rows: number }> {
    // No blocks were added where all images that were left were bad.
    const statistics = this.blocks?.statistics('float32') ?? this.before?.statistics;
    if (!statistics) {
      throw new FeatReconstructError(
        `Expected images that can be decoded in ${this.wanted.dataset.spec}, found none in images ${this.start} to ${this.end - 1}.`,
        { code: 'bad-image' },
      );
    }
    await check();
    await saveStatistics(this.out, statistics, this.origin());
    await rm(`${this.out}.partial`, { force: true });
    return { origin: this.origin(), rows: statistics.n };
  }

  async release(): Promise<void> {
    await this.blocks?.release();
  }

  private origin(): Origin {
    return { ...this.wanted, images: [[this.start, this.next]], skipped: this.skipped };
  }
}

const empty = (): { x: Float32Array[]; y: Float32Array[]; rows: number; skipped: number } => ({
  x: [],
  y: [],
  rows: 0,
  skipped: 0,
});

function joined(pieces: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
