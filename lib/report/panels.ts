import type { Plotting } from './chart.js';

/** Panels beside each other. */
export const columns = 2;

export const panelOf = (names: readonly string[], target: string): { fx: number; fy: number } => {
  const at = names.indexOf(target);
  return { fx: at % columns, fy: Math.floor(at / columns) };
};

export const panelTitles = (
  { Plot }: Plotting,
  names: readonly string[],
  before: string,
): import('@observablehq/plot').Markish[] => [
  Plot.text(names, {
    ...{ fx: (name: string) => panelOf(names, name).fx, fy: (name: string) => panelOf(names, name).fy },
    ...{ text: (name: string) => before + name, frameAnchor: 'top-left', textAnchor: 'start', lineAnchor: 'bottom' },
    ...{ dy: -8, fontWeight: 600, fontSize: 12 },
  }),
];
