import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { FeatReconstructError, option } from '../base/index.js';
import type { EncodedImage, RgbImage, Transform } from './types.js';
import type { Answer, Job } from './worker.js';

/** Decodes images off the main thread, which a running model blocks. */
export interface DecodePool {
  /**
   * Decodes an image and applies the transform's pixel steps. Images are taken in the order asked for; how many are
   * asked for ahead is the caller's choice.
   * @throws FeatReconstructError, naming the image, when it cannot be decoded
   */
  decode(encoded: EncodedImage): Promise<RgbImage>;
  /** Stops the threads; what is still under way is rejected. Settles whatever the threads still say. */
  close(): Promise<void>;
}

interface Work {
  encoded: EncodedImage;
  resolve(image: RgbImage): void;
  reject(error: Error): void;
}

interface Thread {
  worker: Worker;
  /** By number, in the order in which the thread takes them. */
  pending: Map<number, Work>;
}

/**
 * A pool of threads, started when first needed.
 * @param options.threads one less than the machine's cores by default, at most four
 */
export function decodePool(options: { transform: Transform; threads?: number }): DecodePool {
  const size = options.threads ?? Math.min(4, Math.max(1, availableParallelism() - 1));
  const threads = new Set<Thread>();
  let closing: Promise<void> | undefined;
  let jobs = 0;

  /** The thread with the least to do, or a new one while there may be more. */
  const choose = (): Thread => {
    let free: Thread | undefined;
    for (const thread of threads) if (!free || thread.pending.size < free.pending.size) free = thread;
    return free && (free.pending.size === 0 || threads.size >= size) ? free : start();
  };

  const start = (): Thread => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: options.transform,
      // Not those of the process: `--input-type`, of a script given as text, ends a thread at once.
      execArgv: [],
    });
    const thread: Thread = { worker, pending: new Map() };
    threads.add(thread);
    worker.on('message', (answer: Answer) => hear(thread, answer));
    worker.on('messageerror', (error) => lose(thread, error.message));
    worker.on('error', (error) => lose(thread, error.message));
    worker.on('exit', () => lose(thread, 'it ended'));
    return thread;
  };

  const hear = (thread: Thread, { id, image, error }: Answer): void => {
    // A thread that is being ended may still answer. It must not be unref'd any more: nothing else would keep the process
    // alive until its end is known, and close() would never settle.
    if (closing || !threads.has(thread)) return;
    const work = thread.pending.get(id)!;
    thread.pending.delete(id);
    // An idle pool does not keep the process alive.
    if (thread.pending.size === 0) thread.worker.unref();
    if (image) work.resolve(image);
    else work.reject(new FeatReconstructError(error));
  };

  /** A thread failed: so did the image that it was at; those behind it go to another thread. */
  const lose = (thread: Thread, reason: string): void => {
    if (closing || !threads.delete(thread)) return;
    thread.worker.ref();
    void thread.worker.terminate();
    const [first, ...others] = thread.pending.values();
    first?.reject(
      new FeatReconstructError(
        `Bad image '${first.encoded.name}': the thread that decoded it failed (${reason}). Replace or remove it, or leave such images out (${option('skipBadImages')}).`,
      ),
    );
    for (const work of others) send(work);
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
    for (const { pending } of threads) {
      for (const { reject } of pending.values())
        reject(new FeatReconstructError('The decode pool was closed while images were under way.'));
      pending.clear();
    }
    await Promise.all([...threads].map(({ worker }) => worker.terminate()));
  };

  return {
    decode(encoded) {
      if (closing) return Promise.reject(new FeatReconstructError('Expected an open decode pool, found a closed one.'));
      return new Promise((resolve, reject) => send({ encoded, resolve, reject }));
    },
    // Set before stop() looks at the threads: an answer that comes from now on is not heard.
    close: () => (closing ??= Promise.resolve().then(stop)),
  };
}
