import type { Provenance } from '../extract/index.js';
import { withoutFolders } from '../words/index.js';

/** Bytes of a name in front of its key. File systems take 255; endings of unfinished and temporary files need some of these. */
const most = 160;
/** Bytes of that for the data set, where both are long. */
const mostOfDataset = 60;

/** `resnet18-cifar100-test-3fa94c01d2e3.safetensors`: readable, and different wherever the numbers may be. */
export function storeName({ model, dataset }: Pick<Provenance, 'model' | 'dataset'>, key: string): string {
  let [name, slug] = [model.name, slugOf(dataset.spec)];
  if (Buffer.byteLength(`${name}-${slug}`) > most) {
    slug = cut(slug, mostOfDataset);
    name = cut(name, most - 1 - slug.length);
  }
  return `${name}-${slug}-${key.slice(0, 12)}.safetensors`;
}

/**
 * A data set's spec without folders of somebody's disk, in letters and digits of ASCII. Where folders were left out its format is too,
 * as in the names of earlier versions.
 */
function slugOf(spec: string): string {
  const short = withoutFolders(spec);
  return (short === spec ? spec : short.slice(short.indexOf(':') + 1))
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** The first bytes of a text as UTF-8 has them, no character cut in two. */
const cut = (text: string, bytes: number): string =>
  Buffer.from(text)
    .subarray(0, bytes)
    .toString('utf8')
    .replace(/\ufffd+$/, '');
