import { basename } from 'node:path';
import type { TaskOptions } from '../base/index.js';
import { openStore, orderShards, type Store } from '../extract/index.js';
import { joinRows } from '../tensor/index.js';
import type { NotedRows } from './opened-rows.js';

/**
 * The stores of all shards of a data set as one, in its order.
 * @param folder where they were looked for
 * @throws FeatReconstructError as `openStore` and `orderShards`
 */
export async function openShards(
  folder: string,
  paths: readonly string[],
  tensorName: 'features' | 'logits',
  options: TaskOptions,
): Promise<NotedRows> {
  const stores: Store[] = [];
  const close = async (): Promise<void> => {
    for (const store of stores) await store.close();
  };
  try {
    for (const path of paths) stores.push(await openStore(path, options));
    const shards = orderShards(stores);
    const names = shards.map(({ path }) => basename(path));
    return {
      rows: joinRows(shards.map((shard) => shard[tensorName])),
      ...{ path: folder, tensor: tensorName, name: `${tensorName} in ${folder}`, columns: null, close },
      notes: [{ kind: 'shards', shards: names.length, first: names[0], last: names[names.length - 1] }],
    };
  } catch (error) {
    await close();
    throw error;
  }
}
