import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** The digest of a whole file. `git-sha1` is git's name of a file: over its length and its bytes. */
export interface Sum {
  readonly kind: 'sha256' | 'git-sha1' | 'md5';
  /** Hex, in lower case. */
  readonly value: string;
}

/** The digest of a file. @param size of it, in bytes, for `git-sha1` */
export async function sumOf(file: string, size: number, kind: Sum['kind'], signal?: AbortSignal): Promise<string> {
  const hash = createHash(kind === 'git-sha1' ? 'sha1' : kind);
  if (kind === 'git-sha1') hash.update(`blob ${size}\0`);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20, signal })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
