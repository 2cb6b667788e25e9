/**
 * A share as people read it, everywhere the same: 0.99237 → `99.24 %`, rounded to the nearest. Less than all never
 * reads as all (`>99.99 %`), and more than nothing never as nothing (`<0.01 %`).
 * @param value 0 to 1
 * @param decimals of the percentage
 */
export function share(value: number, decimals = 2): string {
  const text = (100 * value).toFixed(decimals);
  const least = 10 ** -decimals;
  if (value < 1 && Number(text) >= 100) return `>${(100 - least).toFixed(decimals)} %`;
  if (value > 0 && Number(text) === 0) return `<${least.toFixed(decimals)} %`;
  return `${text} %`;
}

/** The same inside a sentence: `more than 99.9 %`, `less than 0.1 %`. */
export const shareInWords = (value: number, decimals = 1): string =>
  share(value, decimals).replace('>', 'more than ').replace('<', 'less than ');
