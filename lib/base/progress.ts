/** One step of a long task. */
export interface Progress {
  /** What is going on, in a few words: `extract efficientnet_lite0 on cifar100:train`. */
  stage: string;
  /** Units done so far, those found finished already included. */
  done: number;
  /** Units in all. */
  total: number;
  /** `images`, `rows`, `steps`. */
  unit: string;
  /** Most seconds until the task is ended, done or not; absent without such a limit. */
  secondsLeft?: number;
  /** A sentence that stays above the progress: what the task waits for, or cannot check. Said once. */
  note?: string;
  /** Units of this kind in the whole task, of which the stages that follow are parts. Said once, before them. */
  planned?: number;
}

/** What every long function takes. */
export interface TaskOptions {
  /** Stops the task between two blocks; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called after each block of work. */
  onProgress?: (progress: Progress) => void;
}
