/** Milliseconds of work before the event loop gets a turn. */
const turn = 50;

/**
 * Keeps a long computation in JavaScript from holding the event loop: Ctrl-C, timers and lines of progress come through
 * between its steps.
 */
export class Pace {
  #last = performance.now();

  constructor(private readonly signal?: AbortSignal) {}

  /** Whether the event loop is due for a turn. */
  get due(): boolean {
    return performance.now() - this.#last > turn;
  }

  /** Gives the event loop a turn if one is due. @throws the signal's reason when it was aborted */
  async step(): Promise<void> {
    if (this.due) {
      await new Promise(setImmediate);
      this.#last = performance.now();
    }
    this.signal?.throwIfAborted();
  }
}

/**
 * The result of a computation in steps, with turns of the event loop between them.
 * @throws the signal's reason when it was aborted
 */
export async function paced<T>(steps: Generator<void, T>, signal?: AbortSignal): Promise<T> {
  const pace = new Pace(signal);
  for (;;) {
    const { value, done } = steps.next();
    if (done) return value;
    if (pace.due) await pace.step();
  }
}

/** The same in one go, for what takes a moment. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { value, done } = steps.next();
    if (done) return value;
  }
}
