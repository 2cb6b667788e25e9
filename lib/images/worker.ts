import { parentPort, workerData } from 'node:worker_threads';
import { textOf } from '../base/index.js';
import { badImage, decodeImage } from './decode.js';
import { applyPixels } from './transform.js';
import type { EncodedImage, RgbImage, Transform } from './types.js';

/** A thread of `decodePool`: an encoded image in, pixels or the text of an error out. */

export interface Job {
  id: number;
  encoded: EncodedImage;
}

export interface Answer {
  id: number;
  image?: RgbImage;
  /** With both names of each option (`textOf`), so that the pool can make the same error of it. */
  error?: string;
}

/** A thread's first message: its code is loaded. */
export type Ready = 'ready';

/** What a thread is started with. */
export interface Start {
  transform: Transform;
  /** One number, that of the current job, or -1. Shared, since a thread that hangs cannot answer. */
  at: Int32Array;
}

const { transform, at } = workerData as Start;

/**
 * The end of the queue. Images are decoded one after the other, so a thread that fails fails in the first one it has
 * not answered.
 */
let last: Promise<void> = Promise.resolve();
parentPort!.postMessage('ready' satisfies Ready);
parentPort!.on('message', (job: Job) => (last = last.then(() => work(job))));

async function work({ id, encoded }: Job): Promise<void> {
  Atomics.store(at, 0, id);
  try {
    const image = transformed(await decodeImage(encoded), encoded.name);
    const answer: Answer = { id, image };
    // Copied, not handed over: from the first buffer that is gone V8 checks at each access of any array that it is still there,
    // and to decode and resize then takes a fifth more. (Shared memory is not given back soon enough: gigabytes of it.)
    parentPort!.postMessage(answer);
  } catch (error) {
    const answer: Answer = { id, error: textOf(error as Error) };
    parentPort!.postMessage(answer);
  } finally {
    Atomics.store(at, 0, -1);
  }
}

function transformed(image: RgbImage, name: string): RgbImage {
  try {
    return applyPixels(transform, image);
  } catch (error) {
    throw badImage(name, error as Error);
  }
}
