import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Progress } from '../../lib/base/index.js';
import { extractToStore } from '../../lib/extract/index.js';
import {
  bin,
  runCli,
  start,
  startCli,
  temporaryFolder,
  until,
  writeCifar,
  writeClassifier,
  writeVectorClassifier,
  writeVectors,
} from '../cli/support.js';

/** Extractions that something ends from outside: a signal, the power, a full disk. */

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

describe('the command line, stopped', () => {
  let dataset: string;
  let whole: Buffer;
  const args = (store: string): string[] => [
    ...['extract', '--model', at('vectors.onnx'), '--dataset', dataset],
    ...['--store', store, '--batch-size', '1', '--threads', '1', '--quiet'],
  ];

  // As many rows as take a while on this machine, whatever it is: the state is saved with the first batch.
  beforeAll(async () => {
    const model = await writeVectorClassifier(at('vectors.onnx'));
    const most = 400_000;
    const file = await writeVectors(at('vectors.npy'), most);
    const options = { batchSize: 1, model: { intraOpNumThreads: 1 } };
    const begun = Date.now();
    await (await extractToStore(model, `tensors:${file}[0:3000]`, at('pace.safetensors'), options)).close();
    const n = Math.min(most, Math.round((3000 * 5000) / (Date.now() - begun)));
    dataset = `tensors:${file}[0:${n}]`;
    await (await extractToStore(model, dataset, at('whole.safetensors'), options)).close();
    whole = await readFile(at('whole.safetensors'));
  });

  const resume = async (store: string): Promise<number> => {
    const started: number[] = [];
    // On a busy machine the digest of the data set is shown before.
    const onProgress = ({ stage, done }: Progress): void => void (stage.startsWith('extract ') && started.push(done));
    const options = { onProgress };
    await (await extractToStore(at('vectors.onnx'), dataset, store, options)).close();
    return started[0];
  };

  test('killed without warning, it goes on from what it had saved, to the same bytes', async () => {
    const store = at('killed.safetensors');
    const { child, finished } = startCli(args(store));
    await until(() => exists(`${store}.partial.json`), 'the first saved state');
    child.kill('SIGKILL');
    expect((await finished).signal).toBe('SIGKILL');
    expect(await exists(store)).toBe(false);
    const { next } = JSON.parse(await readFile(`${store}.partial.json`, 'utf8')) as { next: number };
    expect(next).toBeGreaterThan(0);
    expect(await resume(store)).toBe(next);
    expect((await readFile(store)).equals(whole)).toBe(true);
  });

  test('Ctrl-C ends it with 130 and a word, and leaves what the next run goes on with', async () => {
    const store = at('interrupted.safetensors');
    const { child, finished } = startCli(args(store));
    // The file is there before its first row, and a store without rows is not kept: wait for a saved state.
    await until(() => exists(`${store}.partial.json`), 'the first saved state');
    child.kill('SIGINT');
    const { code, stdout, stderr } = await finished;
    expect(code).toBe(130);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining('Ctrl-C'), expect.stringContaining('kept')]);
    expect(await exists(store)).toBe(false);
    const { next } = JSON.parse(await readFile(`${store}.partial.json`, 'utf8')) as { next: number };
    expect(await resume(store)).toBe(next);
    expect((await readFile(store)).equals(whole)).toBe(true);
  });
});

describe('a full disk', () => {
  // 2,000 images of 100 features and 100 logits: 1.6 MB.
  const args = (store: string): string[] => [
    ...['extract', '--model', at('wide.onnx'), '--dataset', 'cifar100:train', '--data-dir', at('data')],
    ...['--store', store, '--quiet'],
  ];
  let whole: Buffer;
  beforeAll(async () => {
    await writeCifar(at('data'), { train: 2000, test: 10 });
    await writeClassifier(at('wide.onnx'), { d: 100, c: 100 });
    expect((await runCli(args(at('wide.safetensors')))).code).toBe(0);
    whole = await readFile(at('wide.safetensors'));
  });

  const mount = at('small-disk');
  const small = mountSmallDisk(mount);
  (small ? test : test.skip)('in the middle (needs the right to mount a small disk)', async () => {
    try {
      const store = path.join(mount, 'store.safetensors');
      const full = await runCli(args(store));
      expect(full.stderr).toMatch(/^error: [^\n]*store\.safetensors\.partial[^\n]*\.\n$/);
      expect(full.stderr).toContain('full');
      expect(full.code).toBe(1);
      expect(await exists(store)).toBe(false);
      execFileSync('mount', ['-o', 'remount,size=8m', mount]);
      expect(await runCli(args(store))).toMatchObject({ code: 0, stderr: '' });
      expect((await readFile(store)).equals(whole)).toBe(true);
    } finally {
      execFileSync('umount', [mount]);
    }
  });

  (process.platform === 'win32' ? test.skip : test)('a limit on the size of files (needs a POSIX shell)', async () => {
    const store = at('limited.safetensors');
    const command = ['-c', 'ulimit -f 1000; exec "$0" "$@"', process.execPath, bin, ...args(store)];
    const limited = await start('bash', command).finished;
    expect(limited.stderr).toMatch(/^error: .*'.*limited\.safetensors\.partial': EFBIG[^\n]*\n$/);
    expect(limited.code).toBe(1);
    expect(await exists(store)).toBe(false);
    expect((await runCli(args(store))).code).toBe(0);
    expect((await readFile(store)).equals(whole)).toBe(true);
  });
});

/** A disk of 1 MB; false where this is not ours to make. */
function mountSmallDisk(mountPoint: string): boolean {
  mkdirSync(mountPoint, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mountPoint], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
