/** One step of a long task. */
export interface Progress {
  /** What is going on, in a few words: `extract efficientnet_lite0 on cifar100:train`. */
  stage: string;
  /** Units done so far, with those that were finished before this run. */
  done: number;
  /** Units in all. */
  total: number;
  /** `images`, `rows`, `steps`. */
  unit: string;
  /** Seconds after which the task is stopped, finished or not; absent where there is no limit. */
  secondsLeft?: number;
  /** A sentence that stays above the progress: what the task waits for, or cannot check. Given in one step only. */
  note?: string;
  /** Units of this kind in all stages that follow together. Given once, before the first of them. */
  planned?: number;
}

/** What every long function takes. */
export interface TaskOptions {
  /** Stops the task between two blocks; the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Called after each block of work. */
  onProgress?: ((progress: Progress) => void) | undefined;
}
