import { InvalidArgumentError, Option, type Command } from 'commander';
import { UsageError } from '../base/index.js';
import type { ExecutionProvider } from '../runtime/index.js';
import { say } from './terminal.js';

export interface ProviderFlags {
  provider: string;
  providerOption?: Record<string, string | number | boolean>;
  quiet?: boolean;
}

/** `--provider NAME` and `--provider-option KEY=VALUE`. */
export function providerOptions(command: Command): Command {
  return command
    .option(
      '--provider <name>',
      "ONNX Runtime's execution provider: cpu, cuda, webgpu, tensorrt, coreml, dml, or auto for the quickest that works",
      'cpu',
    )
    .addOption(providerOption());
}

export const providerOption = (): Option =>
  new Option('--provider-option <key=value>', 'an option of the provider, as in deviceId=1; repeatable').argParser(
    keyValue,
  );

/** Reads KEY=VALUE: whole numbers and true or false as such, the rest as text. */
function keyValue(text: string, before: NonNullable<ProviderFlags['providerOption']> = {}): typeof before {
  const [, key, value] = /^(\w+)=(.+)$/.exec(text) ?? [];
  if (key === undefined) throw new InvalidArgumentError('Expected KEY=VALUE, as in deviceId=1.');
  if (value === 'true' || value === 'false') return { ...before, [key]: value === 'true' };
  return { ...before, [key]: /^\d+$/.test(value) ? Number(value) : value };
}

/** The providers that the flags ask for; `auto` is resolved here, and the choice is printed on stderr. */
export async function readProviders(flags: ProviderFlags): Promise<ExecutionProvider[]> {
  const { provider, providerOption } = flags;
  if (provider !== 'auto') {
    // Whatever was typed: a name that ONNX Runtime does not have is refused where a session is made.
    const asked = (providerOption ? { name: provider, ...providerOption } : provider) as ExecutionProvider;
    // Where a finished store is used again no model is loaded, and a mistake in the options would pass unseen.
    if (providerOption) (await import('../runtime/index.js')).checkProviderOptions(asked);
    return [asked];
  }
  if (providerOption) {
    throw new UsageError(
      'Expected a --provider by name with --provider-option, found auto: options differ by provider.',
    );
  }
  const { chooseProvider } = await import('../runtime/index.js');
  const choice = await chooseProvider();
  if (!flags.quiet) {
    const times = Object.entries(choice.milliseconds).map(([name, time]) =>
      time === null ? `${name} too slow` : `${name} ${time < 100 ? time.toPrecision(3) : time.toFixed(0)} ms`,
    );
    say(`provider ${choice.provider}, the quickest on a test graph: ${times.join(', ')}`);
  }
  return [choice.provider];
}
