/** Milliseconds of work between two turns of the event loop. */
const turn = 50;

/**
 * Keeps a long computation in JavaScript from holding the event loop: Ctrl-C, timers and lines of progress come through
 * between its steps.
 */
export class Pace {
  #last = performance.now();

  constructor(private readonly signal?: AbortSignal) {}

  /** Whether it is time for a turn. */
  get due(): boolean {
    return performance.now() - this.#last > turn;
  }

  /** Gives the event loop a turn where one is due. @throws the signal's reason when it was aborted */
  async step(): Promise<void> {
    if (this.due) {
      await new Promise(setImmediate);
      this.#last = performance.now();
    }
    this.signal?.throwIfAborted();
  }
}

/** The result of a computation in steps, with a turn of the event loop now and then. */
export async function paced<T>(steps: Generator<void, T>, signal?: AbortSignal): Promise<T> {
  const pace = new Pace(signal);
  for (;;) {
    const { value, done } = steps.next();
    if (done) return value;
    if (pace.due) await pace.step();
  }
}

/** The same in one go, for what is over in a moment. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { value, done } = steps.next();
    if (done) return value;
  }
}
