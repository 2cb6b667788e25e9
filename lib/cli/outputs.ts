import { observe, openOutputs, type OutputsFile } from '../leaks/index.js';
import { parseObserve } from '../words/index.js';

/** Outputs of a file, as an interface would show them where a spec says how. */
export async function openShown(path: string, spec?: string): Promise<OutputsFile> {
  if (spec === undefined) return openOutputs(path);
  const steps = parseObserve(spec);
  const opened = await openOutputs(path);
  return { ...opened, rows: observe(opened.rows, steps) };
}
