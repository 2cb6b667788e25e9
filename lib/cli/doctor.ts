import type { Command } from 'commander';
import { common, createContext } from './context.js';

export function register(program: Command): void {
  common(program.command('doctor').description('which execution providers really run here, and what is missing'))
    .addHelpText('after', '\nExample:\n  $ featreconstruct doctor')
    .action(async (flags: { json?: boolean; quiet?: boolean }) => {
      const context = createContext(flags);
      const { listProviders, runtimeVersion } = await import('../runtime/index.js');
      const { packageVersion } = await import('../experiments/index.js');
      const { renderTable } = await import('../report/index.js');
      const { defaultDataDir } = await import('../datasets/index.js');
      const providers = await listProviders();
      const facts = {
        featreconstruct: packageVersion(),
        node: process.version,
        onnxruntime: runtimeVersion(),
        platform: `${process.platform} ${process.arch}`,
        dataDir: defaultDataDir(),
      };
      const width = Math.max(...Object.keys(facts).map((name) => name.length));
      const table = renderTable(
        [
          { heading: 'provider', cell: ({ name }) => name },
          { heading: 'runs', cell: ({ available }) => (available ? 'yes' : 'no') },
          { heading: 'why not, and what to do', cell: ({ reason }) => reason ?? '' },
        ],
        providers,
      );
      const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(width)}  ${value}`);
      context.print(`${lines.join('\n')}\n\n${table}`, { ...facts, providers });
    });
}
