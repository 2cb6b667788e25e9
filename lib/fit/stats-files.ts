import { createHash } from 'node:crypto';
import type { NdArray } from 'ndarray';
import { FeatReconstructError, type TaskOptions } from '../base/index.js';
import { denseData, openSafetensors, toNdArray, writeSafetensors, type SafetensorsFile } from '../tensor/index.js';
import { panels } from './block-graph.js';
import { Statistics, type Dtype, type MergeNode } from './statistics.js';

const format = 'featreconstruct.statistics';

/** The metadata's JSON; its own SHA-256 is another entry. */
interface Description {
  p: number;
  q: number;
  dtype: Dtype;
  nodes: (Omit<MergeNode, 'moments'> & { n: number })[];
  /** `saveStatistics`'s `about`. */
  about?: unknown;
  /** SHA-256 of each tensor's bytes, by name. */
  sha256: Record<string, string>;
}

/**
 * Writes statistics to a `.stats` file: safetensors with the nodes of the merge tree (node k: `k.mean` (p + q), `k.ssY`
 * (q), and centred `k.gram` (p, p) and `k.cross` (p, q)), and a SHA-256 of every tensor in the metadata. Loaded again, they merge
 * to the same bits. For cross-validation each fold has a file of its own.
 * @param about what to keep with them as JSON, such as which rows they are of
 * @param options `signal`: gives up an upload to object storage
 * @throws FeatReconstructError when the file cannot be written
 */
export async function saveStatistics(
  path: string,
  statistics: Statistics,
  about?: unknown,
  options: Pick<TaskOptions, 'signal'> = {},
): Promise<void> {
  const { p, q, dtype, nodes } = statistics;
  const tensors: Record<string, NdArray<Float64Array>> = {};
  for (const [k, { moments }] of nodes.entries()) {
    const { gram, cross } = fromPanels(moments.gram, p, q);
    const parts = { mean: moments.mean, ssY: moments.ssY, gram, cross };
    for (const [part, shape] of layout(p, q)) tensors[`${k}.${part}`] = toNdArray(parts[part], shape);
  }
  const description: Description = {
    p,
    q,
    dtype,
    nodes: nodes.map(({ level, index, start, end, moments: { n } }) => ({ level, index, start, end, n })),
    ...(about === undefined ? {} : { about }),
    sha256: Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, sha256(data)])),
  };
  const text = JSON.stringify(description);
  const metadata = { format, version: '1', description: text, sha256: sha256(Buffer.from(text)) };
  await writeSafetensors(path, tensors, metadata, options);
}

/**
 * Reads statistics that `saveStatistics` wrote, and checks every number against its checksum.
 * @throws FeatReconstructError when the file is not of this kind, or is damaged
 */
export async function loadStatistics(path: string): Promise<Statistics> {
  return (await readStatistics(path)).statistics;
}

/** What a file of statistics holds. */
interface StoredStatistics {
  statistics: Statistics;
  /** As it was saved with them, unchecked; undefined where nothing was. */
  about: unknown;
}

/** As {@link loadStatistics}, with `about`. @throws FeatReconstructError as `loadStatistics` */
export async function readStatistics(path: string): Promise<StoredStatistics> {
  const file = await openSafetensors(path);
  try {
    const { p, q, dtype, nodes, about, sha256: sums } = descriptionOf(file, path);
    const read: MergeNode[] = [];
    for (const [k, { n, ...node }] of nodes.entries()) {
      const parts = {} as Record<Part, Float64Array>;
      for (const [part, shape] of layout(p, q)) parts[part] = await checked(file, path, `${k}.${part}`, shape, sums);
      const { mean, ssY, gram, cross } = parts;
      read.push({ ...node, moments: { n, mean, ssY, gram: toPanels(gram, cross, p, q) } });
    }
    return { statistics: new Statistics(p, q, dtype, read), about };
  } finally {
    await file.close();
  }
}

type Part = 'mean' | 'ssY' | 'gram' | 'cross';

/** A node's tensors and their shapes. Whole matrices, so that files do not depend on how panels are cut. */
const layout = (p: number, q: number): [Part, number[]][] => [
  ['mean', [p + q]],
  ['ssY', [q]],
  ['gram', [p, p]],
  ['cross', [p, q]],
];

