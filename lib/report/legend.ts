import { escape } from './html.js';
import { textWidth } from './text-width.js';

/** An entry of a legend: a mark as it is drawn, and what it means. */
export interface LegendItem {
  text: string;
  colour: string;
  mark: 'bar' | 'dot' | 'ring' | 'dashes';
}

/** What is drawn of a legend: how high it is, and its SVG at a place. */
interface Legend {
  height: number;
  svg: (x: number, y: number) => string;
}

/** A legend inside the drawing, in as many lines as the width takes, so that a figure in a paper explains itself. */
export function legendRow(items: readonly LegendItem[], width: number, fontSize: number): Legend {
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

/** A legend of sentences, one below the other, each broken where it is wider than the drawing. */
export function legendColumn(items: readonly LegendItem[], width: number, fontSize: number): Legend {
  const [line, within] = [fontSize + 7, fontSize + 3];
  let height = 0;
  const placed = items.map((item) => {
    const [y, lines] = [height + line / 2, brokenAt(item.text, width - 18, fontSize)];
    height += line + within * (lines.length - 1);
    return { item, y, lines };
  });
  const textOf = (text: string, x: number, y: number): string =>
    `<tspan x="${x}" y="${y}" dy="0.35em">${escape(text)}</tspan>`;
  return {
    height: height + 4,
    svg: (left, top) =>
      `<g font-size="${fontSize}" text-anchor="start">${placed
        .map(
          ({ item, y, lines }) =>
            `${markOf(item, left, top + y)}<text>${lines.map((text, i) => textOf(text, left + 18, top + y + i * within)).join(' ')}</text>`,
        )
        .join('')}</g>`,
  };
}

/** Lines of a text within a width in pixels, broken at spaces. */
function brokenAt(text: string, width: number, fontSize: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = lines.length > 0 ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length > 0 && textWidth(longer, fontSize) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
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
