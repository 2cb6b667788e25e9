import { escape } from './html.js';
import { textWidth } from './text-width.js';

/** An entry of a legend: a mark as it is drawn, and what it means. */
export interface LegendItem {
  text: string;
  colour: string;
  mark: 'bar' | 'dot' | 'ring' | 'dashes';
}

/** A legend inside the drawing, in as many lines as the width takes, so that a figure in a paper explains itself. */
export function legendRow(
  items: readonly LegendItem[],
  width: number,
  fontSize: number,
): { height: number; svg: (x: number, y: number) => string } {
  const line = fontSize + 7;
  const places: { item: LegendItem; x: number; y: number }[] = [];
  let [x, y] = [0, 0];
  for (const item of items) {
    const wide = 18 + textWidth(item.text, fontSize) + 14;
    if (x > 0 && x + wide > width) [x, y] = [0, y + line];
    places.push({ item, x, y });
    x += wide;
  }
  return {
    height: y + line + 4,
    svg: (left, top) =>
      `<g font-size="${fontSize}" text-anchor="start">${places
        .map(({ item, x: dx, y: dy }) => {
          const [at, middle] = [left + dx, top + dy + line / 2];
          return `${markOf(item, at, middle)}<text x="${at + 18}" y="${middle}" dy="0.35em">${escape(item.text)}</text>`;
        })
        .join('')}</g>`,
  };
}

function markOf({ mark, colour }: LegendItem, x: number, y: number): string {
  switch (mark) {
    case 'bar':
      return `<rect x="${x}" y="${y - 5}" width="12" height="10" rx="1" fill="${colour}"/>`;
    case 'dot':
      return `<circle cx="${x + 6}" cy="${y}" r="4.5" fill="${colour}"/>`;
    case 'ring':
      return `<circle cx="${x + 6}" cy="${y}" r="4.5" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
    case 'dashes':
      return `<path d="M${x + 6},${y - 6}V${y + 6}" stroke="${colour}" stroke-width="1.5" stroke-dasharray="3,2"/>`;
  }
}
