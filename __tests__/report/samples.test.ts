import { readFile } from 'node:fs/promises';
import { parseHTML } from 'linkedom';
import { parseResults } from '../../lib/results/index.js';
import { renderReport } from '../../lib/report/index.js';
import type { Results, SampleGroup, SampleImage } from '../../lib/results/index.js';
import { thumbnail } from '../../lib/images/index.js';
import { naming } from '../support/coded.js';

const three = await parseResults(await readFile('__tests__/fixtures/report/experiment-3.json', 'utf8'));
const picture = await thumbnail({ width: 2, height: 2, data: new Uint8Array(12).fill(90) });
const classes = (...indices: number[]): SampleImage['original'] =>
  indices.map((index, i) => ({ index, name: index < 5 ? `kind ${index}` : null, probability: 0.5 / (i + 1) }));
const image: SampleImage = {
  ...{ id: 'photos/1.jpg', kind: 'differs', label: { index: 1, name: 'kind 1' }, picture },
  ...{ original: classes(1, 2, 3, 207, 4), reconstructed: classes(2, 1, 3, 9, 4) },
};
const group = (changes: Partial<SampleImage> = {}): SampleGroup => ({
  ...{ source: 'a', target: 'a', train: 'cifar100:train', test: 'cifar100:test', alpha: 0, sgd: false },
  images: [
    { ...image, ...changes },
    { ...image, kind: 'agrees', reconstructed: image.original },
  ],
});
const withSamples = (...samples: SampleGroup[]): Results => ({ ...three, samples });
const documentOf = async (results: Results) => parseHTML(await renderReport([results])).document;

test('a picture, the two lists, and in words where they differ', async () => {
  const document = await documentOf(withSamples(group()));
  const [first, second] = [...document.querySelectorAll('.sample')];
  expect(document.querySelector('h4')!.textContent).toMatch(naming('a,', 'cifar100:test', 1, 2));
  expect(first.querySelector('img')!.getAttribute('src')).toBe(picture);
  expect(first.querySelector('img')!.getAttribute('alt')).toBe('photos/1.jpg, labelled kind 1');
  expect(first.querySelector('.verdict-of-one')!.textContent).toBe('≠ another answer');
  expect(second.querySelector('.verdict-of-one')!.textContent).toBe('= the same answer');
  const names = (of: typeof first): string[] => [...of.querySelectorAll('.name')].map((each) => each.textContent!);
  expect(names(first)).toEqual([
    ...['kind 1', 'kind 2', 'kind 3', 'class 207', 'kind 4'],
    ...['kind 2 was 2.', 'kind 1 was 1.', 'kind 3', 'class 9 new', 'kind 4'],
  ]);
  expect(document.body.textContent).toContain('--class-names');
});

test('many groups are folded, the first open', async () => {
  const document = await documentOf(withSamples(group(), group(), { ...group(), sgd: true }));
  const folds = [...document.querySelectorAll('details.fold:not(.more)')];
  expect(folds.map((fold) => fold.hasAttribute('open'))).toEqual([true, false, false]);
  expect(folds[2].querySelector('summary')!.textContent).toMatch(naming('a,', 'SGD', 'cifar100:test'));
});

test('no images, no section', async () => {
  for (const results of [three, withSamples(), withSamples({ ...group(), images: [] })]) {
    expect((await renderReport([results])).includes('Some of the test images')).toBe(false);
  }
});

const png = (change: (bytes: Buffer) => void): string => {
  const bytes = Buffer.from(picture.split(',')[1], 'base64');
  change(bytes);
  return `data:image/png;base64,${bytes.toString('base64')}`;
};

test.each([
  ['an address', 'https://example.org/pixel.png'],
  ['SVG', `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64')}`],
  ['HTML', 'data:text/html,<script>alert(1)</script>'],
  ['a way out of the attribute', `${picture}" onerror="alert(1)`],
  ['a second line', `${picture}\n<script>alert(1)</script>`],
  ['something else that calls itself PNG', `data:image/png;base64,${Buffer.from('GIF89a').toString('base64')}`],
  ['a file too large', `data:image/png;base64,iVBORw0KGgo${'A'.repeat(100_000)}`],
  ['a picture too wide', png((bytes) => bytes.writeUInt32BE(100_000, 16))],
  ['a picture without height', png((bytes) => bytes.writeUInt32BE(0, 20))],
])('%s is no picture: refused in a file, left out of a page', async (_, bad) => {
  const results = withSamples(group({ picture: bad }));
  await expect(parseResults(JSON.stringify(results))).rejects.toThrow(/samples\[0\]\.images\[0\]\.picture: expected/);
  const document = await documentOf(results);
  expect(document.querySelectorAll('img')).toHaveLength(1);
  expect(document.querySelector('.no-picture')).not.toBeNull();
  expect(document.querySelectorAll('script:not([type])')).toHaveLength(1);
  expect(document.querySelectorAll('[onerror]')).toHaveLength(0);
});

test('names of classes and images stay text', async () => {
  const evil = `</li><script>alert(1)</script>"'><img src=x onerror=alert(2)>`;
  const document = await documentOf(
    withSamples(
      group({
        id: evil,
        label: { index: 1, name: evil },
        original: [{ index: 1, name: evil, probability: 1 }],
      }),
    ),
  );
  expect(document.querySelectorAll('script:not([type])')).toHaveLength(1);
  expect(document.querySelectorAll('[onerror], img:not([src^="data:image/png;base64,"])')).toHaveLength(0);
  expect(document.querySelector('.name')!.textContent).toBe(evil);
});
