import { readFile } from 'node:fs/promises';
import * as Plot from '@observablehq/plot';
import { chartsOf, chartSvg, redrawChart } from '../../lib/report/for-callers.js';
import type { Chart, RedrawOptions } from '../../lib/report/chart-types.js';
import { parseResults } from '../../lib/results/index.js';
import { coded } from '../support/coded.js';

const charts = (
  await Promise.all(
    ['experiment-3', 'experiment-4', 'audit'].map(async (name) =>
      chartsOf(await parseResults(await readFile(`__tests__/fixtures/report/${name}.json`, 'utf8'))),
    ),
  )
).flat();
const named = (name: string): Chart => charts.find((chart) => chart.name === name)!;
const overview = named('overview');
const untyped = (options: unknown, chart = overview): Promise<Chart> => redrawChart(chart, options as RedrawOptions);

test.each(charts.map((chart) => [chart.name, chart] as const))('%s keeps its size with a title', async (_, chart) => {
  const drawn = await redrawChart(chart, { title: 'Mine', subtitle: 'of them' });
  expect([drawn.width, drawn.height]).toEqual([chart.width, chart.height]);
  expect(drawn.title).toBe('Mine');
  expect(drawn.caption).toBe(`Mine. of them. ${chart.caption!.slice(chart.title.length + 2)}`);
  expect(drawn.svg.text).toContain('aria-label="Mine.');
  expect((await redrawChart(drawn, { caption: 'All' })).caption).toBe('All');
});

describe('an axis', () => {
  test('has the label and the ticks that are given, and what else it had', async () => {
    const drawn = await redrawChart(overview, { x: { label: 'Anteil', ticks: [0, 37, 100] } });
    expect(drawn.svg.text).toMatch(/>Anteil<.*/);
    expect([...drawn.svg.text.matchAll(/>(\d+)<\/text>/g)].map(([, tick]) => tick)).toEqual(['0', '37', '100']);
    const bare = await redrawChart(drawn, { x: { label: null } });
    expect(bare.svg.text).not.toContain('Anteil');
    expect(bare.svg.text).toContain('>37<');
  });

  test('keeps the domain that is not given', async () => {
    const zoomed = await redrawChart(overview, { x: { domain: [90, 100] } });
    const again = await redrawChart(zoomed, { x: { reverse: true } });
    expect(again.plot.x).toMatchObject({ domain: [90, 100], reverse: true });
  });

  test.each(charts.map((chart) => [chart.name, chart] as const))('of %s', async (_, chart) => {
    for (const place of ['x', 'y'] as const) {
      const drawn = redrawChart(chart, { [place]: { label: 'Größe' } });
      // A chart without such an axis refuses it; none ignores it.
      const text = await drawn.then(
        ({ svg }) => svg.text,
        (error: unknown) => expect(error).toEqual(coded('usage', place, chart.name)),
      );
      if (text !== undefined) expect(text).toContain('Größe');
    }
  });
});

test('colours, the font and CSS', async () => {
  const drawn = await redrawChart(overview, {
    style: { fontStyle: 'italic', lineHeight: 2 },
    variables: { '--series-0': '#7a0019', '--ink': 'navy', '--font': 'Fira', '--paper': 'ivory' },
  });
  const file = chartSvg(drawn);
  expect(file).toContain('style="font-style: italic; line-height: 2"');
  for (const value of ['"#7a0019"', 'fill="navy"', 'font-family="Fira"', 'fill="ivory"']) expect(file).toContain(value);
  expect(file).not.toMatch(/currentColor|--series-0/);
  expect((await redrawChart(overview, { style: 'opacity: 0.5; content: "<"' })).svg.text).toContain(
    'style="opacity: 0.5; content: &quot;&lt;&quot;"',
  );
});

test.each([
  'navy',
  '#abc',
  '#11223344',
  'transparent',
  'currentColor',
  'rgb(1 2 3 / 50%)',
  'oklch(60% 0.1 20)',
  'var(--mine)',
])('the colour %s is taken', async (colour) => {
  expect((await redrawChart(overview, { variables: { '--series-0': colour } })).svg.text).toContain(`fill="${colour}"`);
});

test.each([[[100, 0]], [[0, 50, 100]]])('the domain %j is taken', async (domain) => {
  expect((await redrawChart(overview, { x: { domain } })).svg.text).toContain('<svg');
});

test('marks are added to those of the chart', async () => {
  const mark = Plot.text(['beside'], { frameAnchor: 'top', text: (text: string) => text });
  const drawn = await redrawChart(overview, { marks: [...overview.plot.marks!, mark], width: 700 });
  expect(drawn.svg.text).toContain('>beside<');
  expect(drawn.width).toBe(700);
});

test.each<[string, unknown]>([
  ['widht', { widht: 5 }],
  ['color', { color: { scheme: 'blues' } }],
  ['marks', { marks: 5 }],
  ['style', { style: 5 }],
  ['logg', { x: { type: 'logg' } }],
  ['lable', { x: { lable: 'a' } }],
  ['x', { x: 5 }],
  ['width', { width: 0 }],
  ['width', { width: '85mm' }],
  ['height', { height: NaN }],
  ['title', { title: 5 }],
  ['domain', { x: { domain: 5 } }],
  ['domain', { x: { domain: [] } }],
  ['domain', { x: { domain: [50] } }],
  ['domain', { x: { domain: [0, NaN] } }],
  ['domain', { x: { domain: ['0', '100'] } }],
  ['domain', { x: { domain: [50, 50] } }],
  ['domain', { x: { type: 'log', domain: [0, 100] } }],
  ['--series-0', { variables: { '--series-0': 'nvay' } }],
  ['--ink', { variables: { '--ink': '#7a001' } }],
  ['--ink', { variables: { '--ink': '' } }],
  ['--serie-0', { variables: { '--serie-0': 'red' } }],
  ['redrawChart', 5],
])('%s is refused', async (name, options) => {
  await expect(untyped(options)).rejects.toThrow(coded('usage', name));
});

test('ticks that are texts of their own are not replaced', async () => {
  const results = await parseResults(await readFile('__tests__/fixtures/report/experiment-3.json', 'utf8'));
  const curve = [0, 1, 10].map((alpha) => ({ alpha, mse: 1 + alpha, perFold: [1, 2] }));
  const record = { ...results.rows[0], select: 'mse' as const, curve, alpha: 0, folds: 2, warning: null };
  const made = await chartsOf({ ...results, crossValidations: [record as never] });
  const alpha = made.find(({ name }) => name === 'alpha')!;
  await expect(redrawChart(alpha, { x: { ticks: 3 } })).rejects.toThrow(coded('usage', 'ticks'));
  expect((await redrawChart(alpha, { x: { label: 'penalty' } })).svg.text).toContain('>penalty<');
});

test.each([0, -5, NaN, Infinity, '85mm'])('a width of %s is refused', async (width) => {
  const results = await parseResults(await readFile('__tests__/fixtures/report/experiment-3.json', 'utf8'));
  await expect(chartsOf(results, { width: width as number })).rejects.toThrow(coded('usage', 'width'));
  expect(() => chartSvg(overview, 'cm' as 'mm')).toThrow(coded('usage', 'cm'));
});
