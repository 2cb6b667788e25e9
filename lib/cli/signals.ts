import { leave } from './ending.js';
import { say } from './terminal.js';

/** Exit codes as a shell gives them: 128 and the signal's number. SIGTERM is how schedulers and containers stop a program. */
const codes = { SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof codes;

/** For commands that write activations to a store as they come. */
export const kept: Stopping = {
  said: 'Stopped. What was extracted is kept: the same command goes on from there.',
};

/** What a command does when it is asked to stop. */
export interface Stopping {
  /** Said once it has stopped. */
  said?: string;
  /** Whether the command ends by itself, with a result, and is waited for. */
  finishes?: boolean;
}

/** The exit code of the first signal, and what is printed at the end. */
let stopped: { code: number; said: string } | undefined;

/** Turns of the event loop, a tenth of a second apart, that a command has to finish what it is writing. */
const patience = 10;

/**
 * Ctrl-C and SIGTERM abort the signal that long tasks take. Work that ignores it is given up after a second in which the
 * event loop turns (a batch that blocks the loop is waited for); a second signal ends the process at once.
 */
export function stopOnSignals({ said = 'Stopped.', finishes = false }: Stopping = {}): AbortSignal {
  const controller = new AbortController();
  const hear = (name: StopSignal): void => {
    if (stopped) leave(codes[name]);
    stopped = { code: codes[name], said };
    const again = name === 'SIGINT' ? 'press Ctrl-C again to stop at once' : 'a second signal stops at once';
    say(`Stopping after this batch; ${again}.`);
    controller.abort();
    if (finishes) return;
    let turns = 0;
    const timer = setInterval(() => {
      if (++turns >= patience) leave(sayStopped());
    }, 100);
    // The timer does not keep a command alive that ends by itself.
    timer.unref();
  };
  for (const name of Object.keys(codes) as StopSignal[]) process.on(name, hear);
  return controller.signal;
}

/**
 * Prints the last line of a command that was stopped.
 * @returns its exit code
 */
export function sayStopped(): number {
  const { code, said } = stopped ?? { code: codes.SIGINT, said: 'Stopped.' };
  say(said);
  return code;
}
