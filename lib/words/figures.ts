/** How figures are written for people: rounded to what is known, an en dash where there is none. */
import { count as grouped, share as percentage } from '../base/index.js';

/** What is written where there is no figure. */
export const none = '–';

/** 0.99237 → `99.24 %`, as everywhere. */
export const share = (value: number | null, decimals = 2): string =>
  value === null ? none : percentage(value, decimals);

/** A share without its unit, for a column whose heading has it. */
export const inPercent = (value: number, decimals: number): string => percentage(value, decimals).replace(' %', '');

/** A figure whose best is 1 (kappa, CKA): less than 1 never reads as 1, but for the rounding of float64. */
export function upToOne(value: number | null, decimals: number): string {
  if (value === null) return none;
  const text = value.toFixed(decimals);
  const isLess = Number(text) >= 1 && value < 1 - 1e-9;
  return isLess ? `>${(1 - 10 ** -decimals).toFixed(decimals)}` : text;
}

/** Two shares as one cell: `98.99 – 99.92 %`. */
export const interval = (ends: readonly [number, number] | null): string =>
  ends ? `${inPercent(ends[0], 2)} – ${share(ends[1])}` : none;

/** R² near 1 is written by what is missing: 0.999999998 → `1 − 2e-9`. */
export function rSquared(value: number | null): string {
  if (value === null) return none;
  const missing = 1 - value;
  if (missing >= 1e-4 || missing < 0) return value.toFixed(4);
  return missing < 1e-15 ? '1' : `1 − ${missing.toExponential(0)}`;
}

/** How near recovered features are to the model's own: the least correlation of one with its own. */
export const matchedInWords = (worst: number): string =>
  worst > 0.9999
    ? 'Compared with the model’s own features, each that was recovered is one of these, up to its scale (correlation above 0.9999).'
    : `Compared with the model’s own features, the one that is least like its own has a correlation of ${worst.toFixed(4)} with it.`;

/** 1234567 → `1,234,567`. */
export const count = (value: number | null): string => (value === null ? none : grouped(value));

/** How many classes a model's answers name. */
export const classesNamed = (classes: number | null): string =>
  `${count(classes)} ${classes === 1 ? 'class' : 'classes'} named`;

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

/** A time that was measured: to the second under five minutes, so that it is not taken for the time that was given. `102 s`, `7 min`. */
export const inTime = (value: number): string =>
  value < 300 ? `${grouped(Math.max(1, Math.round(value)))} s` : roughTime(value);

/** An estimate, in the largest unit that leaves two digits or so: `34 s`, `7 min`, `3 h`. */
export function roughTime(value: number): string {
  if (value < 90) return `${grouped(Math.max(1, Math.round(value)))} s`;
  return value < 5400 ? `${grouped(Math.round(value / 60))} min` : `${grouped(Math.round(value / 3600))} h`;
}

/** A time that somebody gave, as exactly as it was given: `100 s`, `2 min`. */
export const givenTime = (value: number): string =>
  value > 60 && value % 60 === 0 ? `${grouped(value / 60)} min` : `${grouped(Math.round(value))} s`;

const superscript = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** For an axis in powers of ten: 1e-12 → `10⁻¹²`, and nothing for numbers between two of them. */
export function powerOfTen(value: number): string {
  const exponent = Math.round(Math.log10(value));
  if (Math.abs(value / 10 ** exponent - 1) > 1e-9) return '';
  if (exponent === 0) return '1';
  return `10${exponent < 0 ? '⁻' : ''}${[...String(Math.abs(exponent))].map((digit) => superscript[Number(digit)]).join('')}`;
}
