import type { Markup } from './html.js';

/**
 * What Observable Plot is given for a chart: its `PlotOptions`. Declared without Plot's own types, which would make callers
 * install type packages.
 */
export type PlotSpec = Readonly<Record<string, unknown>> & {
  /** Plot's marks, in the order in which they are drawn. */
  readonly marks?: readonly unknown[];
};

/** A drawn chart. */
export interface Chart {
  /** Name for files: letters, digits and hyphens. */
  name: string;
  /** Its name without the test set, where a result has such a chart for each of several. */
  family?: string;
  title: string;
  /** What it shows, for those who cannot see it. */
  description: string;
  width: number;
  height: number;
  svg: Markup;
  /** The labels of the rows alone, which stay in sight where the chart is scrolled on a small screen. */
  rowLabels: Markup | null;
  /** What is written under it. */
  caption?: string;
  /**
   * What was drawn, as Plot takes it; `redrawChart` draws it again with other options. Its marks are Plot's objects: for use in
   * the same process, and not as JSON.
   */
  plot: PlotSpec;
  text: ChartText;
}

/** What a chart has beside Plot's options. */
export interface ChartText {
  name: string;
  title: string;
  description: string;
  /** Makes parts of the drawing reachable, by keyboard and by the page's script. */
  decorate?: (drawn: DrawnNode) => void;
  /** SVG beside what Plot draws, such as a legend, for a drawing of this size. */
  extra?: (width: number, height: number) => string;
  /** CSS of the drawing's root. */
  style?: string;
  /** Values of CSS variables (`--series-0`) that stand in the drawing in their place. */
  variables?: Readonly<Record<string, string>>;
}

export interface ChartOptions {
  /** In CSS pixels (96 an inch): charts are laid out anew for it, so that their text keeps its size. */
  width?: number | undefined;
}

/** What `redrawChart` changes. Everything else of a chart stays; an option that it does not know is refused. */
export interface RedrawOptions {
  /** In CSS pixels, 96 an inch. */
  width?: number | undefined;
  height?: number | undefined;
  marginTop?: number | undefined;
  marginRight?: number | undefined;
  marginBottom?: number | undefined;
  marginLeft?: number | undefined;
  /** The chart's `title`, which begins its caption and names it for screen readers; charts draw no title. */
  title?: string | undefined;
  /** What follows the title in the caption. */
  subtitle?: string | undefined;
  /** All of the caption. */
  caption?: string | undefined;
  /** The chart's `description`. */
  description?: string | undefined;
  /** CSS of the drawing's root, or its properties as JavaScript names them: `{ fontFamily: 'serif' }`. */
  style?: string | Readonly<Record<string, string | number | undefined>> | undefined;
  /** Values of the CSS variables that its colours and its font are: `{ '--series-0': '#7a0019' }`. */
  variables?: Readonly<Record<string, string | undefined>> | undefined;
  /** Options of the scale (`domain`, `type`) and of its axis (`label`, `ticks`, `tickFormat`), beside the chart's own. */
  x?: PlotSpec | undefined;
  y?: PlotSpec | undefined;
  /** Options of the scales of panels. */
  fx?: PlotSpec | undefined;
  fy?: PlotSpec | undefined;
  /** In place of the chart's own, which are `chart.plot.marks`. */
  marks?: readonly unknown[] | undefined;
}

/** What is used of a DOM node; the compiler knows no DOM here. */
export interface DrawnNode {
  nodeType: number;
  localName?: string;
  textContent: string | null;
  attributes?: Iterable<{ name: string; value: string }>;
  childNodes: Iterable<DrawnNode>;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  querySelectorAll(selector: string): Iterable<DrawnNode>;
}
