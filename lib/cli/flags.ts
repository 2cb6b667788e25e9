import type { Command } from 'commander';

/**
 * How errors name an option on the command line: by its flag if the typed command has it; with the names of other commands
 * if only these have it; else by the library's name, since there is no flag.
 */
export function flagIn(program: Command, typed: string | undefined): (property: string, flag: string) => string {
  const has = (command: Command, flag: string): boolean => command.options.some(({ long }) => long === flag);
  return (property, flag) => {
    const first = /^--[\w-]+/.exec(flag)?.[0];
    // `extract --vary N` names its command itself.
    if (first === undefined) return flag;
    const commands = program.commands.filter((command) => has(command, first));
    if (commands.some((command) => command.name() === typed)) return flag;
    if (commands.length === 0) return `${property} (an option of the library, not of the command line)`;
    const names = commands.map((command) => `'${command.name()}'`);
    const last = names.pop()!;
    return `${flag} (an option of ${names.length > 0 ? `${names.join(', ')} and ${last}` : last})`;
  };
}
