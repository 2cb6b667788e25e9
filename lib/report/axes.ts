type Plot = typeof import('@observablehq/plot');

/** The options of an axis; in Plot they belong to its marks, so that the marks are made again for others. */
export const axisOptions = [
  ...['label', 'labelAnchor', 'labelArrow', 'labelOffset'],
  ...['ticks', 'tickFormat', 'tickSize', 'tickPadding', 'tickRotate', 'tickSpacing'],
] as const;

type AxisOptions = Readonly<Record<string, unknown>>;

/** How a mark of an axis was made. */
interface Made {
  scale: 'x' | 'y';
  /** Its ticks are data, with texts of their own. */
  own: boolean;
  again: (options: AxisOptions) => unknown;
}

const made = new WeakMap<object, Made>();

/** Plot, whose axes and grids of x and y remember how they were made. */
export function withAxes(Plot: Plot): Plot {
  const remembered =
    (scale: Made['scale'], make: (...given: never[]) => object, isGrid: boolean) =>
    (...given: object[]): object => {
      const mark = make(...(given as never[]));
      const last = given.at(-1) ?? {};
      const again = (options: AxisOptions): unknown => {
        const taken = isGrid ? only(options, ['ticks', 'tickSpacing']) : options;
        return remembered(scale, make, isGrid)(...given.slice(0, -1), { ...last, ...taken });
      };
      made.set(mark, { scale, own: given.length > 1, again });
      return mark;
    };
  return {
    ...Plot,
    axisX: remembered('x', Plot.axisX, false),
    axisY: remembered('y', Plot.axisY, false),
    gridX: remembered('x', Plot.gridX, true),
    gridY: remembered('y', Plot.gridY, true),
  } as Plot;
}

const only = (options: AxisOptions, names: readonly string[]): AxisOptions =>
  Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name)));

/** How the axes of these marks take options: none, all of them, or all but ticks, which are data of their own. */
export function axisOf(marks: readonly unknown[], scale: Made['scale']): 'none' | 'free' | 'own ticks' {
  const axes = marks
    .flatMap((mark) => (isObject(mark) ? (made.get(mark) ?? []) : []))
    .filter((each) => each.scale === scale);
  if (axes.length === 0) return 'none';
  return axes.some(({ own }) => own) ? 'own ticks' : 'free';
}

/** The marks with those of an axis made again, with other options beside their own. */
export const withAxisOptions = (marks: readonly unknown[], scale: Made['scale'], options: AxisOptions): unknown[] =>
  marks.map((mark) => {
    const known = isObject(mark) ? made.get(mark) : undefined;
    return known?.scale === scale ? known.again(options) : mark;
  });

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
