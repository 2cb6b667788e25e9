import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { toNdArray, writeNpy } from '../../lib/tensor/index.js';
import { objectServer, withoutAws, type Verdict } from '../support/object-server.js';
import { random, runCli, side, startCli, temporaryFolder, writeClassifier, type Finished } from './support.js';

const server = await objectServer(['bucket']);
const online = server ? test : test.skip;
const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const env = (): NodeJS.ProcessEnv => ({ ...server?.env, XDG_CACHE_HOME: at('cache') });
const call = (...args: string[]): Promise<Finished> => runCli([...args, '--quiet'], { cwd: folder, env: env() });
const images = ['--model', 'm.onnx', '--dataset', 'tensors:x.npy'];

/** What a command is expected to print where it fails: one error, and no stack. */
const refused = async (
  args: string[],
  more: NodeJS.ProcessEnv = {},
  nodeArgs?: string[],
): Promise<[number | null, string]> => {
  const { code, stderr, stdout } = await runCli(args, { cwd: folder, env: { ...env(), ...more }, nodeArgs });
  expect([stdout, /^error: /m.test(stderr), /\n {4}at /.test(stderr)]).toEqual(['', true, false]);
  return [code, stderr];
};

const same = async (key: string, file: string): Promise<boolean> =>
  (await server!.get('bucket', key))?.equals(await readFile(at(file))) ?? false;
const held = (): Promise<void> =>
  new Promise((resolve) => {
    server!.gate = ({ method, url }) => {
      if (method !== 'PUT' || !/wide/.test(url!) || /partNumber=1\b/.test(url!)) return 'pass';
      resolve();
      return 'hold';
    };
  });

beforeAll(async () => {
  await writeClassifier(at('m.onnx'), { d: 4, c: 6 });
  // Its stores are sent in parts.
  await writeClassifier(at('wide.onnx'), { d: 100, c: 1000 });
  const next = random(3);
  const shape = [9000, 3, side, side];
  const pixels = Float32Array.from({ length: 9000 * 3 * side * side }, () => next() - 0.5);
  await writeNpy(at('x.npy'), toNdArray(pixels, shape));
});
beforeEach(() => {
  if (server) server.gate = () => 'pass';
});
afterAll(async () => server?.close());

