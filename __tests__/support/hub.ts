import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

/**
 * A server on loopback that speaks the Hub's protocol, from what its documentation and huggingface_hub show: `resolve` of a
 * small file leads to a relative address, that of a large one to another host with `X-Linked-Size` and `X-Linked-Etag`;
 * `X-Repo-Commit`; listings of a revision and of its tree in pages (`Link`); `X-Error-Code`; ranges.
 */
export interface HubServer {
  /** For HF_ENDPOINT. */
  readonly endpoint: string;
  /** Where bytes of large files come from. */
  readonly cdn: string;
  /** All requests so far, `GET /owner/name/resolve/…`; those to the other host begin with `cdn`. */
  readonly requests: { line: string; range?: string; authorization?: string }[];
  /** What goes wrong with the next requests for the bytes of a file, by its path: one fault for each. */
  fail(path: string, ...faults: Fault[]): void;
  add(repo: RepoOfServer): void;
  close(): Promise<void>;
}

export interface RepoOfServer {
  type?: 'model' | 'dataset';
  /** `owner/name`. */
  id: string;
  /** A name that it had before, which leads on to this one. */
  formerId?: string;
  /** Bytes by path. Those of 1,000 bytes or more are kept as large files, as are those of `large`. */
  files: Record<string, Uint8Array | string>;
  large?: readonly string[];
  /** Default: `main` alone. All lead to the same commit. */
  revisions?: readonly string[];
  /** Nobody reads its files but with this token; `private`: nobody sees it without. */
  token?: string;
  isPrivate?: boolean;
}

export interface Fault {
  /** Answers with this and no bytes. */
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** Closes the connection after so many bytes of the answer. */
  cutAfter?: number;
  /** Ends the answer in good order after so many bytes, without having said how many there are. */
  endAfter?: number;
  /** Other bytes of the same number. */
  isWrong?: boolean;
  /** So many bytes at a time, with a pause of a few milliseconds between. */
  trickle?: number;
  ignoresRange?: boolean;
  /** Packed though nobody asked. */
  isPacked?: boolean;
  /** The right status, and the bytes of another place. */
  otherRange?: boolean;
  /** More bytes than there are. */
  isLonger?: boolean;
}

interface Known extends RepoOfServer {
  commit: string;
  entries: Map<string, { bytes: Buffer; oid: string; sha256: string | null }>;
}

