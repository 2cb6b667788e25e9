import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** What a whole file is known by. `git-sha1` is the name that git gives a small file: over its length and its bytes. */
export interface Sum {
  readonly kind: 'sha256' | 'git-sha1' | 'md5';
  /** Hex, in small letters. */
  readonly value: string;
}

/** @param size the file's, in bytes */
export async function sumOf(file: string, size: number, kind: Sum['kind'], signal?: AbortSignal): Promise<string> {
  const hash = createHash(kind === 'git-sha1' ? 'sha1' : kind);
  if (kind === 'git-sha1') hash.update(`blob ${size}\0`);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20, signal })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** What an ETag of the Hub says of a file: SHA-256 of a large one, git's name of a small one; null for any other. */
export function sumOfTag(tag: string | undefined): Sum | null {
  const value = tag?.replace(/^W\//, '').replaceAll('"', '').toLowerCase() ?? '';
  if (/^[0-9a-f]{64}$/.test(value)) return { kind: 'sha256', value };
  return /^[0-9a-f]{40}$/.test(value) ? { kind: 'git-sha1', value } : null;
}
