import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { accumulate, loadStatistics, mergeStatistics, saveStatistics, type Statistics } from '../../lib/fit/index.js';
import { memoryRows, readSafetensors, sliceRows, writeSafetensors } from '../../lib/tensor/index.js';
import { integers, matrixOf } from './data.js';
import { coded } from '../support/coded.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'featreconstruct-stats-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const file = (name: string): string => path.join(folder, name);

describe('.stats files', () => {
  const [n, p, q] = [11 * 4096 + 77, 3, 2];
  const x = memoryRows(
    Float32Array.from(integers(n, p, 1), (value) => value / 3),
    n,
    p,
  );
  const y = memoryRows(
    Float32Array.from(integers(n, q, 2), (value) => value / 7),
    n,
    q,
  );
  const shard = (from: number, to: number): Promise<Statistics> =>
    accumulate(sliceRows(x, from, to), sliceRows(y, from, to), { firstRow: from });

  it('hold statistics to the bit', async () => {
    const statistics = await accumulate(x, y);
    await saveStatistics(file('whole.stats'), statistics);
    const loaded = await loadStatistics(file('whole.stats'));
    expect(loaded).toMatchObject({ n, p, q, dtype: 'float32' });
    expect(loaded.nodes).toEqual(statistics.nodes);
  });

  it('hold plain matrices, for any reader, across many panels', async () => {
    const [a, b] = [memoryRows(integers(40, 300, 3), 40, 300), memoryRows(integers(40, 70, 4), 40, 70)];
    const statistics = await accumulate(a, b);
    await saveStatistics(file('plain.stats'), statistics);
    const { tensors } = await readSafetensors(file('plain.stats'));
    expect(tensors['0.gram'].data).toEqual(statistics.gram);
    expect(tensors['0.cross'].data).toEqual(statistics.cross);
    expect((await loadStatistics(file('plain.stats'))).nodes).toEqual(statistics.nodes);
  });

  it('give the same bits from random shards in random order, merged in any grouping', async () => {
    const whole = await accumulate(x, y);
    // Whole blocks of 4,096 rows, dealt out by a hash: the last cut is the end of the data.
    for (let round = 0; round < 6; round++) {
      const coins = integers(1, 11, 100 + round);
      const edges = [0, ...[...coins.keys()].filter((k) => coins[k] > 2).map((k) => (k + 1) * 4096), n];
      const parts: Statistics[] = [];
      for (let k = 1; k < edges.length; k++) {
        const name = file(`${round}-${k}.stats`);
        await saveStatistics(name, await shard(edges[k - 1], edges[k]));
        parts.push(await loadStatistics(name));
      }
      const order = integers(1, parts.length, 200 + round);
      const shuffled = [...parts.keys()].sort((a, b) => order[a] - order[b] || a - b).map((k) => parts[k]);
      const half = Math.ceil(shuffled.length / 2);
      await saveStatistics(file('half.stats'), mergeStatistics(...shuffled.slice(0, half)));
      const rest = shuffled.slice(half);
      const halves = mergeStatistics(...rest, await loadStatistics(file('half.stats')));
      for (const merged of [mergeStatistics(...shuffled), halves]) expect(merged.nodes).toEqual(whole.nodes);
    }
  });

  it('are refused with a byte changed, wherever it is', async () => {
    await saveStatistics(file('good.stats'), await shard(0, 5000));
    const bytes = await readFile(file('good.stats'));
    const header = 8 + Number(bytes.readBigUInt64LE(0));
    const node = bytes.indexOf('\\"start\\":0') + 10;
    for (const at of [header, header + 8 * 9, bytes.length - 1, node]) {
      const changed = Buffer.from(bytes);
      changed[at] ^= 1;
      await writeFile(file('bad.stats'), changed);
      await expect(loadStatistics(file('bad.stats'))).rejects.toThrow(coded('damaged', 'bad.stats', 'SHA-256'));
    }
    await writeFile(file('short.stats'), bytes.subarray(0, bytes.length - 8));
    await expect(loadStatistics(file('short.stats'))).rejects.toThrow('truncated');
  });

  it('are refused with a description that is none, whoever signed it', async () => {
    await saveStatistics(file('signed.stats'), await shard(0, 5000));
    const { tensors, metadata } = await readSafetensors(file('signed.stats'));
    const good = JSON.parse(metadata.description) as { nodes: object[] };
    const node = good.nodes[0];
    const wrong: unknown[] = [
      null,
      [],
      {},
      { ...good, p: -1 },
      { ...good, p: 1e9 },
      { ...good, q: '2' },
      { ...good, dtype: 'constructor' },
      { ...good, nodes: 3 },
      { ...good, nodes: [null] },
      { ...good, nodes: [{ ...node, n: 1e15 }] },
      { ...good, nodes: [{ ...node, start: 9000 }] },
      { ...good, nodes: [node, node] },
      { ...good, nodes: Array(5).fill(node) },
      { ...good, sha256: null },
      { ...good, sha256: {} },
    ];
    for (const each of wrong) {
      const description = JSON.stringify(each);
      const sha256 = createHash('sha256').update(description).digest('hex');
      await writeSafetensors(file('signed.stats'), tensors, { ...metadata, description, sha256 });
      await expect(loadStatistics(file('signed.stats'))).rejects.toMatchObject({ name: 'FeatReconstructError' });
    }
    const none = JSON.stringify({ ...good, nodes: [] });
    const sha256 = createHash('sha256').update(none).digest('hex');
    await writeSafetensors(file('signed.stats'), tensors, { ...metadata, description: none, sha256 });
    const empty = await loadStatistics(file('signed.stats'));
    expect(() => empty.gram).toThrow(coded('too-few-rows'));
  });

  it('are told from other safetensors files', async () => {
    await writeSafetensors(file('other.safetensors'), { features: matrixOf(integers(2, 2, 1), 2) });
    await expect(loadStatistics(file('other.safetensors'))).rejects.toThrow(coded('bad-input', 'other.safetensors'));
    await expect(loadStatistics(file('none.stats'))).rejects.toThrow('none.stats');
  });
});
