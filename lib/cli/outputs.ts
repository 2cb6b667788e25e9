import { givenOf, observeAs } from '../leaks/index.js';
import { openRows, type NotedRows } from '../logs/index.js';
import { parseObserve } from '../words/index.js';

/** Outputs of a file, as an interface would show them where a spec says how. */
export async function openShown(
  path: string,
  {
    observe: spec,
    skipBadLines = false,
    columns = null,
  }: { observe?: string; skipBadLines?: boolean; columns?: readonly string[] | null },
): Promise<NotedRows> {
  const open = (): Promise<NotedRows> => openRows(path, 'logits', { skipBadLines, columns });
  if (spec === undefined) return open();
  const { steps } = parseObserve(spec);
  const opened = await open();
  try {
    return { ...opened, rows: observeAs(opened.rows, { text: spec, steps }, await givenOf(opened.rows)) };
  } catch (error) {
    await opened.close();
    throw error;
  }
}
