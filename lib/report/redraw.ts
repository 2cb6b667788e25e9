import type { PlotOptions } from '@observablehq/plot';
import { checkOptions, found, optionsOf, UsageError, type KnownOptions } from '../base/index.js';
import { axisOf, axisOptions, withAxisOptions } from './axes.js';
import { draw, type Chart, type ChartText, type Plotting } from './chart.js';
import type { PlotSpec, RedrawOptions } from './chart-types.js';
import { light, variables } from './palette.js';
import { checkColour, checkDomain } from './redraw-values.js';

const known = optionsOf<RedrawOptions>({
  ...{ width: true, height: true, marginTop: true, marginRight: true, marginBottom: true, marginLeft: true },
  ...{ title: true, subtitle: true, caption: true, description: true, style: true, variables: true },
  ...{ x: true, y: true, fx: true, fy: true, marks: true },
});

const namesOnly = (names: readonly string[]): KnownOptions => Object.fromEntries(names.map((name) => [name, true]));

/** What a scale takes beside the options of its axis. */
const scaleNames = [
  ...['type', 'domain', 'range', 'reverse', 'nice', 'zero', 'clamp', 'round', 'interval', 'transform', 'percent'],
  ...[
    'inset',
    'insetTop',
    'insetRight',
    'insetBottom',
    'insetLeft',
    'padding',
    'paddingInner',
    'paddingOuter',
    'align',
  ],
  ...['base', 'exponent', 'constant', 'unknown'],
];

const scaleOptions = namesOnly(scaleNames);
const bothOptions = namesOnly([...scaleNames, ...axisOptions]);

/** The variables that the charts' colours and font are. */
const variableNames = namesOnly([...Object.keys(variables(light)), '--font']);

/**
 * A chart drawn again, with other options beside its own.
 * @throws UsageError for what the chart does not take, or Plot does not draw
 */
export function redraw(plotting: Plotting, chart: Chart, options: RedrawOptions): Chart {
  checkOptions(options, known, 'redrawChart');
  for (const name of ['width', 'height'] as const) checkSize(options[name], `redrawChart's ${name}`);
  const { plot } = chart;
  const { marks = plot.marks, x, y, fx, fy } = options;
  if (!Array.isArray(marks)) {
    throw new UsageError(
      `Expected marks of redrawChart as a list, found ${found(marks)}: add to those of the chart, as [...chart.plot.marks, Plot.ruleX([95])].`,
    );
  }
  const sides = optional({
    ...{ width: options.width, height: options.height, marginTop: options.marginTop, marginRight: options.marginRight },
    ...{ marginBottom: options.marginBottom, marginLeft: options.marginLeft },
  });
  let drawn: unknown[] = marks;
  const scales: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(optional({ x, y, fx, fy }))) {
    const place = name as 'x' | 'y' | 'fx' | 'fy';
    const isAxis = place === 'x' || place === 'y';
    checkOptions(given, isAxis ? bothOptions : scaleOptions, `redrawChart's ${place}`);
    const [axis, scale] = parted(given as Record<string, unknown>);
    if (isAxis && Object.keys(axis).length > 0) {
      checkAxis(chart, drawn, place, axis);
      drawn = withAxisOptions(drawn, place, axis);
    }
    checkDomain((plot[place] ?? {}) as PlotSpec, scale, `the domain of redrawChart's ${place}`);
    scales[place] = { ...(plot[place] as object | undefined), ...scale };
  }
  const text = textOf(chart, options);
  let again: Chart;
  try {
    again = draw(plotting, text, { ...plot, ...sides, ...scales, marks: drawn } as PlotOptions);
  } catch (error) {
    throw new UsageError(
      `Expected options that Observable Plot draws, found some that it refuses: ${(error as Error).message}. Leave them out one by one.`,
      { cause: error },
    );
  }
  return { ...again, ...captionOf(chart, options) };
}

/** @throws UsageError where a size in pixels is no number above 0 */
export function checkSize(size: unknown, what: string): void {
  if (size === undefined || (typeof size === 'number' && size > 0 && size < Infinity)) return;
  throw new UsageError(
    `Expected ${what} as a number of CSS pixels above 0, found ${found(size)}: 85 mm are 321, 96 an inch.`,
  );
}

/** Options of the axis, and those of the scale. */
function parted(given: Readonly<Record<string, unknown>>): [Record<string, unknown>, Record<string, unknown>] {
  const isAxis = ([name]: [string, unknown]): boolean => (axisOptions as readonly string[]).includes(name);
  const all = Object.entries(optional(given));
  return [Object.fromEntries(all.filter(isAxis)), Object.fromEntries(all.filter((entry) => !isAxis(entry)))];
}

/** Those that are given: Plot takes undefined for a value. */
const optional = <T extends object>(given: T): Partial<T> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<T>;

function checkAxis(chart: Chart, marks: readonly unknown[], place: 'x' | 'y', options: object): void {
  const names = Object.keys(options);
  const kind = axisOf(marks, place);
  if (kind === 'none') {
    throw new UsageError(
      `Expected an axis ${place} in the chart ${chart.name} for ${names.join(', ')}, found none: add one to the marks, as [...chart.plot.marks, Plot.axis${place.toUpperCase()}({ … })].`,
    );
  }
  const own = names.find((name) => ['ticks', 'tickFormat', 'tickSpacing'].includes(name));
  if (kind === 'own ticks' && own !== undefined) {
    throw new UsageError(
      `Expected no ${own} for the axis ${place} of the chart ${chart.name}, whose ticks are texts of its own, found it: change label, tickSize or tickRotate, or draw chart.plot yourself.`,
    );
  }
}

function textOf({ text }: Chart, { title, description, style, variables: given }: RedrawOptions): ChartText {
  for (const [name, value] of Object.entries({ title, description })) checkText(value, name);
  checkOptions(given, variableNames, "redrawChart's variables");
  for (const [name, value] of Object.entries(optional(given ?? {}))) {
    checkText(value, name);
    if (name !== '--font') checkColour(value as unknown as string, `redrawChart's ${name}`);
  }
  return {
    ...text,
    ...optional({ title, description }),
    ...(style === undefined ? {} : { style: styleText(style) }),
    variables: { ...text.variables, ...(optional(given ?? {}) as Record<string, string>) },
  };
}

function checkText(value: unknown, name: string): void {
  if (value === undefined || typeof value === 'string') return;
  throw new UsageError(`Expected redrawChart's ${name} as text, found ${found(value)}.`);
}

/** CSS of the drawing's root: a text, or properties as JavaScript names them. */
function styleText(style: unknown): string {
  if (typeof style === 'string') return style;
  if (typeof style !== 'object' || style === null || Array.isArray(style)) {
    throw new UsageError(
      `Expected redrawChart's style as CSS or as an object of properties, found ${found(style)}: { fontFamily: 'serif' }, say.`,
    );
  }
  return Object.entries(optional(style))
    .map(([name, value]) => `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: ${String(value)}`)
    .join('; ');
}

/** The caption: a new one, or that of before with another title and what is below the title. */
function captionOf(chart: Chart, { title, subtitle, caption }: RedrawOptions): Pick<Chart, 'caption'> {
  for (const [name, value] of Object.entries({ subtitle, caption })) checkText(value, name);
  if (caption !== undefined) return { caption };
  const before = chart.caption;
  if (before === undefined && subtitle === undefined) return {};
  const rest = before?.startsWith(`${chart.title}. `) ? before.slice(chart.title.length + 2) : before;
  return { caption: [title ?? chart.title, subtitle, rest].filter((part) => part !== undefined).join('. ') };
}
