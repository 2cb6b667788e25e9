import { mkdtemp, mkdir, readFile, readdir, readlink, rm, writeFile, chmod, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fetchHubFile, fetchHubFiles, listHubFiles, type FetchOptions } from '../../lib/hub/index.js';
import { backOff } from '../../lib/hub/pause.js';
import { coded } from '../support/coded.js';
import { gitSha1, hubEnvironment, sha256, startHub, withEnvironment, type HubServer } from '../support/hub.js';

const bytes = (length: number, seed = 1): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17 + (i >> 8)) & 255));
const big = bytes(300_000);
const config = '{"architecture": "resnet18"}';
/** Jest takes seconds to compare so many bytes one by one. */
const same = async (file: string): Promise<void> => expect(sha256(await readFile(file))).toBe(sha256(big));
const yes: FetchOptions = { consent: true };

let hub: HubServer;
let cache: string;
let restore: () => void;

beforeEach(async () => {
  backOff.first = 5;
  cache = await mkdtemp(path.join(tmpdir(), 'featreconstruct-hub-'));
  hub = await startHub([
    { id: 'maker/net', files: { 'config.json': config, 'onnx/model.onnx': big, 'a b/ü?.txt': 'odd' } },
  ]);
  restore = withEnvironment(hubEnvironment(hub.endpoint, cache));
});
afterEach(async () => {
  restore();
  await hub.close();
  await rm(cache, { recursive: true, force: true });
});

const model = { repo: 'maker/net', type: 'model', path: 'onnx/model.onnx' } as const;
const fetchModel = (options: FetchOptions = yes): Promise<string> => fetchHubFile(model, options);
const folder = (): string => path.join(cache, 'models--maker--net');
const part = (): string => path.join(folder(), 'blobs', `${sha256(big)}.incomplete`);
const got = (): number => hub.requests.filter(({ line }) => line.startsWith('cdn GET')).length;

test('a large and a small file come into the standard layout, and are not asked for again', async () => {
  const file = await fetchModel();
  await same(file);
  expect(await readFile(await fetchHubFile({ ...model, path: 'config.json' }, yes), 'utf8')).toBe(config);
  expect(await readFile(await fetchHubFile({ ...model, path: 'a b/ü?.txt' }, yes), 'utf8')).toBe('odd');
  expect(await readlink(file)).toBe(path.join('..', '..', '..', 'blobs', sha256(big)));
  expect((await readdir(path.join(folder(), 'blobs'))).sort()).toEqual(
    [sha256(big), gitSha1(Buffer.from(config)), gitSha1(Buffer.from('odd'))].sort(),
  );
  const commit = await readFile(path.join(folder(), 'refs', 'main'), 'utf8');
  expect(file).toBe(path.join(folder(), 'snapshots', commit, 'onnx', 'model.onnx'));
  const before = hub.requests.length;
  expect(await fetchModel({})).toBe(file);
  expect(await fetchHubFile({ ...model, revision: commit }, {})).toBe(file);
  expect(hub.requests.length).toBe(before);
});

test('nothing is fetched that was not agreed to, and the question is put once with all sizes', async () => {
  await expect(fetchModel({})).rejects.toThrow(coded('not-fetched', 'maker/net', '300 kB'));
  expect(got()).toBe(0);
  const asked: number[][] = [];
  const listing = await listHubFiles(model);
  await expect(
    fetchHubFiles(listing, ['config.json', 'onnx/model.onnx'], {
      consent: async (wanted) => (asked.push(wanted.map(({ size }) => size!)), false),
    }),
  ).rejects.toThrow(coded('not-fetched'));
  expect(asked).toEqual([[config.length, big.length]]);
  expect(hub.requests.some(({ line }) => line.includes('resolve'))).toBe(false);
});

test('a connection that is cut is gone on with from where it was, as often as it takes', async () => {
  hub.fail('onnx/model.onnx', { cutAfter: 100_000 }, { cutAfter: 50_000 }, { status: 502 }, { cutAfter: 7 });
  await same(await fetchModel());
  expect(got()).toBe(5);
  const ranges = hub.requests.flatMap(({ line, range }) => (line.startsWith('cdn') && range ? [range] : []));
  expect(ranges.length).toBe(4);
  expect(Number(/\d+/.exec(ranges[1])![0])).toBeGreaterThan(Number(/\d+/.exec(ranges[0])![0]));
});

