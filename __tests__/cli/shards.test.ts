import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { toNdArray, writeNpy } from '../../lib/tensor/index.js';
import { loadLinearMap } from '../../lib/index.js';
import { random, runCli, side, temporaryFolder, writeClassifier } from './support.js';

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const call = (...args: string[]) => runCli(args, { cwd: folder });
const images = ['--model', 'm.onnx', '--dataset', 'tensors:x.npy'];

beforeAll(async () => {
  await writeClassifier(at('m.onnx'), { d: 4, c: 6 });
  const next = random(3);
  const shape = [5000, 3, side, side];
  await writeNpy(
    at('x.npy'),
    toNdArray(
      Float32Array.from({ length: 5000 * 3 * side * side }, () => next() - 0.5),
      shape,
    ),
  );
});

test('accumulate, merge, solve: the map that fit finds; extract and evaluate in shards', async () => {
  const said: string[] = [];
  for (const k of [1, 2]) {
    const { stdout, code } = await call('accumulate', ...images, '--shard', `${k}/2`, '--out', `p${k}.stats`);
    expect(code).toBe(0);
    said.push(stdout);
    await call('extract', ...images, '--shard', `${k}/2`, '--store', `shards/${k}.safetensors`);
  }
  expect(said[1]).toMatch(/904 rows: images 4,096 to 4,999 of 5,000 in tensors:x\.npy; m's logits → its features/);
  const json = await call('merge', 'p2.stats', 'p1.stats', '--out', 'all.stats', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ rows: 5000, images: [[0, 5000]], skipped: 0 });
  const solved = await call('solve', 'all.stats', '--out', 'map.safetensors');
  expect(solved.stdout).toMatch(/6 → 4, n = 5,000, rank 4/);
  await call('fit', '--x', 'shards', '--y', 'shards', '--out', 'fitted.safetensors');
  const [a, b] = [await loadLinearMap(at('map.safetensors')), await loadLinearMap(at('fitted.safetensors'))];
  expect([a.weight.data, a.bias.data]).toEqual([b.weight.data, b.bias.data]);
  const evaluated = await call(
    ...['evaluate', '--head', 'm.onnx', '--map', 'map.safetensors', '--x', 'shards', '--logits', 'shards'],
  );
  expect(evaluated.stdout).toMatch(/100\.00 %.*5,000 of 5,000/);

  // What is not all there is said to be so.
  expect((await call('merge', 'p2.stats', '--out', 'some.stats')).code).toBe(1);
  expect((await call('merge', 'p2.stats', '--out', 'some.stats', '--allow-partial')).code).toBe(0);
  const some = await call('solve', 'some.stats', '--out', 'some.safetensors');
  expect([some.code, some.stdout]).toEqual([
    0,
    expect.stringMatching(/! Of the 5,000 images .* 0 to 4,095 are missing from it/),
  ]);
}, 60_000);

test.each([
  [['accumulate', '--out', 'o.stats']],
  [['accumulate', 's.safetensors', ...images, '--out', 'o.stats']],
  [['accumulate', ...images, '--y', 's.safetensors', '--out', 'o.stats']],
  [['accumulate', '--model', 'm.onnx', '--out', 'o.stats']],
  [['accumulate', ...images, '--shard', '2', '--out', 'o.stats']],
  [['accumulate', ...images, '--shard', '3/2', '--out', 'o.stats']],
  [['accumulate', ...images, '--shard', '1/2', '--limit', '9', '--out', 'o.stats']],
  [['merge', '--out', 'o.stats']],
])('wrong usage: %j', async (args) => {
  const { code, stderr } = await call(...args);
  expect([code, /\n {4}at /.test(stderr)]).toEqual([2, false]);
});

test.each([
  [['accumulate', 'none.safetensors', '--out', 'o.stats']],
  [['accumulate', 'x.npy', '--out', 'o.stats']],
  [['merge', 'm.onnx', '--out', 'o.stats']],
  [['merge', 'x.npy', '--out', 'o.stats']],
  [['solve', 'none.stats', '--out', 'o.safetensors']],
])('bad input: %j', async (args) => {
  const { code, stderr } = await call(...args);
  expect([code, /\n {4}at /.test(stderr), /^error: /m.test(stderr)]).toEqual([1, false, true]);
  await expect(readFile(at(args[args.length - 1]))).rejects.toThrow();
});