export const gitSha1 = (bytes: Uint8Array): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** @param pageSize entries of a page of a listing */
export async function startHub(repos: readonly RepoOfServer[] = [], { pageSize = 3 } = {}): Promise<HubServer> {
  const known = new Map<string, Known>();
  const faults = new Map<string, Fault[]>();
  const requests: HubServer['requests'] = [];
  const log = (request: IncomingMessage, prefix = ''): void => {
    const { range, authorization } = request.headers;
    requests.push({
      line: `${prefix}${request.method} ${decodeURIComponent(request.url!)}`,
      ...(range ? { range } : {}),
      ...(authorization ? { authorization } : {}),
    });
  };
  const nextFault = (path: string): Fault => faults.get(path)?.shift() ?? {};

  const cdn = await listen((request, response) => {
    log(request, 'cdn ');
    // What signed addresses do with a second proof of who asks.
    if (request.headers.authorization) return void response.writeHead(400).end('Only one auth mechanism allowed');
    const [, key, ...rest] = new URL(request.url!, 'http://x').pathname.split('/').map(decodeURIComponent);
    const path = rest.join('/');
    const bytes = known.get(key)?.entries.get(path)?.bytes;
    if (!bytes) return void response.writeHead(404).end();
    void give(request, response, bytes, nextFault(path));
  });

  const hub = await listen((request, response) => {
    log(request);
    const url = new URL(request.url!, 'http://x');
    const refuse = (status: number, code: string, message: string): void =>
      void response.writeHead(status, { 'x-error-code': code, 'x-error-message': message }).end(message);
    const api = /^\/api\/(models|datasets)\/([^/]+\/[^/]+)\/(revision|tree)\/([^/]+)$/.exec(url.pathname);
    const file = /^\/(datasets\/)?([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
    const cached = /^\/api\/resolve-cache\/(models|datasets)\/([^/]+\/[^/]+)\/([^/]+)\/(.+)$/.exec(url.pathname);
    const type = (api ?? cached)?.[1] ?? (file?.[1] ? 'datasets' : 'models');
    const id = api?.[2] ?? file?.[2] ?? cached?.[2] ?? '';
    const moved = [...known.values()].find((each) => each.formerId === id && `${each.type ?? 'model'}s` === type);
    if (moved)
      return void response.writeHead(307, { location: request.url!.replace(`/${id}/`, `/${moved.id}/`) }).end();
    const repo = known.get(`${type}:${id}`);
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (!repo || (repo.isPrivate && bearer !== repo.token)) {
      return refuse(bearer ? 404 : 401, 'RepoNotFound', 'Repository not found');
    }
    const revision = decodeURIComponent(api?.[4] ?? file?.[3] ?? cached![3]);
    if (revision !== repo.commit && !(repo.revisions ?? ['main']).includes(revision)) {
      return refuse(404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
    }
    if (api) {
      const fault = nextFault(api[3]);
      if (fault.status) return void response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
      response.setHeader('content-type', 'application/json');
      if (api[3] === 'revision') {
        const siblings = [...repo.entries.keys()].map((rfilename) => ({ rfilename }));
        return void response.end(JSON.stringify({ id, sha: repo.commit, gated: Boolean(repo.token), siblings }));
      }
      const all = [...repo.entries].map(([path, { bytes, oid, sha256: sum }]) => ({
        type: 'file',
        oid,
        size: bytes.length,
        path,
        ...(sum ? { lfs: { oid: sum, size: bytes.length, pointerSize: 132 } } : {}),
      }));
      const folders = [
        ...new Set(all.flatMap(({ path }) => (path.includes('/') ? [path.replace(/\/[^/]*$/, '')] : []))),
      ];
      const entries = [...folders.map((path) => ({ type: 'directory', oid: '0'.repeat(40), size: 0, path })), ...all];
      const start = Number(url.searchParams.get('cursor') ?? 0);
      if (start + pageSize < entries.length) {
        response.setHeader(
          'link',
          `<${endpointOf(hub)}${url.pathname}?recursive=true&cursor=${start + pageSize}>; rel="next"`,
        );
      }
      return void response.end(JSON.stringify(entries.slice(start, start + pageSize)));
    }
    const path = decodeURIComponent(file?.[4] ?? cached![4]);
    if (repo.token && bearer !== repo.token) {
      return refuse(bearer ? 403 : 401, 'GatedRepo', `Access to ${id} is restricted.`);
    }
    const entry = repo.entries.get(path);
    response.setHeader('x-repo-commit', repo.commit);
    if (!entry) return refuse(404, 'EntryNotFound', 'Entry not found');
    if (entry.sha256 !== null) {
      const location = `${endpointOf(cdn)}/${encodeURIComponent(`${type}:${id}`)}/${path.split('/').map(encodeURIComponent).join('/')}?signature=x`;
      const headers = {
        'x-linked-size': entry.bytes.length,
        'x-linked-etag': `"${entry.sha256}"`,
        'accept-ranges': 'bytes',
      };
      return void response.writeHead(302, { ...headers, location }).end();
    }
    response.setHeader('etag', `"${entry.oid}"`);
    if (file) {
      const location = `/api/resolve-cache/${type}/${id}/${repo.commit}/${file[4]}`;
      return void response
        .writeHead(307, { location, 'x-linked-size': entry.bytes.length, 'x-linked-etag': `"${entry.oid}"` })
        .end();
    }
    void give(request, response, entry.bytes, nextFault(path));
  });

  const add = (repo: RepoOfServer): void => {
    const { type = 'model', id, files, large = [] } = repo;
    const entries: Known['entries'] = new Map();
    for (const [path, content] of Object.entries(files)) {
      const bytes = Buffer.from(content as Uint8Array);
      const isLarge = large.includes(path) || bytes.length >= 1000;
      const pointer = Buffer.from(
        `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(bytes)}\nsize ${bytes.length}\n`,
      );
      entries.set(path, { bytes, oid: gitSha1(isLarge ? pointer : bytes), sha256: isLarge ? sha256(bytes) : null });
    }
    const commit = createHash('sha1')
      .update(JSON.stringify([...entries].map(([path, { oid }]) => [path, oid])))
      .digest('hex');
    known.set(`${type}s:${id}`, { ...repo, commit, entries });
  };
  repos.forEach(add);
  return {
    endpoint: endpointOf(hub),
    cdn: endpointOf(cdn),
    requests,
    fail: (path, ...more) => void faults.set(path, [...(faults.get(path) ?? []), ...more]),
    add,
    async close() {
      await Promise.all([hub, cdn].map((server) => closed(server)));
    },
  };
}

/** Gives bytes as asked for, or as the fault has it. */
export async function give(
  request: IncomingMessage,
  response: ServerResponse,
  all: Buffer,
  fault: Fault = {},
): Promise<void> {
  if (fault.status) return void response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
  const range = fault.ignoresRange ? undefined : request.headers.range;
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  let bytes = fault.isWrong ? Buffer.from(all.map((byte) => byte ^ 1)) : all;
  if (first !== undefined) {
    const start = Number(first);
    if (start >= all.length) return void response.writeHead(416, { 'content-range': `bytes */${all.length}` }).end();
    const end = last ? Math.min(Number(last) + 1, all.length) : all.length;
    bytes = bytes.subarray(start, end);
    const said = fault.otherRange ? start + 1 : start;
    response.setHeader('content-range', `bytes ${said}-${end - 1}/${all.length}`);
    response.statusCode = 206;
  }
  if (fault.isLonger) bytes = Buffer.concat([bytes, Buffer.from('more')]);
  if (fault.isPacked) {
    bytes = gzipSync(bytes);
    response.setHeader('content-encoding', 'gzip');
  }
  if (request.method === 'HEAD')
    return void response.writeHead(response.statusCode, { 'content-length': bytes.length }).end();
  if (fault.endAfter !== undefined) {
    response.write(bytes.subarray(0, fault.endAfter));
    return void response.end();
  }
  response.setHeader('content-length', bytes.length);
  if (fault.cutAfter !== undefined) {
    response.write(bytes.subarray(0, fault.cutAfter));
    await sleep(20);
    return void response.destroy();
  }
  if (fault.trickle === undefined) return void response.end(bytes);
  for (let at = 0; at < bytes.length && !response.destroyed; at += fault.trickle) {
    response.write(bytes.subarray(at, at + fault.trickle));
    await sleep(5);
  }
  response.end();
}

/** A server of plain files by path, as universities have them, with the same faults. */
export async function startFiles(files: Record<string, Uint8Array>): Promise<{
  url: string;
  requests: { path: string; range?: string }[];
  fail(path: string, ...faults: Fault[]): void;
  close(): Promise<void>;
}> {
  const faults = new Map<string, Fault[]>();
  const requests: { path: string; range?: string }[] = [];
  const server = await listen((request, response) => {
    const path = decodeURIComponent(request.url!.slice(1));
    requests.push({ path, ...(request.headers.range ? { range: request.headers.range } : {}) });
    const bytes = files[path] as Uint8Array | undefined;
    if (!bytes) return void response.writeHead(404).end('<html>Not Found</html>');
    void give(request, response, Buffer.from(bytes), faults.get(path)?.shift());
  });
  return {
    url: endpointOf(server),
    requests,
    fail: (path, ...more) => void faults.set(path, [...(faults.get(path) ?? []), ...more]),
    close: () => closed(server),
  };
}

function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(answer);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

const endpointOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Sets variables of the environment until the function that is returned is called; undefined unsets one. */
export function withEnvironment(values: Record<string, string | undefined>): () => void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  const set = (name: string, value: string | undefined): void => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  for (const [name, value] of Object.entries(values)) set(name, value);
  return () => before.forEach(([name, value]) => set(name, value));
}

/** The environment in which a test's cache and server are the only ones. */
export const hubEnvironment = (endpoint: string, cache: string): Record<string, string | undefined> => ({
  HF_ENDPOINT: endpoint,
  HF_HUB_CACHE: cache,
  HF_HOME: `${cache}-home`,
  HF_TOKEN: undefined,
  HF_TOKEN_PATH: undefined,
  HUGGING_FACE_HUB_TOKEN: undefined,
  HF_HUB_OFFLINE: undefined,
  TRANSFORMERS_OFFLINE: undefined,
  HTTP_PROXY: undefined,
  HTTPS_PROXY: undefined,
  http_proxy: undefined,
  https_proxy: undefined,
});