online(
  'three shards, extracted, accumulated, merged, solved and evaluated: the bytes of files on disk',
  async () => {
    const steps = (place: string): string[][] => {
      const stores = [1, 2, 3].map((k) => `${place}shards/${k}.safetensors`);
      const parts = [1, 2, 3].map((k) => `${place}p${k}.stats`);
      return [
        ...stores.map((store, k) => ['extract', ...images, '--shard', `${k + 1}/3`, '--store', store]),
        ...parts.map((part, k) => ['accumulate', ...images, '--shard', `${k + 1}/3`, '--out', part]),
        ['merge', ...parts.toReversed(), '--out', `${place}all.stats`],
        ['accumulate', ...stores, '--out', `${place}stored.stats`],
        ['solve', `${place}all.stats`, '--out', `${place}map.safetensors`],
        ['fit', '--x', `${place}shards/`, '--y', `${place}shards/`, '--out', `${place}fitted.safetensors`],
        [
          ...['evaluate', '--head', `${place}shards/1.safetensors`, '--map', `${place}map.safetensors`],
          ...['--x', `${place}shards/`, '--logits', `${place}shards/`, '--truth', `${place}shards/`],
        ],
        [
          'evaluate',
          '--head',
          `${place}map.safetensors#weight`,
          '--features',
          `${stores[0]}#logits`,
          '--logits',
          'y.npy',
        ],
      ];
    };
    await writeNpy(at('y.npy'), toNdArray(new Int32Array(4096), [4096]));
    const said: string[][] = [];
    for (const place of ['', 's3://bucket/a b/']) {
      const lines: string[] = [];
      for (const step of steps(place)) {
        const { code, stdout, stderr } = await call(...step);
        expect([step, code, stderr]).toEqual([step, 0, '']);
        lines.push(stdout.replaceAll(place === '' ? /$^/g : place, ''));
      }
      said.push(lines);
    }
    expect(said[1]).toEqual(said[0]);
    for (const name of ['1', '2', '3'].map((k) => `shards/${k}.safetensors`)) {
      expect([name, await same(`a b/${name}`, name)]).toEqual([name, true]);
    }
    for (const name of [
      'p1.stats',
      'p2.stats',
      'p3.stats',
      'all.stats',
      'stored.stats',
      'map.safetensors',
      'fitted.safetensors',
    ]) {
      expect([name, await same(`a b/${name}`, name)]).toEqual([name, true]);
    }
    // Nothing is left of the work on disk.
    expect(readdirSync(at('cache', 'featreconstruct', 'uploads'))).toEqual([]);

    // Again: what is there is used, by two at once; what is of something else is refused.
    const puts = (): number => server!.requests.filter((each) => each.startsWith('PUT')).length;
    const before = puts();
    const [extract, , , accumulate] = steps('s3://bucket/a b/');
    const again = await Promise.all([extract, extract, accumulate, accumulate].map((step) => call(...step)));
    expect(again.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(puts()).toBe(before);
    const other = ['--model', 'wide.onnx', '--dataset', 'tensors:x.npy', '--shard', '1/3'];
    const place = 's3://bucket/a b/';
    expect((await refused(['extract', ...other, '--store', `${place}shards/1.safetensors`]))[0]).toBe(1);
    expect((await refused(['accumulate', ...other, '--out', `${place}p1.stats`]))[0]).toBe(1);
    expect(await same('a b/shards/1.safetensors', 'shards/1.safetensors')).toBe(true);
  },
  240_000,
);

const wide = (store: string): string[] => [
  ...['extract', '--model', 'wide.onnx', '--dataset', 'tensors:x.npy', '--limit', '5000', '--store', store],
];

online(
  'an upload that is killed or stopped leaves no object, and the next one has only to upload',
  async () => {
    expect((await call(...wide('wide.safetensors'))).code).toBe(0);
    for (const [signal, ended] of [
      ['SIGKILL', null],
      ['SIGINT', 130],
    ] as const) {
      const isHeld = held();
      const { child, finished } = startCli(wide('s3://bucket/wide.safetensors'), { cwd: folder, env: env() });
      await isHeld;
      child.kill(signal);
      const { code, stderr } = await finished;
      expect([code, /\n {4}at /.test(stderr)]).toEqual([ended, false]);
      server!.gate = () => 'pass';
      expect(await server!.get('bucket', 'wide.safetensors')).toBeNull();
      // Parts that a killed process has sent are no object; one that is stopped takes them back.
      expect(await server!.uploads('bucket')).toBe(1);
      // The finished store waits on disk.
      expect(
        readdirSync(at('cache', 'featreconstruct', 'uploads')).filter((name) => /wide.safetensors$/.test(name)),
      ).toHaveLength(1);
    }
    const { code, stderr } = await runCli(wide('s3://bucket/wide.safetensors'), { cwd: folder, env: env() });
    expect([code, /upload s3:\/\/bucket\/wide/.test(stderr), /images \(/.test(stderr)]).toEqual([0, true, false]);
    expect(await same('wide.safetensors', 'wide.safetensors')).toBe(true);
    expect(readdirSync(at('cache', 'featreconstruct', 'uploads'))).toEqual([]);
  },
  240_000,
);

online('statistics that could not be sent wait on disk, and are not computed again', async () => {
  const [out, parts] = ['s3://bucket/sent.stats', at('cache', 'featreconstruct', 'uploads')];
  server!.gate = ({ method }) => (method === 'PUT' ? [403, 'AccessDenied'] : 'pass');
  expect(await refused(['accumulate', ...images, '--out', out])).toEqual([1, expect.stringMatching(/s3:PutObject/)]);
  expect(readdirSync(parts)).toEqual([expect.stringMatching(/-sent\.stats$/)]);
  server!.gate = () => 'pass';
  const { code, stderr } = await runCli(['accumulate', ...images, '--out', out], { cwd: folder, env: env() });
  expect([code, /images \(/.test(stderr), readdirSync(parts)]).toEqual([0, false, []]);
  expect((await call('accumulate', ...images, '--out', 'sent.stats')).code).toBe(0);
  expect(await same('sent.stats', 'sent.stats')).toBe(true);
});

online('a store that is replaced while statistics are read is told', async () => {
  await call(...wide('wide2.safetensors'));
  const put = async (file: string): Promise<void> =>
    server!.put('bucket', 'replaced.safetensors', await readFile(at(file)));
  await put('wide2.safetensors');
  let gets = 0;
  server!.gate = async ({ method }): Promise<Verdict> => {
    if (method === 'GET' && ++gets === 3) await put('x.npy');
    return 'pass';
  };
  const [code, stderr] = await refused([
    'accumulate',
    's3://bucket/replaced.safetensors',
    '--out',
    's3://bucket/no.stats',
  ]);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/'s3:\/\/bucket\/replaced\.safetensors' .*replaced/)]);
  expect(await server!.get('bucket', 'no.stats')).toBeNull();
});

