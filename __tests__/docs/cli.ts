import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Command, CommanderError } from 'commander';
import { root } from './pages.js';

/** The command line itself, so that documentation is parsed by what it documents; no command runs. */
async function openProgram(): Promise<Command> {
  const program = new Command('featreconstruct')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  const files = readdirSync(path.join(root, 'lib', 'cli')).filter((name) => name !== 'main.ts');
  for (const file of files) {
    const module = (await import(`../../lib/cli/${file.replace(/\.ts$/, '.js')}`)) as {
      register?: (program: Command) => void;
    };
    module.register?.(program);
  }
  for (const command of all(program)) if (command.commands.length === 0) command.action(() => undefined);
  return program;
}

/** Its commands, and theirs. */
const all = (program: Command): Command[] => program.commands.flatMap((command) => [command, ...all(command)]);

/** Why the command line refuses these arguments; null where it takes them. */
export async function refusal(args: readonly string[]): Promise<CommanderError | null> {
  try {
    // What a file of --config says stands for it.
    const [name, ...rest] = args;
    const config = rest.includes('--config') ? ['1', '--train', 't', '--test', 't', '--out', 'o'] : [];
    await (await openProgram()).parseAsync([name, ...config, ...rest], { from: 'user' });
    return null;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? null : error;
  }
}

/** `--train`, `--no-store`, … of all commands. */
export async function knownOptions(): Promise<Set<string>> {
  const commands = all(await openProgram());
  return new Set(['--help', '--version', ...commands.flatMap(({ options }) => options.map(({ long }) => long ?? ''))]);
}
