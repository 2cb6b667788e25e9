import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { standalone, type Chart } from './chart.js';

let ready: Promise<void> | undefined;

/** Loads resvg's WebAssembly, once. */
async function loadResvg(): Promise<typeof import('@resvg/resvg-wasm')> {
  const resvg = await import('@resvg/resvg-wasm');
  ready ??= readFile(createRequire(import.meta.url).resolve('@resvg/resvg-wasm/index_bg.wasm')).then((bytes) =>
    resvg.initWasm(bytes),
  );
  await ready;
  return resvg;
}

/** Both weights of Inter: without fonts no text is drawn. */
const fonts = (): Promise<Buffer[]> =>
  Promise.all(
    ['Regular', 'SemiBold'].map((weight) =>
      readFile(new URL(`../../assets/fonts/Inter-${weight}.otf`, import.meta.url)),
    ),
  );

/**
 * A chart as PNG on white.
 * @param zoom pixels of the PNG for each CSS pixel; 6.25 make 600 an inch
 */
export async function renderPng(chart: Chart, zoom = 2): Promise<Uint8Array> {
  const { Resvg } = await loadResvg();
  const drawing = new Resvg(standalone(chart), {
    fitTo: { mode: 'zoom', value: zoom },
    font: { fontBuffers: await fonts(), defaultFontFamily: 'Inter', loadSystemFonts: false },
  } as ConstructorParameters<typeof Resvg>[1]);
  const image = drawing.render();
  try {
    return image.asPng();
  } finally {
    image.free();
    drawing.free();
  }
}

/** Points of a PDF for each pixel of CSS. */
const points = 72 / 96;

/** A chart as a PDF of one page of its own size: vectors, text as text, its font inside. */
export async function renderPdf(chart: Chart): Promise<Uint8Array> {
  const [{ default: PDFDocument }, { default: drawSvg }] = await Promise.all([
    import('pdfkit'),
    import('svg-to-pdfkit'),
  ]);
  const [regular, semibold] = await fonts();
  const [width, height] = [chart.width * points, chart.height * points];
  // No date, so that the same chart gives the same file.
  const document = new PDFDocument({
    ...{ size: [width, height], margin: 0 },
    info: { Title: chart.title, Creator: 'featreconstruct', CreationDate: new Date(0), ModDate: new Date(0) },
  });
  const parts: Buffer[] = [];
  document.on('data', (part: Buffer) => parts.push(part));
  const ended = new Promise<void>((resolve, reject) => document.on('end', resolve).on('error', reject));
  document.registerFont('Inter', regular).registerFont('Inter SemiBold', semibold);
  drawSvg(document, standalone(chart), 0, 0, {
    ...{ width, height },
    fontCallback: (_, bold) => (bold ? 'Inter SemiBold' : 'Inter'),
  });
  document.end();
  await ended;
  return Buffer.concat(parts);
}
