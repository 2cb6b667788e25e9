import { readFile } from 'node:fs/promises';
import { parseHTML } from 'linkedom';
import { UsageError } from '../../lib/base/index.js';
import {
  chartsOf,
  chartsOfAll,
  renderCsv,
  renderLatex,
  renderMarkdown,
  renderMarkdownOfAll,
  renderReport,
} from '../../lib/report/index.js';
import { textWidth } from '../../lib/report/text-width.js';
import { noticesOf, parseResults } from '../../lib/results/index.js';
import { abilityName, findingsInWords, inWords, published } from '../../lib/words/index.js';
import { coded, naming } from '../support/coded.js';
import type { Leaks, Results } from '../../lib/results/index.js';
import { madeRow } from './made.js';

const three = await parseResults(await readFile('__tests__/fixtures/report/experiment-3.json', 'utf8'));

/** A made-up audit: what is held here is how it is shown, and not what is found. */
const leaks: Leaks = {
  verdict: {
    level: 'features',
    findings: [
      { kind: 'text', text: 'Anyone who sees all 1,000 outputs has 200 of the 256 features.' },
      { kind: 'text', text: 'The top 5 give away <half>.' },
    ],
  },
  fingerprint: {
    ...{ rows: 6000, classes: 1000, kind: 'logits', outputs: {} as Leaks['fingerprint']['outputs'], rank: 255 },
    ...{
      hiddenWidth: 256,
      gap: 1e8,
      normalised: null,
      rectified: true,
      reasons: [{ kind: 'directions', rank: 255, gap: 1e8 }],
    },
  },
  recovery: {
    ...{ kind: 'rectified', certified: true, sentence: 'Recovered.', notes: [], rank: 255, features: 200, cut: false },
    ...{ outputs: {} as Leaks['fingerprint']['outputs'], sphere: null, rectified: [], iterations: 9, seconds: 1 },
    rows: { given: 6000, distinct: 6000, used: 6000, neededSphere: 40_000, neededRectified: 1024 },
  },
  reason: null,
  comparison: { kind: 'rectified', identifiable: 230, truth: [], correlation: [], worst: 0.999999 },
};
const audit = (changes: Partial<Leaks> = {}): Results => ({
  ...three,
  experiment: 1,
  rows: [
    madeRow({ r2: 0.5, agreement: 0.8, observe: 'probs+topk:5' }),
    madeRow({ r2: 1 - 1e-12, agreement: 1 }),
    madeRow({ r2: 0.9, agreement: 0.95, observe: 'logits+round:2' }),
    madeRow({ r2: -0.1, agreement: 0.2, observe: 'probs+topk:1' }),
  ],
  leaks: { ...leaks, ...changes },
});

test('the verdict first, in words; then what came back, what the outputs show, and the curve', async () => {
  const { document } = parseHTML(await renderReport([audit()]));
  const text = (selector: string): string[] =>
    [...document.querySelectorAll(selector)].map((each) => each.textContent!);
  expect(text('h1')).toEqual([expect.stringContaining('mobilenet_v1_025')]);
  expect(text('.answer')).toEqual(findingsInWords(leaks.verdict.findings.slice(0, 1)));
  expect(text('.notices li').filter((each) => each.includes('Alpha'))).toEqual([]);
  expect(text('.verdict h2')).toHaveLength(1);
  expect(text('.verdict li')).toEqual(findingsInWords(leaks.verdict.findings.slice(1)));
  expect(text('.pictures figcaption b')).toEqual([expect.stringMatching(naming(200, 256))]);
  expect(text('h3')[1]).toBe('Figures');
  const curve = [...document.querySelectorAll('svg')].find((svg) => svg.textContent!.includes('variance read off'))!;
  // The answer is published anyway: how often it is the same is no leak.
  expect(curve.textContent).not.toContain('answer');
  // The most telling on top.
  const shown = [...curve.querySelectorAll('text')].map((each) => each.textContent!);
  expect(shown.slice(0, 4)).toEqual([...['logits', 'logits+round:2', 'probs+topk:5', 'probs+topk:1'].map(inWords)]);
});

