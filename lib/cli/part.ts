import { InvalidArgumentError, Option, type Command } from 'commander';
import { UsageError } from '../base/index.js';
import { seed, wholeNumber } from './options.js';

/** Flags for a part of each data set. */
export interface PartFlags {
  limit?: number;
  sample?: number;
  shard?: string;
  seed?: number;
}

export const partOptions = (command: Command): Command =>
  command
    .addOption(new Option('--limit <n>', 'only the first n examples of each data set').argParser(wholeNumber))
    .addOption(new Option('--sample <n>', 'only n random examples of each data set').argParser(wholeNumber))
    .addOption(new Option('--seed <s>', 'seed of --sample (default: 0)').argParser(seed));

function shard(text: string): string {
  if (!/^\d+\/\d+$/.test(text)) throw new InvalidArgumentError('Expected I/N, as in 2/7.');
  return text;
}

/** The option of commands whose results `merge` puts together. */
export const shardOption = (command: Command): Command =>
  command.addOption(
    new Option(
      '--shard <i/n>',
      'only the i-th of n shards of the data set, counted from 1, for work on several machines',
    ).argParser(shard),
  );

/** The spec of a data set, or of a path, as it was typed, with the part that the flags ask for. */
export async function datasetSpec(text: string, flags: PartFlags): Promise<string> {
  const { specOfPath } = await import('../datasets/index.js');
  return withPart(await specOfPath(text), flags);
}

/** A data set's spec with the part that the flags ask for, so that every record of it names the part. */
function withPart(spec: string, { limit, sample, shard, seed: of }: PartFlags): string {
  if (of !== undefined && sample === undefined) {
    throw new UsageError('Expected --sample with --seed, found the latter alone: give both or neither.');
  }
  const asked = Object.entries({ limit, sample, shard }).filter(([, value]) => value !== undefined);
  if (asked.length > 1) {
    const [first, second] = asked.map(([name]) => `--${name}`);
    throw new UsageError(`Expected one of --limit, --sample and --shard, found ${first} and ${second}: leave one out.`);
  }
  const part =
    shard !== undefined
      ? `[shard:${shard}]`
      : limit !== undefined
        ? `[limit:${limit}]`
        : sample !== undefined
          ? `[sample:${sample},seed:${of ?? 0}]`
          : '';
  if (part && /\[(limit|sample|shard):[^\]]*\]$/.test(spec)) {
    throw new UsageError(`'${spec}' already says which part to take: leave out --limit, --sample, --shard and --seed.`);
  }
  return spec + part;
}
