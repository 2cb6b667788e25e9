/** What separates the whole part of a number from its fraction. */
export type DecimalMark = '.' | ',';

const plain = /^[+-]?(\d+\.?\d*|\.\d+)([ed][+-]?\d+)?$/i;
/** Numbers with separated thousands: 1,234.5 or 1'234.5 or 1 234.5, with a no-break space. */
const grouped = /^[+-]?[1-9]\d{0,2}([,'\u00a0\u202f]\d{3})+(\.\d*)?$/;
/** What programs write where there is no number. */
const nothing = /^(|nan|-nan|na|n\/a|null|none|nil|\\n|-|\?|#n\/a|#value!)$/i;

/**
 * The number of a cell, NaN where there is none. It may have blanks around it, a percent sign (it is then divided by 100),
 * Fortran's exponent, separated thousands, or brackets of a list that separators cut. Hexadecimal numbers are taken for names.
 */
export function numberOf(cell: string, mark: DecimalMark): number {
  if (mark === '.') {
    // Most cells are plain: JavaScript's own reading is the quickest, and differs on blanks and on 0x10 alone.
    const first = cell.charCodeAt(0);
    const second = cell.charCodeAt(1);
    if ((first === 45 || (first >= 48 && first <= 57)) && (second <= 57 || second !== second)) {
      const value = +cell;
      if (value === value && Number.isFinite(value)) return value;
    }
  }
  return numberOfAnyForm(cell, mark);
}

/** Most characters of a number. Longer cells are whole lines, while a wrong separator is tried, and would take long to match. */
const longestNumber = 64;

function numberOfAnyForm(cell: string, mark: DecimalMark): number {
  if (cell.length > longestNumber) return NaN;
  let text = cell.trim().replace(/^[[{]+\s*|\s*[\]}]+$/g, '');
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  const percent = text.endsWith('%');
  if (percent) text = text.slice(0, -1).trimEnd();
  text = text.replace(/^\u2212/, '-');
  if (mark === ',') text = text.replace(/[.,]/g, (sign) => (sign === '.' ? ',' : '.'));
  if (grouped.test(text)) text = text.replace(/[,'\u00a0\u202f]/g, '');
  if (!plain.test(text)) return NaN;
  const value = Number(text.replace(/d/i, 'e'));
  return percent ? value / 100 : value;
}

/** Whether a cell says that there is no value. */
export const isMissing = (cell: string): boolean => nothing.test(cell.trim());

/**
 * The numbers of an array in one cell, as Python prints a list, a tuple, a NumPy array or a tensor, as PostgreSQL writes an array,
 * or at least three numbers in a row; null where the cell is no array.
 */
export function arrayOf(cell: string): Float64Array | null {
  const inside = insideOf(cell.trim());
  if (inside === null) return null;
  const parts = inside
    .replace(/[[\](){}]/g, ' ')
    .trim()
    .split(/\s*[\s,;|]\s*/);
  if (parts.length < 2) return null;
  const numbers = Float64Array.from(parts, (part) => numberOf(part, '.'));
  return numbers.some(Number.isNaN) ? null : numbers;
}

function insideOf(text: string): string | null {
  for (const [open, close] of ['[]', '()', '{}']) {
    const from = text.indexOf(open);
    if (from >= 0) {
      return /^([a-z_][\w.]*\()?\s*$/i.test(text.slice(0, from)) ? text.slice(from + 1, text.lastIndexOf(close)) : null;
    }
  }
  return /^[\d.e+-]+([\s|;]+[\d.e+-]+){2,}$/i.test(text) && text.includes('.') ? text : null;
}

/** Whether NumPy or pandas left numbers of an array out when they printed it. */
export const isShortened = (cell: string): boolean => /^\s*\w*\(?\s*\[.*\d\s*,?\s*(\.\.\.|…)\s*,?\s*[\d-]/s.test(cell);
