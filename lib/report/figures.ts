/** How figures are written for people: rounded to what is known, an en dash where there is none. */
import { count as grouped } from '../base/index.js';

export const none = '–';

/** 0.99237 of 10,000 images → `99.24 %`; never `100.00 %` unless it is. */
export function share(value: number | null, decimals = 2): string {
  if (value === null) return none;
  const text = (100 * value).toFixed(decimals);
  if (value < 1 && Number(text) === 100) return `${(100 - 10 ** -decimals).toFixed(decimals)} %`;
  if (value > 0 && Number(text) === 0) return `<${(10 ** -decimals).toFixed(decimals)} %`;
  return `${text} %`;
}

/** R² near 1 is told by what is missing: 0.999999998 → `1 − 2e-9`. */
export function rSquared(value: number | null): string {
  if (value === null) return none;
  const missing = 1 - value;
  if (missing >= 1e-4 || missing < 0) return value.toFixed(4);
  return missing < 1e-15 ? '1' : `1 − ${missing.toExponential(0)}`;
}

/** 1234567 → `1,234,567`. */
export const count = (value: number | null): string => (value === null ? none : grouped(value));

/** Three significant digits. */
export function brief(value: number | null): string {
  if (value === null) return none;
  if (value === 0) return '0';
  return Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5
    ? String(Number(value.toPrecision(3)))
    : value.toExponential(1);
}

/** Seconds with as many digits as matter. */
export const seconds = (value: number): string => (value < 10 ? `${value.toFixed(1)} s` : `${Math.round(value)} s`);

const superscript = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** For an axis in powers of ten: 1e-12 → `10⁻¹²`, and nothing for what lies between two of them. */
export function powerOfTen(value: number): string {
  const exponent = Math.round(Math.log10(value));
  if (Math.abs(value / 10 ** exponent - 1) > 1e-9) return '';
  if (exponent === 0) return '1';
  return `10${exponent < 0 ? '⁻' : ''}${[...String(Math.abs(exponent))].map((digit) => superscript[Number(digit)]).join('')}`;
}
