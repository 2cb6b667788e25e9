import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cachedHubFile, fetchHubFile, fetchHubFiles, listHubFiles } from '../../lib/hub/index.js';
import { start } from '../cli/support.js';
import { hubEnvironment, sha256, startHub, withEnvironment, type HubServer } from '../support/hub.js';

const python = process.env.FEATRECONSTRUCT_PYTHON ?? 'python3';
const found = spawnSync(python, ['-c', 'import huggingface_hub; print(huggingface_hub.__version__)'], {
  encoding: 'utf8',
});
const where = found.status === 0 ? test : test.skip;

const big = Buffer.from(Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31 + (i >> 8)) & 255));
const files = {
  'config.json': '{"a": 1}',
  'onnx/model.onnx': big,
  'onnx/model.onnx_data': big.subarray(1),
  'a b/ü.txt': 'odd',
};
const paths = Object.keys(files);

let hub: HubServer;
let cache: string;
let restore: () => void;
beforeEach(async () => {
  cache = await mkdtemp(path.join(tmpdir(), 'featreconstruct-hub-'));
  hub = await startHub([
    { id: 'maker/net', files, revisions: ['main', 'refs/pr/1'] },
    { id: 'maker/data', type: 'dataset', files },
  ]);
  restore = withEnvironment({
    ...hubEnvironment(hub.endpoint, cache),
    HF_HUB_DISABLE_XET: '1',
    HF_HUB_DISABLE_TELEMETRY: '1',
  });
});
afterEach(async () => {
  restore();
  await hub.close();
  await rm(cache, { recursive: true, force: true });
});

/** What Python prints, as JSON. */
async function inPython(script: string, env: NodeJS.ProcessEnv = {}): Promise<unknown> {
  const { code, stdout, stderr } = await start(python, ['-c', `import json, os, huggingface_hub as h\n${script}`], {
    env,
  }).finished;
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

where('huggingface_hub reads the cache that we wrote, without a server', async () => {
  for (const type of ['model', 'dataset'] as const) {
    const repo = type === 'model' ? 'maker/net' : 'maker/data';
    await fetchHubFiles(await listHubFiles({ repo, type }), paths, { consent: true });
    await fetchHubFile(
      { repo, type, path: 'config.json', revision: type === 'model' ? 'refs/pr/1' : 'main' },
      { consent: true },
    );
  }
  const script = `
import hashlib
print(json.dumps({
  'sums': [hashlib.sha256(open(h.hf_hub_download(repo, p, repo_type=t), 'rb').read()).hexdigest()
           for repo, t in (('maker/net', 'model'), ('maker/data', 'dataset')) for p in ${JSON.stringify(paths)}],
  'pull': h.hf_hub_download('maker/net', 'config.json', revision='refs/pr/1'),
  'whole': sorted(os.listdir(h.snapshot_download('maker/net'))),
  'scan': [[r.repo_id, r.repo_type, r.nb_files, r.size_on_disk] for r in sorted(h.scan_cache_dir().repos, key=lambda r: r.repo_id)],
  'warnings': [str(w) for w in h.scan_cache_dir().warnings],
}))`;
  const before = hub.requests.length;
  const read = (await inPython(script, { HF_HUB_OFFLINE: '1' })) as Record<string, unknown>;
  expect(hub.requests.length).toBe(before);
  const sums = paths.map((at) => sha256(Buffer.from(files[at as keyof typeof files])));
  expect(read).toMatchObject({ sums: [...sums, ...sums], whole: ['a b', 'config.json', 'onnx'], warnings: [] });
  const size = paths.reduce((sum, at) => sum + files[at as keyof typeof files].length, 0);
  expect(read.scan).toEqual([
    ['maker/data', 'dataset', 4, size],
    ['maker/net', 'model', 4, size],
  ]);
});

where('online, huggingface_hub finds our files up to date and fetches none', async () => {
  await fetchHubFiles(await listHubFiles({ repo: 'maker/net', type: 'model' }), paths, { consent: true });
  hub.requests.length = 0;
  await inPython(`print(json.dumps(h.snapshot_download('maker/net')))`);
  expect(hub.requests.filter(({ line }) => /^(cdn )?GET .*(resolve|signature)/.test(line))).toEqual([]);
});

where('we read the cache that huggingface_hub wrote, without a server', async () => {
  const written = await inPython(
    `print(json.dumps([h.hf_hub_download('maker/net', p) for p in ${JSON.stringify(paths)}] + [h.snapshot_download('maker/data', repo_type='dataset')]))`,
  );
  hub.requests.length = 0;
  const ours: string[] = [];
  for (const at of paths) ours.push(await fetchHubFile({ repo: 'maker/net', type: 'model', path: at }));
  const data = await listHubFiles({ repo: 'maker/data', type: 'dataset' });
  ours.push(await fetchHubFiles(data, paths));
  expect(ours).toEqual(written);
  expect(hub.requests).toEqual([]);
  expect(data.isPartial).toBe(false);
  // The listing that Python wrote has what the server's has.
  expect([...data.files].sort((a, b) => (a.path < b.path ? -1 : 1))).toMatchObject(
    [...paths].sort().map((at) => ({ path: at, size: Buffer.from(files[at as keyof typeof files]).length })),
  );
  const offline = await listHubFiles({ repo: 'maker/net', type: 'model' }, { offline: true });
  expect(offline.files.map((file) => file.path).sort()).toEqual([...paths].sort());
});

where('what an older huggingface_hub left of a file is gone on with, and a newer one finds the rest', async () => {
  const [{ path: at, sum }] = (await listHubFiles({ repo: 'maker/net', type: 'model' })).files.filter(
    (file) => file.path === 'onnx/model.onnx',
  );
  const script = `
p = os.path.join(os.environ['HF_HUB_CACHE'], 'models--maker--net', 'blobs')
os.makedirs(p)
open(os.path.join(p, '${sum!.value}.incomplete'), 'wb').write(bytes((i * 31 + (i >> 8)) & 255 for i in range(50000)))
print(1)`;
  await inPython(script);
  await fetchHubFile({ repo: 'maker/net', type: 'model', path: at }, { consent: true });
  expect(hub.requests.at(-1)!.range).toBe('bytes=50000-');
  expect(await readdir(path.join(cache, 'models--maker--net', 'blobs'))).toEqual([sum!.value]);
});

where('both at once: each has the file in the end', async () => {
  hub.fail('onnx/model.onnx', { trickle: 5000 }, { trickle: 5000 });
  const [theirs, ours] = await Promise.all([
    inPython(`print(json.dumps(h.hf_hub_download('maker/net', 'onnx/model.onnx')))`),
    fetchHubFile({ repo: 'maker/net', type: 'model', path: 'onnx/model.onnx' }, { consent: true }),
  ]);
  expect(ours).toBe(theirs);
  expect(sha256(await readFile(ours))).toBe(sha256(big));
  expect(await cachedHubFile({ repo: 'maker/net', type: 'model', path: 'onnx/model.onnx' })).toBe(ours);
  expect((await stat(ours)).size).toBe(big.length);
});
