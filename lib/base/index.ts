/** base: what every room needs, the errors that people read and the options of long tasks. */
export { FeatReconstructError, UsageError } from './errors.js';
export type { Progress, TaskOptions } from './progress.js';
