const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** A number of bytes for people: 46812 → `46.8 kB`, in steps of a thousand, as the Hub shows sizes. */
export function bytesInWords(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}
