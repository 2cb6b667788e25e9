import { createHash, type Hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { systemPath } from '../base/index.js';
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
 */
export function contentDigests(dataset: Dataset): Promise<ContentDigests> {
  const known = computed.get(dataset);
  if (known) return known;
  const digests = compute(dataset);
  computed.set(dataset, digests);
  digests.catch(() => computed.delete(dataset));
  return digests;
}

async function compute(dataset: Dataset): Promise<ContentDigests> {
  const whole = createHash('sha256');
  const examples: string[] = [];
  const label = new Int32Array(1);
  for await (const sample of dataset.samples()) {
    const content = (await hashContent(sample)).digest();
    label[0] = sample.label;
    whole.update(label).update(content);
    examples.push(content.toString('hex'));
  }
  return { digest: whole.digest('hex'), examples };
}

async function hashContent({ id, image, encoded, tensor, tensors, undecodable }: Sample): Promise<Hash> {
  const hash = createHash('sha256');
  if (image) return hash.update(Uint32Array.of(image.width, image.height)).update(image.data);
  if (tensor) hash.update(`${tensor.type} ${tensor.dims.join('x')}\n`).update(tensor.data);
  for (const [name, { type, dims, data }] of Object.entries(tensors ?? {})) {
    hash.update(`${name} ${type} ${dims.join('x')}\n`).update(data);
  }
  if (tensor || tensors) return hash;
  // It has no content; another of the same place has another name.
  if (undecodable) return hash.update(`undecodable ${id}`);
  const file = encoded!.file;
  return hash.update(typeof file === 'string' ? await readFile(systemPath(file)).catch(unreadable(file)) : file);
}
