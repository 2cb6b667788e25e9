import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { FeatReconstructError, textOf, UsageError } from '../base/index.js';

/** A run as one file: its options by name, as they were typed. `run --config FILE` repeats it. */
export type Config = Record<string, Value | Value[]>;
type Value = string | number | boolean;

/** Options that say how a run is watched, and not what it is. */
const notKept = new Set(['json', 'quiet', 'config', 'open', 'wide']);

/** Listens to what is typed: options as they are given, before any of them is read as a number or a list. */
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

/** What is a number to JSON as well as to whoever typed it. */
const asTyped = (text: string): Value => (String(Number(text)) === text ? Number(text) : text);

/**
 * Puts the options of a file in the place of `--config FILE`. What is typed beside it counts, and not what the file says.
 * @param argv of the process, `run` being its third
 * @param isVariadic whether an option takes several values at once
 * @throws FeatReconstructError where the file is none
 */
export async function withConfig(argv: readonly string[], isVariadic: (long: string) => boolean): Promise<string[]> {
  const [node, script, name, ...rest] = argv;
  const at = rest.findIndex((argument) => argument === '--config' || argument.startsWith('--config='));
  if (name !== 'run' || at < 0) return [...argv];
  const isInline = rest[at].startsWith('--config=');
  const file = isInline ? rest[at].slice('--config='.length) : rest[at + 1];
  // Commander says that its value is missing.
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
  // An experiment that is typed stands first, or right behind the file's name.
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
