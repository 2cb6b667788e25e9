import { UsageError } from '../base/index.js';

/** A repository of models on the Hub, or a file of it: `hf:owner/name[@revision][/file]`. */
export interface HubName {
  /** As it was written. */
  readonly text: string;
  /** `owner/name`. */
  readonly repo: string;
  /** A branch, a tag or a commit; undefined: `main`. */
  readonly revision?: string;
  /** The path of a file in it. */
  readonly path?: string;
}

/** A split of a data set on the Hub: `hf:owner/name[@revision][/config]:split`. */
export interface HubDataName {
  /** `owner/name`. */
  readonly repo: string;
  readonly revision?: string;
  readonly config?: string;
  readonly split: string;
}

/**
 * An owner or name as the Hub allows them: no dot or hyphen at an end, no `--` (which separates names in the cache), no
 * `..`.
 */
const partShape = /^(?!.*(--|\.\.))[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?$/;
/** Git's rules for revisions, as far as they matter in an address or a path. Names such as `refs/pr/1` have slashes. */
const revisionShape = /^(?!.*(\.\.|\/\/|@\{))[\w.+][\w.+/-]*$/;

/** Whether a text is meant as a name on the Hub. */
export const isHubName = (text: string): boolean => /^hf:/i.test(text);

/**
 * Takes the name of a model apart. What follows a slash is a file, so slashes in a revision (`refs/pr/3`) are written
 * as `%2F`, as in the Hub's own addresses.
 * @returns null for what does not begin with `hf:`
 * @throws UsageError for a malformed name
 */
export function parseHubName(text: string): HubName | null {
  if (!isHubName(text)) return null;
  const rest = text.slice(3);
  if (/^\/\/|^https?:|huggingface\.co\//i.test(rest)) {
    throw malformed(text, 'an address: give what stands behind huggingface.co/, as in hf:timm/resnet18.a1_in1k');
  }
  const [, owner, name, revision, path] = /^([^/@:]*)\/([^/@:]*)(?:@([^/]*))?(?:\/(.*))?$/s.exec(rest) ?? [];
  if (owner === undefined || !partShape.test(owner) || !partShape.test(name))
    throw malformed(text, 'no owner and name in it');
  return {
    text,
    repo: `${owner}/${name}`,
    ...(revision === undefined ? {} : { revision: checkedRevision(revision, text) }),
    ...(path ? { path: checkedPath(path, text) } : {}),
  };
}

/**
 * Takes a data set's name apart, without its slice.
 * @param rest what stands behind `hf:`
 * @throws UsageError for a malformed name, or none of a split
 */
export function parseHubData(rest: string): HubDataName {
  const text = `hf:${rest}`;
  const at = rest.lastIndexOf(':');
  const split = at < 0 ? '' : rest.slice(at + 1);
  const name = parseHubName(at < 0 ? text : text.slice(0, at + 3))!;
  if (!/^[\w.-]+$/.test(split)) {
    throw new UsageError(
      `Expected a split behind '${name.text}', as in ${name.text}:train or ${name.text}:validation[0:1000], found ${split === '' ? 'none' : `'${split}'`}.`,
    );
  }
  const { repo, revision, path } = name;
  return { repo, split, ...(revision ? { revision } : {}), ...(path ? { config: path } : {}) };
}

function checkedRevision(text: string, name: string): string {
  const revision = text.replace(/%2f/gi, '/');
  if (revision.length > 200 || !revisionShape.test(revision)) {
    throw malformed(name, `'${text}' behind @, which is no branch, tag or commit`);
  }
  return revision;
}

/**
 * A path in a repository, which becomes a path in a folder of the cache.
 * @throws UsageError where it might lead out of that
 */
function checkedPath(path: string, name: string): string {
  if (isInside(path)) return path;
  throw malformed(name, `'${path}', which is no path of a file in a repository`);
}

/** Whether a path stays inside any folder that it is joined to, on every system. */
export const isInside = (path: string): boolean =>
  !/[\\\x00-\x1f]|^[A-Za-z]:/.test(path) && path.split('/').every((name) => !['', '.', '..'].includes(name));

const malformed = (text: string, found: string): UsageError =>
  new UsageError(`Expected hf:owner/name[@revision][/file], found in '${text}' ${found}.`);
