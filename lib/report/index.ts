/** report: results → text for a terminal. */
export { brief, count, rSquared, seconds, share } from './figures.js';
export { renderResults } from './results.js';
export { renderTable, type Column } from './table.js';
