/**
 * report: results → text for a terminal, one page for people, and charts and tables for papers. Finished results are read
 * and checked here; neither models nor data nor ONNX Runtime are needed.
 */
export { auditedNames, besideInWords } from './audits-beside.js';
export { standalone, type Chart } from './chart.js';
export { chartsOf, chartsOfAll, redrawChart } from './charts.js';
export type { ChartOptions } from './chart-types.js';
export { intervalOf } from './exact.js';
export { renderDemo } from './demo-page.js';
export { renderReport } from './page.js';
export { renderLatex } from './latex.js';
export { withNames } from './named.js';
export { renderPdf, renderPng } from './picture.js';
export { renderResults, type TerminalOptions } from './results.js';
export { renderPublished } from './published-table.js';
export { renderTable, type Column } from './table.js';
export { toldApartColumns, toldApartOf, toldApartTitle } from './told-apart.js';
export { renderCsv, renderMarkdown, renderMarkdownOfAll } from './text-formats.js';
