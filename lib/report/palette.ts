/**
 * The report's colours. Charts name them as CSS variables, so that one picture serves light, dark and print; pictures
 * that stand alone (.svg, .png) have the light ones written in.
 */
export interface Palette {
  /** From none to all: lightness changes in one direction, so that the order survives grey print and any colour vision. */
  sequential: readonly string[];
  /** From less through nothing to more: orange and blue. */
  diverging: readonly string[];
  /** Series, after Okabe and Ito (2008): colour-blind readers can tell them apart. */
  series: readonly string[];
  paper: string;
  ink: string;
  muted: string;
  rule: string;
  panel: string;
  warn: string;
  warnPaper: string;
}

export const light: Palette = {
  sequential: [
    ...['#f1f4f8', '#e0eaf4', '#cbdff0', '#b0d2e8', '#8fc1df', '#6fb0d8', '#569fce', '#2c76b2', '#1f66a6', '#0f4f8e'],
    '#083a6f',
  ],
  diverging: [
    ...['#7d3405', '#a65014', '#d98f57', '#ecbd97', '#f7e3d4', '#f3f4f5', '#d6e5f2', '#a6cbe6', '#6fb0d8', '#2c76b2'],
    '#083a6f',
  ],
  series: ['#0067a3', '#c24e00', '#00795c', '#a03f78', '#5b4a00', '#44505e'],
  ...{ paper: '#ffffff', ink: '#171b21', muted: '#59626e', rule: '#d9dee4', panel: '#f5f7f9' },
  ...{ warn: '#8a4b00', warnPaper: '#fff6e6' },
};

export const dark: Palette = {
  sequential: [
    ...['#1c2229', '#1f2f3f', '#213e57', '#234e70', '#265f8a', '#2b6b9b', '#5a9ccb', '#74afd9', '#90c2e6', '#b3d7f1'],
    '#dcedfa',
  ],
  diverging: [
    ...['#ffcd9b', '#eda968', '#c9813f', '#86532a', '#4d3626', '#23282e', '#233a50', '#28567d', '#5a9ccb', '#90c2e6'],
    '#dcedfa',
  ],
  series: ['#5bb6ea', '#f29a55', '#35c79a', '#e595c3', '#d8c25a', '#b4bdc8'],
  ...{ paper: '#12161b', ink: '#e7eaee', muted: '#a3acb7', rule: '#333b45', panel: '#1a2027' },
  ...{ warn: '#f5c070', warnPaper: '#2b2214' },
};

/** Number of steps of both colour scales. */
export const steps = light.sequential.length;

/** CSS variables of a palette, by name. */
export function variables(palette: Palette): Record<string, string> {
  const named: Record<string, string> = {};
  for (const scale of ['sequential', 'diverging'] as const) {
    palette[scale].forEach((colour, i) => {
      named[`--${scale}-${i}`] = colour;
      named[`--on-${scale}-${i}`] = readableOn(colour);
    });
  }
  palette.series.forEach((colour, i) => (named[`--series-${i}`] = colour));
  for (const name of ['paper', 'ink', 'muted', 'rule', 'panel', 'warn'] as const) named[`--${name}`] = palette[name];
  return { ...named, '--warn-paper': palette.warnPaper };
}

/** White or a near-black, whichever is easier to read on a colour. */
function readableOn(colour: string): string {
  return contrast('#0c1116', colour) >= contrast('#ffffff', colour) ? '#0c1116' : '#ffffff';
}

/** Contrast ratio of two colours `#rrggbb`, 1 to 21 (WCAG 2.2). */
export function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
