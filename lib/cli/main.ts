import { readFileSync } from 'node:fs';
import { CommanderError, type Command } from 'commander';
import { FeatReconstructError, UsageError } from '../base/index.js';
import * as audit from './audit.js';
import { CheckedCommand } from './command.js';
import * as demo from './demo.js';
import * as doctor from './doctor.js';
import * as evaluate from './evaluate.js';
import * as extract from './extract.js';
import * as fingerprint from './fingerprint.js';
import * as fit from './fit.js';
import * as inspect from './inspect.js';
import * as recover from './recover.js';
import * as report from './report.js';
import * as run from './run.js';
import { paintFor } from './style.js';
import * as sweep from './sweep.js';

/** Below what is wrong with a command as it was typed. */
const hint = 'Add --help for all options and examples.';

/**
 * The command line. Commands register their options here and load the library only when they run, so that `--help` and
 * `--version` answer at once.
 * Exit codes: 0 done, 1 bad input or a failed check, 2 wrong usage, 130 stopped by Ctrl-C.
 */
function createProgram(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const program = new CheckedCommand('featreconstruct')
    .description("How much of a vision model's features can be read back from its logits by one linear map?")
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(inRed(text)) })
    .configureHelp({ showGlobalOptions: false, helpWidth: Math.min(110, process.stdout.columns ?? 100) })
    .addHelpText(
      'after',
      `
Examples:
  $ featreconstruct inspect model.onnx
  $ featreconstruct run 1 --source model.onnx --train cifar100:train --test cifar100:test --data-dir data --out out
  $ featreconstruct audit model.onnx photos`,
    )
    // Of every command, too.
    .addHelpText(
      'afterAll',
      '\nExit codes: 0 done, 1 bad input or a failed check, 2 wrong usage, 130 stopped by Ctrl-C.',
    )
    .showHelpAfterError(hint);
  // Commands copy exitOverride from their parent only when made through it, hence one place for both.
  for (const command of [
    demo,
    inspect,
    extract,
    fit,
    evaluate,
    run,
    report,
    sweep,
    fingerprint,
    recover,
    audit,
    doctor,
  ])
    command.register(program);
  return program;
}

async function main(argv: string[]): Promise<number> {
  try {
    await createProgram().parseAsync(argv);
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof FeatReconstructError) {
      process.stderr.write(inRed(`error: ${error.message}\n${error instanceof UsageError ? `${hint}\n` : ''}`));
      return error.exitCode;
    }
    if ((error as Error).name === 'AbortError') {
      process.stderr.write('Stopped. What was extracted is kept: the same command goes on from there.\n');
      return 130;
    }
    if (isSystemError(error)) {
      process.stderr.write(inRed(`error: The system refused a file or a device: ${error.message}.\n`));
      return 1;
    }
    process.stderr.write(
      `${(error as Error).stack ?? String(error)}\n\nThis is a defect of featreconstruct: please report it with the lines above.\n`,
    );
    return 1;
  }
}

/** The word `error` in red, where colours are wanted. */
const inRed = (text: string): string => text.replace(/^error:/, (word) => paintFor(process.stderr)('red', word));

/** What the operating system refuses is no defect of ours, even where no room foresaw it. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';

// A reader that closes the pipe early (`| head`) is no error; without one for progress, the work goes on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

main(process.argv).then((code) => {
  process.exitCode = code;
});
