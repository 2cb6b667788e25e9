import { parentPort, workerData } from 'node:worker_threads';
import { textOf } from '../base/index.js';
import { decodeImage } from './decode.js';
import { applyPixels } from './transform.js';
import type { EncodedImage, RgbImage, Transform } from './types.js';

/** The other end of decodePool: an encoded image in, pixels or the text of an error out. */

export interface Job {
  id: number;
  encoded: EncodedImage;
}

export interface Answer {
  id: number;
  image?: RgbImage;
  /** With both names of each option in it: an error of this text says what the first one said. */
  error?: string;
}

const transform = workerData as Transform;

/** One image at a time, in the order asked for: a thread that fails was at the first that it has not answered. */
let last: Promise<void> = Promise.resolve();
parentPort!.on('message', (job: Job) => (last = last.then(() => work(job))));

async function work({ id, encoded }: Job): Promise<void> {
  try {
    const image = applyPixels(transform, await decodeImage(encoded));
    const answer: Answer = { id, image };
    parentPort!.postMessage(answer, [image.data.buffer as ArrayBuffer]);
  } catch (error) {
    const answer: Answer = { id, error: textOf(error as Error) };
    parentPort!.postMessage(answer);
  }
}
