/** Commands of a block for a POSIX shell, as far as documentation needs one; nothing is ever given to a real shell. */

export interface ShellCommand {
  words: string[];
  /** Assignments in front of the command, or of `export`. */
  env: Record<string, string>;
}

/** Takes a block apart: quotes, comments, lines that go on after `\`; commands end at a line's end, `&&`, `;` and `|`. */
export function parseShell(text: string): ShellCommand[] {
  const commands: string[][] = [[]];
  const last = (): string[] => commands[commands.length - 1];
  const token = /\\\n|[ \t]+|(#[^\n]*)|(\n|&&|;|\|)|((?:'[^']*'|"[^"]*"|\\.|[^\s'"\\;|&#]|[#&](?=\S))+)/gy;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const found = token.exec(text);
    if (!found) throw new Error(`cannot read the shell block from here on: ${text.slice(at, at + 40)}`);
    const [, , end, word] = found;
    if (end !== undefined) commands.push([]);
    else if (word !== undefined) last().push(word.replace(/'([^']*)'|"([^"]*)"|\\(.)/g, '$1$2$3'));
  }
  return commands.map(withAssignments).filter(({ words, env }) => words.length > 0 || Object.keys(env).length > 0);
}

function withAssignments(words: string[]): ShellCommand {
  const rest = words[0] === 'export' ? words.slice(1) : [...words];
  const env: ShellCommand['env'] = {};
  for (let match; (match = /^([A-Z_]\w*)=(.*)$/s.exec(rest[0] ?? '')); rest.shift()) env[match[1]] = match[2];
  return { words: rest, env };
}