test('a square for each feature: certified, within reach, out of reach', async () => {
  const chart = (await chartsOf(audit())).find(({ name }) => name === 'certificates')!;
  const squares = (fill: string): number => chart.svg.text.split(`<rect fill="${fill}"`).length - 1;
  expect([squares('var(--series-0)'), squares('var(--sequential-3)'), squares('var(--rule)')]).toEqual([200, 30, 26]);
  expect(chart.description).toMatch(naming(200, 30, 26));
});

test('features that time ended the search for are at least so many', async () => {
  const of = async (cut: boolean): Promise<string> =>
    (await chartsOf(audit({ recovery: { ...leaks.recovery!, cut } }))).find(({ name }) => name === 'certificates')!
      .title;
  expect(await of(true)).toBe(`At least ${await of(false)}`);
});

test('a sphere: how far from it before and after', async () => {
  const sphere = {
    ...{
      kind: 'sphere' as const,
      holds: true,
      ellipsoid: true,
      residual: 2e-6,
      residualFit: 1e-6,
      residualBefore: 0.4,
      rivalResidual: null,
    },
    ...{ expectedR2: 1, rowsFit: 5000, rowsHeldOut: 1000, iterations: 50 },
  } as const;
  const charts = await chartsOf(
    audit({ recovery: { ...leaks.recovery!, kind: 'sphere', sphere, rectified: null }, comparison: null }),
  );
  const { description } = charts.find(({ name }) => name === 'certificates')!;
  expect(description).toMatch(naming('0.4;', '1.0e-6;', '2.0e-6.'));
});

test('where nothing came back there is no picture of it', async () => {
  const names = (
    await chartsOf(audit({ recovery: null, reason: { kind: 'outputs-hidden', rows: false }, comparison: null }))
  ).map(({ name }) => name);
  expect(names).toEqual(['leaks', 'agreement', 'spectra']);
});

describe('an audit whose figures come from many splits', () => {
  const read = (kind: 'exact' | 'at-least' | 'not-shown', r2: number) => ({
    ...{ kind, r2, interval: kind === 'exact' ? null : ([r2 - 0.05, r2 + 0.05] as [number, number]) },
    ...{ images: 60, fitted: 54, splits: { folds: 10, repeats: 10 }, by: 'log' as const, alpha: null },
  });
  const cost = { images: 60, sameTop: 1, interval: [0.94, 1] as [number, number], accuracy: null };
  const none = { width: null, recognised: null };
  const found = audit({
    interfaces: [
      { observe: 'logits', read: read('exact', 1), cost, ...none },
      { observe: 'probs+topk:5', read: read('at-least', 0.38), cost, ...none },
      { observe: 'probs+topk:1', read: read('not-shown', 0.01), cost, ...none },
    ],
    abilities: [{ ability: 'width', observe: [], sure: 'not-tried', why: 'images', queries: null, stolen: 0 }],
    advice: [{ below: 0.5, observe: 'probs+topk:5' }],
  });
  const outside = { ...found, rows: found.rows.map((row) => ({ ...row, prior: null, inSpanShare: 0 })) };

  test('what one split does not span is no warning of it, and its rows are told apart', async () => {
    const kinds = noticesOf(outside).map(({ kind }) => kind);
    expect(kinds).not.toContain('outside-span');
    expect(noticesOf({ ...outside, leaks: undefined }).map(({ kind }) => kind)).toContain('outside-span');
    const { document } = parseHTML(await renderReport([found]));
    expect(document.querySelector('.figures .note')!.textContent).toMatch(naming(10, 10));
    expect(document.title).toMatch(/^Audit: /);
  });

  test('the large number hangs on no time: what the most open interface gives away, with the search a line below', async () => {
    const headline = async (of: Results): Promise<[string, string]> => {
      const { document } = parseHTML(await renderReport([of]));
      return [document.querySelector('.headline b')!.textContent!, document.querySelector('.headline')!.textContent!];
    };
    const after = (features: number): Results => ({
      ...found,
      leaks: { ...found.leaks!, recovery: { ...leaks.recovery!, cut: true, features } },
    });
    const [[few, say], [many]] = [await headline(after(3)), await headline(after(32))];
    expect(few).toBe(many);
    expect(say).toMatch(naming(3, 256));
    const open = { ...found, leaks: { ...found.leaks!, interfaces: found.leaks!.interfaces!.slice(1) } };
    expect((await headline(open))[0]).toMatch(naming(38));
    const unknown = { ...found, leaks: { ...found.leaks!, interfaces: found.leaks!.interfaces!.slice(2) } };
    expect((await headline(unknown))[0]).toMatch(naming(200, 256));
  });

  test('of what is exact the CSV has no interval', () => {
    const rows = [madeRow({ agreement: 1, exact: 'always', agreementInterval: [0.94, 1] })];
    const [headings, cells] = renderCsv([{ ...found, rows }])
      .split('\r\n')
      .map((line) => line.split(','));
    expect(cells[headings.indexOf('agreement')]).toBe('1');
    expect(cells[headings.indexOf('agreementLow')]).toBe('');
  });

  test('Markdown and CSV have what was read off, beside the rows of one split', () => {
    const markdown = renderMarkdown(found);
    const line = (about: string): string => markdown.split('\n').find((each) => each.startsWith(`| ${about}`))!;
    expect(line(published('probs+topk:5'))).toMatch(naming(38, 33, 43, '100.0'));
    // Why a width was not tried.
    expect(line(abilityName(found.leaks!.abilities![0]))).toMatch(naming('images'));
    const lines = renderCsv([found]).split('\r\n');
    const of = (spec: string): string => lines.find((line) => line.includes(spec))!;
    expect(lines[0]).toContain('readOff.kind,readOff.r2,readOff.low,readOff.high,sameTop');
    expect(of('probs+topk:5')).toMatch(/,at-least,0\.38,0\.33,0\.43,1(,|$)/);
    expect(of('probs+topk:1')).toMatch(/,not-shown,,/);
  });
});

