import { createHash } from 'node:crypto';
import type { NdArray } from 'ndarray';
import { FeatReconstructError } from '../base/index.js';
import { denseData, openSafetensors, toNdArray, writeSafetensors, type SafetensorsFile } from '../tensor/index.js';
import { panels } from './block-graph.js';
import { Statistics, type Dtype, type MergeNode } from './statistics.js';

const format = 'featreconstruct.statistics';

/** What the file says of itself; its own SHA-256 stands beside it. */
interface Description {
  p: number;
  q: number;
  dtype: Dtype;
  nodes: (Omit<MergeNode, 'moments'> & { n: number })[];
  /** SHA-256 of each tensor's bytes, by name. */
  sha256: Record<string, string>;
}

/**
 * Writes statistics to a `.stats` file: safetensors with the nodes of the merge tree (node k: `k.mean` (p + q), `k.ssY`
 * (q), and the centred panels `k.gram.0`, `k.gram.1`, …), and a SHA-256 of every tensor in the metadata. What is loaded
 * again merges to the same bits as what was saved. For cross-validation each fold has a file of its own.
 * @throws FeatReconstructError when the file cannot be written
 */
export async function saveStatistics(path: string, statistics: Statistics): Promise<void> {
  const { p, q, dtype, nodes } = statistics;
  const tensors: Record<string, NdArray<Float64Array>> = {};
  for (const [k, { moments }] of nodes.entries()) {
    for (const [name, shape] of layout(k, p, q)) tensors[name] = toNdArray(partOf(moments, name), shape);
  }
  const description: Description = {
    p,
    q,
    dtype,
    nodes: nodes.map(({ level, index, start, end, moments: { n } }) => ({ level, index, start, end, n })),
    sha256: Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, sha256(data)])),
  };
  const text = JSON.stringify(description);
  await writeSafetensors(path, tensors, { format, version: '1', description: text, sha256: sha256(Buffer.from(text)) });
}

/**
 * Reads statistics that `saveStatistics` wrote, and checks every number against its checksum.
 * @throws FeatReconstructError when the file is not of this kind, or is damaged
 */
export async function loadStatistics(path: string): Promise<Statistics> {
  const file = await openSafetensors(path);
  try {
    const { p, q, dtype, nodes, sha256: sums } = describe(file, path);
    const read: MergeNode[] = [];
    for (const [k, { n, ...node }] of nodes.entries()) {
      const parts: Float64Array[] = [];
      for (const [name, shape] of layout(k, p, q)) parts.push(await checked(file, path, name, shape, sums[name]));
      const [mean, ssY, ...gram] = parts;
      read.push({ ...node, moments: { n, mean, ssY, gram } });
    }
    return new Statistics(p, q, dtype, read);
  } finally {
    await file.close();
  }
}

/** Names and shapes of node k's tensors: mean, ssY, then the panels. */
const layout = (k: number, p: number, q: number): [string, number[]][] => [
  [`${k}.mean`, [p + q]],
  [`${k}.ssY`, [q]],
  ...panels(p, q).map(({ rows, cols }, i): [string, number[]] => [`${k}.gram.${i}`, [rows, cols]]),
];

function partOf({ mean, ssY, gram }: MergeNode['moments'], name: string): Float64Array {
  const [, part, panel] = name.split('.');
  return part === 'mean' ? mean : part === 'ssY' ? ssY : gram[Number(panel)];
}

const sha256 = (data: Float64Array | Uint8Array): string =>
  createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');

function describe({ metadata, tensors }: SafetensorsFile, path: string): Description {
  if (metadata.format !== format || metadata.version !== '1') {
    throw new FeatReconstructError(
      `Expected statistics (${format}, version 1) in ${path}, found ${metadata.format ?? `tensors ${[...tensors.keys()].join(', ')}`}${metadata.version ? `, version ${metadata.version}` : ''}; write them with saveStatistics.`,
    );
  }
  if (metadata.sha256 !== sha256(Buffer.from(metadata.description ?? ''))) throw damaged(path, 'its description');
  return JSON.parse(metadata.description) as Description;
}

async function checked(
  file: SafetensorsFile,
  path: string,
  name: string,
  shape: number[],
  sum: string,
): Promise<Float64Array> {
  const found = file.tensors.get(name);
  if (found?.dtype !== 'F64' || found.shape.join() !== shape.join())
    throw damaged(path, `the layout of tensor '${name}'`);
  const data = denseData(await file.read(name)) as Float64Array;
  if (sha256(data) !== sum) throw damaged(path, `tensor '${name}'`);
  return data;
}

const damaged = (path: string, what: string): FeatReconstructError =>
  new FeatReconstructError(
    `Expected ${path} to hold what was written, found that ${what} does not match its SHA-256: the file is damaged. Copy it again or accumulate again.`,
  );
