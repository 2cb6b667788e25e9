import type { Dispatcher } from 'undici';
import { FeatReconstructError, UsageError } from '../base/index.js';
import { networkError, refusal, type Asked } from './answers.js';
import { pauseBefore } from './pause.js';

/** Redirects of one request at most: to a repository's new name, then to where the bytes are. */
const mostRedirects = 6;
/** Milliseconds without a byte after which a connection is taken for dead. */
const silence = 30_000;

/** A GET request. */
export interface Request {
  url: string;
  /** Sent to the first host only: redirects may lead to anybody's. */
  token?: string | null;
  headers?: Record<string, string>;
  /** What errors call it. */
  asked: Asked;
  signal?: AbortSignal;
  /** Statuses beside 2xx that the caller handles. */
  takes?: readonly number[];
}

/** An answer with a status that the caller takes; its body must be read or dropped. */
export interface Answer {
  status: number;
  headers: Record<string, string | undefined>;
  /** Where redirects led. */
  url: string;
  body: Dispatcher.ResponseData['body'];
}

let dispatcher: Promise<Dispatcher> | undefined;

/**
 * What sends requests, with HTTP_PROXY, HTTPS_PROXY and NO_PROXY as they are at the first request.
 * @throws UsageError for a malformed one
 */
function agent(): Promise<Dispatcher> {
  dispatcher ??= import('undici').then(({ EnvHttpProxyAgent }) => {
    try {
      return new EnvHttpProxyAgent({
        connect: { timeout: 15_000 },
        headersTimeout: silence,
        bodyTimeout: silence,
        // So that a command ends when it is done, not when a server closes the connection.
        keepAliveTimeout: 1000,
        keepAliveMaxTimeout: 1000,
      });
    } catch (error) {
      throw new UsageError(
        `Expected the address of a proxy in HTTPS_PROXY and HTTP_PROXY, as http://proxy:3128, found one that is not taken (${(error as Error).message}): correct or unset it.`,
        { cause: error },
      );
    }
  });
  return dispatcher;
}

/**
 * Sends one request and follows its redirects; does not try again.
 * @throws FeatReconstructError for an answer without success, unless the caller takes it: a `PassingError` where
 *   another try may help
 */
export async function request(query: Request): Promise<Answer> {
  const { request: send } = await import('undici');
  const first = new URL(query.url);
  for (let url = first, left = mostRedirects; ; left--) {
    const answer = await send(url, {
      dispatcher: await agent(),
      method: 'GET',
      signal: query.signal,
      headers: {
        'user-agent': 'featreconstruct',
        // Uncompressed, so that sizes and ranges are those of the file.
        'accept-encoding': 'identity',
        ...query.headers,
        ...(query.token && url.origin === first.origin ? { authorization: `Bearer ${query.token}` } : {}),
      },
    }).catch((error: unknown) => {
      throw networkError(error, url, query.asked);
    });
    const { statusCode: status, body } = answer;
    const headers = Object.fromEntries(
      Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
    );
    const found: Answer = { status, headers, url: url.href, body };
    if (status >= 200 && status < 300) return found;
    if (query.takes?.includes(status)) return found;
    const to = [301, 302, 303, 307, 308].includes(status) ? headers.location : undefined;
    if (to === undefined) throw refusal(found, await textOf(found), query.asked);
    const next = URL.canParse(to, url.href) ? new URL(to, url) : null;
    await body.dump().catch(() => {});
    if (!next || !/^https?:$/.test(next.protocol) || (first.protocol === 'https:' && next.protocol !== 'https:')) {
      throw new FeatReconstructError(
        `Expected ${query.asked.name} at ${first.host}, found that it leads on to '${to}', which is not followed: check HF_ENDPOINT and the proxy.`,
        { code: 'not-fetched' },
      );
    }
    if (left === 0) {
      throw new FeatReconstructError(
        `Expected ${query.asked.name} at ${first.host}, found more than ${mostRedirects} redirects: check HF_ENDPOINT and the proxy.`,
        { code: 'not-fetched' },
      );
    }
    url = next;
  }
}

/** The beginning of an answer's body as text, for errors. */
async function textOf({ body }: Answer): Promise<string> {
  try {
    let text = '';
    for await (const chunk of body) {
      text += String(chunk);
      if (text.length > 2000) break;
    }
    return text;
  } catch {
    return '';
  }
}

/** Bytes of a JSON answer at most: a page of a listing has a thousand files. */
const mostOfJson = 2 ** 26;

/**
 * JSON from a server, with several tries.
 * @throws FeatReconstructError as `request` does, and where the answer is no JSON
 */
export async function requestJson(query: Request): Promise<{ value: unknown; headers: Answer['headers'] }> {
  const { bytes, answer } = await requestWhole(query, mostOfJson);
  try {
    return { value: JSON.parse(bytes.toString('utf8')) as unknown, headers: answer.headers };
  } catch {
    throw noJson(query.asked, answer);
  }
}

/**
 * A small file from a server, with several tries.
 * @throws FeatReconstructError as `request` does, and for more than `most` bytes
 */
export const requestBytes = async (query: Request, most: number): Promise<Buffer> =>
  (await requestWhole(query, most)).bytes;

async function requestWhole(query: Request, most: number): Promise<{ bytes: Buffer; answer: Answer }> {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await request(query);
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        if ((length += chunk.length) > most) {
          throw new FeatReconstructError(
            `Expected ${query.asked.name} to answer with at most ${most} bytes, found more: check HF_ENDPOINT and the proxy.`,
            { code: 'too-large' },
          );
        }
      }
      return { bytes: Buffer.concat(chunks), answer };
    } catch (error) {
      query.signal?.throwIfAborted();
      await pauseBefore(attempt, networkError(error, new URL(query.url), query.asked), query.signal);
    }
  }
}

const noJson = ({ name }: Asked, { url }: Answer): FeatReconstructError =>
  new FeatReconstructError(
    `Expected JSON about ${name} from ${new URL(url).host}, found something else: a proxy or a log-in page may have answered. Check HF_ENDPOINT and the proxy.`,
    { code: 'not-fetched' },
  );
