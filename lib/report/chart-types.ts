import type { Markup } from './html.js';

/**
 * What Observable Plot is given for a chart: its `PlotOptions`. Declared without Plot's own types, which would make callers
 * install type packages.
 */
export type PlotSpec = Readonly<Record<string, unknown>>;

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
  /** What was drawn, as Plot takes it; `redraw` draws it again with other options. */
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
}

export interface ChartOptions {
  /** In CSS pixels (96 an inch): charts are laid out anew for it, so that their text keeps its size. */
  width?: number;
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
