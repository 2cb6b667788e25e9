import { observe } from '../leaks/index.js';
import { openRows, type NotedRows } from '../logs/index.js';
import { parseObserve } from '../words/index.js';

/** Outputs of a file, as an interface would show them where a spec says how. */
export async function openShown(path: string, spec?: string): Promise<NotedRows> {
  if (spec === undefined) return openRows(path);
  const steps = parseObserve(spec);
  const opened = await openRows(path);
  return { ...opened, rows: observe(opened.rows, steps) };
}