/** Panels as a Gram (p, p) and products with Y (p, q). */
function fromPanels(parts: readonly Float64Array[], p: number, q: number): { gram: Float64Array; cross: Float64Array } {
  const [gram, cross] = [new Float64Array(p * p), new Float64Array(p * q)];
  for (const [k, { row, rows, col, cols }] of panels(p, q).entries()) {
    for (let i = row, at = 0; i < row + rows; i++) {
      for (let j = col; j < col + cols; j++, at++) {
        if (j >= p) cross[i * q + j - p] = parts[k][at];
        else {
          gram[i * p + j] = parts[k][at];
          // The panels cover the Gram on and above the diagonal only: it is symmetric.
          if (j >= row + rows) gram[j * p + i] = parts[k][at];
        }
      }
    }
  }
  return { gram, cross };
}

const toPanels = (gram: Float64Array, cross: Float64Array, p: number, q: number): Float64Array[] =>
  panels(p, q).map(({ row, rows, col, cols }) => {
    const out = new Float64Array(rows * cols);
    for (let i = row, at = 0; i < row + rows; i++) {
      for (let j = col; j < col + cols; j++, at++) out[at] = j < p ? gram[i * p + j] : cross[i * q + j - p];
    }
    return out;
  });

const sha256 = (data: Float64Array | Uint8Array): string =>
  createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');

/** The checked description in a file's metadata. */
function descriptionOf({ metadata, tensors }: SafetensorsFile, path: string): Description {
  if (metadata.format !== format || metadata.version !== '1') {
    throw new FeatReconstructError(
      `Expected statistics (${format}, version 1) in ${path}, found ${metadata.format ?? `tensors ${[...tensors.keys()].join(', ')}`}${metadata.version ? `, version ${metadata.version}` : ''}; write them with saveStatistics.`,
    );
  }
  if (metadata.sha256 !== sha256(Buffer.from(metadata.description ?? ''))) throw damaged(path, 'its description');
  const description = parseDescription(metadata.description);
  if (description) return description;
  throw new FeatReconstructError(
    `Expected ${path} to describe its statistics (widths and the nodes of a merge tree), found another description under a checksum of its own: another program wrote it. Write statistics with saveStatistics.`,
    { code: 'damaged' },
  );
}

/** A description, checked field by field; null where it is none, which a right checksum does not rule out. */
function parseDescription(text: string): Description | null {
  let found: Partial<Description> | null;
  try {
    found = JSON.parse(text) as Partial<Description> | null;
  } catch {
    return null;
  }
  const { p, q, dtype, nodes, sha256: sums } = found ?? {};
  const isNatural = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
  // Nodes are in the order of their rows and do not overlap.
  const isNode = (node: Partial<Description['nodes'][number]> | null, k: number): boolean => {
    if (![node?.level, node?.index, node?.start, node?.end, node?.n].every(isNatural)) return false;
    const { start, end, n, level } = node as Description['nodes'][number];
    return level < 53 && n > 0 && n <= end - start && start >= (k === 0 ? 0 : nodes![k - 1].end);
  };
  const isWhole =
    isNatural(p) &&
    isNatural(q) &&
    (dtype === 'float16' || dtype === 'float32' || dtype === 'float64') &&
    Array.isArray(nodes) &&
    nodes.every(isNode) &&
    typeof sums === 'object' &&
    sums !== null;
  return isWhole ? (found as Description) : null;
}

async function checked(
  file: SafetensorsFile,
  path: string,
  name: string,
  shape: number[],
  sums: Record<string, string>,
): Promise<Float64Array> {
  const found = file.tensors.get(name);
  if (found?.dtype !== 'F64' || found.shape.join() !== shape.join())
    throw damaged(path, `the layout of tensor '${name}'`);
  const data = denseData(await file.read(name)) as Float64Array;
  if (sha256(data) !== sums[name]) throw damaged(path, `tensor '${name}'`);
  return data;
}

const damaged = (path: string, what: string): FeatReconstructError =>
  new FeatReconstructError(
    `Expected ${path} to hold what was written, found that ${what} does not match its SHA-256: the file is damaged. Copy it again or accumulate again.`,
    { code: 'damaged' },
  );
