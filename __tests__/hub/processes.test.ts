import { readFile, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { start, temporaryFolder, until } from '../cli/support.js';
import { hubEnvironment, sha256, startHub, withEnvironment, type HubServer } from '../support/hub.js';

const folder = temporaryFolder();
const big = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 255));
const cache = path.join(folder, 'cache');
let hub: HubServer;
let restore: () => void;
beforeEach(async () => {
  hub = await startHub([{ id: 'maker/net', files: { 'model.onnx': big } }]);
  restore = withEnvironment(hubEnvironment(hub.endpoint, cache));
});
afterEach(async () => {
  restore();
  await hub.close();
  await rm(cache, { recursive: true, force: true });
});

const script = `import { fetchHubFile } from ${JSON.stringify(path.resolve('dist/hub/index.js'))};
  const file = await fetchHubFile({ repo: 'maker/net', type: 'model', path: 'model.onnx' }, { consent: true });
  console.log(file);`;
const child = () => start(process.execPath, ['--input-type=module', '-e', script]);
const blobs = path.join(cache, 'models--maker--net', 'blobs');
const part = path.join(blobs, `${sha256(big)}.incomplete`);
const lengthOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    () => 0,
  );

test('a process that is killed leaves what it has, and the next one goes on from there', async () => {
  hub.fail('model.onnx', { trickle: 2000 });
  const first = child();
  await until(async () => (await lengthOf(part)) > 30_000, 'a part');
  first.child.kill('SIGKILL');
  await first.finished;
  const length = await lengthOf(part);
  const { code, stdout } = await child().finished;
  expect(code).toBe(0);
  expect((await readFile(stdout.trim())).equals(big)).toBe(true);
  expect(hub.requests.at(-1)!.range).toBe(`bytes=${length}-`);
  expect(await readdir(blobs)).toEqual([sha256(big)]);
  expect(await readdir(path.join(cache, '.locks', 'models--maker--net'))).toEqual([]);
});

test('of three processes at once one fetches, and all have the file', async () => {
  hub.fail('model.onnx', { trickle: 5000 });
  const all = await Promise.all([child().finished, child().finished, child().finished]);
  expect(all.map(({ code, stderr }) => ({ code, stderr }))).toEqual(all.map(() => ({ code: 0, stderr: '' })));
  expect(new Set(all.map(({ stdout }) => stdout)).size).toBe(1);
  expect(hub.requests.filter(({ line }) => line.startsWith('cdn'))).toHaveLength(1);
});
