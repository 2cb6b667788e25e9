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
  [['--limit', '3', '--sample', '3'], /--limit.*--sample/],
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

describe('a path in the place of a data set', () => {
  test('a folder, a slice of it and ready inputs are what they are, in run and extract', async () => {
    const args = ['--source', model, '--train', 'photos[0:16]', '--test', './photos[16:24]', '--out', at('plain')];
    const { code, stdout } = await runCli(['run', '1', ...args], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toContain('fitted on folder:photos[0:16] (16), tested on folder:photos[16:24] (8)');
    const found = JSON.parse(
      (await extract('photos', '--limit', '3', '--store', at('p.safetensors'), '--json')).stdout,
    );
    expect(found.provenance.dataset.spec).toBe('folder:photos[limit:3]');
    await writeFile(at('inputs.npy'), 'no array');
    expect((await extract('inputs.npy', '--store', at('n.safetensors'))).stderr).toMatch(/inputs\.npy/);
    expect((await extract('photo', '--store', at('n.safetensors'))).stderr).toMatch(/found nothing there/);
  });

  test('a name that is a data set as well is refused', async () => {
    await mkdir(at('cifar10'), { recursive: true });
    await mkdir(at('synthetic:test'), { recursive: true });
    for (const name of ['cifar10', 'synthetic:test']) {
      const { code, stderr } = await extract(name, '--store', at('n.safetensors'));
      expect([code, stderr.includes(`folder:./${name}`)]).toEqual([2, true]);
    }
    expect((await extract('synthetic:train[0:3]', '--store', at('t.safetensors'))).code).toBe(0);
  });
});

test('numbers alone leave the rest of the transform assumed, which is said; files left out are said once a folder', async () => {
  await writeFile(at('photos', 'phone.heic'), 'x');
  const out = ['--out', at('assumed'), '--skip-bad-images', '--mean', '0.5', '--std', '0.25'];
  const { stdout } = await runCli(['audit', model, 'photos', ...out], { cwd: folder });
  expect(stdout.replace(/\s+/g, ' ')).toMatch(
    /‘imagenet’ \(.*with mean 0\.5 and deviation 0\.25 as they were given\), is assumed/,
  );
  const data = ['--train', 'photos[0:16]', '--test', 'photos[16:24]'];
  const run = await runCli(['run', '1', '--source', model, ...data, ...out], { cwd: folder });
  expect(run.stdout.replace(/\s+/g, ' ').match(/Left out of folder:photos: 1 file/g)).toHaveLength(1);
  expect(run.stdout).not.toMatch(/Left out of folder:photos\[/);
});

test('an audit of few images says of which interfaces it knows nothing, and advises none of them', async () => {
  const demo = path.join(process.cwd(), 'onnx', 'demo', 'demo_resnet.onnx');
  const { stdout } = await runCli(['audit', demo, 'synthetic:train[0:10]', '--out', at('few')], { cwd: folder });
  expect(stdout).toMatch(/^top 1 probability +not known +\d/m);
  expect(stdout).not.toMatch(/publish top 1 probability/);
});
