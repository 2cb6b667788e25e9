import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Store } from '../extract/index.js';
import { applyLinearMap } from '../fit/index.js';
import { runtimeVersion } from '../doctor/index.js';
import type { DatasetRecord, Environment, ModelRecord } from '../results/index.js';
import { spaceOf } from './head-spaces.js';

/** Version of this package. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The machine and the versions that make a result, and the time. */
export function describeMachine(): Pick<
  Environment,
  'featreconstruct' | 'onnxruntime' | 'node' | 'platform' | 'cpu' | 'cores' | 'date'
> {
  const cores = cpus();
  return {
    featreconstruct: packageVersion(),
    onnxruntime: runtimeVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    date: new Date().toISOString(),
  };
}

/**
 * Records what the figures were made with, by content and not by path.
 * @param streamed what was extracted and not stored
 */
export async function describeEnvironment(
  stores: readonly Store[],
  streamed: readonly Pick<Store, 'provenance' | 'skipped'>[],
  run: Pick<Environment, 'command' | 'fitProvider' | 'jointSeconds' | 'zeroShot'>,
): Promise<Environment> {
  return {
    ...describeMachine(),
    ...run,
    provider: stores[0].provenance.provider,
    models: await modelRecords(stores),
    datasets: datasetRecords([...streamed, ...stores]),
  };
}

async function modelRecords(stores: readonly Store[]): Promise<ModelRecord[]> {
  const records = new Map<string, ModelRecord>();
  for (const store of stores) {
    const { provenance, head } = store;
    const { model, transform, ownTransform, assumed } = provenance;
    const id = JSON.stringify([model.digest, transform]);
    if (records.has(id)) continue;
    const { rank, condition } = await spaceOf(head);
    records.set(id, {
      name: model.name,
      digest: model.digest,
      featureDim: model.featureDim,
      classCount: model.classCount,
      headRank: rank,
      headCondition: condition,
      ...(await headCheck(store)),
      transform,
      ...(ownTransform ? { ownTransform } : {}),
      ...(assumed ? { transformAssumed: true as const } : {}),
      placement: provenance.placement ?? null,
    });
  }
  return [...records.values()];
}

const { abs } = Math;

/** Logits that a head is held against, at most: 4,096 rows of 1,024 classes. */
const mostChecked = 2 ** 22;

/**
 * How far the head's logits are from the model's own, on the first 4,096 images or fewer; nulls where no logits are
 * stored.
 */
export async function headCheck({
  provenance,
  head,
  features,
  logits,
}: Pick<Store, 'head' | 'features' | 'logits'> & { provenance: Pick<Store['provenance'], 'logits'> }): Promise<
  Pick<ModelRecord, 'headError' | 'logitScale'>
> {
  if (provenance.logits !== 'stored') return { headError: null, logitScale: null };
  const rows = Math.min(features.rows, 4096, Math.max(1, Math.floor(mostChecked / logits.cols)));
  const computed = applyLinearMap(head, features);
  // Logits of very many classes are read a few rows at a time.
  const step = Math.max(1, Math.floor(2 ** 22 / logits.cols));
  let [headError, logitScale] = [0, 0];
  for (let start = 0; start < rows; start += step) {
    const end = Math.min(rows, start + step);
    const [own, given] = [await computed.read(start, end), await logits.read(start, end)];
    for (let i = 0; i < given.length; i++) {
      const [error, size] = [abs(own[i] - given[i]), abs(given[i])];
      if (error > headError) headError = error;
      if (size > logitScale) logitScale = size;
    }
  }
  return { headError, logitScale };
}

function datasetRecords(stores: readonly Pick<Store, 'provenance' | 'skipped'>[]): DatasetRecord[] {
  const records = new Map<string, DatasetRecord>();
  for (const { provenance, skipped } of stores) {
    const { spec, size, digest, part, leftOut } = provenance.dataset;
    records.set(digest, {
      ...{ spec, size, digest, skipped: skipped.length },
      ...(part ? { part } : {}),
      ...(skipped.length > 0 ? { firstSkipped: skipped[0].id } : {}),
      ...(leftOut ? { leftOut } : {}),
    });
  }
  return [...records.values()];
}