test.each([
  ['a server that ignores ranges', [{ cutAfter: 100_000 }, { ignoresRange: true }]],
  ['one that packs what it sends', [{ isPacked: true }]],
  ['one that ends early in good order', [{ endAfter: 1000 }]],
  ['one that is slow', [{ trickle: 20_000 }]],
  ['one that asks to wait', [{ status: 429, headers: { 'retry-after': '0.1' } }]],
  ['one that asks to wait until a date', [{ status: 503, headers: { 'retry-after': new Date().toUTCString() } }]],
  ['one that is ill for a while', [{ status: 500 }, { status: 503 }, { status: 504 }]],
] as const)('%s: the verified file', async (_, faults) => {
  hub.fail('onnx/model.onnx', ...faults);
  await same(await fetchModel());
  expect(await readdir(path.join(folder(), 'blobs'))).toEqual([sha256(big)]);
});

test.each([
  ['other bytes', { isWrong: true }, 'damaged', 'sha256'],
  ['more bytes', { isLonger: true }, 'damaged', '300,004'],
  ['a log-in page', { status: 203, body: '<html>Log in</html>', headers: { 'content-length': '19' } }, 'damaged', '19'],
  ['a wait of an hour', { status: 429, headers: { 'retry-after': '3600' } }, 'not-fetched', '3600'],
  ['a refusal', { status: 403, body: 'Request blocked.' }, 'not-fetched', '403'],
  [
    'a redirect to a file',
    { status: 302, headers: { location: 'file:///etc/passwd' } },
    'not-fetched',
    'file:///etc/passwd',
  ],
  ['a redirect to itself', { status: 302, headers: { location: '?again' } }, 'not-fetched', 'redirects'],
] as const)('%s: one sentence, and no file', async (_, fault, code, found) => {
  hub.fail('onnx/model.onnx', ...Array.from({ length: 12 }, () => fault));
  await expect(fetchModel()).rejects.toThrow(coded(code, found));
  expect(await readdir(path.join(folder(), 'blobs'))).toEqual([]);
});

test('what came of a file that could not be had is kept, and the next command goes on from there', async () => {
  hub.fail('onnx/model.onnx', { cutAfter: 200_000 }, ...Array.from({ length: 5 }, () => ({ status: 503 })));
  await expect(fetchModel()).rejects.toThrow(coded('not-fetched', '503'));
  const { size } = await stat(part());
  expect(size).toBeGreaterThan(0);
  await same(await fetchModel());
  expect(hub.requests.at(-1)!.range).toBe(`bytes=${size}-`);
});

test('a stopped one leaves what it has', async () => {
  hub.fail('onnx/model.onnx', { trickle: 1000 });
  const controller = new AbortController();
  const stopped = fetchModel({
    ...yes,
    signal: controller.signal,
    onProgress: ({ stage, done }) => stage.includes('model.onnx') && done > 20 && controller.abort(),
  });
  await expect(stopped).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  const { size } = await stat(part());
  expect(size).toBeGreaterThan(20_000);
  await same(await fetchModel());
  expect(hub.requests.at(-1)!.range).toBe(`bytes=${size}-`);
});

test.each([
  ['its beginning', big.subarray(0, 1234), 1],
  ['all of it', big, 0],
  ['the beginning of another file', bytes(5000, 9), 2],
  ['a longer one', Buffer.concat([big, big]), 1],
  ['an empty one', Buffer.alloc(0), 1],
  ['another file of that length', bytes(300_000, 3), 1],
])('where Python left %s, the file is right in the end', async (_, left, requests) => {
  await mkdir(path.dirname(part()), { recursive: true });
  await writeFile(part(), left);
  await same(await fetchModel());
  expect(got()).toBe(requests);
});

test('what is wrong with the disk is not said of the network', async () => {
  await mkdir(part(), { recursive: true });
  await expect(fetchModel()).rejects.toThrow(coded('bad-input', 'incomplete', 'folder'));
});

test('bytes of another place than was asked for are not taken', async () => {
  hub.fail('onnx/model.onnx', { cutAfter: 1000 }, { otherRange: true });
  await expect(fetchModel()).rejects.toThrow(coded('damaged'));
  await same(await fetchModel());
});

