import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { common, createContext } from './context.js';

interface Flags {
  out: string;
  json?: boolean;
  quiet?: boolean;
}

export function register(program: Command): void {
  common(
    program
      .command('demo')
      .description('the five experiments at small size on models and images that come with the package')
      .option('--out <dir>', 'folder for results and stores', 'featreconstruct-demo'),
  )
    .addHelpText(
      'after',
      `
Needs no network, no data set and no model of yours; takes less than a minute on two cores.

Example:
  $ featreconstruct demo`,
    )
    .action(async ({ out, ...flags }: Flags) => {
      const context = createContext(flags);
      const { runDemo } = await import('../experiments/index.js');
      const { renderDemo, renderReport } = await import('../report/index.js');
      const { writeWhole } = await import('../tensor/index.js');
      const { signal, onProgress } = context;
      const results = await runDemo({
        stores: join(out, 'stores'),
        command: 'featreconstruct demo',
        signal,
        onProgress,
      });
      for (const each of results) {
        const folder = join(out, each.leaks ? 'audit' : String(each.experiment));
        await mkdir(folder, { recursive: true });
        await writeWhole(join(folder, 'results.json'), [Buffer.from(`${JSON.stringify(each, null, 2)}\n`)]);
      }
      const page = join(out, 'report.html');
      await writeWhole(page, [Buffer.from(await renderReport(results))]);
      const failures = results.flatMap((each) => each.failures);
      context.print(
        [about, renderDemo(results), ...failures.map((text) => `FAILED CHECK: ${text}`), page, next].join('\n\n'),
        results,
      );
      if (failures.length > 0) process.exitCode = 1;
    });
}

const about = `Small networks of five families, trained on drawn shapes; all of it came with this package. demo_image_tower stands in for
CLIP: the class embeddings that it was trained to match were drawn by seed, no text was read.`;

const next = `Next, on your own: featreconstruct audit MODEL.onnx PHOTOS`;
