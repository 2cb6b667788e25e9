import { readFile, readdir, writeFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { runCli, temporaryFolder, writeClassifier, writeJpeg } from './support.js';

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const model = at('tiny.onnx');

beforeAll(async () => {
  await writeClassifier(model, { d: 4, c: 6 });
  await mkdir(at('photos', 'deep'), { recursive: true });
  for (let i = 0; i < 24; i++)
    await writeJpeg(at('photos', i % 2 ? 'deep' : '.', `${String(i).padStart(2, '0')}.jpg`), i);
  await writeFile(at('list.txt'), 'photos/00.jpg\nphotos/deep/01.jpg\nphotos/gone.jpg\n');
});

const extract = async (...more: string[]) =>
  runCli(['extract', '--model', model, '--dataset', ...more], { cwd: folder });

test('extract --sample: so many rows, said and in the provenance; another seed is another store', async () => {
  const args = ['folder:photos', '--store', at('s.safetensors'), '--sample', '7', '--json'];
  const first = await extract(...args, '--seed', '3');
  expect([first.stderr.includes('at the top and 12 in 1 subfolder'), first.code]).toEqual([true, 0]);
  const { rows, provenance } = JSON.parse(first.stdout);
  expect([rows, provenance.dataset.part]).toEqual([7, { of: 24, seed: 3 }]);
  expect(provenance.dataset.spec).toBe('folder:photos[sample:7,seed:3]');
  expect((await extract(...args, '--seed', '3')).code).toBe(0);
  // A store of a sample is never taken for another one, nor for the whole.
  for (const other of [['--seed', '4'], []]) {
    const { code, stderr } = await extract(...args, ...other);
    expect([code, /written for another extraction/.test(stderr)]).toEqual([1, true]);
  }
  const plain = await extract('folder:photos[0:20]', '--limit', '5', '--store', at('l.safetensors'));
  expect(plain.stdout).toMatch(/5 rows[^]*of 20 in folder:photos\[0:20\]\[limit:5\]/);
});

test('run, sweep and audit: in the names of stores, the rows and the results', async () => {
  const data = ['--train', 'synthetic:train', '--test', 'synthetic:test', '--sample', '40'];
  for (const [command, ...args] of [
    ['run', '1', '--source', model, ...data],
    ['sweep', '--source', model, ...data, '--observe', 'logits'],
    ['audit', model, 'synthetic:test', '--limit', '60', '--observe', 'logits', '--minutes', '0.01'],
  ]) {
    const out = at(command);
    const { code, stderr, stdout } = await runCli([command, ...args, '--out', out], { cwd: folder });
    expect([command, stderr.match(/error.*/)?.[0], code]).toEqual([command, undefined, 0]);
    const part = command === 'audit' ? '[limit:60]' : '[sample:40,seed:0]';
    expect(stdout).toContain(part);
    const results = JSON.parse(await readFile(path.join(out, 'results.json'), 'utf8'));
    for (const set of results.environment.datasets) {
      expect(set.spec).toContain(part);
      expect(set.part.of).toBeGreaterThan(set.size);
    }
    for (const name of await readdir(path.join(out, 'stores'))) expect(name).toMatch(/sample-40-seed-0|limit-60/);
  }
}, 120_000);

test.each([
  [['--seed', '3'], /--sample with --seed/],
  [['--limit', '3', '--sample', '3'], /--limit or --sample/],
  [['--limit', '0'], /--limit/],
  [['--sample', 'x'], /--sample/],
])('%j is refused as used wrongly', async (more, message) => {
  const { code, stderr } = await extract('folder:photos', '--store', at('x.safetensors'), ...more);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

test('a list with a file that is not there: refused by name, or left out and counted', async () => {
  const args = ['list:list.txt', '--store', at('list.safetensors')];
  const refused = await extract(...args);
  expect([refused.code, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toMatch(
    /to be there, found 1 file that cannot be read \(1 not there\), the first 'photos\/gone\.jpg'/,
  );
  const { code, stdout } = await extract(...args, '--skip-bad-images');
  expect(code).toBe(0);
  expect(stdout).toMatch(/2 rows[^]*1 file that cannot be read \(1 not there\) left out/);
});