describe('two audits on one page', () => {
  type Interfaces = NonNullable<Leaks['interfaces']>;
  const read = (r2: number, interval: [number, number] | null): Interfaces[number]['read'] =>
    ({ kind: interval ? 'at-least' : 'exact', r2, interval, images: 200, fitted: 160 }) as Interfaces[number]['read'];
  const cost = { sameTop: 1, images: 200, accuracy: null } as Interfaces[number]['cost'];
  const rest = { cost, width: null, recognised: null };
  const interfaces = (rounded: [number, [number, number]]): Interfaces => [
    { observe: 'logits', read: read(1, null), ...rest },
    { observe: 'probs+topk:5', read: read(...rounded), ...rest },
  ];
  const named = (name: string, of: Interfaces): Results => {
    const one = audit({ interfaces: of });
    const [model] = one.environment.models;
    return { ...one, environment: { ...one.environment, models: [{ ...model, name }] } };
  };
  const page = async (results: Results[]) => {
    const { document } = parseHTML(await renderReport(results));
    return (selector: string): string[] => [...document.querySelectorAll(selector)].map((each) => each.textContent!);
  };

  test('both are in the title and in the first picture, with what tells them apart', async () => {
    const text = await page([
      named('before', interfaces([0.6, [0.55, 0.65]])),
      named('after', interfaces([0.3, [0.25, 0.35]])),
    ]);
    expect(text('h1')).toEqual([expect.stringMatching(naming('before', 'after'))]);
    expect(text('nav a')).toEqual(['All', 'before', 'after']);
    expect(text('.answer')[0]).toMatch(naming('before', 'more', 'after', 'top 5'));
    const [picture] = text('.pictures svg');
    for (const part of ['● before', '● after', '60 % (55 to 65)', '30 % (25 to 35)']) expect(picture).toContain(part);
    expect(text('h2')).not.toContainEqual(expect.stringMatching(/^Side/));
  });

  test('the picture of both is a chart for files, too', async () => {
    const both = ['before', 'after'].map((name) => named(name, interfaces([0.6, [0.55, 0.65]])));
    const [chart, ...others] = await chartsOfAll(both, { width: 321 });
    expect([chart.name, chart.width, others.length]).toEqual(['comparison', 321, 0]);
    expect(chart.caption).toContain(chart.title);
    expect(await chartsOfAll(both.slice(0, 1))).toEqual([]);
  });

  test('by what outsiders tell them apart: a table, a chart, Markdown and CSV', async () => {
    const [one, other] = ['before', 'after'].map((name) => named(name, interfaces([0.6, [0.55, 0.65]])));
    const answers = [
      { observe: 'probs+topk:5', images: 300, differ: 19 },
      { observe: 'logits', images: 300, differ: 300 },
    ];
    const { digest } = other.environment.models[0];
    const both = [{ ...one, leaks: { ...one.leaks!, toldApart: { beside: digest, answers } } }, other];
    const { document } = parseHTML(await renderReport(both));
    const cells = [...document.querySelectorAll('main > .scroll tbody tr')].map((row) => row.textContent!);
    expect(cells).toEqual([expect.stringMatching(/logits[^]*300 of 300/), expect.stringMatching(/top 5[^]*19 of 300/)]);
    const [, bars] = await chartsOfAll(both);
    expect(bars.name).toBe('told-apart');
    expect(bars.description).toMatch(naming('300 of 300', '19 of 300'));
    const markdown = renderMarkdownOfAll(both);
    expect(markdown.split('\n')[0]).toMatch(naming('before', 'after'));
    expect(markdown).toMatch(/\| logits \| .* \| 300 of 300 \|/);
    const lines = renderCsv(both).split('\r\n');
    expect(lines[0]).toContain('toldApart.differ,toldApart.images');
    expect(lines.find((line) => line.includes('probs+topk:5'))).toMatch(/,19,300(,|$)/);
  });

  test('the span of one fit is no warning where a table says how sure each interface is', async () => {
    const outside = (of: Results): Results => ({ ...of, rows: of.rows.map((row) => ({ ...row, inSpanShare: 0 })) });
    const said = async (of: Results): Promise<boolean> =>
      (await renderReport([outside(of)])).includes('Outside the span:');
    expect(await said(audit())).toBe(true);
    expect(await said(audit({ interfaces: interfaces([0.6, [0.55, 0.65]]) }))).toBe(false);
  });

  test('intervals that overlap tell nothing apart; two models of one name are numbered', async () => {
    const of = interfaces([0.6, [0.55, 0.65]]);
    const text = await page([named('model', of), named('model', of)]);
    expect(text('h1')).toEqual([expect.stringMatching(naming('model (1)', 'model (2)'))]);
    const apart = await page([named('model', of), named('model', interfaces([0.9, [0.85, 0.95]]))]);
    expect(text('.answer')[0]).not.toBe(apart('.answer')[0]);
  });
});

