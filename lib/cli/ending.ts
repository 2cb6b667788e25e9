import { say } from './terminal.js';

/**
 * How the process ends. It counts as failed until a command has printed its result and come to its end: whatever else
 * happens (an event loop that runs dry, a promise that nobody waits for), Node would call it success or print a stack.
 */

/** What the running command has done so far. */
const state = { printed: false, failedCheck: false, ended: false };

/** Notes that a result was written to stdout. */
export const resultPrinted = (): void => void (state.printed = true);

/** Notes that a check failed: the command goes on to its end, and the exit code is 1. */
export const checkFailed = (): void => void (state.failedCheck = true);

/** Ends the process at once, whatever is still running. */
export function leave(code: number): never {
  state.ended = true;
  process.exit(code);
}

/**
 * Runs the command line, and makes its end the end of the process.
 * @param explain prints what an error means and returns the exit code
 */
export async function endWith(run: () => Promise<unknown>, explain: (error: unknown) => number): Promise<void> {
  process.exitCode = 1;
  process.stdout.on('error', refused);
  // Where nobody reads stderr the work goes on; the exit code tells how it ended.
  process.stderr.on('error', () => {});
  // Rejections that nobody handles come here as well.
  process.on('uncaughtException', (error) => leave(explain(error)));
  process.on('beforeExit', ranDry);
  let code: number;
  try {
    await run();
    if (!state.printed) throw new Error('A command ended without a result.');
    code = state.failedCheck ? 1 : 0;
  } catch (error) {
    code = explain(error);
  }
  // The result counts once stdout has taken it: a full disk is reported late.
  await new Promise((resolve) => process.stdout.write('', resolve));
  // A stopped command does not wait for work that ignores the signal.
  if (code > 128) leave(code);
  state.ended = true;
  process.exitCode = code;
}

/** The event loop had nothing left to wait for, and the command had not ended: some promise will never settle. */
function ranDry(): void {
  if (state.ended) return;
  state.ended = true;
  process.exitCode = 1;
  say('error: The command stopped before it had a result, because nothing it waited for was left.', defect);
}

/** What is printed below an error that is no fault of the user's. */
export const defect = 'This is a defect of featreconstruct: please report it with the lines above.';

/**
 * A reader that closes the pipe early (`| head`) has seen what it wanted: the command goes on to its own end and exit code.
 * Any other error means that the result is lost.
 */
function refused(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  say(`error: The result could not be written: ${error.message}.`);
  leave(1);
}
