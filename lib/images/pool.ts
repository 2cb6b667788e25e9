import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { FeatReconstructError } from '../base/index.js';
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
  /** Stops the threads; what is still under way is rejected. */
  close(): Promise<void>;
}

interface Thread {
  worker: Worker;
  pending: Map<number, { resolve(image: RgbImage): void; reject(error: Error): void }>;
}

/**
 * A pool of threads, started when first needed.
 * @param options.threads one less than the machine's cores by default, at most four
 */
export function decodePool(options: { transform: Transform; threads?: number }): DecodePool {
  const size = options.threads ?? Math.min(4, Math.max(1, availableParallelism() - 1));
  const threads: Thread[] = [];
  let closed = false;
  let jobs = 0;

  /** The thread with the least to do, or a new one while there may be more. */
  const choose = (): Thread => {
    const free = threads.reduce<Thread | undefined>(
      (best, thread) => (best && best.pending.size <= thread.pending.size ? best : thread),
      undefined,
    );
    if (free && (free.pending.size === 0 || threads.length >= size)) return free;
    const thread = startThread(options.transform);
    threads.push(thread);
    return thread;
  };

  return {
    decode(encoded) {
      if (closed) return Promise.reject(new FeatReconstructError('Expected an open decode pool, found a closed one.'));
      const thread = choose();
      return new Promise((resolve, reject) => {
        const id = jobs++;
        thread.pending.set(id, { resolve, reject });
        thread.worker.ref();
        if (typeof encoded.file === 'string') thread.worker.postMessage({ id, encoded } satisfies Job);
        else {
          // A copy that can be handed over: the bytes may be a small view of a whole archive.
          const file = Uint8Array.from(encoded.file);
          thread.worker.postMessage({ id, encoded: { ...encoded, file } } satisfies Job, [file.buffer]);
        }
      });
    },
    async close() {
      closed = true;
      await Promise.all(threads.map((thread) => thread.worker.terminate()));
    },
  };
}

function startThread(transform: Transform): Thread {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: transform });
  const pending: Thread['pending'] = new Map();
  const failAll = (error: Error): void => {
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  worker.on('message', ({ id, image, error }: Answer) => {
    const job = pending.get(id)!;
    pending.delete(id);
    // An idle pool does not keep the process alive.
    if (pending.size === 0) worker.unref();
    if (image) job.resolve(image);
    else job.reject(new FeatReconstructError(error));
  });
  worker.on('error', (error) =>
    failAll(new FeatReconstructError(`A decoding thread failed: ${error.message}`, { cause: error })),
  );
  worker.on('exit', () => failAll(new FeatReconstructError('The decode pool was closed while images were under way.')));
  return { worker, pending };
}
