import { count } from '../words/index.js';
import { mostShown, type Shown } from './shown.js';
import { markup, type Content, type Markup } from './html.js';
import type { Column } from './table.js';

/**
 * A table in a frame that scrolls by itself where the page is too narrow for it.
 * @param options `label`: what a screen reader calls it; `key`: the heading of the column that matters most
 */
export function table<Row>(
  columns: readonly Column<Row>[],
  groups: readonly { heading: Content; rows: readonly Row[] }[],
  { label, key }: { label: string; key?: string },
): Markup {
  const side = ({ align }: Column<Row>): string => (align === 'right' ? '' : 'text');
  return markup`<div class="scroll" tabindex="0" role="group" aria-label="${label}">
    <table>
      <thead>
        <tr>
          ${columns.map((column) => markup`<th scope="col" class="${side(column)}">${column.heading}</th>`)}
        </tr>
      </thead>
      ${groups.map(
        ({ heading, rows }) =>
          markup`<tbody>
            ${
              heading
                ? markup`<tr class="group">
                    <th class="text wrap" colspan="${columns.length}" scope="rowgroup">${heading}</th>
                  </tr>`
                : null
            }
            ${rows.map(
              (row) =>
                markup`<tr>
                  ${columns.map((column, i) =>
                    i === 0
                      ? markup`<th scope="row" class="${side(column)}">${column.cell(row)}</th>`
                      : markup`<td class="${side(column)}${column.heading === key ? ' key' : ''}">
                          ${column.cell(row)}
                        </td>`,
                  )}
                </tr> `,
            )}
          </tbody>`,
      )}
    </table>
  </div>`;
}

/** The note on rows that a table leaves out; null where it has all. */
export const more = (rows: number): Markup | null =>
  rows > mostShown
    ? markup`<p class="note">
        The first ${mostShown} of ${count(rows)} rows; <code>featreconstruct report … --format csv</code> has all.
      </p>`
    : null;

/** A chart under its title, with what it shows. */
export const chartFigure = ({ chart, caption, measuredOn }: Shown): Markup => markup`<h3>${chart.title}</h3>
  <figure>
    <figcaption>${caption}${measuredOn ? ` ${measuredOn}` : null}</figcaption>
    <div class="scroll charted" tabindex="0" role="group" aria-label="${chart.title}">${chart.rowLabels}${chart.svg}</div>
  </figure>`;