describe('an audit of a log', () => {
  const log = { name: 'answers.csv', notes: [] };
  const ofLog = (changes: Partial<Leaks> = {}): Results => {
    const found = audit({ log, comparison: null, ...changes });
    return { ...found, rows: [], spectra: [], environment: { ...found.environment, models: [], datasets: [] } };
  };

  test('features that came back have their chart, of at least as many as the layer is wide', async () => {
    const [chart] = await chartsOf(ofLog());
    expect(chart.name).toBe('certificates');
    expect(chart.title).toMatch(naming(200, 256, 'or more'));
    const squares = (fill: string): number => chart.svg.text.split(`<rect fill="${fill}"`).length - 1;
    expect([squares('var(--series-0)'), squares('var(--rule)')]).toEqual([200, 56]);
  });

  test.each([130, 170, 225, 284, 340, 680])(
    'on %d pixels its legend is broken, and nothing of it is cut off',
    async (width) => {
      const legendOf = async (of?: number) => {
        const [chart] = await chartsOf(ofLog(), of === undefined ? {} : { width: of });
        const svg = parseHTML(chart.svg.text).document.querySelector('svg')!;
        const lines = [...svg.querySelectorAll('tspan')].map((line) => ({
          ...{ x: Number(line.getAttribute('x')), y: Number(line.getAttribute('y')), text: line.textContent },
        }));
        return { svg, lines };
      };
      const said = ({ lines }: { lines: { text: string }[] }): string => lines.map(({ text }) => text).join(' ');
      const [narrow, usual] = [await legendOf(width), await legendOf()];
      expect(said(narrow)).toBe(said(usual));
      expect(usual.lines).toHaveLength(2);
      for (const { x, text } of narrow.lines) expect(x + textWidth(text, 12)).toBeLessThanOrEqual(width);
      const squares = [...narrow.svg.querySelectorAll('rect[fill="var(--series-0)"]:not([x="6"])')];
      expect(squares).toHaveLength(200);
      const top = Math.min(...squares.map((square) => Number(square.getAttribute('y'))));
      expect(narrow.lines.at(-1)!.y + 6).toBeLessThan(top);
    },
  );

  test('where all are recovered no others are named', async () => {
    const [chart] = await chartsOf(ofLog({ recovery: { ...leaks.recovery!, features: 256 } }));
    expect(parseHTML(chart.svg.text).document.querySelectorAll('tspan')).toHaveLength(1);
  });

  test('its page begins with the width, and what came back below; what the proof assumes is folded', async () => {
    const assumptions = ['The layer is taken to be rectified.'];
    const verdict = {
      ...leaks.verdict,
      findings: [...leaks.verdict.findings, { kind: 'text' as const, text: assumptions[0] }],
    };
    const recovery = { ...leaks.recovery!, assumptions };
    const { document } = parseHTML(await renderReport([ofLog({ verdict, recovery })]));
    expect(document.querySelector('.headline b')!.textContent).toContain('256');
    expect(document.querySelector('.headline small')!.textContent).toContain('200');
    expect(document.querySelector('.verdict > ul')!.textContent).not.toContain(assumptions[0]);
    expect(document.querySelector('.verdict details')!.textContent).toContain(assumptions[0]);
  });

  test('a page that begins with a width does not say below that nothing shows', async () => {
    const heading = async (hiddenWidth: number | null): Promise<[begins: boolean, heading: string]> => {
      const [first] = leaks.verdict.findings;
      const found = ofLog({
        ...{ verdict: { level: 'unknown', findings: [first] }, recovery: null, reason: first },
        fingerprint: { ...leaks.fingerprint, hiddenWidth },
      });
      const { document } = parseHTML(await renderReport([found]));
      return [document.querySelector('.headline') !== null, document.querySelector('.verdict h2')!.textContent];
    };
    const [[shown, wide], [hidden, unknown]] = [await heading(256), await heading(null)];
    expect([shown, hidden]).toEqual([true, false]);
    expect(wide).not.toContain(unknown);
    expect(unknown).not.toContain(wide);
  });

  test('as CSV it is a line of what its outputs show; what has no figures at all is an error', () => {
    const [headings, cells] = renderCsv([ofLog()], ['out']).split('\r\n');
    expect(headings).toMatch(/^result,log,outputs\.rows,.*recovered\.features/);
    expect(cells).toMatch(/^out,answers\.csv,6000,1000,logits,255,.*,rectified,200,/);
    expect(() => renderCsv([{ ...ofLog(), leaks: undefined }])).toThrow(UsageError);
    expect(() => renderLatex(ofLog())).toThrow(UsageError);
    // Callers of the library read of functions, and not of flags.
    expect(() => renderLatex(ofLog())).toThrow(coded('usage', 'renderMarkdown', 'renderCsv'));
    expect(() => renderLatex(ofLog())).not.toThrow(/--/);
  });
});

