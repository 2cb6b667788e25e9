import { FeatReconstructError, visible, type FeatReconstructErrorOptions } from '../base/index.js';

/** What a server is asked for: what errors need to say it. */
export interface Asked {
  /** `hf:owner/name`, or an address. */
  name: string;
  /** The page of a repository, where people ask for access. */
  page?: string;
  /** Of the repository. */
  revision?: string;
  /** A file in the repository. */
  path?: string;
  /** Whether a token is sent. */
  hasToken?: boolean;
  /** What to fetch elsewhere and where to put it, where no server is reached: `On a machine with …`. */
  elsewhere?: string;
}

/** An answer without success. */
interface FailedAnswer {
  status: number;
  headers: Readonly<Record<string, string | undefined>>;
  /** Where redirects led. */
  url: string;
}

/** An error that may be gone at the next try. */
export class PassingError extends FeatReconstructError {
  constructor(
    message: string,
    /** Milliseconds that the server asks to wait; null where it does not say. */
    readonly wait: number | null,
    options: FeatReconstructErrorOptions = {},
  ) {
    super(message, { code: 'not-fetched', ...options });
  }
}

/** The error of a connection that was not made, was cut or fell silent. Errors of ours and aborts stay as they are. */
export function networkError(error: unknown, url: URL, { name, elsewhere }: Asked): Error {
  if (error instanceof FeatReconstructError) return error;
  const { code, name: kind, message } = error as NodeJS.ErrnoException;
  // undici also gives this name to what a proxy refuses.
  if (kind === 'AbortError' && code !== 'UND_ERR_ABORTED') return error as Error;
  const proxy = process.env.https_proxy ?? process.env.HTTPS_PROXY ?? process.env.http_proxy ?? process.env.HTTP_PROXY;
  const hint = proxy ? ` (through the proxy ${withoutPassword(proxy)})` : '';
  const text = `Expected ${name} from ${url.host}, found that ${reasonOf(code, message)}${hint}. ${elsewhere ?? 'Check the network, HF_ENDPOINT and HTTPS_PROXY, and run again.'}`;
  return mayPass.has(code ?? '')
    ? new PassingError(text, null, { cause: error })
    : new FeatReconstructError(text, { cause: error, code: 'not-fetched' });
}

/** Errors of a server that answered before and may come back. One that is not there at all is not waited for. */
const mayPass = new Set([
  'ECONNRESET',
  'EPIPE',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);

const reasons: Record<string, string> = {
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name is not resolved',
  ECONNREFUSED: 'it refuses the connection',
  ECONNRESET: 'it cut the connection',
  EPIPE: 'it cut the connection',
  UND_ERR_SOCKET: 'it cut the connection',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer',
  UND_ERR_BODY_TIMEOUT: 'it fell silent',
};
const reasonOf = (code: string | undefined, message: string): string =>
  (/CERT|SELF_SIGNED|UNABLE_TO_/.test(code ?? '')
    ? `its certificate is not trusted (${code}; NODE_EXTRA_CA_CERTS names a file of your own ones)`
    : reasons[code ?? '']) ?? `it cannot be reached (${visible(message || code || 'no reason given')})`;

const withoutPassword = (proxy: string): string => proxy.replace(/\/\/[^/@]*@/, '//***@');

/** Statuses of a server that is busy or out of order for the moment. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * The error of an answer without success. The Hub says in a header what is wrong.
 * @param text the beginning of its body
 */
export function refusal({ status, headers, url }: FailedAnswer, text: string, asked: Asked): FeatReconstructError {
  const { host } = new URL(url);
  const { name, page, revision, path, hasToken } = asked;
  const fail = (message: string, code: 'not-found' | 'not-fetched' = 'not-fetched'): FeatReconstructError =>
    new FeatReconstructError(message, { code });
  if (passing.has(status)) {
    const wait = waitOf(headers['retry-after'] ?? resetOf(headers.ratelimit));
    const often = hasToken ? '' : ' A token in HF_TOKEN raises the limit.';
    const what =
      status === 429
        ? `too many requests${wait ? `; it asks to wait ${Math.ceil(wait / 1000)} seconds` : ''}`
        : `status ${status}`;
    return new PassingError(
      `Expected ${name} from ${host}, found ${what}: run again later, and it goes on from there.${status === 429 && page ? often : ''}`,
      wait,
    );
  }
  const error = headers['x-error-code'];
  if (error === 'GatedRepo') {
    return fail(
      hasToken
        ? `${name} is gated, and the account of the token in use has no access: ask for it at ${page}.`
        : `${name} is gated: accept its terms at ${page}, then give a token of that account in HF_TOKEN (huggingface.co/settings/tokens).`,
    );
  }
  if (error === 'RevisionNotFound') {
    return fail(
      `Expected ${name} to have the branch, tag or commit '${revision}', found none: see ${page}/tree/main.`,
      'not-found',
    );
  }
  if (error === 'EntryNotFound')
    return fail(`Expected the file '${path}' in ${name}, found none: see ${page}/tree/main.`, 'not-found');
  if (error === 'RepoNotFound' || (page && (status === 401 || status === 404))) {
    return fail(
      hasToken
        ? `Expected ${name} at ${host}, found nothing of that name that the token in use may see: check the name, or the token's access.`
        : `Expected ${name} at ${host}, found nothing of that name: check it, or give a token in HF_TOKEN if it is private.`,
      'not-found',
    );
  }
  const said = headers['x-error-message'] ?? (/^[\s\S]*<[a-z!]/i.test(text) ? '' : text.trim().slice(0, 200));
  const because = said ? ` (${visible(said.replace(/\s+/g, ' '))})` : '';
  if (status === 404) return fail(`Expected ${name} at ${url}, found nothing there${because}.`, 'not-found');
  return fail(
    `Expected ${name} from ${host}, found that it refuses: status ${status}${because}. ${asked.elsewhere ?? ''}`.trim(),
  );
}

/** The milliseconds of a Retry-After header, which has seconds or a date. */
function waitOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d+(\.\d+)?$/.test(text.trim())) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}

/** The seconds to wait in the Hub's other header: `"api";r=0;t=55`. */
const resetOf = (header: string | undefined): string | undefined => /;r=0;t=(\d+)/.exec(header ?? '')?.[1];
