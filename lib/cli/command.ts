import { Command } from 'commander';
import { nearest, visible } from '../base/index.js';
import { guessFor } from './guesses.js';

/**
 * A command that reports an unknown option before a missing one: where `--modle a.onnx` was typed for `--model`, commander
 * by itself only says that `--model` is missing.
 */
export class CheckedCommand extends Command {
  override createCommand(name?: string): Command {
    return new CheckedCommand(name);
  }

  override error(...[message, options]: Parameters<Command['error']>): never {
    if (options?.code === 'commander.unknownOption') {
      const flag = /'(--?[\w-]+)/.exec(message)?.[1] ?? '';
      super.error(withGuess(message, guessFor(this.name(), flag)), options);
    }
    if (options?.code !== 'commander.missingMandatoryOptionValue') super.error(message, options);
    const unknown = this.args.find((arg) => arg.startsWith('-'));
    if (unknown === undefined) {
      const stray = this.args.slice(this.registeredArguments.length).map((arg) => `'${visible(arg)}'`);
      const note = `(${stray.join(', ')} ${stray.length === 1 ? 'stands' : 'stand'} without an option before ${stray.length === 1 ? 'it' : 'them'}.)`;
      super.error(stray.length > 0 ? `${message}\n${note}` : message, options);
    }
    const [flag] = unknown.split('=');
    const known = guessFor(this.name(), flag);
    if (known !== null)
      super.error(withGuess(`error: unknown option '${flag}'`, known), { code: 'commander.unknownOption' });
    const names = this.options.flatMap(({ long }) => (long ? [long.slice(2)] : []));
    const guess = nearest(flag.replace(/^-+/, ''), [...names, 'help']);
    super.error(`error: unknown option '${flag}'${guess ? `\n(Did you mean --${guess}?)` : ''}`, {
      code: 'commander.unknownOption',
    });
  }
}

/** A message with a guess at what was meant, in place of commander's guess by spelling. */
const withGuess = (message: string, guess: string | null): string =>
  guess === null ? message : `${message.split('\n')[0]}\n(${guess})`;
