import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { parseResults } from '../../lib/results/index.js';
import { renderReport } from '../../lib/report/index.js';
import { naming } from '../support/coded.js';

/** The report in a real browser: Debian's chromium, or the one that FEATRECONSTRUCT_CHROMIUM names. */
const executablePath = [process.env.FEATRECONSTRUCT_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (file) => file !== undefined && existsSync(file),
);
const withChromium = executablePath ? describe : describe.skip;

withChromium('in Chromium', () => {
  let folder: string;
  let browser: Browser;
  const pages: Record<string, string> = {};

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'featreconstruct-test-'));
    const [three, four, audit] = await Promise.all(
      ['experiment-3', 'experiment-4', 'audit'].map(async (name) =>
        parseResults(await readFile(`__tests__/fixtures/report/${name}.json`, 'utf8')),
      ),
    );
    for (const [name, results] of [
      ['experiment-3', [three]],
      ['experiment-4', [four]],
      ['compared', [three, four]],
      ['audit', [audit]],
    ] as const) {
      const file = path.join(folder, `${name}.html`);
      await writeFile(file, await renderReport(results));
      pages[name] = pathToFileURL(file).href;
    }
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens a page; what it complains of or asks for besides itself is an error. */
  async function open(name: string, options: BrowserContextOptions = {}): Promise<{ page: Page; problems: string[] }> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => problems.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('request', (request) => {
      if (request.url() !== pages[name]) problems.push(`request: ${request.url()}`);
    });
    // A browser that shares its two cores with other tests takes its time.
    await page.goto(pages[name], { timeout: 90_000 });
    return { page, problems };
  }

  /** The metric whose heatmap can be seen. */
  const visible = (page: Page): Promise<(string | null)[]> =>
    page.locator('.view:visible').evaluateAll((views) => views.map((view) => view.getAttribute('data-metric')));

  test.each(['experiment-3', 'experiment-4', 'compared', 'audit'])(
    '%s opens from disk without a request or a complaint, and fits a phone',
    async (name) => {
      for (const options of [{}, { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }]) {
        const { page, problems } = await open(name, options);
        expect(problems).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
        await page.context().close();
      }
    },
  );

  test('the heatmap is switched by mouse and by keyboard', async () => {
    const { page, problems } = await open('experiment-4');
    expect(await visible(page)).toEqual(['agreement']);
    await page.locator('label', { hasText: /^Kappa$/ }).click();
    expect(await visible(page)).toEqual(['kappa']);
    await page.keyboard.press('ArrowRight');
    expect(await visible(page)).toEqual(['r2']);
    await page.keyboard.press('ArrowRight');
    expect(await visible(page)).toEqual(['r2-row-space']);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test('without scripts, too', async () => {
    const { page } = await open('experiment-4', { javaScriptEnabled: false });
    await page.locator('label', { hasText: /^CKA$/ }).click();
    expect(await page.locator('.view[data-metric="cka"]').isVisible()).toBe(true);
    expect(await page.locator('.view[data-metric="agreement"]').isVisible()).toBe(false);
    await page.context().close();
  });

  test('a cell shows its figures to the pointer and to the keyboard', async () => {
    const { page } = await open('experiment-4');
    const { environment, rows } = await parseResults(
      await readFile('__tests__/fixtures/report/experiment-4.json', 'utf8'),
    );
    const names = [...new Set(environment.models.map(({ name }) => name))];
    const details = page.locator('.details');
    const cells = page.locator('.view:visible [data-cell]');
    expect(await cells.count()).toBe(names.length ** 2);
    const said = async (): Promise<string> => (await details.innerText()).replace(/\s+/g, ' ');

    await cells.nth(1).hover();
    expect(await said()).toContain(`${names[0]} → ${names[1]}`);
    const row = rows.find(
      ({ source, target, from }) => source === names[0] && target === names[1] && from === 'features',
    )!;
    expect(await said()).toMatch(naming('features', `${(100 * row.agreement!).toFixed(2)} %`));

    // From the switch, one Tab comes to the heatmap, and arrow keys to the other cells.
    await page.locator('input:checked').focus();
    await page.keyboard.press('Tab');
    expect(await said()).toMatch(naming(`${names[0]}, `, 'itself'));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    expect(await said()).toMatch(naming(`${names[1]}, `, 'itself'));
    await page.keyboard.press('End');
    expect(await said()).toContain(`${names[1]} → ${names.at(-1)!}`);
    await page.keyboard.press('ArrowRight');
    expect(await said()).toContain(`${names[1]} → ${names.at(-1)!}`);
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toMatch(
      new RegExp(`^${names[1]} to ${names.at(-1)!}: Agreement \\d`),
    );
    await page.context().close();
  });

  test.each(['experiment-3', 'experiment-4', 'compared', 'audit'])(
    '%s in print cuts no table and no chart',
    async (name) => {
      // A4 less the margins, at 96 dots an inch.
      const { page } = await open(name, { viewport: { width: 695, height: 1000 } });
      await page.emulateMedia({ media: 'print' });
      const cut = await page.locator('table, svg, pre').evaluateAll((elements) =>
        elements
          .map((element) => element.getBoundingClientRect())
          .filter(({ width, right }) => width > 0 && (right > 695.5 || width > 695.5))
          .map(({ right }) => right),
      );
      expect(cut).toEqual([]);
      expect(
        await page
          .locator('.switch, .details')
          .evaluateAll(
            (all) => all.filter((e) => (e as unknown as { checkVisibility(): boolean }).checkVisibility()).length,
          ),
      ).toBe(0);
      expect((await page.pdf({ preferCSSPageSize: true })).subarray(0, 5).toString()).toBe('%PDF-');
      await page.context().close();
    },
  );

  test.each(['experiment-3', 'experiment-4', 'compared', 'audit'])(
    '%s: the first screen has answer, number and picture',
    async (name) => {
      const { page } = await open(name);
      const bottoms = await page
        .locator('.first .answer, .headline b, .pictures svg, .matrix svg')
        .evaluateAll((all) =>
          all.filter((each) => each.getBoundingClientRect().height > 0).map((each) => each.getBoundingClientRect().top),
        );
      expect(bottoms.length).toBeGreaterThan(1);
      expect(bottoms[0]).toBeLessThan(450);
      if (name !== 'audit') expect(bottoms[2]).toBeLessThan(850);
      await page.context().close();
    },
  );

  test('on a phone the names of rows stay in sight while a table or a heatmap is scrolled', async () => {
    const phone = { viewport: { width: 390, height: 844 } };
    for (const [name, frame, label] of [
      ['experiment-3', '[aria-label="Agreement by fit"]', 'tbody tr:not(.group) > th'],
      ['experiment-4', '.view:visible .scroll', '.row-labels'],
    ] as const) {
      const { page } = await open(name, phone);
      const scrolled = page.locator(frame).first();
      await scrolled.evaluate((each) => (each.scrollLeft = 150));
      expect(await scrolled.evaluate((each) => each.scrollLeft)).toBeGreaterThan(50);
      const left = await scrolled
        .locator(label)
        .first()
        .evaluate((each) => each.getBoundingClientRect().left);
      expect(left).toBeGreaterThanOrEqual(0);
      expect(left).toBeLessThan(40);
      await page.context().close();
    }
  });

  test.each([
    ['experiment-3', 4],
    ['experiment-4', 6],
    ['compared', 8],
    ['audit', 4],
  ] as const)('%s prints on at most %i pages', async (name, most) => {
    const { page } = await open(name);
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
    expect(pdf.match(/\/Type ?\/Page\b/g)!.length).toBeLessThanOrEqual(most);
    await page.context().close();
  });

  test.each<[string, BrowserContextOptions]>([
    ['experiment-3', {}],
    ['experiment-4', {}],
    ['experiment-4', { colorScheme: 'dark' }],
    ['experiment-4', { viewport: { width: 360, height: 740 } }],
    ['compared', {}],
    ['audit', {}],
    ['audit', { colorScheme: 'dark' }],
  ])('axe finds nothing serious in %s, %j', async (name, options) => {
    const { page } = await open(name, options);
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
    expect(
      violations.map(
        ({ id, impact, nodes }) =>
          `${impact} ${id}: ${nodes
            .slice(0, 2)
            .map(({ html }) => html.slice(0, 160))
            .join(' | ')}`,
      ),
    ).toEqual([]);
    await page.context().close();
  });

  test.each(['experiment-3', 'experiment-4', 'compared', 'audit'])('%s reads as it was reviewed', async (name) => {
    const { page } = await open(name);
    await page.locator('details').evaluateAll((all) => all.forEach((each) => each.setAttribute('open', '')));
    const text = await page.locator('body').innerText();
    expect(text.replace(/[ \t\u00a0]+/g, ' ').replace(/\n{2,}/g, '\n')).toMatchSnapshot();
    await page.context().close();
  });
});
