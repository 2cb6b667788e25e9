/**
 * base: what every room needs: errors that people read, options of long tasks, seeded random numbers, lines of text.
 */
export { blockRows } from './block-rows.js';
export { count } from './count.js';
export { errorCodes, FeatReconstructError, isCoded, NotShownError, textOf, UsageError } from './errors.js';
export type { ErrorCode, FeatReconstructErrorOptions } from './errors.js';
export { evenly, evenlyOf } from './evenly.js';
export {
  byName,
  checkedCall,
  checkedTask,
  checkOptions,
  checkProviderList,
  found,
  isPromise,
  optionsAt,
  optionsOf,
  orText,
  taskNames,
  withOptionsAt,
} from './known-options.js';
export type { Known, KnownOptions } from './known-options.js';
export { LargeSet } from './large-set.js';
export { PI, abs, atan2, ceil, exp, floor, fround, hypot, imul, log, max, min, round, sqrt } from './math.js';
export { nearest } from './nearest.js';
export { option, withOptions } from './option.js';
export type { Progress, TaskOptions } from './progress.js';
export { nameOf, systemPath } from './system-name.js';
export { share, shareInWords } from './share.js';
export { visible, visibleData, visibleJson, visibleLines } from './visible.js';
export { wrap } from './wrap.js';
export { Pace, atOnce, paced } from './pace.js';
export { congruential, random, seedOf, uniform } from './random.js';
export type { Random, Uniform } from './random.js';
export { chanceMatches } from './chance-matches.js';
export { cohenKappa, wilsonInterval } from './proportion.js';
export { quantile } from './quantile.js';
export type { RowPlace } from './row-place.js';
