import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { FeatReconstructError, option } from '../base/index.js';
import type { EncodedImage, RgbImage, Transform } from './types.js';
import type { Answer, Job, Ready, Start } from './worker.js';

/** Decodes images off the main thread, which a running model blocks. */
export interface DecodePool {
  /**
   * Decodes an image and applies the transform's pixel steps. Images are started in the order of the calls; how many
   * calls are open at a time is up to the caller.
   * @throws FeatReconstructError, naming the image, when it cannot be decoded
   */
  decode(encoded: EncodedImage): Promise<RgbImage>;
  /** Stops the threads and rejects the images that are still under way. Always settles. */
  close(): Promise<void>;
}

interface Work {
  encoded: EncodedImage;
  resolve(image: RgbImage): void;
  reject(error: Error): void;
}

interface Thread {
  worker: Worker;
  /** Whether its code is loaded: if it ends before that, no image is to blame. */
  ready: boolean;
  /** By number, in the order in which the thread takes them. */
  pending: Map<number, Work>;
  /** Shared with the thread: the number of the job that it is working on, or -1. */
  at: Int32Array;
  /** The job that it was last seen working on, and since when (milliseconds). */
  seen: { id: number; since: number };
}

/**
 * Seconds that an image may take. The largest that is decoded (179 million pixels) took 24 on two cores under twenty
 * times the load that they can carry, so only a thread that hangs takes longer.
 */
const secondsAnImage = 60;

/**
 * A pool of threads, started when first needed.
 * @param options.threads one less than the machine's cores by default, at most four
 * @param options.seconds that an image may take before its thread is ended, 60 by default
 */
export function decodePool(options: { transform: Transform; threads?: number; seconds?: number }): DecodePool {
  const size = options.threads ?? Math.min(4, Math.max(1, availableParallelism() - 1));
  const threads = new Set<Thread>();
  let closing: Promise<void> | undefined;
  const limit = (options.seconds ?? secondsAnImage) * 1000;
  let watch: NodeJS.Timeout | undefined;
  let jobs = 0;

  /** An idle thread, else a new one if there may be more, else the thread with the least to do. */
  const choose = (): Thread => {
    let free: Thread | undefined;
    for (const thread of threads) if (!free || thread.pending.size < free.pending.size) free = thread;
    return free && (free.pending.size === 0 || threads.size >= size) ? free : start();
  };

  const start = (): Thread => {
    const at = new Int32Array(new SharedArrayBuffer(4)).fill(-1);
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { transform: options.transform, at } satisfies Start,
      // Not those of the process: `--input-type`, of a script given as text, ends a thread at once.
      execArgv: [],
    });
    const thread: Thread = { worker, ready: false, pending: new Map(), at, seen: { id: -1, since: 0 } };
    threads.add(thread);
    // It does not keep the process alive: a thread with work does.
    watch ??= setInterval(look, Math.min(1000, limit / 4)).unref();
    worker.on('message', (answer: Answer | Ready) => {
      if (answer === 'ready') thread.ready = true;
      else hear(thread, answer);
    });
    worker.on('messageerror', (error) => lose(thread, error.message));
    worker.on('error', (error) => (thread.ready ? lose(thread, error.message) : notStarted(thread, error.message)));
    worker.on('exit', () => lose(thread, 'it ended'));
    return thread;
  };

  const hear = (thread: Thread, { id, image, error }: Answer): void => {
    // A thread that is being ended may still answer. It must not be unref'd now: nothing else keeps the process alive
    // until its end is known, and close() would never settle.
    if (closing || !threads.has(thread)) return;
    const work = thread.pending.get(id)!;
    thread.pending.delete(id);
    // An idle pool does not keep the process alive.
    if (thread.pending.size === 0) thread.worker.unref();
    if (image) work.resolve(image);
    else work.reject(new FeatReconstructError(error, { code: 'bad-image' }));
  };

  /**
   * Ends threads that have worked on one image for too long. Which image that is comes from shared memory, since the
   * main thread may have been busy (with a model) while their answers came in.
   */
  const look = (): void => {
    const now = performance.now();
    for (const thread of [...threads]) {
      const id = Atomics.load(thread.at, 0);
      if (id < 0 || id !== thread.seen.id) thread.seen = { id, since: now };
      else if (now - thread.seen.since > limit && thread.pending.has(id)) {
        lose(thread, `it took longer than ${limit / 1000} seconds`, id);
      }
    }
  };

  /** A thread's code could not be loaded: no image is to blame, and another thread would fail alike. */
  const notStarted = (thread: Thread, reason: string): void => {
    if (closing || !threads.delete(thread)) return;
    thread.worker.ref();
    const error = new FeatReconstructError(
      `Could not start a thread that decodes images: ${reason}. It loads a file of its own from the package: where a bundler makes one file of a program, leave featreconstruct out of it (esbuild --packages=external, serverExternalPackages in Next.js).`,
      { code: 'unavailable' },
    );
    for (const work of thread.pending.values()) work.reject(error);
  };

  /**
   * A thread failed, and with it the image that it was working on (`id`, else the first); the others go to another
   * thread.
   */
  const lose = (thread: Thread, reason: string, id?: number): void => {
    if (closing || !threads.delete(thread)) return;
    thread.worker.ref();
    void thread.worker.terminate();
    const failed = thread.pending.get(id ?? [...thread.pending.keys()][0]);
    failed?.reject(
      new FeatReconstructError(
        `Bad image '${failed.encoded.name}': the thread that decoded it failed (${reason}). Replace or remove it, or leave such images out (${option('skipBadImages')}).`,
        { code: 'bad-image' },
      ),
    );
    for (const work of thread.pending.values()) if (work !== failed) send(work);
  };

  const send = (work: Work): void => {
    let thread: Thread;
    try {
      thread = choose();
    } catch (error) {
      const message = `Could not start a thread that decodes images: ${(error as Error).message}.`;
      return work.reject(new FeatReconstructError(message, { cause: error }));
    }
    const { worker, pending } = thread;
    const { encoded } = work;
    const id = jobs++;
    pending.set(id, work);
    worker.ref();
    if (typeof encoded.file === 'string') worker.postMessage({ id, encoded } satisfies Job);
    else {
      // A copy that can be handed over: the bytes may be a small view of a whole archive.
      const file = Uint8Array.from(encoded.file);
      worker.postMessage({ id, encoded: { ...encoded, file } } satisfies Job, [file.buffer]);
    }
  };

  const stop = async (): Promise<void> => {
    clearInterval(watch);
    for (const { pending } of threads) {
      for (const { reject } of pending.values())
        reject(
          new FeatReconstructError('The decode pool was closed while images were under way.', { code: 'unavailable' }),
        );
      pending.clear();
    }
    await Promise.all([...threads].map(({ worker }) => worker.terminate()));
  };

  return {
    decode(encoded) {
      if (closing)
        return Promise.reject(
          new FeatReconstructError('Expected an open decode pool, found a closed one.', { code: 'unavailable' }),
        );
      return new Promise((resolve, reject) => send({ encoded, resolve, reject }));
    },
    // Set before stop() looks at the threads, so that answers from now on are ignored.
    close: () => (closing ??= Promise.resolve().then(stop)),
  };
}