test('two at once fetch it once', async () => {
  hub.fail('onnx/model.onnx', { trickle: 10_000 });
  const notes: string[] = [];
  const [a, b] = await Promise.all([
    fetchModel(),
    fetchModel({ ...yes, onProgress: ({ note }) => note && notes.push(note) }),
  ]);
  expect(a).toBe(b);
  expect(got()).toBe(1);
  expect(notes.length).toBeLessThanOrEqual(1);
  expect(await readdir(path.join(cache, '.locks', 'models--maker--net'))).toEqual([]);
});

test('a repository that has another name by now is followed, with the token', async () => {
  hub.add({
    id: 'maker/renamed',
    formerId: 'maker/old',
    token: 'hf_right',
    isPrivate: true,
    files: { 'model.onnx': big },
  });
  process.env.HF_TOKEN = 'hf_right';
  await same(await fetchHubFile({ repo: 'maker/old', type: 'model', path: 'model.onnx' }, yes));
});

test('the token goes to the Hub and to no other host', async () => {
  hub.add({ id: 'maker/gated', token: 'hf_right', files: { 'model.onnx': big } });
  const gated = { repo: 'maker/gated', type: 'model', path: 'model.onnx' } as const;
  await expect(fetchHubFile(gated, yes)).rejects.toThrow(coded('not-fetched', 'gated', '/maker/gated', 'HF_TOKEN'));
  const file = path.join(`${cache}-home`, 'token');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, 'hf_wrong\n');
  await expect(fetchHubFile(gated, yes)).rejects.toThrow(coded('not-fetched', 'access'));
  process.env.HF_TOKEN = ' hf_right\n';
  await fetchHubFile(gated, yes);
  const withToken = hub.requests.filter(({ authorization }) => authorization === 'Bearer hf_right');
  expect(withToken.some(({ line }) => line.includes('/resolve/'))).toBe(true);
  expect(hub.requests.filter(({ line, authorization }) => line.startsWith('cdn') && authorization)).toEqual([]);
  process.env.HF_TOKEN = 'hf_\u2026';
  await expect(fetchHubFile({ ...gated, repo: 'maker/other' }, yes)).rejects.toThrow(coded('usage', 'HF_TOKEN'));
  await rm(path.dirname(file), { recursive: true });
});

test.each([
  [{ repo: 'maker/none' }, 'not-found', 'maker/none'],
  [{ revision: 'v9' }, 'not-found', 'v9'],
  [{ revision: '0'.repeat(40) }, 'not-found', '0000'],
  [{ path: 'onnx/model.omnx' }, 'not-found', 'onnx/model.onnx'],
  [{ path: '../../../etc/passwd' }, 'not-found', 'passwd'],
  [{ expected: { sha256: sha256(bytes(3)) } }, 'mismatch', 'onnx/model.onnx'],
] as const)('%o is not there', async (change, code, named) => {
  await expect(fetchHubFile({ ...model, ...change }, yes)).rejects.toThrow(coded(code, named));
});

test('without a server: what to fetch elsewhere and where to put it; what is there is used', async () => {
  await fetchHubFile({ ...model, path: 'config.json' }, yes);
  await hub.close();
  process.env.HF_ENDPOINT = 'http://127.0.0.1:9';
  expect(await fetchHubFile({ ...model, path: 'config.json' }, yes)).toContain('config.json');
  await expect(fetchModel()).rejects.toThrow(coded('not-fetched', 'maker/net'));
  await expect(fetchHubFile({ ...model, repo: 'maker/other' }, yes)).rejects.toThrow(
    coded('not-fetched', '127.0.0.1:9', 'models--maker--other', cache),
  );
  process.env.HF_HUB_OFFLINE = '1';
  await expect(fetchHubFile({ ...model, repo: 'maker/other' }, yes)).rejects.toThrow(
    coded('not-fetched', 'offline', cache),
  );
  hub = await startHub();
});

test('offline, a listing is what the cache has, or the one that was read before', async () => {
  await fetchHubFile({ ...model, path: 'config.json' }, yes);
  const { files } = await listHubFiles(model, { offline: true });
  expect(files.map((file) => file.path)).toEqual(expect.arrayContaining(['config.json', 'onnx/model.onnx']));
  await expect(fetchModel({ ...yes, offline: true })).rejects.toThrow(
    coded('not-fetched', 'resolve', 'onnx/model.onnx'),
  );
  await rm(path.join(folder(), 'trees'), { recursive: true });
  process.env.HF_HOME = '/nowhere';
  const listing = await listHubFiles(
    { ...model, revision: await readFile(path.join(folder(), 'refs', 'main'), 'utf8') },
    { offline: true },
  );
  expect(listing).toMatchObject({ isPartial: true, files: [{ path: 'config.json', size: config.length, sum: null }] });
});

