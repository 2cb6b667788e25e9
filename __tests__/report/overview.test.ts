import { parseHTML } from 'linkedom';
import { chartsOf } from '../../lib/report/for-callers.js';
import type { Results } from '../../lib/results/index.js';
import { parseResults } from '../../lib/results/index.js';
import { textWidth } from '../../lib/report/text-width.js';
import { readFile } from 'node:fs/promises';
import { madeRow } from './made.js';

const three = await parseResults(await readFile('__tests__/fixtures/report/experiment-3.json', 'utf8'));
const models = ['mobilenet_v1_025', 'vit_tiny_patch16_224', 'convnext_tiny_in22ft1k_384_in1k'];
const results: Results = {
  ...three,
  experiment: 1,
  rows: models.flatMap((model) =>
    ['cifar100:test[0:400]', 'cifar100:test[400:600]'].map((test) => madeRow({ source: model, target: model, test })),
  ),
};

/** Where each name begins and ends, by the widest fonts. */
async function namesIn(width?: number): Promise<{ text: string; from: number; to: number }[]> {
  const [chart] = await chartsOf(results, { width });
  const { document } = parseHTML(`<html><body>${chart.svg.text}</body></html>`);
  return [...document.querySelectorAll('text')]
    .filter(({ textContent }) => models.some((model) => textContent?.startsWith(model)))
    .map((node) => {
      const at = Number(/translate\(([-\d.]+)/.exec(node.getAttribute('transform') ?? '')?.[1]);
      const group = node.closest('g')!;
      const shift = Number(/translate\(([-\d.]+)/.exec(group.getAttribute('transform') ?? '')?.[1] ?? 0);
      const size = Number(group.getAttribute('font-size'));
      const wide = textWidth(node.textContent!, size);
      const end = group.getAttribute('text-anchor') === 'end';
      const from = at + shift - (end ? wide : 0);
      return { text: node.textContent!, from, to: from + wide };
    });
}

test.each([undefined, 321, 250])('at a width of %s no name is cut', async (width) => {
  const names = await namesIn(width);
  expect(names).toHaveLength(6);
  for (const { from, to } of names) {
    expect(from).toBeGreaterThanOrEqual(0);
    if (width !== 250) expect(to).toBeLessThanOrEqual(width ?? 560);
  }
});
