import Papa from 'papaparse';
import { arrayOf, isShortened, numberOf, type DecimalMark } from './cells.js';

/** How a file writes its table. */
export interface Dialect {
  separator: string;
  mark: DecimalMark;
}

/** Of two that split a text into equally many numbers the first is taken: decimal commas look like separators, too. */
const separators = [';', '\t', '|', ',', ' '];
/** Records, and cells of a record, that are looked at. */
const sampledRecords = 50;
const sampledCells = 512;

/** Excel's own line at the top that names the separator. */
export const separatorLine = /^\uFEFF?"?sep=(.)"?\n/i;

/** The records of a text, each a list of cells. Quoted cells may hold separators and line ends. @param most 0: all records */
export function csvRecords(text: string, separator: string, most = 0): string[][] {
  const { data } = Papa.parse<string[]>(text, { delimiter: separator, newline: '\n', preview: most });
  return separator === ' ' ? data.map((cells) => cells.filter((cell) => cell !== '')) : data;
}

/** The separator and the decimal mark that find the most numbers in the first records. */
export function dialectOf(text: string): Dialect {
  const named = separatorLine.exec(text)?.[1];
  const body = text.replace(separatorLine, '').replace(/^#.*\n/gm, '');
  let best: Dialect = { separator: named ?? ',', mark: '.' };
  let [most, plainest] = [0, 0];
  for (const separator of named ? [named] : separators) {
    const records = csvRecords(body, separator, sampledRecords).map((cells) => cells.slice(0, sampledCells));
    const dots = numbersIn(records, '.');
    const commas = numbersIn(records, ',');
    const cells = records.flat();
    // 12,345 may be either; outputs have fractions more often than thousands.
    const tie =
      dots.all === commas.all && cells.some((cell) => /\d,\d/.test(cell)) && !cells.some((c) => /\d\.\d/.test(c));
    const mark: DecimalMark = commas.all > dots.all || tie ? ',' : '.';
    const { all, plain } = mark === ',' ? commas : dots;
    // With a wrong separator a row of numbers looks like an array in one cell, so numbers in cells of their own decide a tie.
    if (all > most || (all === most && plain > plainest)) {
      [most, plainest] = [all, plain];
      best = { separator, mark };
    }
  }
  return best;
}

function numbersIn(records: readonly string[][], mark: DecimalMark): { all: number; plain: number } {
  let [plain, inArrays] = [0, 0];
  for (const cells of records) {
    for (const cell of cells) {
      if (!Number.isNaN(numberOf(cell, mark))) plain++;
      else if (/^\s*\w*\(?\s*[[({]|\s/.test(cell))
        inArrays += isShortened(cell) ? cell.split(/\s+/).length : (arrayOf(cell)?.length ?? 0);
    }
  }
  return { all: plain + inArrays, plain };
}
