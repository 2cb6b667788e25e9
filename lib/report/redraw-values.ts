import { color } from 'd3-color';
import { found, UsageError } from '../base/index.js';
import type { PlotSpec } from './chart-types.js';

/** What CSS computes and d3-color does not know: functions, and colours of the system. */
const computed = /^((var|rgba?|hsla?|hwb|lab|lch|oklab|oklch|color|color-mix|light-dark)\(.+\)|currentcolor)$/i;

/**
 * Refuses a colour that a browser would draw black in silence.
 * @throws UsageError
 */
export function checkColour(value: string, name: string): void {
  if (color(value) !== null || computed.test(value.trim())) return;
  throw new UsageError(`Expected a colour of CSS for ${name}, found '${value}': '#7a0019' or 'navy', say.`);
}

/**
 * Refuses a domain on which nothing can be drawn.
 * @param scale the chart's own options of the scale
 * @param given those that replace them
 * @throws UsageError
 */
export function checkDomain(scale: PlotSpec, given: PlotSpec, what: string): void {
  const { domain } = given;
  const type = given.type ?? scale.type;
  if (domain === undefined) return;
  if (!Array.isArray(domain) || domain.length === 0) {
    throw new UsageError(`Expected ${what} as a list, found ${found(domain)}: [0, 100], or names.`);
  }
  // Of places by name or number any may be left out. What is continuous goes from one number to another.
  const own = scale.domain;
  if (type === 'band' || type === 'point' || !Array.isArray(own) || own.length !== 2 || typeof own[0] !== 'number')
    return;
  const ends: readonly unknown[] = domain;
  const isRange = ends.length > 1 && ends.every((value) => Number.isFinite(value)) && ends[0] !== ends.at(-1);
  if (!isRange) {
    throw new UsageError(`Expected ${what} as two different numbers or more, found [${ends.map(String).join(', ')}].`);
  }
  if (type === 'log' && !ends.every((value) => Number(value) > 0)) {
    throw new UsageError(`Expected ${what} above 0, since it is logarithmic, found [${ends.map(String).join(', ')}].`);
  }
}
