import { readFileSync } from 'node:fs';
import { CommanderError, type Command } from 'commander';
import { FeatReconstructError, textOf, UsageError, visible, withOptions } from '../base/index.js';
import * as accumulate from './accumulate.js';
import * as audit from './audit.js';
import { CheckedCommand } from './command.js';
import { withConfig } from './config.js';
import * as datasets from './datasets.js';
import * as demo from './demo.js';
import * as doctor from './doctor.js';
import { defect, endWith } from './ending.js';
import * as evaluate from './evaluate.js';
import * as extract from './extract.js';
import * as fingerprint from './fingerprint.js';
import * as fit from './fit.js';
import * as inspect from './inspect.js';
import * as models from './models.js';
import * as merge from './merge.js';
import * as recover from './recover.js';
import * as report from './report.js';
import * as reproduce from './reproduce.js';
import * as run from './run.js';
import { flagIn } from './flags.js';
import { joinedNumbers } from './options.js';
import * as solve from './solve.js';
import { sayStopped } from './signals.js';
import { paintFor } from './style.js';
import * as sweep from './sweep.js';
import { linesOf, say } from './terminal.js';

/** Printed below an error of usage. */
const hint = 'Add --help for all options and examples.';

/**
 * The command line. Commands register their options here and load the library only when they run, so that `--help` and
 * `--version` answer at once.
 * Exit codes are in the help below.
 */
function createProgram(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const program = new CheckedCommand('featreconstruct')
    .description("How much of a vision model's features can be read back from its logits by one linear map?")
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text) => say(...linesOf(inRed(typed(text).trimEnd()))) })
    .configureHelp({ showGlobalOptions: false, helpWidth: Math.min(110, process.stdout.columns ?? 100) })
    .addHelpText(
      'after',
      `
Examples:
  $ featreconstruct inspect model.onnx
  $ featreconstruct run 1 --source model.onnx --train cifar100:train --test cifar100:test --data-dir data --out out
  $ featreconstruct audit model.onnx photos`,
    )
    // 'afterAll' puts it below the help of every command as well.
    .addHelpText(
      'afterAll',
      '\nExit codes: 0 done, 1 bad input or a failed check, 2 wrong usage, 130 stopped by Ctrl-C, 143 by SIGTERM.',
    )
    .showHelpAfterError(hint);
  // Commands copy exitOverride from their parent only when made through it, hence one place for both.
  for (const command of [
    demo,
    inspect,
    extract,
    fit,
    accumulate,
    merge,
    solve,
    evaluate,
    run,
    report,
    sweep,
    fingerprint,
    recover,
    audit,
    models,
    reproduce,
    datasets,
    doctor,
  ])
    command.register(program);
  return program;
}

/**
 * Prints what an error means.
 * @returns the exit code
 */
function explain(program: Command, error: unknown): number {
  // Commander has printed it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof FeatReconstructError) {
    const text = withOptions(textOf(error), flagIn(program, process.argv[2]));
    say(inRed(`error: ${text}`), ...(error instanceof UsageError ? [hint] : []));
    return error.exitCode;
  }
  if (error instanceof Error && error.name === 'AbortError') return sayStopped();
  if (isSystemError(error)) {
    say(inRed(`error: The system refused a file or a device: ${error.message}.`));
    return 1;
  }
  say(...linesOf((error instanceof Error && error.stack) || String(error)), '', defect);
  return 1;
}

/** The word `error` in red, where colours are wanted. */
const inRed = (text: string): string => text.replace(/^error:/, (word) => paintFor(process.stderr)('red', word));

/** A message with typed arguments made visible: a line break in one would look like a line of ours. */
const typed = (text: string): string =>
  process.argv
    .slice(2)
    .flatMap((argument) => [argument, argument.slice(argument.indexOf('=') + 1)])
    .reduce((all, argument) => (argument === '' ? all : all.replaceAll(argument, visible(argument))), text);

/** Whether the operating system refused something: that is no defect, even where no code expects it. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';

/** Whether an option of `run` takes several values. */
const isVariadic = (long: string): boolean =>
  program.commands.find((command) => command.name() === 'run')?.options.find((option) => option.long === long)
    ?.variadic ?? false;

const program = createProgram();
void endWith(
  async () => program.parseAsync(joinedNumbers(await withConfig(process.argv, isVariadic))),
  (error) => explain(program, error),
);
