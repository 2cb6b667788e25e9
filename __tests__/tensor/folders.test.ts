import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { FeatReconstructError } from '../../lib/base/index.js';
import { checkPlace, makeFolder, writeWhole } from '../../lib/bytes/index.js';
import { toNdArray, writeNpy } from '../../lib/tensor/index.js';
import { scratchFolder } from './scratch.js';
import { coded } from '../support/coded.js';

/** Where files are to be written, and cannot be: one sentence, at once. */

const at = scratchFolder();
const onLinux = process.platform === 'linux' ? test : test.skip;
const onUnix = process.platform === 'win32' ? test.skip : test;

async function refusal(task: Promise<unknown>): Promise<Error> {
  const begun = performance.now();
  const error = await task.then(
    () => new Error('It went well.'),
    (cause: Error) => cause,
  );
  expect(performance.now() - begun).toBeLessThan(5000);
  expect(error).toBeInstanceOf(FeatReconstructError);
  expect(error.message.split('\n')).toHaveLength(1);
  return error;
}

describe('makeFolder', () => {
  test('makes what is missing, and says what the first of it was', async () => {
    expect(await makeFolder(at('a/b/c'))).toBe(at('a'));
    expect((await stat(at('a/b/c'))).isDirectory()).toBe(true);
    expect(await makeFolder(at('a/b/d'))).toBe(at('a/b/d'));
    expect(await makeFolder(at('a/b'))).toBeUndefined();
  });

  test('many at once make the same folders', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => makeFolder(at(`crowd/x/y/${i % 3}`))));
    expect(readdirSync(at('crowd/x/y')).sort()).toEqual(['0', '1', '2']);
  });

  test('below a file, and at one', async () => {
    writeFileSync(at('plain'), '');
    expect(await refusal(makeFolder(at('plain')))).toEqual(coded('bad-input', at('plain')));
    expect(await refusal(makeFolder(at('plain/x/y')))).toEqual(coded('bad-input', at('plain')));
  });

  onUnix('at a link that leads nowhere', async () => {
    symlinkSync('gone', at('dangling'));
    expect(await refusal(makeFolder(at('dangling/x')))).toEqual(coded('system', "dangling'", 'link'));
  });

  // Node's own way does not come back from there.
  onLinux('where the system makes none', async () => {
    expect(await refusal(makeFolder('/proc/x/y'))).toEqual(coded('system', "'/proc/x'"));
    expect(await refusal(makeFolder('/dev/null/x'))).toEqual(coded('bad-input', "'/dev/null'"));
  });
});

describe('checkPlace', () => {
  test('leaves everything as it was', async () => {
    await mkdir(at('there'));
    await checkPlace(at('there/new/er/map.safetensors'));
    await checkPlace(at('there/map.safetensors'));
    expect(readdirSync(at('there'))).toEqual([]);
    writeFileSync(at('there/map.safetensors'), 'old');
    await checkPlace(at('there/map.safetensors'));
    expect(readdirSync(at('there'))).toEqual(['map.safetensors']);
  });

  test('refuses a folder, and what lies below a file', async () => {
    expect(await refusal(checkPlace(at('there')))).toEqual(coded('bad-input', at('there'), 'folder'));
    expect(await refusal(checkPlace(at('there/map.safetensors/x.csv')))).toEqual(coded('bad-input', 'folder'));
  });

  onLinux('refuses where nothing can be written', async () => {
    expect(await refusal(checkPlace('/proc/x/map.safetensors'))).toEqual(coded('system', '/proc/x'));
    expect(await refusal(checkPlace('/proc/map.safetensors'))).toEqual(coded('not-found', '/proc/map.safetensors'));
    expect(await refusal(checkPlace('/dev/full'))).toEqual(coded('bad-input', '/dev/full', 'pipe'));
  });
});

// Renamed into its place, a file would take a device away from everybody.
onUnix('what is no regular file is never replaced', async () => {
  execFileSync('mkfifo', [at('fifo.npy')]);
  expect(await refusal(writeNpy(at('fifo.npy'), toNdArray(Float32Array.of(1), [1])))).toEqual(
    coded('bad-input', 'fifo.npy', 'pipe'),
  );
  expect(await refusal(writeWhole(at('fifo.npy'), [Buffer.from('x')]))).toEqual(coded('bad-input', 'pipe'));
  expect(lstatSync(at('fifo.npy')).isFIFO()).toBe(true);
  expect(readdirSync(path.dirname(at('x'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});