test('a blob that is shorter than it should be, or a link that leads nowhere, is fetched again', async () => {
  const file = await fetchModel();
  await writeFile(file, big.subarray(0, 100));
  const listing = await listHubFiles(model);
  await fetchHubFiles(listing, [model.path], yes);
  await same(file);
  await rm(path.join(folder(), 'blobs', sha256(big)));
  await same(await fetchModel());
});

test('a cache that cannot be written is read, and is no place to fetch to', async () => {
  const file = await fetchModel();
  await chmod(path.join(folder(), 'blobs'), 0o555);
  await chmod(folder(), 0o555);
  expect(await fetchModel({})).toBe(file);
  if (process.getuid?.() !== 0) {
    await expect(fetchHubFile({ ...model, path: 'config.json' }, yes)).rejects.toThrow(coded('system'));
  }
  await chmod(folder(), 0o755);
  await chmod(path.join(folder(), 'blobs'), 0o755);
});

test('the lock of a process that is gone does not hold it up', async () => {
  const lock = path.join(cache, '.locks', 'models--maker--net', `${sha256(big)}.featreconstruct.lock`);
  await mkdir(path.dirname(lock), { recursive: true });
  const { thisProcess } = await import('../../lib/bytes/index.js');
  await writeFile(lock, JSON.stringify({ ...thisProcess(), id: 'x', pid: 2 ** 22 - 3 }));
  await same(await fetchModel());
});

test('listings: pages, a busy server, no JSON, paths that lead out', async () => {
  hub.fail('tree', { status: 429, headers: { 'retry-after': '0' } }, { status: 503 });
  expect((await listHubFiles(model)).files.map((file) => file.path).sort()).toEqual([
    'a b/ü?.txt',
    'config.json',
    'onnx/model.onnx',
  ]);
  hub.add({ id: 'maker/bad', files: { '../../evil': 'x', 'C:\\evil': 'x', 'a//b': 'x', 'good.txt': 'x' } });
  const bad = await listHubFiles({ repo: 'maker/bad', type: 'model' });
  expect(bad.files.map((file) => file.path)).toEqual(['good.txt']);
  hub.fail('revision', { status: 200, body: '<html>Log in</html>' });
  await expect(listHubFiles({ ...model, revision: 'main', repo: 'maker/bad' }, { refresh: true })).rejects.toThrow(
    coded('not-fetched', 'JSON'),
  );
});

test('a proxy of the environment is used, and NO_PROXY heard', async () => {
  const seen: string[] = [];
  const proxy = createServer((_, response) => response.end());
  proxy.on('connect', (request, socket) => {
    seen.push(request.url!);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as { port: number };
  const { start } = await import('../cli/support.js');
  const script = `import { listHubFiles } from ${JSON.stringify(path.resolve('dist/hub/index.js'))};
    const found = await listHubFiles({ repo: 'maker/net', type: 'model' }).then((l) => l.files.length, (e) => e.code + ' ' + e.message);
    console.log(found); process.exit();`;
  const run = (env: Record<string, string>) =>
    start(process.execPath, ['--input-type=module', '-e', script], { env: { ...env, HF_HUB_CACHE: `${cache}/p` } })
      .finished;
  const through = await run({ HTTP_PROXY: `http://user:secret@127.0.0.1:${port}`, NO_PROXY: '' });
  expect(seen.length).toBeGreaterThan(0);
  expect(through.stdout).toMatch(/^not-fetched .*\*\*\*@127/);
  expect(through.stdout).not.toContain('secret');
  for (const wrong of ['ftp://127.0.0.1:1', 'not an address']) {
    expect((await run({ HTTP_PROXY: wrong, NO_PROXY: '' })).stdout).toMatch(/^usage .*HTTPS_PROXY/);
  }
  const past = await run({ HTTP_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: '127.0.0.1' });
  expect(past.stdout.trim()).toBe('3');
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
});
