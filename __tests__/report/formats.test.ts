import { readFile } from 'node:fs/promises';
import { inflateSync } from 'node:zlib';
import { parseHTML } from 'linkedom';
import {
  chartsOf,
  redrawChart,
  renderCsv,
  renderLatex,
  renderMarkdown,
  renderPdf,
  renderPng,
  standalone,
  withNames,
} from '../../lib/report/index.js';
import { UsageError } from '../../lib/base/index.js';
import { makeTransform } from '../../lib/images/index.js';
import { parseResults } from '../../lib/results/index.js';
import type { ResultRow, Results } from '../../lib/results/index.js';
import { naming } from '../support/coded.js';
import { madeRow } from './made.js';

const fixture = async (name: string): Promise<Results> =>
  parseResults(await readFile(`__tests__/fixtures/report/${name}.json`, 'utf8'));
const [three, four] = await Promise.all(['experiment-3', 'experiment-4'].map(fixture));
const evil = `=cmd|"<b>", '\nnext & <script>alert(1)</script>\u0001`;

test('charts stand alone: well-formed SVG with colours and a font of its own, a name each', async () => {
  const charts = [...(await chartsOf(three)), ...(await chartsOf(four))];
  expect(charts.map(({ name }) => name)).toEqual([
    ...[
      'overview',
      'overview-r2',
      'agreement',
      'margin',
      'spectra',
      'heatmap-agreement',
      'heatmap-beyond-raw',
      'heatmap-kappa',
      'heatmap-r2',
    ],
    ...['heatmap-r2-row-space', 'heatmap-cka', 'heatmap-from-features', 'control', 'margin', 'spectra'],
  ]);
  for (const chart of charts) {
    const svg = standalone(chart);
    expect(svg).not.toMatch(/var\(|currentColor|NaN|undefined|<style|<script|href=/);
    expect(svg).toMatch(/^<svg [^>]*\bfont-family="Inter,/);
    wellFormed(svg);
  }
});

test('names in charts are text', async () => {
  const rows = three.rows.map((row) => ({ ...row, source: evil, target: evil }));
  const spectra = three.spectra.map((spectrum) => ({ ...spectrum, source: evil }));
  for (const experiment of [3, 4]) {
    for (const chart of await chartsOf({ ...three, experiment, rows, spectra })) {
      const svg = standalone(chart);
      expect(svg).not.toMatch(/<script|<b>/);
      wellFormed(svg);
    }
  }
});

/** Every tag is closed in order, and nothing but known entities is written. */
function wellFormed(svg: string): void {
  const open: string[] = [];
  for (const [, end, name, , self] of svg.matchAll(/<(\/?)([a-z]\w*)((?: [\w:-]+="[^"<]*")*)(\/?)>/gi)) {
    if (end) expect(open.pop()).toBe(name);
    else if (!self) open.push(name);
  }
  expect(open).toEqual([]);
  expect(svg.replace(/<\/?[a-z]\w*(?: [\w:-]+="[^"<]*")*\/?>/gi, '')).not.toMatch(/[<>]/);
  expect(svg.replace(/&(?:amp|lt|gt|quot|#39);/g, '')).not.toMatch(/&/);
}

test('a PNG is twice the size, and its text is drawn', async () => {
  const chart = (await chartsOf(three)).find(({ name }) => name === 'agreement')!;
  const png = Buffer.from(await renderPng(chart));
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2 * chart.width, 2 * chart.height]);
  const inked = inkedPixels(png, 0, 380);
  // Left of the axis stands nothing but the names of fits and groups.
  expect(inked).toBeGreaterThan(1500);
});

/** Dark pixels in the columns [from, to) of an RGBA PNG without interlacing. */
function inkedPixels(png: Buffer, from: number, to: number): number {
  const chunks: Buffer[] = [];
  for (let at = 8; at < png.length;) {
    const size = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') chunks.push(png.subarray(at + 8, at + 8 + size));
    at += 12 + size;
  }
  const raw = inflateSync(Buffer.concat(chunks));
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const stride = 4 * width;
  const rows = Buffer.alloc(stride * height);
  let dark = 0;
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const left = x >= 4 ? rows[y * stride + x - 4] : 0;
      const up = y > 0 ? rows[(y - 1) * stride + x] : 0;
      const corner = x >= 4 && y > 0 ? rows[(y - 1) * stride + x - 4] : 0;
      const guess = left + up - corner;
      const [a, b, c] = [left, up, corner].map((value) => Math.abs(guess - value));
      const paeth = a <= b && a <= c ? left : b <= c ? up : corner;
      const predicted = [0, left, up, (left + up) >> 1, paeth][filter];
      rows[y * stride + x] = raw[y * (stride + 1) + 1 + x] + predicted;
      if (x % 4 === 0 && x >= 4 * from && x < 4 * to && rows[y * stride + x] < 90) dark++;
    }
  }
  return dark;
}

test('CSV has every figure unrounded, and quotes what it must', () => {
  const strange = { ...three, rows: [madeRow({ source: evil, mse: null, agreement: 1 / 3 })] };
  const lines = parseCsv(renderCsv([three, strange]));
  expect(lines).toHaveLength(1 + three.rows.length + 1);
  const [names, first, ...others] = lines;
  const of = (line: string[], name: string): string => line[names.indexOf(name)];
  expect(Number(of(first, 'mse'))).toBe(three.rows[0].mse);
  expect([of(first, 'agreementLow'), of(first, 'agreementHigh')].map(Number)).toEqual(three.rows[0].agreementInterval);
  expect(of(first, 'seconds.fit')).toBe(String(three.rows[0].seconds.fit));
  // A spreadsheet runs no text of a file.
  expect(of(others.at(-1)!, 'source')).toBe(`'${evil}`);
  expect(of(others.at(-1)!, 'mse')).toBe('');
  expect(of(others.at(-1)!, 'agreement')).toBe('0.3333333333333333');
});

function parseCsv(text: string): string[][] {
  const lines: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    lines.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ',') lines.push([]);
  }
  return lines.slice(0, -1);
}

test('Markdown has the tables of the page, and takes no markup from names', () => {
  const text = renderMarkdown({ ...three, rows: [...three.rows, madeRow({ source: evil, target: evil })] });
  expect(text).toMatch(/^# Across /);
  expect(text).toContain('| 99.72 % | 98.99 – 99.92 % | 0.9969 |');
  // The command is the last block, a code block, in which nothing is markup.
  expect(text.split('\n\n').slice(0, -1).join()).not.toMatch(/(?<!\\)<|(?<!\\)\[/);
  const tables = text.split('\n').filter((line) => line.startsWith('|'));
  for (const line of tables) expect(line.match(/(?<!\\)\|/g)!.length).toBeGreaterThan(10);
});

test('a report of 10,000 rows stays small and says that it leaves some out', async () => {
  const { renderReport } = await import('../../lib/report/index.js');
  for (const experiment of [1, 4]) {
    const rows = Array.from({ length: 10_000 }, (_, i) =>
      madeRow({ source: `model-${i % 100}`, target: `model-${Math.floor(i / 100)}` }),
    );
    const page = await renderReport([{ ...three, experiment, rows }]);
    expect(page.length).toBeLessThan(2e6);
    expect(parseHTML(page).document.body.textContent).toMatch(naming(300, '10,000'));
  }
});

test('ten models fit into 2 MB', async () => {
  const names = Array.from({ length: 10 }, (_, i) => `a_model_with_a_long_name_${i}`);
  const sample = four.rows.find(({ source, target }) => source !== target)!;
  const rows = names.flatMap((source) =>
    names.flatMap((target) => (['logits', 'features'] as const).map((from) => ({ ...sample, source, target, from }))),
  );
  const { renderReport } = await import('../../lib/report/index.js');
  const page = await renderReport([
    { ...four, rows, spectra: names.map((source) => ({ ...four.spectra[0], source })) },
  ]);
  expect(page.length).toBeLessThan(2e6);

  // As many sample images beside them as a file may have, each of noise, which nothing makes smaller.
  let state = 1;
  const noise = Uint8Array.from({ length: 3 * 64 * 64 }, () => (state = (48271 * state) % 2147483647) >> 8);
  const { thumbnail } = await import('../../lib/images/index.js');
  const picture = await thumbnail({ width: 64, height: 64, data: noise });
  const classes = Array.from({ length: 5 }, (_, index) => ({
    index,
    name: 'a rather long name of a class',
    probability: 0.2,
  }));
  const images = Array.from({ length: 100 }, (_, i) => ({
    ...{
      id: `folder/${i}.jpg`,
      kind: 'agrees' as const,
      label: null,
      picture,
      original: classes,
      reconstructed: classes,
    },
  }));
  const [{ source, target, train, test }] = rows;
  const group = { source, target, train, test, alpha: 0, sgd: false, images };
  const full = await renderReport([
    {
      ...four,
      rows,
      spectra: names.map((source) => ({ ...four.spectra[0], source })),
      samples: Array(100).fill(group),
    },
  ]);
  const shown = full.match(/<li class="sample/g)!.length;
  expect(shown).toBeGreaterThan(20);
  expect(full).toMatch(naming((10_000 - shown).toLocaleString('en-US'), 'results.json'));
  expect(full.length).toBeLessThan(2e6);
});

test('CSV: a cell is one number or one text, and columns are the same for every row', () => {
  const sgd = { epochs: 10, batchSize: 256, learningRate: 0.1, momentum: 0.9, shuffle: false as const };
  const varied = {
    ...three,
    rows: [madeRow({ sgd }), madeRow({ agreementInterval: null, agreed: null, agreement: null })],
  };
  const [names, ...lines] = parseCsv(renderCsv([three, four, varied]));
  for (const line of lines) {
    expect(line).toHaveLength(names.length);
    for (const cell of line) expect(cell).not.toMatch(/^[[{]|^[A-Za-z0-9+/=]{80,}$/);
  }
  for (const name of names) expect(names.some((other) => other.startsWith(`${name}.`))).toBe(false);
  const column = (name: string): string[] => lines.map((line) => line[names.indexOf(name)]);
  for (const name of ['agreement', 'agreementLow', 'agreementHigh', 'r2', 'agreementByMargin.1', 'sgd.epochs']) {
    expect(column(name).filter((cell) => cell !== '' && !Number.isFinite(Number(cell)))).toEqual([]);
  }
  expect(column('sgd.epochs').at(-2)).toBe('10');
  expect(column('agreementLow').at(-1)).toBe('');
});

test('CSV: runs that differ by their transform alone are told apart, and what was assumed is said', () => {
  const [model] = three.environment.models;
  const seen = (change: object): Results => ({
    ...three,
    environment: { ...three.environment, models: [{ ...model, ...change }] },
  });
  const upsampled = makeTransform('upsample', [224, 224]);
  const results = [
    seen({ transform: makeTransform('timm', [224, 224]), ownTransform: upsampled }),
    seen({ transform: upsampled, ownTransform: upsampled }),
    seen({ transform: makeTransform('imagenet', [224, 224]), transformAssumed: true }),
  ];
  const [names, ...lines] = parseCsv(renderCsv(results, ['out/a', 'out/b', 'out/c']));
  const firsts = ['out/a', 'out/b', 'out/c'].map((name) =>
    lines.find((line) => line[names.indexOf('result')] === name)!,
  );
  const cells = (name: string): string[] => firsts.map((line) => line[names.indexOf(name)]);
  expect(new Set(cells('transform')).size).toBe(3);
  expect(cells('transform')[1]).toMatch(naming('upsample', '224 x 224'));
  const warnings = cells('warnings');
  expect(warnings[0]).toMatch(naming(model.name, 'timm'));
  expect(warnings[2]).toMatch(naming(model.name, 'imagenet'));
  expect(warnings[1]).not.toMatch(naming('upsample'));
  expect(parseCsv(renderCsv([three, four])).map(([first]) => first)).toContain('2');
});

test('a legend names the fits that there are, and a caption says that an axis is enlarged where it is', async () => {
  const chartOf = async (...rows: ResultRow[]) =>
    (await chartsOf({ ...three, rows })).find(({ name }) => name === 'agreement')!;
  const plain = madeRow({ agreement: 0.9, agreementInterval: [0.8, 0.95] });
  const exact = await chartOf(plain);
  expect(exact.svg.text).not.toContain('ridge');
  const ridge = await chartOf(madeRow({ alpha: 10, agreement: 0, agreementInterval: [0, 0.1] }));
  expect(ridge.svg.text).not.toContain('squares');
  expect((await chartOf(plain, madeRow({ alpha: 10 }))).svg.text).toMatch(naming('squares', 'ridge'));
  const startOf = ({ plot }: typeof exact): number => (plot as { x: { domain: number[] } }).x.domain[0];
  expect(startOf(exact)).toBeGreaterThan(0);
  expect(startOf(exact)).toBeLessThan(80);
  expect(startOf(ridge)).toBe(0);
  expect(exact.caption).not.toBe(ridge.caption);
  expect(exact.caption).toContain('enlarged');
  expect(ridge.caption).not.toContain('enlarged');
});

describe('figures for papers', () => {
  const mm = 96 / 25.4;

  test.each([52, 85, 180])(
    'at %d mm every chart has that width at most, its text at its own size, and a caption',
    async (width) => {
      for (const results of [three, four]) {
        for (const chart of await chartsOf(results, { width: Math.round(width * mm) })) {
          expect(chart.width).toBeLessThanOrEqual(Math.round(width * mm));
          expect(chart.caption).toMatch(naming('Fitted', 'tested'));
          const svg = standalone(chart, 'mm');
          expect(Number(/width="([\d.]+)mm"/.exec(svg)![1])).toBeLessThan(width + 0.3);
          wellFormed(svg);
          if (!chart.name.startsWith('heatmap')) continue;
          // Names begin inside the drawing, in a font that is wider than ours.
          const labels = [...svg.matchAll(/<text[^>]*>([^<]+)<\/text>/g)].map(([, text]) => text);
          for (const { name } of four.environment.models) expect(labels.join(' ')).toContain(name.slice(0, 4));
        }
      }
    },
  );

  test('the heatmap says in the drawing what its colours are', async () => {
    const charts = await chartsOf(four);
    const svg = standalone(charts.find(({ name }) => name === 'heatmap-agreement')!);
    expect(svg).toMatch(/>0<.*>50<.*>100<.*>agreement, %</s);
    expect(standalone(charts.find(({ name }) => name === 'heatmap-beyond-raw')!)).toMatch(/>−100<.*>\+100<.*points</s);
    expect(standalone(charts.find(({ name }) => name === 'heatmap-r2')!)).toMatch(/>0\.5<.*>1<.*>R²</s);
  });

  test('of twelve models no name is cut', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `WWMM_resnet_${i}_patch16_224.tv_in1k`);
    const rows = names.flatMap((source) => names.map((target) => madeRow({ source, target, agreement: 0.5 })));
    for (const width of [undefined, 321]) {
      const [chart] = await chartsOf({ ...four, rows }, { width });
      // DejaVu Sans, the widest of what a browser falls back to: W and M 0.99 and 0.86 of the size, others 0.6 in the mean.
      const size = width === undefined ? 12 : 10;
      const widest = 3.7 * size + (names[10].length - 4) * 0.6 * size;
      const left = Number(chart.plot.marginLeft);
      if (width === undefined) expect(left).toBeGreaterThan(widest);
      else expect(left).toBeGreaterThan(100);
    }
  });

  test('the published figure is explained in the drawing', async () => {
    const row = madeRow({ train: 'cifar100:train', test: 'cifar100:test' });
    const charts = await chartsOf({ ...three, experiment: 1, rows: [row] });
    expect(charts.find(({ name }) => name === 'agreement')!.svg.text).toContain('published');
    const own = await chartsOf({ ...three, experiment: 1, rows: [madeRow({ source: 'mine', target: 'mine' })] });
    expect(own.find(({ name }) => name === 'agreement')!.svg.text).not.toContain('published');
  });

  test('a PDF of the size of the chart, with its font inside, the same each time', async () => {
    const [chart] = await chartsOf(four, { width: 321 });
    const pdf = Buffer.from(await renderPdf(chart)).toString('latin1');
    const [width, height] = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(pdf)!.slice(1).map(Number);
    expect(width).toBeCloseTo(0.75 * chart.width, 1);
    expect(height).toBeCloseTo(0.75 * chart.height, 1);
    expect(pdf).toMatch(/\/FontFile3|\/FontFile2/);
    expect(pdf).not.toMatch(/\/Subtype \/Image/);
    expect(Buffer.from(await renderPdf(chart)).toString('latin1')).toBe(pdf);
  });

  test('a chart is drawn again in another style', async () => {
    const [chart] = await chartsOf(three);
    const wide = await redrawChart(chart, { width: 900, x: { domain: [90, 100] } });
    expect([wide.width, wide.name, wide.caption]).toEqual([900, chart.name, chart.caption]);
    expect(wide.svg.text).toContain('>92<');
  });

  test('models have the names that are given, and keep their published figures', async () => {
    const published = { ...three, experiment: 1, rows: [madeRow({ train: 'cifar100:train', test: 'cifar100:test' })] };
    const [named] = withNames([published], { 'models/resnet18.onnx': 'ResNet-18 (He)' });
    expect(named.rows[0].source).toBe('ResNet-18 (He)');
    expect(renderMarkdown(named)).toContain('99.24 %');
    expect(renderMarkdown(named)).not.toContain('## resnet18');
    const of = four.environment.models.map(({ name }) => name);
    const [all] = withNames([four], { [of[0]]: 'A' });
    const [heatmap] = await chartsOf(all);
    expect(heatmap.svg.text).toContain('>A<');
    expect(heatmap.svg.text).not.toContain(`>${of[0]}<`);
    for (const wrong of [{ resnet19: 'x' }, { [of[0]]: of[1] }] as Record<string, string>[]) {
      expect(() => withNames([four], wrong)).toThrow(UsageError);
    }
  });

  test('LaTeX: a table stands across two columns only where it is wide', () => {
    const matrixOf = (...names: string[]): Results => ({
      ...four,
      rows: names.flatMap((source) => names.map((target) => madeRow({ source, target, agreement: 0.5 }))),
    });
    expect(renderLatex(matrixOf('a', 'b', 'c', 'd', 'e'))).toContain('\\begin{table}');
    const wide = matrixOf('efficientnet_lite0', 'efficientnet_lite1', 'mobilenet_v1_025');
    expect(renderLatex(wide)).toContain('\\begin{table*}');
    const few = madeRow({ agreementInterval: null, r2RowSpace: null, train: 'folder:a' });
    expect(renderLatex({ ...three, rows: [few] })).toContain('\\begin{table}');
    expect(renderLatex({ ...three, rows: [madeRow()] })).toContain('\\begin{table*}');
  });

  test('LaTeX: names are text, rows have as many cells as columns', () => {
    for (const experiment of [3, 4]) {
      const rows = (experiment === 3 ? three : four).rows.map((row) => ({
        ...row,
        source: 'a_b & 50% #$~^\\{}',
        target: 'c',
      }));
      const text = renderLatex({ ...three, experiment, rows });
      expect(text).toContain('a\\_b \\& 50');
      const columns = /\\begin\{tabular\}\{([lr]+)\}/.exec(text)![1].length;
      const lines = text.split('\n').filter((line) => line.includes(' & '));
      for (const line of lines) expect(line.match(/(?<!\\)&/g)).toHaveLength(columns - 1);
      // Nothing but ASCII and what inputenc knows.
      expect(text).not.toMatch(/[→−²]/);
    }
  });
});
