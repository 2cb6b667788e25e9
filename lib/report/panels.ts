import type { Plotting } from './chart.js';

/** Panels of a chart, one for each target, side by side where the width allows it. */
export interface Panels {
  /** Panels of a line, and lines. */
  across: number;
  down: number;
  /** The place of a target's panel. */
  of: (target: string) => { fx: number; fy: number };
  titles: (plotting: Plotting, before: string) => import('@observablehq/plot').Markish[];
}

/** Below this width, in pixels, panels stand below each other. */
const narrow = 480;

/** The panels of these targets, for a chart of this width in pixels. */
export function panelsOf(names: readonly string[], width: number | undefined): Panels {
  const across = Math.min(names.length, width !== undefined && width < narrow ? 1 : 2);
  const of = (target: string): { fx: number; fy: number } => {
    const at = names.indexOf(target);
    return { fx: at % across, fy: Math.floor(at / across) };
  };
  return {
    across,
    down: Math.ceil(names.length / across),
    of,
    titles: ({ Plot }, before) => [
      Plot.text(names, {
        ...{ fx: (name: string) => of(name).fx, fy: (name: string) => of(name).fy },
        ...{
          text: (name: string) => before + name,
          frameAnchor: 'top-left',
          textAnchor: 'start',
          lineAnchor: 'bottom',
        },
        ...{ dy: -8, fontWeight: 600, fontSize: 12 },
      }),
    ],
  };
}