describe('one sentence says what to do', () => {
  online.each<[args: string[], code: number, says: RegExp]>([
    [['solve', 's3://bucket/none.stats', '--out', 'no.safetensors'], 1, /'s3:\/\/bucket\/none\.stats', found none/],
    [['solve', 's3://bucket/a%20b/none.stats', '--out', 'no.safetensors'], 1, /%20 is no blank/],
    [['merge', 's3://nobucket/p.stats', '--out', 'no.stats'], 1, /a bucket 'nobucket'/],
    [['merge', 's3://bucket/', '--out', 'no.stats'], 2, /no key in 's3:\/\/bucket\/'/],
    [['merge', 's3://bucket/parts/', '--out', 'no.stats'], 2, /a folder in 's3:\/\/bucket\/parts\/'/],
    [['merge', 's3:/bucket/p.stats', '--out', 'no.stats'], 2, /s3:\/\/bucket\/p\.stats/],
    [['merge', 's3a://bucket/p.stats', '--out', 'no.stats'], 2, /s3:\/\/bucket\/p\.stats/],
    [['merge', 'https://bucket.s3.amazonaws.com/p.stats', '--out', 'no.stats'], 2, /s3:\/\/bucket\/p\.stats/],
    [['merge', 'gs://bucket/p.stats', '--out', 'no.stats'], 2, /copy it to disk first/],
    [['accumulate', ...images, '--out', 's3://nobucket/p.stats'], 1, /a bucket 'nobucket'/],
    [['accumulate', ...images, '--out', 's3://bucket/out/'], 2, /a folder in/],
    [['accumulate', ...images, '--out', 'gs://bucket/p.stats'], 2, /copy it to disk first/],
    [['extract', ...images, '--store', 's3://nobucket/s.safetensors'], 1, /a bucket 'nobucket'/],
    [['extract', ...images, '--store', 's3:/bucket/s.safetensors'], 2, /s3:\/\/bucket\/s\.safetensors/],
    [
      ['extract', '--model', 's3://bucket/m.onnx', '--dataset', 'tensors:x.npy', '--store', 'no.safetensors'],
      1,
      /a model on disk.*s3 cp/,
    ],
    [
      ['evaluate', '--head', 's3://bucket/none.safetensors', '--features', 'y.npy', '--logits', 'y.npy'],
      1,
      /none\.safetensors', found none/,
    ],
    [['fit', '--x', 's3://bucket/log.csv', '--y', 'y.npy', '--out', 'no.safetensors'], 1, /a log .*on disk.*s3 cp/],
    [['fit', '--x', 's3://bucket/empty/', '--y', 'y.npy', '--out', 'no.safetensors'], 1, /without such files/],
    [['solve', 'p.stats', '--out', 's3://bucket/map.npy'], 2, /map\.safetensors/],
    [
      [
        ...['evaluate', '--head', 'm.onnx', '--features', 'y.npy', '--logits', 'y.npy', '--truth', 'y.npy'],
        ...['--out', 's3://bucket/out'],
      ],
      2,
      /on disk only/,
    ],
    [
      [
        'run',
        '1',
        '--source',
        'm.onnx',
        '--train',
        'tensors:x.npy',
        '--test',
        'tensors:x.npy',
        '--out',
        's3://bucket/out',
      ],
      2,
      /on disk only/,
    ],
  ])('%j', async (args, code, says) => {
    await writeFile(at('y.npy'), await readFile(at('x.npy')));
    const [found, stderr] = await refused(args);
    expect([found, stderr]).toEqual([code, expect.stringMatching(says)]);
    expect(['s3:', 'gs:', 'no.stats', 'no.safetensors'].filter((name) => existsSync(at(name)))).toEqual([]);
  });

  const solve = ['solve', 's3://bucket/all.stats', '--out', 'no.safetensors'];
  const lost = { ...withoutAws(), AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_MAX_ATTEMPTS: '2' };
  const keys = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

  test('no credentials', async () => {
    const none = { ...lost, AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, HOME: folder };
    expect(await refused(solve, none)).toEqual([1, expect.stringMatching(/set AWS_ACCESS_KEY_ID/)]);
  });

  test('a server that is not there', async () => {
    expect(await refused(solve, { ...lost, ...keys })).toEqual([
      1,
      expect.stringMatching(/http:\/\/127\.0\.0\.1:9 .*ECONNREFUSED/),
    ]);
  });

  test('a package that is not installed', async () => {
    const hooks = `export async function resolve(name, context, next) {
      if (name.startsWith('@aws-sdk')) throw Object.assign(new Error('none'), { code: 'ERR_MODULE_NOT_FOUND' });
      return next(name, context);
    }`;
    await writeFile(at('hooks.mjs'), hooks);
    await writeFile(
      at('register.mjs'),
      `import { register } from 'node:module'; register(${JSON.stringify(pathToFileURL(at('hooks.mjs')).href)});`,
    );
    const nodeArgs = ['--import', pathToFileURL(at('register.mjs')).href];
    expect(await refused(solve, { ...lost, ...keys }, nodeArgs)).toEqual([
      1,
      expect.stringMatching(/npm install @aws-sdk\/client-s3/),
    ]);
  });
});
