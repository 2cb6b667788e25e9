import type { Dispatcher } from 'undici';
import { FeatReconstructError, UsageError } from '../base/index.js';
import { networkError, refusal, type Asked } from './answers.js';
import { pauseBefore } from './pause.js';

/** Redirects of a file: to its new name, then to where its bytes lie. */
const mostRedirects = 6;
/** Milliseconds without a byte after which a connection is taken for dead. */
const silence = 30_000;

export interface Request {
  url: string;
  /** Sent to the first host alone: it could be anyone's to whom a redirect leads. */
  token?: string | null;
  headers?: Record<string, string>;
  /** What errors call it. */
  asked: Asked;
  signal?: AbortSignal;
  /** Statuses beside 2xx that the caller looks at itself. */
  takes?: readonly number[];
}

export interface Answer {
  status: number;
  headers: Record<string, string | undefined>;
  /** Where redirects led. */
  url: string;
  body: Dispatcher.ResponseData['body'];
}

let dispatcher: Promise<Dispatcher> | undefined;

/** With HTTP_PROXY, HTTPS_PROXY and NO_PROXY as they stand when the first request is made. */
function agent(): Promise<Dispatcher> {
  dispatcher ??= import('undici').then(({ EnvHttpProxyAgent }) => {
    try {
      return new EnvHttpProxyAgent({
        connect: { timeout: 15_000 },
        headersTimeout: silence,
        bodyTimeout: silence,
        // So that a command ends when it is done, and not when a server tires of waiting.
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
 * One request with its redirects, without tries.
 * @throws FeatReconstructError for an answer that is no success, unless the caller takes it; see `isPassing`
 */
export async function request(asked: Request): Promise<Answer> {
  const { request: send } = await import('undici');
  const first = new URL(asked.url);
  for (let url = first, left = mostRedirects; ; left--) {
    const answer = await send(url, {
      dispatcher: await agent(),
      method: 'GET',
      signal: asked.signal,
      headers: {
        'user-agent': 'featreconstruct',
        // The size and the sum of a file are those of its own bytes.
        'accept-encoding': 'identity',
        ...asked.headers,
        ...(asked.token && url.origin === first.origin ? { authorization: `Bearer ${asked.token}` } : {}),
      },
    }).catch((error: unknown) => {
      throw networkError(error, url, asked.asked);
    });
    const { statusCode: status, body } = answer;
    const headers = Object.fromEntries(
      Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
    );
    const found: Answer = { status, headers, url: url.href, body };
    if (status >= 200 && status < 300) return found;
    if (asked.takes?.includes(status)) return found;
    const to = [301, 302, 303, 307, 308].includes(status) ? headers.location : undefined;
    if (to === undefined) throw refusal(found, await textOf(found), asked.asked);
    const next = URL.canParse(to, url.href) ? new URL(to, url) : null;
    await body.dump().catch(() => {});
    if (!next || !/^https?:$/.test(next.protocol) || (first.protocol === 'https:' && next.protocol !== 'https:')) {
      throw new FeatReconstructError(
        `Expected ${asked.asked.name} at ${first.host}, found that it leads on to '${to}', which is not followed: check HF_ENDPOINT and the proxy.`,
        { code: 'not-fetched' },
      );
    }
    if (left === 0) {
      throw new FeatReconstructError(
        `Expected ${asked.asked.name} at ${first.host}, found more than ${mostRedirects} redirects: check HF_ENDPOINT and the proxy.`,
        { code: 'not-fetched' },
      );
    }
    url = next;
  }
}

/** A short text of a server, such as its error page; the rest is left. */
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

/** Most bytes of an answer that is read into memory: a page of a listing has a thousand files. */
const mostOfJson = 2 ** 26;

/** A document in JSON, with tries. @throws FeatReconstructError also where it is none */
export async function requestJson(asked: Request): Promise<{ value: unknown; headers: Answer['headers'] }> {
  const { bytes, answer } = await requestWhole(asked, mostOfJson);
  try {
    return { value: JSON.parse(bytes.toString('utf8')) as unknown, headers: answer.headers };
  } catch {
    throw noJson(asked.asked, answer);
  }
}

/** A small file in memory, with tries. @throws FeatReconstructError also for a larger one */
export const requestBytes = async (asked: Request, most: number): Promise<Buffer> =>
  (await requestWhole(asked, most)).bytes;

async function requestWhole(asked: Request, most: number): Promise<{ bytes: Buffer; answer: Answer }> {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await request(asked);
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        if ((length += chunk.length) > most) {
          throw new FeatReconstructError(
            `Expected ${asked.asked.name} to answer with at most ${most} bytes, found more: check HF_ENDPOINT and the proxy.`,
            { code: 'too-large' },
          );
        }
      }
      return { bytes: Buffer.concat(chunks), answer };
    } catch (error) {
      asked.signal?.throwIfAborted();
      await pauseBefore(attempt, networkError(error, new URL(asked.url), asked.asked), asked.signal);
    }
  }
}

const noJson = ({ name }: Asked, { url }: Answer): FeatReconstructError =>
  new FeatReconstructError(
    `Expected JSON about ${name} from ${new URL(url).host}, found something else: a proxy or a log-in page may have answered. Check HF_ENDPOINT and the proxy.`,
    { code: 'not-fetched' },
  );
