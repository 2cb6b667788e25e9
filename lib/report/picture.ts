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

/** Both weights of Inter, without which resvg draws no text. */
const fonts = (): Promise<Buffer[]> =>
  Promise.all(
    ['Regular', 'SemiBold'].map((weight) =>
      readFile(new URL(`../../assets/fonts/Inter-${weight}.otf`, import.meta.url)),
    ),
  );

/** A chart as PNG, two pixels for each of its own, on white. */
export async function renderPng(chart: Chart): Promise<Uint8Array> {
  const { Resvg } = await loadResvg();
  const drawing = new Resvg(standalone(chart), {
    fitTo: { mode: 'zoom', value: 2 },
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
