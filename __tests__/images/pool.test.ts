import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** How a pool ends. In processes of their own: inside Jest the event loop never runs dry, and all would seem to settle. */

const images = pathToFileURL(path.join(process.cwd(), 'dist', 'images', 'index.js')).href;

/** The smallest BMP: 1 x 1 pixel of 24 bits. */
const setup = `
import { createRequire, syncBuiltinESMExports } from 'node:module';
const threads = createRequire(import.meta.url)('node:worker_threads');
const workers = [];
let late = true;
threads.Worker = class extends threads.Worker {
  asked = new Set();
  constructor(...args) {
    super(...args);
    workers.push(this);
    this.on('message', ({ id }) => this.asked.delete(id));
  }
  postMessage(job, ...rest) {
    this.asked.add(job.id);
    return super.postMessage(job, ...rest);
  }
  // As it may happen, but every time: what was under way is answered while the thread is being ended.
  terminate() {
    const ended = super.terminate();
    if (late) for (const id of [...this.asked]) this.emit('message', { id, error: 'late' });
    return ended;
  }
};
syncBuiltinESMExports();
const { decodePool, makeTransform } = await import('${images}');
const bmp = Buffer.alloc(58);
bmp.write('BM');
for (const [at, value] of [[2, 58], [10, 54], [14, 40], [18, 1], [22, 1], [34, 4]]) bmp.writeUInt32LE(value, at);
bmp.writeUInt16LE(1, 26);
bmp.writeUInt16LE(24, 28);
const good = { name: 'good', file: bmp };
const bad = { name: 'bad', file: new Uint8Array() };
const pool = decodePool({ transform: makeTransform('raw', [1, 1]), threads: 2 });
`;

function run(script: string): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', setup + script], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { code: status, stdout, stderr };
}

test.each([0, 1, 7, 19])('a pool closed at image %i of 20 settles, whatever its threads still answer', (place) => {
  for (let i = 0; i < 3; i++) {
    const { code, stdout, stderr } = run(`
      const all = Array.from({ length: 20 }, (_, i) => pool.decode(i === ${place} ? bad : good));
      const ends = Promise.allSettled(all);
      await all[${place}].catch(() => {});
      await pool.close();
      await pool.close();
      console.log((await ends).length, (await pool.decode(good).catch((error) => error.code)));
    `);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe('20 unavailable\n');
  }
});

test('when a thread dies, the image that it was at fails by name, and the others are decoded', () => {
  const { code, stdout, stderr } = run(`
    await Promise.all([pool.decode(good), pool.decode(good)]);
    const all = Array.from({ length: 20 }, (_, i) => pool.decode({ ...good, name: i + '.bmp' }));
    late = false;
    workers[0].terminate();
    const ends = await Promise.allSettled(all);
    const failed = ends.filter(({ status }) => status === 'rejected');
    console.log(failed.length, failed[0]?.reason.code, failed[0]?.reason.message);
    await pool.close();
  `);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^1 bad-image .*'\d+\.bmp'/);
});

test('threads that idle let the process end', () => {
  const { code, stdout } = run('console.log((await pool.decode(good)).width);');
  expect({ code, stdout }).toEqual({ code: 0, stdout: '1\n' });
});

test('a thread whose code is not there is no fault of the image', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'featreconstruct-pool-'));
  try {
    // As a bundler leaves it: the program in one place, and no worker.js beside it.
    await cp('dist', path.join(folder, 'dist'), { recursive: true });
    await rm(path.join(folder, 'dist', 'images', 'worker.js'));
    await symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'));
    await cp('package.json', path.join(folder, 'package.json'));
    const script = `import { decodePool } from './dist/images/index.js';
      const pool = decodePool({ transform: { name: 'raw', steps: [], scale: 1, mean: [0, 0, 0], std: [1, 1, 1] } });
      const errors = await Promise.all([1, 2].map((i) => pool.decode({ name: i + '.png', file: new Uint8Array(9) }).catch((error) => error.code)));
      await pool.close();
      console.log(errors.join());`;
    await writeFile(path.join(folder, 'run.mjs'), script);
    const { stdout } = spawnSync(process.execPath, ['run.mjs'], { cwd: folder, encoding: 'utf8', timeout: 20_000 });
    expect(stdout.trim()).toBe('unavailable,unavailable');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
