import type { Markup } from './html.js';

/**
 * What Observable Plot is given for a chart: its `PlotOptions`. Said without Plot's own declarations, which want type packages of
 * their own of whoever compiles against ours.
 */
export type PlotSpec = Readonly<Record<string, unknown>>;

/** A drawn chart. */
export interface Chart {
  /** Of files: letters, digits and hyphens. */
  name: string;
  title: string;
  /** What it shows, for those who cannot see it. */
  description: string;
  width: number;
  height: number;
  svg: Markup;
  /** What stands on the left of each row, alone: where the chart is scrolled on a small screen, it stays in sight. */
  rowLabels: Markup | null;
  /** What is to be said under it. */
  caption?: string;
  /** What was drawn, as Plot takes it; `redraw` draws it again with other options. */
  plot: PlotSpec;
  text: ChartText;
}

/** What stands beside Plot's own options of a chart. */
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
