import { open, rename, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Readable } from 'node:stream';
import { count, FeatReconstructError, type TaskOptions } from '../base/index.js';
import { fileError, lockFile, makeFolder, writeRange } from '../bytes/index.js';
import { networkError, PassingError, type Asked } from './answers.js';
import { request, type Answer } from './http.js';
import { pauseBefore } from './pause.js';
import { bytesInWords } from './size.js';
import { sumOf, type Sum } from './sums.js';

/** A file to fetch. */
export interface Transfer {
  url: string;
  token?: string | null;
  asked: Asked;
  /** The path of the complete, verified file. */
  file: string;
  /**
   * The path where it is written until then. What is there already is continued, whoever wrote it: the sum will tell.
   */
  part: string;
  /** The path of the lock, without `.lock`. */
  lock: string;
  /** In bytes; null where it is not known. */
  size: number | null;
  /** Null: it is not verified. */
  sum: Sum | null;
}

/**
 * Fetches a file: continues where an earlier try ended, verifies it, and only then gives it its name. One process
 * fetches, others wait and find the file. Does nothing if the file is there.
 * @throws FeatReconstructError `not-fetched` where the server cannot give it (what came is kept, and continued next
 *   time), `damaged` where it is not what was published (nothing is kept)
 */
export async function fetchFile(transfer: Transfer, { signal, onProgress }: TaskOptions): Promise<void> {
  const { file, part, asked } = transfer;
  await makeFolder(path.dirname(file));
  await makeFolder(path.dirname(transfer.lock));
  let isSaid = false;
  const lock = await lockFile(transfer.lock, {
    signal,
    onWait(holder, at) {
      if (isSaid) return;
      isSaid = true;
      const who = holder ? `process ${holder.pid}` : 'another process';
      const note = `${asked.name} is being fetched by ${who}: waiting for it. (If there is no such process, delete ${at}.)`;
      onProgress?.({ stage: `wait for ${asked.name}`, done: 0, total: 1, unit: 'files', note });
    },
  });
  try {
    if (await isThere(file, transfer.size)) return;
    await receiveAll(transfer, { signal, onProgress });
    await lock.check();
    const handle = await open(part, 'r+');
    await handle.sync().finally(() => handle.close());
    await rename(part, file);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall ? fileError(error, part, 'write') : error;
  } finally {
    await lock.release();
  }
}

async function isThere(file: string, size: number | null): Promise<boolean> {
  const found = await stat(file).catch(() => null);
  return found !== null && found.isFile() && (size === null || found.size === size);
}

/** Receives until the part is the whole file, as its sum shows. */
async function receiveAll(transfer: Transfer, options: TaskOptions): Promise<void> {
  const { part, sum, asked } = transfer;
  for (let again = false; ; again = true) {
    const begun = await lengthOf(part);
    await receive(transfer, options);
    const length = await lengthOf(part);
    const found = sum && (await sumOf(part, length, sum.kind, options.signal));
    if (!sum || found === sum.value) return;
    await rm(part, { force: true });
    // The beginning, which was there before, may have been of another file.
    if (begun > 0 && !again) continue;
    throw new FeatReconstructError(
      `Expected ${nameOf(asked)} with the ${sum.kind} ${sum.value}, found ${found}: what came is not what was published, and is not kept. Run again; if it stays so, a proxy changes it, or it was replaced.`,
      { code: 'damaged' },
    );
  }
}

/** Receives until no byte is missing, in as many requests as it takes. */
async function receive(transfer: Transfer, options: TaskOptions): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const offset = await lengthOf(transfer.part);
    if (offset > 0 && offset === transfer.size) return;
    let failure: unknown;
    try {
      if (transfer.size !== null && offset > transfer.size) await rm(transfer.part, { force: true });
      if (await receiveOnce(transfer, await lengthOf(transfer.part), options)) return;
      failure = new PassingError(
        `Expected ${nameOf(transfer.asked)} whole, found that the server ends before it does: run again, and it goes on from there.`,
        null,
      );
    } catch (error) {
      options.signal?.throwIfAborted();
      failure = networkError(error, new URL(transfer.url), transfer.asked);
    }
    if ((await lengthOf(transfer.part)) > offset) attempt = 1;
    await pauseBefore(attempt, failure, options.signal);
  }
}

