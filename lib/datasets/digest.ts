import { createHash, type Hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { systemPath, type TaskOptions } from '../base/index.js';
import { unreadable } from '../bytes/index.js';
import type { Dataset, Sample } from './types.js';

/** What a data set holds, by content. */
export interface ContentDigests {
  /** SHA-256 over (label, content) of each example in order, hex: what `Dataset.digest()` gives. */
  digest: string;
  /** SHA-256 of each example's content without its label, hex, in order: equal images have equal digests. */
  examples: string[];
}

const computed = new WeakMap<Dataset, Promise<ContentDigests>>();

/**
 * Digests a data set and each of its examples in one pass over the files; `dataset.digest()` shares that pass.
 * The content of an image is its width, height and pixels, so CIFAR's digest is the same from every layout; of an
 * encoded image the bytes of its file; of a tensor its type, dimensions and values.
 * @param options of the pass that this call begins; a pass that is under way keeps its own
 * @throws FeatReconstructError where an example cannot be read; the signal's reason when it was aborted
 */
export function contentDigests(dataset: Dataset, options: TaskOptions = {}): Promise<ContentDigests> {
  const known = computed.get(dataset);
  if (known) return known;
  const digests = compute(dataset, options);
  computed.set(dataset, digests);
  digests.catch(() => computed.delete(dataset));
  return digests;
}

/** Files that are read at the same time: one after the other takes twice as long. */
const mostOpen = 8;
/** Milliseconds before progress is shown: most data sets are done by then. */
const quiet = 500;

async function compute(dataset: Dataset, { signal, onProgress }: TaskOptions): Promise<ContentDigests> {
  const whole = createHash('sha256');
  const examples: string[] = [];
  const label = new Int32Array(1);
  const begun = performance.now();
  let group: { label: number; content: Promise<Hash> }[] = [];
  const take = async (): Promise<void> => {
    signal?.throwIfAborted();
    const contents = await Promise.all(group.map(({ content }) => content));
    for (const [k, hash] of contents.entries()) {
      const content = hash.digest();
      label[0] = group[k].label;
      whole.update(label).update(content);
      examples.push(content.toString('hex'));
    }
    group = [];
    if (performance.now() - begun < quiet) return;
    onProgress?.({ stage: `read ${dataset.spec}`, done: examples.length, total: dataset.size, unit: 'images' });
  };
  for await (const sample of dataset.samples({ signal })) {
    const content = hashContent(sample);
    // It is awaited with its group: a failure before that must not count as unhandled.
    content.catch(() => undefined);
    group.push({ label: sample.label, content });
    if (group.length === mostOpen) await take();
  }
  if (group.length > 0) await take();
  return { digest: whole.digest('hex'), examples };
}

/** A hash over an example's content, without its label. */
async function hashContent({ id, image, encoded, tensor, tensors, undecodable }: Sample): Promise<Hash> {
  const hash = createHash('sha256');
  if (image) return hash.update(Uint32Array.of(image.width, image.height)).update(image.data);
  if (tensor) hash.update(`${tensor.type} ${tensor.dims.join('x')}\n`).update(tensor.data);
  for (const [name, { type, dims, data }] of Object.entries(tensors ?? {})) {
    hash.update(`${name} ${type} ${dims.join('x')}\n`).update(data);
  }
  if (tensor || tensors) return hash;
  // There is no content to hash: its id stands for it.
  if (undecodable) return hash.update(`undecodable ${id}`);
  const file = encoded!.file;
  return hash.update(typeof file === 'string' ? await readFile(systemPath(file)).catch(unreadable(file)) : file);
}
