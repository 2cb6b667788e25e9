import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { toNdArray, writeNpy } from '../../lib/tensor/index.js';
import { runCli, temporaryFolder, writeClassifier, writeJpeg } from './support.js';

/** What people type who have not read the help: the error names what there is instead. */

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);

const rows = (n: number, width: number) =>
  toNdArray(
    Float32Array.from({ length: n * width }, (_, i) => Math.sin(i * i)),
    [n, width],
  );

beforeAll(async () => {
  await writeClassifier(at('model.onnx'), { d: 5, c: 4 });
  for (const name of ['a', 'b']) await writeJpeg(at('photos', 'class', `${name}.jpg`), 1);
  await writeFile(at('photos', 'README.txt'), 'two photographs');
  await writeNpy(at('x.npy'), rows(40, 4));
  await writeNpy(at('y.npy'), rows(40, 3));
  await mkdir(at('log'));
  await writeFile(at('log', 'part-0.csv'), 'a,b,c\n0.2,0.3,0.5\n0.1,0.2,0.7\n');
  await writeJpeg(at('log', 'plot.jpg'), 1);
});

test.each([
  ['audit --model model.onnx --images photos', 'audit model.onnx photos'],
  ['audit model.onnx photos --top 5 --round 2', '--observe probs+topk:5+round:2'],
  ['inspect --model model.onnx', 'inspect model.onnx'],
  ['fit --logits x.npy --features y.npy --out map.safetensors', '--x'],
  ['fit --x x.npy --features y.npy --out map.safetensors', '--y'],
  ['evaluate --model model.onnx --map map.safetensors', '--head'],
  ['run 1 --source model.onnx --dataset photos', '--train'],
  ['run 1 --source model.onnx --train photos --test photos --name model=Mine', 'report OUT --name'],
  ['report out --csv', '--format csv'],
])('%s', async (line, instead) => {
  const { code, stderr: err } = await runCli(line.split(' '), { cwd: folder });
  expect(code).toBe(2);
  expect(err).toMatch(/^error: unknown option '--[\w-]+'/);
  expect(err).toContain(instead);
  expect(err).not.toContain('Did you mean');
});

test.each([
  ['fit x.npy y.npy', ["'x.npy', 'y.npy' stand without an option"]],
  ['run 1 model.onnx --train photos', ["'model.onnx' stands without an option"]],
])('files without options: %s', async (line, parts) => {
  const { code, stderr: err } = await runCli(line.split(' '), { cwd: folder });
  expect(code).toBe(2);
  for (const part of parts) expect(err).toContain(part);
});

test('an audit of images alone asks for the model; a folder of a log with a plot in it is a log', async () => {
  const images = await runCli(['audit', 'photos'], { cwd: folder });
  expect([images.code, images.stderr]).toEqual([2, expect.stringContaining('audit model.onnx photos')]);
  const named = await runCli(['audit', 'synthetic:test'], { cwd: folder });
  expect([named.code, named.stderr]).toEqual([2, expect.stringContaining('images alone')]);
  expect((await runCli(['audit', 'log', '--quiet'], { cwd: folder })).stderr).not.toContain('images alone');
});

test('an audit of a log gives each reason once, and says what would tell more', async () => {
  // A class in turn has nothing, so that each row has a 0 and no column is empty.
  const lines = Array.from({ length: 24 }, (_, i) => {
    const rest = [20 + i, 30, 50 - i].map((percent) => (percent / 100).toFixed(2));
    return [...rest.slice(0, i % 4), '0.00', ...rest.slice(i % 4)].join(',');
  });
  await writeFile(at('rounded.csv'), `a,b,c,d\n${lines.join('\n')}\n`);
  const { code, stdout } = await runCli(['audit', 'rounded.csv', '--quiet', '--out', 'of-log'], { cwd: folder });
  expect(code).toBe(0);
  const said = stdout.replace(/\s+/g, ' ');
  expect(said.split('hold a probability of 0')).toHaveLength(2);
  expect(said).toContain('featreconstruct audit model.onnx photos');
});

test('a map is not called as if NumPy could read it', async () => {
  const { code, stderr: err } = await runCli(['fit', '--x', 'x.npy', '--y', 'y.npy', '--out', 'map.npz'], {
    cwd: folder,
  });
  expect([code, err]).toEqual([2, expect.stringContaining('give map.safetensors')]);
  expect(await readdir(folder)).not.toContain('map.npz');
});

test('fit and evaluate take some rows of a file', async () => {
  const fit = ['fit', '--x', 'x.npy[0:30]', '--y', 'y.npy[:30]', '--out', 'map.safetensors', '--json', '--quiet'];
  const { code, stdout: out, stderr: err } = await runCli(fit, { cwd: folder });
  expect([code, err]).toEqual([0, '']);
  expect(JSON.parse(out)).toMatchObject({ n: 30, in: 4, features: 3 });
  const outside = await runCli(['fit', '--x', 'x.npy[0:50]', '--y', 'y.npy', '--out', 'm.safetensors'], {
    cwd: folder,
  });
  expect([outside.code, outside.stderr]).toEqual([2, expect.stringContaining('40 rows')]);
});
