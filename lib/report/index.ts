/**
 * report: results → text for a terminal, one page for people, and charts and tables for papers. Finished results are read
 * and checked here; neither models nor data nor ONNX Runtime are needed.
 */
export { standalone, type Chart } from './chart.js';
export { chartsOf } from './charts.js';
export { renderDemo } from './demo.js';
export { brief, count, rSquared, seconds, share, upToOne } from './figures.js';
export { transformInWords } from './transforms.js';
export { assumedTransforms, otherTransforms } from './notices.js';
export { renderReport } from './page.js';
export { clusteredDifference, newcombe, pairedDifference, type Difference, type PairedCounts } from './paired.js';
export { renderPng } from './picture.js';
export { rankNote } from './rank-note.js';
export { parseResults, readResults, resultsFile } from './read.js';
export { mismatch, type Schema } from './schema.js';
export { renderResults } from './results.js';
export { renderTable, type Column } from './table.js';
export { renderCsv, renderMarkdown } from './text-formats.js';
