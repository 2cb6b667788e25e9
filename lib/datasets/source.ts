import { FeatReconstructError, type TaskOptions } from '../base/index.js';
import type { FetchOptions, Wanted } from '../hub/index.js';
import { datasetNoteInWords, type DatasetNote, type LeftOut } from '../words/index.js';
import { contentDigests } from './digest.js';
import { positionsOf, stretches } from './part.js';
import { resolveSlice, type DatasetSpec } from './spec.js';
import type { Dataset, Sample } from './types.js';

/** A data set as its format reads it: whole, before a slice is taken. */
export interface ExampleSource {
  readonly size: number;
  readonly kind: Dataset['kind'];
  readonly classNames?: readonly string[];
  readonly classesAre?: Dataset['classesAre'];
  readonly leftOut?: LeftOut;
  readonly leftOutNames?: readonly string[];
  readonly notes?: readonly DatasetNote[];
  /**
   * Streams the examples [start, stop) in blocks of what was read at once: waiting once a block and not once an example
   * halves the time that a small image takes. Files are closed when the stream ends or is left.
   */
  blocks(start: number, stop: number): AsyncIterable<Iterable<Sample>>;
}

/** What a format needs besides the spec to open a data set. */
export interface OpenContext {
  /** The folder that holds the published data sets. */
  dataDir: string;
  /** Accept a CIFAR-10 training split with batches missing. */
  allowPartial: boolean;
  /** Whether what is not here may be fetched. */
  fetch: FetchOptions;
}

/** A published data set of which only a part is here. */
export interface PartlyHere {
  /** Images that are here. */
  images: number;
  /** The files that are not, or are cut short. */
  missing: string[];
  /** Where the others are. */
  place: string;
}

/**
 * One kind of data set: everything that `openDataset` knows of it. Conventions: an id is stable and says the place, as
 * `cifar100:train/00042` or a path; what can be seen without reading everything is checked on opening, the rest when it
 * is read; files are read in ranges (`openBytes`), whatever their size; `notes` are what a person should know of the
 * files.
 */
export interface DatasetFormat {
  /** What stands before the colon. */
  readonly name: string;
  /** How its specs are written, for messages: `cifar10:train`. */
  readonly forms: readonly string[];
  /** What `featreconstruct datasets` says of it. */
  readonly about?: {
    /** In a few words. */
    what: string;
    /** How many images each split has, if they are always the same. */
    images?: Readonly<Record<string, number>>;
    classes?: number;
  };
  open(spec: DatasetSpec, context: OpenContext): Promise<ExampleSource>;
  /** For a published data set: what of it is not here. Nothing is fetched. */
  wanted?(spec: DatasetSpec, context: OpenContext): Promise<Wanted[]>;
  /** For a published data set: what is here where that is not all of it; null where nothing is, or all. Archives are not unpacked. */
  partly?(spec: DatasetSpec, context: OpenContext): Promise<PartlyHere | null>;
  /** Fetches that, if the context allows. `open` does so by itself. */
  fetch?(spec: DatasetSpec, context: OpenContext): Promise<void>;
}

/**
 * The part of a source that a spec asks for.
 * @throws UsageError when the slice is empty or out of bounds, or has too many shards
 */
export function sliceSource(source: ExampleSource, spec: DatasetSpec): Dataset {
  const [start, stop] = resolveSlice(spec, source.size);
  return new SlicedSource(source, spec, positionsOf(spec.part, start, stop), [start, stop]);
}

/** How the examples were chosen; undefined where all were asked for. */
function partOf({ part }: DatasetSpec, size: number, of: number, start: number): Dataset['part'] {
  if (part?.shard) return { of, shard: { ...part.shard, start } };
  return size === of ? undefined : { of, ...(part?.seed === undefined ? {} : { seed: part.seed }) };
}

class SlicedSource implements Dataset {
  readonly spec: string;
  readonly size: number;
  readonly kind: Dataset['kind'];
  readonly classNames?: readonly string[];
  readonly classesAre?: Dataset['classesAre'];
  readonly leftOut?: LeftOut;
  readonly leftOutNames?: readonly string[];
  readonly notes?: readonly string[];
  readonly part?: Dataset['part'];
  #source: ExampleSource | undefined;
  /** A range of positions, or each one. */
  readonly #positions: Int32Array | [start: number, stop: number];

  constructor(
    source: ExampleSource,
    spec: DatasetSpec,
    positions: Int32Array | [number, number],
    [first, stop]: readonly [number, number],
  ) {
    this.spec = spec.text;
    this.size = positions instanceof Int32Array ? positions.length : positions[1] - positions[0];
    this.part = partOf(spec, this.size, stop - first, positions[0] - first);
    this.kind = source.kind;
    this.classNames = source.classNames;
    this.classesAre = source.classesAre;
    this.leftOut = source.leftOut;
    if (source.leftOut) this.leftOutNames = source.leftOutNames;
    if (source.notes && source.notes.length > 0) this.notes = source.notes.map(datasetNoteInWords);
    this.#source = source;
    this.#positions = positions;
  }

  async digest(options?: TaskOptions): Promise<string> {
    return (await contentDigests(this, options)).digest;
  }

  async *samples({ start = 0, signal }: { start?: number; signal?: AbortSignal } = {}): AsyncGenerator<Sample> {
    if (!this.#source)
      throw new FeatReconstructError(`The data set ${this.spec} is closed: open it again to read it.`, {
        code: 'unavailable',
      });
    if (start >= this.size) return;
    for await (const sample of this.#read(this.#source, start)) {
      signal?.throwIfAborted();
      yield sample;
    }
  }

  async *#read(source: ExampleSource, start: number): AsyncGenerator<Sample> {
    const positions = this.#positions;
    if (!(positions instanceof Int32Array)) {
      for await (const block of source.blocks(positions[0] + start, positions[1])) yield* block;
      return;
    }
    for (const stretch of stretches(positions.subarray(start))) {
      let [position, found] = [stretch.start, 0];
      for await (const block of source.blocks(stretch.start, stretch.stop)) {
        for (const sample of block) {
          if (stretch.chosen[found] !== position++) continue;
          found++;
          yield sample;
        }
      }
    }
  }

  /** Releases what the source has in memory (archives); files are open only while samples are read. */
  async close(): Promise<void> {
    this.#source = undefined;
  }
}
