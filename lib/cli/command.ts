import { Command } from 'commander';
import { nearest } from '../base/index.js';

/**
 * A command that says first that an option is unknown, then that another one is missing: where `--modle a.onnx` is all
 * that there is of `--model`, commander by itself only says that `--model` is missing.
 */
export class CheckedCommand extends Command {
  override createCommand(name?: string): Command {
    return new CheckedCommand(name);
  }

  override error(...[message, options]: Parameters<Command['error']>): never {
    const unknown = this.args.find((arg) => arg.startsWith('-'));
    if (options?.code !== 'commander.missingMandatoryOptionValue' || unknown === undefined)
      super.error(message, options);
    const [flag] = unknown.split('=');
    const names = this.options.flatMap(({ long }) => (long ? [long.slice(2)] : []));
    const guess = nearest(flag.replace(/^-+/, ''), [...names, 'help']);
    super.error(`error: unknown option '${flag}'${guess ? `\n(Did you mean --${guess}?)` : ''}`, {
      code: 'commander.unknownOption',
    });
  }
}
