import type { Settings } from './settings.js';

/** One bar, and what was found. */
export interface Check {
  /** What was looked at: `run 1 · efficientnet_lite0 · cifar100:train → cifar100:test · head as prior`. */
  subject: string;
  /** What has to hold, in words. */
  bar: string;
  figure: string;
  /** Null: not run; the figure says why. */
  held: boolean | null;
}

/** One of the points that have to be shown. */
export interface Point {
  id: number;
  title: string;
  /** Without one of these nothing of the point can run. */
  needs: readonly Need[];
  run(settings: Settings): Promise<Check[]>;
}

export type Need = 'models' | 'data' | 'python';

export const notRun = (subject: string, bar: string, why: string): Check => ({
  subject,
  bar,
  figure: `not run: ${why}`,
  held: null,
});

/** A bar that a command missed by not ending well. */
export const failed = (subject: string, problem: string): Check => ({
  subject,
  bar: 'the command ends well',
  figure: problem,
  held: false,
});
