import { statSync } from 'node:fs';
import { UsageError } from '../base/index.js';

/**
 * Splits `FILE#NAME`, a file and the name of a tensor in it; a `FILE` alone has no name. Since folders, files and
 * tensors may have a # in their names, the split is at the last # with an existing file before it.
 * @throws UsageError where there is nothing before the # or behind it
 */
export function splitName(text: string): [file: string, name: string | undefined] {
  if (!text.includes('#') || isThere(text)) return [text, undefined];
  const marks = [...text.matchAll(/#/g)].map(({ index }) => index).reverse();
  const at = marks.find((mark) => isThere(text.slice(0, mark))) ?? afterEnding(text);
  if (at === undefined) return [text, undefined];
  if (at === 0 || at === text.length - 1) throw new UsageError(`Expected FILE or FILE#NAME, found "${text}".`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function isThere(path: string): boolean {
  try {
    return !statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/**
 * The # of a file that does not exist: the one behind a known ending, else the last one, unless a path goes on behind
 * it.
 */
function afterEnding(text: string): number | undefined {
  const [found] = [...text.matchAll(/\.(?:safetensors|npy|npz)#/gi)].reverse();
  if (found) return found.index + found[0].length - 1;
  const last = text.lastIndexOf('#');
  return /[\\/]/.test(text.slice(last)) ? undefined : last;
}