/** Receives in one request from `offset` on. @returns whether the file is complete, as far as the server says */
async function receiveOnce(transfer: Transfer, offset: number, options: TaskOptions): Promise<boolean> {
  const { url, token, asked, part } = transfer;
  const answer = await request({
    url,
    token,
    asked,
    signal: options.signal,
    headers: offset > 0 ? { range: `bytes=${offset}-` } : {},
    takes: [416],
  });
  if (answer.status === 416) {
    // The server has nothing from `offset` on: the part is complete, or of another file.
    await answer.body.dump().catch(() => {});
    const whole = /\*\/(\d+)/.exec(answer.headers['content-range'] ?? '')?.[1];
    if (offset > 0 && Number(whole ?? transfer.size ?? offset) === offset) return true;
    await rm(part, { force: true });
    return false;
  }
  const { from, total } = answer.status === 206 ? rangeOf(answer) : { from: 0, total: lengthIn(answer) };
  if (from !== 0 && from !== offset) {
    await answer.body.dump().catch(() => {});
    throw wrong(asked, `bytes from ${count(from)} on, where those from ${count(offset)} on were asked for`);
  }
  const size = transfer.size ?? total;
  if (total !== null && transfer.size !== null && total !== transfer.size) {
    drop(answer.body);
    throw wrong(
      asked,
      `${count(total)} bytes instead of ${count(transfer.size)}: a proxy or a log-in page may have answered, or it was replaced`,
    );
  }
  if (size !== null) await checkSpace(part, size - from);
  await writeBody(unpackedBody(answer), { part, from, size, asked }, options);
  return size === null || (await lengthOf(part)) === size;
}

const wrong = (asked: Asked, found: string): FeatReconstructError =>
  new FeatReconstructError(
    `Expected ${nameOf(asked)}, found ${found}. Run again later, or check HF_ENDPOINT and the proxy.`,
    {
      code: 'damaged',
    },
  );

const nameOf = ({ name, path: inside }: Asked): string => (inside ? `${inside} of ${name}` : name);

/** The part that a body is written to. */
interface Growing {
  part: string;
  /** The position of the body's first byte. */
  from: number;
  /** Bytes of the whole file, if known. */
  size: number | null;
  asked: Asked;
}

async function writeBody(
  body: Readable,
  { part, from, size, asked }: Growing,
  { onProgress }: TaskOptions,
): Promise<void> {
  const handle = await open(part, from > 0 ? 'r+' : 'w').catch((error: unknown) => {
    drop(body);
    throw fileError(error, part, 'write');
  });
  try {
    let at = from;
    const [unit, bytes] = size === null || size >= 1e7 ? ['MB', 1e6] : ['kB', 1e3];
    const say = (): void => {
      const total = Math.ceil((size ?? at + bytes) / bytes);
      const done = at === size ? total : Math.min(Math.floor(at / bytes), total - 1);
      onProgress?.({ stage: `fetch ${nameOf(asked)}`, done, total, unit });
    };
    say();
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (size !== null && at + chunk.length > size) {
        throw wrong(asked, `more than the ${count(size)} bytes that it has`);
      }
      await writeRange(handle, part, chunk, at);
      at += chunk.length;
      say();
    }
    await handle.truncate(at);
  } finally {
    drop(body);
    await handle.close();
  }
}

/** Drops the rest of an answer, without an error. */
function drop(body: Readable): void {
  body.on('error', () => {});
  body.destroy();
}

/** The body, unpacked: some servers compress though they are asked not to. */
function unpackedBody({ headers, body }: Answer): Readable {
  const packing = headers['content-encoding']?.toLowerCase();
  const unpack =
    packing === 'gzip'
      ? createGunzip()
      : packing === 'br'
        ? createBrotliDecompress()
        : packing === 'deflate'
          ? createInflate()
          : null;
  if (!unpack) return body;
  body.on('error', (error) => unpack.destroy(error));
  unpack.on('close', () => drop(body));
  return body.pipe(unpack);
}

/** The file's size by the answer, in bytes; null where it is compressed or not stated. */
function lengthIn({ headers }: Answer): number | null {
  const packed = !['identity', undefined].includes(headers['content-encoding']?.toLowerCase());
  const length = headers['content-length'];
  return packed || length === undefined ? null : Number(length);
}

/** Which bytes an answer of status 206 has, and of how many. */
function rangeOf({ headers }: Answer): { from: number; total: number | null } {
  const [, from, total] = /^bytes (\d+)-\d*\/(\d+|\*)$/.exec(headers['content-range'] ?? '') ?? [];
  // Without the header it could be any part: -1 fits no offset.
  return {
    from: from === undefined ? -1 : Number(from),
    total: total === undefined || total === '*' ? null : Number(total),
  };
}

const lengthOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    () => 0,
  );

/** @throws FeatReconstructError where the disk has less free space */
async function checkSpace(part: string, bytes: number): Promise<void> {
  const disk = await statfs(path.dirname(part)).catch(() => null);
  // Some file systems do not say.
  if (!disk || disk.blocks === 0 || disk.bavail * disk.bsize >= bytes) return;
  throw new FeatReconstructError(
    `Expected ${bytesInWords(bytes)} free at ${path.dirname(part)}, found ${bytesInWords(disk.bavail * disk.bsize)}: free some space or choose another folder (HF_HUB_CACHE).`,
    { code: 'system' },
  );
}
