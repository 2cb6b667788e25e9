import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Dataset, Sample } from '../../lib/datasets/index.js';

const FIXTURES = fileURLToPath(new URL('../fixtures/datasets/', import.meta.url));

export const fixture = (...names: string[]): string => join(FIXTURES, ...names);

export const fixtureJson = async (name: string) => JSON.parse(await readFile(fixture(name), 'utf8'));

/** Every example of a data set, in order. */
export async function all(dataset: Dataset, options?: Parameters<Dataset['samples']>[0]): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of dataset.samples(options)) samples.push(sample);
  return samples;
}

/** Runs with a folder that is removed afterwards, filled with a copy of a fixture where one is named. */
export async function withFolder<T>(from: string | undefined, body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'featreconstruct-datasets-'));
  try {
    if (from) await cp(fixture(from), folder, { recursive: true });
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
