import { visible } from '../base/index.js';

/** A spec that names a file or a folder: its format, the path, what is taken of it. */
const ofPath = /^(folder|imagefolder|list|tensors|parquet):(.*?)((?:\[[^\]]*\])*)$/s;

/**
 * A data set's spec without the folders of a path: `folder:/a/b/scenes[shard:1/3]` → `folder:scenes[shard:1/3]`. A tensor's name behind
 * its file stays whole, whatever is in it.
 */
export function withoutFolders(spec: string): string {
  const [, format, path, part] = ofPath.exec(spec) ?? [];
  if (format === undefined) return spec;
  const tensor = format === 'tensors' ? (/\.(?:npy|npz|safetensors)(#.+)$/is.exec(path)?.[1] ?? '') : '';
  const file = path.slice(0, path.length - tensor.length);
  return `${format}:${file.replace(/^.*[\\/](?=[^\\/])/s, '')}${tensor}${part}`;
}

/** The same to be shown, without control characters. */
export const shortSpec = (spec: string): string => visible(withoutFolders(spec));

/**
 * What kind of images a spec names, whatever is taken of them: `cifar100:train[0:10]` → `cifar100`. Files and folders may each
 * hold another kind.
 */
export function kindOfImages(spec: string): string {
  const [, whole] = /^(.*?)(?:\[[^\]]*\])*$/s.exec(spec)!;
  // Of a data set of the Hub the split stands behind its second colon.
  if (whole.startsWith('hf:')) return whole.replace(/^(hf:[^:]*):.*$/s, '$1');
  return ofPath.test(whole) || whole.startsWith('places365:') ? whole : whole.split(':')[0];
}
