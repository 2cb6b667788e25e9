import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { FeatReconstructError, textOf, UsageError } from '../base/index.js';

/** A run as one file: its options by name, as they were typed. `run --config FILE` repeats it. */
export type Config = Record<string, Value | Value[]>;
type Value = string | number | boolean;

/** Options that say how a run is shown, and not what is run. */
const notKept = new Set(['json', 'quiet', 'config', 'open', 'wide']);

/**
 * Records options as they are typed, before they are read as numbers or lists. Call the result once they are parsed.
 */
export function recordOptions(command: Command): () => Config {
  const typed: Config = {};
  for (const option of command.options) {
    const long = option.long?.slice(2);
    if (long === undefined || notKept.has(long)) continue;
    command.on(`option:${option.name()}`, (value: string | null | undefined) => {
      if (option.negate) typed[long.replace(/^no-/, '')] = false;
      else if (value === null || value === undefined) typed[long] = true;
      else typed[long] = long in typed ? [typed[long], asTyped(value)].flat() : asTyped(value);
    });
  }
  return () => typed;
}

/** A number where JSON would write it as it was typed; else the text. */
const asTyped = (text: string): Value => (String(Number(text)) === text ? Number(text) : text);

/**
 * Puts the options of a file in the place of `--config FILE`. Options that are typed override those of the file.
 * @param argv of the process, `run` being its third
 * @param isVariadic whether an option takes several values at once
 * @throws FeatReconstructError where there is no such file, or it does not hold the options of a run
 */
export async function withConfig(argv: readonly string[], isVariadic: (long: string) => boolean): Promise<string[]> {
  const [node, script, name, ...rest] = argv;
  const at = rest.findIndex((argument) => argument === '--config' || argument.startsWith('--config='));
  if (name !== 'run' || at < 0) return [...argv];
  const isInline = rest[at].startsWith('--config=');
  const file = isInline ? rest[at].slice('--config='.length) : rest[at + 1];
  // Commander reports the missing value.
  if (file === undefined || file === '') return [...argv];
  const typed = rest.filter((_, i) => i !== at && (isInline || i !== at + 1));
  const { experiment, ...options } = await readConfig(file);
  const isGiven = (key: string): boolean =>
    typed.some((argument) =>
      [`--${key}`, `--no-${key}`].some((flag) => argument === flag || argument.startsWith(`${flag}=`)),
    );
  const tokens = Object.entries(options).flatMap(([key, value]): string[] => {
    if (isGiven(key)) return [];
    if (value === true) return [`--${key}`];
    if (value === false) return [`--no-${key}`];
    const values = [value].flat().map(String);
    return isVariadic(`--${key}`) ? [`--${key}`, ...values] : values.map((each) => `--${key}=${each}`);
  });
  // A typed experiment is the first argument that is left.
  const isNamed = /^(\d+|all)$/.test(typed[0] ?? '') || experiment === undefined;
  const [before, after] = isNamed ? [typed.slice(0, 1), typed.slice(1)] : [[String(experiment)], typed];
  return [node, script, name, ...before, ...tokens, ...after];
}

async function readConfig(file: string): Promise<Config> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new FeatReconstructError(`Expected the experiment.json of a run for --config, found no file ${file}.`, {
        code: 'not-found',
      });
    }
    throw error;
  }
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw new FeatReconstructError(`Expected JSON in ${file}, found none: ${textOf(error as Error)}`, {
      code: 'bad-input',
    });
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config) || 'schema' in config) {
    throw new FeatReconstructError(
      `Expected the options of a run in ${file}, as in {"experiment": 1, "source": "model.onnx"}, found ${'schema' in Object(config) ? 'results: give the experiment.json beside them' : 'something else'}.`,
      { code: 'bad-input' },
    );
  }
  for (const [key, value] of Object.entries(config)) {
    const values = [value as unknown].flat();
    if (!/^[a-z][a-z-]*$/.test(key))
      throw new UsageError(`Expected names of options in ${file}, as in train, found '${key}'.`);
    if (values.length === 0 || values.some((each) => !['string', 'number', 'boolean'].includes(typeof each))) {
      throw new FeatReconstructError(
        `Expected a text, a number or a list of them for '${key}' in ${file}, found ${JSON.stringify(value)}.`,
        {
          code: 'bad-input',
        },
      );
    }
  }
  return config as Config;
}