test('captions say what their figures were measured on: splits of all images, and what was searched', async () => {
  const splits = { folds: 5, repeats: 6 };
  const read = {
    ...{ kind: 'at-least', r2: 0.4, interval: [0.3, 0.5], over: 'images', images: 300, fitted: 240, splits },
    ...{ by: 'plain', alpha: null },
  };
  const interfaces = [
    { observe: 'probs', read, cost: { images: 300, sameTop: 1, interval: [0.9, 1], accuracy: null } },
  ] as unknown as Leaks['interfaces'];
  const charts = await chartsOf(audit({ interfaces, variations: 20 }));
  const caption = (name: string) => charts.find((chart) => chart.name === name)!.caption!;
  expect(caption('leaks')).toMatch(naming(300, 6, 5));
  expect(caption('certificates')).toMatch(naming(300, 20));
  for (const name of ['leaks', 'certificates']) expect(caption(name)).not.toMatch(naming('itted on', 'tested on'));
});

test('the outputs of a model that publishes others are called its own', async () => {
  const of = (observe: string): Results =>
    audit({
      interfaces: [
        {
          ...{ observe, read: null, width: null, recognised: null },
          cost: { images: 60, sameTop: 1, interval: [0.94, 1], accuracy: null },
        },
      ],
    });
  const kind = async (observe: string): Promise<string> =>
    /kind of outputs[^]*?<td[^>]*>([^<]*)/.exec(await renderReport([of(observe)]))![1];
  expect(await kind('logits')).toMatch(naming('logits'));
  expect((await kind('probs')).length).toBeGreaterThan((await kind('logits')).length);
});
