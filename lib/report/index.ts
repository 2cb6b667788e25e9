/** report: results → text for a terminal, and one page for people; finished results are read and checked here. */
export { brief, count, rSquared, seconds, share } from './figures.js';
export { renderReport } from './page.js';
export { parseResults, readResults, resultsFile } from './read.js';
export { renderResults } from './results.js';
export { renderTable, type Column } from './table.js';
