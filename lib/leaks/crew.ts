import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Matrix } from '../linalg/index.js';
import type { Answer, Order } from './crew-worker.js';
import type { LaneResult, LaneTask, Limits } from './lane.js';
import { copiesOf } from './near-copies.js';

/** Bytes that the copies of the rows may take together: ONNX Runtime reads no shared memory, so each thread has its own. */
const mostBytes = 1.5 * 2 ** 30;

/** Copies of the rows in a thread: the rows, and those of them that quick descents look at. */
const copies = 2;

/** Threads that pay at most: a search has as many lanes. */
const mostThreads = 4;

/** How often a limit is looked at, in milliseconds. */
const lookEvery = 50;

interface Thread {
  worker: Worker;
  /** The rows that it has. */
  rows: Matrix | undefined;
  /** What it is working on. */
  job: { resolve(result: LaneResult): void; reject(error: Error): void } | undefined;
}

/**
 * Threads that run the lanes of searches. Where they cannot be started, or fail, a lane runs on the thread that asked:
 * it takes longer, and the result is the same.
 */
export class Crew {
  #threads: Thread[] = [];
  #hasFailed = false;
  readonly #size: number;

  /**
   * @param rows the largest that will be searched
   * @param threads default: as many as there are cores, as far as memory allows; below two there are none
   */
  constructor(rows: Matrix, threads = availableParallelism()) {
    const most = Math.min(threads, mostThreads, Math.floor(mostBytes / (copies * rows.data.byteLength)));
    this.#size = most >= 2 && isNode ? most : 0;
  }

  /**
   * Runs each of some tasks on a thread.
   * @param inPlace runs one on this thread
   * @returns what came of each, in their order
   */
  async run(
    cloud: { rows: Matrix; noise: Float64Array },
    tasks: readonly LaneTask[],
    { signal, over }: Limits,
    inPlace: (task: LaneTask) => Promise<LaneResult>,
  ): Promise<LaneResult[]> {
    this.#startAll();
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const look = (): void => void ((signal?.aborted || over?.aborted) && Atomics.store(flag, 0, 1));
    look();
    const watch = setInterval(look, lookEvery);
    try {
      const results: LaneResult[] = [];
      let next = 0;
      const work = async (thread: Thread): Promise<void> => {
        while (next < tasks.length && !this.#hasFailed) {
          const at = next++;
          const result = await this.#send(thread, cloud, tasks[at], flag).catch(() => this.#fail());
          if (result) results[at] = result;
        }
      };
      await Promise.all(this.#threads.map(work));
      for (const [i, task] of tasks.entries()) results[i] ??= await inPlace(task);
      return results;
    } finally {
      clearInterval(watch);
    }
  }

  /** Ends the threads. They start again if there is more to run. */
  async close(): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #startAll(): void {
    if (this.#hasFailed) return;
    try {
      while (this.#threads.length < this.#size) this.#threads.push(this.#start());
    } catch {
      this.#fail();
    }
  }

  #start(): Thread {
    // Without the options of the process: `--input-type`, of a script given as text, ends a thread at once.
    const worker = new Worker(new URL('./crew-worker.js', import.meta.url), { execArgv: [] });
    const thread: Thread = { worker, rows: undefined, job: undefined };
    worker.on('message', (answer: Answer) => {
      const { job } = thread;
      thread.job = undefined;
      if ('result' in answer) job?.resolve(answer.result);
      else job?.reject(new Error(answer.error));
    });
    const lost = (error: Error): void => {
      if (!this.#threads.includes(thread)) return thread.job?.reject(error);
      this.#fail();
      thread.job?.reject(error);
    };
    worker.on('error', lost);
    worker.on('messageerror', lost);
    worker.on('exit', () => lost(new Error('the thread ended')));
    return thread;
  }

  #send(
    thread: Thread,
    { rows, noise }: { rows: Matrix; noise: Float64Array },
    task: LaneTask,
    over: Int32Array,
  ): Promise<LaneResult> {
    return new Promise((resolve, reject) => {
      thread.job = { resolve, reject };
      if (thread.rows !== rows) {
        thread.worker.postMessage({ kind: 'rows', rows, noise, copies: copiesOf(rows) } satisfies Order);
        thread.rows = rows;
      }
      thread.worker.postMessage({ kind: 'lane', task, over } satisfies Order);
    });
  }

  /** Gives all threads up: what failed on one would fail on another. */
  #fail(): void {
    this.#hasFailed = true;
    void this.close();
  }
}

/** Whether this is Node itself. In Bun and Deno ONNX Runtime was not tried on a second thread, and all runs in place. */
const isNode = !('bun' in process.versions) && !('deno' in process.versions);
