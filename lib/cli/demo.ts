import { join } from 'node:path';
import type { Command } from 'commander';
import { count, visibleData, visibleJson, wrap } from '../base/index.js';
import type { Results } from '../results/index.js';
import { common, createContext } from './context.js';
import { checkFailed } from './ending.js';
import { kept } from './signals.js';
import { paintFor } from './style.js';
import { linesOf } from './terminal.js';

interface Flags {
  out: string;
  json?: boolean;
  quiet?: boolean;
}

export function register(program: Command): void {
  common(
    program
      .command('demo')
      .description('run the five experiments and an audit on the small models and images of the package')
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
      const context = createContext(flags, kept);
      const { runDemo } = await import('../experiments/index.js');
      const { renderDemo, renderReport } = await import('../report/index.js');
      const { failureInWords } = await import('../words/index.js');
      const { checkPlace, makeFolder, writeWhole } = await import('../bytes/index.js');
      await checkPlace(join(out, 'report.html'));
      const { signal, onProgress } = context;
      const results = await runDemo({
        stores: join(out, 'stores'),
        command: 'featreconstruct demo',
        signal,
        onProgress,
        onPart: (heading) => context.heading(heading),
      });
      for (const each of results) {
        const folder = join(out, each.kind === 'audit' ? 'audit' : String(each.experiment));
        await makeFolder(folder);
        await writeWhole(join(folder, 'results.json'), [Buffer.from(`${visibleJson(each)}\n`)]);
      }
      const page = join(out, 'report.html');
      await writeWhole(page, [Buffer.from(await renderReport(results))]);
      const failures = results.flatMap((each) => each.failures);
      const blocks = [
        about(results),
        renderDemo(visibleData(results)),
        ...failures.map((failure) => `FAILED CHECK: ${failureInWords(failure)}`),
      ];
      context.print([...linesOf(blocks.map(highlighted).join('\n\n')), '', `The report: ${page}`, '', next], results);
      if (failures.length > 0) checkFailed();
    });
}

/** What the demo ran, before any figure. */
function about(results: readonly Results[]): string {
  const [{ nTrain, nTest }] = results[0].rows;
  const text = `Five experiments and an audit on what comes with this package: small networks of five families, fitted on ${count(nTrain)} drawn images and tested on ${count(nTest)}.`;
  return wrap(text, 80).join('\n');
}

/** Headings in bold, and what is exact in green, where colours are wanted. */
function highlighted(text: string): string {
  const paint = paintFor(process.stdout);
  return text
    .replace(/^(\d|Audit) {2}.*$/gm, (heading) => paint('bold', heading))
    .replaceAll('100.00 %', (exact) => paint('green', exact))
    .replace(/^FAILED CHECK/gm, (warning) => paint('red', warning));
}

const next = 'Next, on your own model: npx featreconstruct audit MODEL.onnx FOLDER_OF_IMAGES';
