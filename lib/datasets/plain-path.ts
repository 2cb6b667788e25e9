import { stat } from 'node:fs/promises';
import { FeatReconstructError, UsageError } from '../base/index.js';
import { formats } from './registry.js';

/** A path, and what stands behind it in brackets. */
const shape = /^(.*?)((?:\[-?\d*:-?\d*\])?(?:\[(?:limit|sample|shard):[^\]]*\])*)$/s;

/**
 * The spec of a data set that somebody typed as a path: `photos` and `photos.zip` become `folder:…`, `x.parquet`
 * becomes `parquet:x.parquet`, `x.npy` becomes `tensors:x.npy`, if they exist, with any slice kept. A spec stays as it
 * is.
 * @throws UsageError where it may be a data set and a path
 * @throws FeatReconstructError (`not-found`) where it looks like a path and nothing is there
 */
export async function specOfPath(text: string): Promise<string> {
  const [, path, part] = shape.exec(text)!;
  const name = /^[^:]*/.exec(path)![0];
  const isNamed = formats.some((format) => format.name === name);
  const isSpec = isNamed && path !== name;
  const found = path === '' ? null : await stat(path).catch(() => null);
  if (found && isNamed) {
    const meant = isSpec ? `${path} as a data set` : `the data set ${formsOf(name)}`;
    throw new UsageError(
      `'${path}' may be ${meant} or the ${found.isDirectory() ? 'folder' : 'file'} of that name here: write folder:./${path} for the latter${isSpec ? ', or give the former from another folder' : `, ${formsOf(name)} for the former`}.`,
    );
  }
  if (isSpec) return text;
  if (found?.isDirectory() || (found && /\.(zip|tar|tgz|tar\.gz)$/i.test(path))) return `folder:${path}${part}`;
  if (found && /\.parquet$/i.test(path)) return `parquet:${path}${part}`;
  if (found && /\.(npy|npz|safetensors)$/i.test(path)) return `tensors:${path}${part}`;
  // With a colon or a known beginning it is a mistyped spec: openDataset says what is wrong with it.
  if (!found && !path.includes(':') && !/^(cifar|synthetic|places)/i.test(path)) {
    throw new FeatReconstructError(
      `Expected images at ${path}, found nothing there: check the path, or name a data set such as cifar100:train[0:5000].`,
      { code: 'not-found' },
    );
  }
  return text;
}

const formsOf = (name: string): string => formats.find((format) => format.name === name)!.forms.join(' or ');
