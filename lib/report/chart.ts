import type { PlotOptions } from '@observablehq/plot';
import { withAxes } from './axes.js';
import type { Chart, ChartText, DrawnNode, PlotSpec } from './chart-types.js';
import { escape, Markup } from './html.js';
import { light, variables } from './palette.js';

export type { Chart, ChartText, DrawnNode, PlotSpec } from './chart-types.js';

/** Plot and a document to draw in, loaded when the first chart is drawn. */
export async function loadPlot(): Promise<{ Plot: typeof import('@observablehq/plot'); document: object }> {
  const [Plot, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')]);
  return { Plot: withAxes(Plot), document: parseHTML('<!doctype html><html><body></body></html>').document };
}

export type Plotting = Awaited<ReturnType<typeof loadPlot>>;

/**
 * Draws with Plot, and writes the result as SVG: well-formed, escaped, without attributes that the page's style has.
 */
export function draw({ Plot, document }: Plotting, text: ChartText, options: PlotOptions): Chart {
  const drawn = Plot.plot({ ...options, document } as PlotOptions) as unknown as DrawnNode;
  const [width, height] = ['width', 'height'].map((name) => Number(drawn.getAttribute(name)));
  const { name, title, description, decorate, extra, style, variables: colours = {} } = text;
  decorate?.(drawn);
  const labels = [...drawn.childNodes].filter((node) => node.nodeType === 1 && isRowLabels(node));
  const left = Number(options.marginLeft ?? 0);
  const inner = [...drawn.childNodes].map(write).join('') + (extra?.(width, height) ?? '');
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"` +
    ` role="${decorate ? 'group' : 'img'}" aria-label="${escape(`${title}. ${description}`)}" fill="currentColor" font-family="var(--font)"` +
    ` font-size="11" text-anchor="middle"${style ? ` style="${escape(style)}"` : ''}>${inner}</svg>`;
  const written = labels.map(write).join('');
  const rowLabels =
    written === '' || left < 60 || written.length > mostLabels
      ? null
      : inColours(
          colours,
          `<svg xmlns="http://www.w3.org/2000/svg" class="row-labels" viewBox="0 0 ${left} ${height}" width="${left}" height="${height}"` +
            ` aria-hidden="true" fill="currentColor" font-family="var(--font)" font-size="11" text-anchor="middle">${written}</svg>`,
        );
  return {
    name,
    title,
    description,
    width,
    height,
    svg: inColours(colours, svg),
    rowLabels,
    plot: options as unknown as PlotSpec,
    text,
  };
}

/** Most characters of row labels that are written a second time. */
const mostLabels = 20_000;

const isRowLabels = (node: DrawnNode): boolean =>
  node.getAttribute('aria-label') === 'y-axis tick label' || node.getAttribute('aria-description') === rowLabel;

/** The description (Plot's `ariaDescription`, which is not written) of marks that name rows beside an axis. */
export const rowLabel = 'row-label';

/** A drawing in which these variables have values of its own; the ink is also what text is drawn in. */
function inColours(colours: Readonly<Record<string, string>>, svg: string): Markup {
  const given = (name: string): string | undefined =>
    Object.hasOwn(colours, name) ? escape(colours[name]) : undefined;
  const ink = given('--ink');
  const drawn = svg.replace(/var\((--[\w-]+)\)/g, (whole, name: string) => given(name) ?? whole);
  return new Markup(ink === undefined ? drawn : drawn.replaceAll('="currentColor"', () => `="${ink}"`));
}

/**
 * Attributes that are not written: Plot's descriptions of parts ("y-axis tick label") would drown the chart's own in a
 * screen reader.
 */
const notWritten = new Set(['aria-description', 'class']);

function write(node: DrawnNode): string {
  if (node.nodeType === 3) return escape(node.textContent ?? '');
  if (node.nodeType !== 1 || node.localName === 'style') return '';
  const name = node.localName!;
  const attributes = [...(node.attributes ?? [])]
    .filter(({ name: key }) => !notWritten.has(key) && !(key === 'aria-label' && name === 'g'))
    .map(({ name: key, value }) => ` ${key}="${escape(numeric.has(key) ? rounded(value) : value)}"`)
    .join('');
  const inner = [...node.childNodes].map(write).join('');
  return inner === '' ? (name === 'g' ? '' : `<${name}${attributes}/>`) : `<${name}${attributes}>${inner}</${name}>`;
}

const numeric = new Set(['transform', 'd', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'width', 'height', 'points']);

/** Numbers rounded to a hundredth of a pixel, less than anybody sees. */
const rounded = (value: string): string =>
  value.replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (x) => String(Number(Number(x).toFixed(2))));

/**
 * Writes a page's variables into a picture that stands alone: the light palette, one font.
 * @param unit what the width and height are written in: `mm` for a figure that was laid out for a paper
 */
export function standalone({ svg, width, height, text: { variables: own } }: Chart, unit: 'px' | 'mm' = 'px'): string {
  const known: Record<string, string> = { ...variables(light), ...own, '--font': 'Inter, system-ui, sans-serif' };
  const text = svg.text
    .replace(/var\((--[\w-]+)\)/g, (whole, name: string) => known[name] ?? whole)
    .replaceAll('currentColor', light.ink);
  const start = text.indexOf('>') + 1;
  const size = unit === 'px' ? '' : ` width="${inMillimetres(width)}" height="${inMillimetres(height)}"`;
  const opening =
    size === '' ? text.slice(0, start) : text.slice(0, start).replace(/ width="[^"]*" height="[^"]*"/, size);
  return `${opening}<rect width="${width}" height="${height}" fill="${escape(known['--paper'])}"/>${text.slice(start)}\n`;
}

const inMillimetres = (pixels: number): string => `${((pixels * 25.4) / 96).toFixed(2)}mm`;
