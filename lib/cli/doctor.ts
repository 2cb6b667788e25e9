import type { Command } from 'commander';
import type { ProviderReport } from '../runtime/index.js';
import { common, createContext } from './context.js';

export function register(program: Command): void {
  common(program.command('doctor').description('which execution providers really run here, and what is missing'))
    .addHelpText('after', '\nExample:\n  $ featreconstruct doctor')
    .action(async (flags: { json?: boolean; quiet?: boolean }) => {
      const context = createContext(flags);
      const { listProviders, runtimeVersion } = await import('../runtime/index.js');
      const { packageVersion } = await import('../experiments/index.js');
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
      const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(width)}  ${value}`);
      const blocks = [lines.join('\n'), 'Execution providers', ...providers.map(paragraph)];
      context.print(blocks.join('\n\n'), { ...facts, providers });
    });
}

/** `cuda: no`, and below it why not and what to do, wrapped. */
function paragraph({ name, available, reason }: ProviderReport): string {
  return [`${name}: ${available ? 'yes' : 'no'}`, ...(reason ? wrap(reason, 96) : [])].join('\n    ');
}

/** Lines of at most `width` characters, broken at spaces; a longer word (a path) stays whole. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
