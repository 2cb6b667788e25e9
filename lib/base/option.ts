/** What encloses an option in a text: three of Unicode's noncharacters, which no readable name contains. */
const [open, middle, end] = ['\uFDD0', '\uFDD1', '\uFDD2'];
const placed = new RegExp(`${open}([^${open}${middle}${end}]*)${middle}([^${open}${middle}${end}]*)${end}`, 'gu');

/**
 * An option inside the message of a FeatReconstructError, by both of its names: whoever calls the library reads the
 * property (`skipBadImages`), whoever types a command the flag (`--skip-bad-images`).
 * @param property as a caller of the library writes it, with a value where that helps: `stores: null`
 * @param flag the same on the command line; without it, the property with a hyphen before each part
 */
export function option(
  property: string,
  flag = `--${property.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`,
): string {
  return `${open}${property}${middle}${flag}${end}`;
}

/** A text in which `name` chooses how each option is called. */
export const withOptions = (text: string, name: (property: string, flag: string) => string): string =>
  text.replace(placed, (_, property: string, flag: string) => name(property, flag));
