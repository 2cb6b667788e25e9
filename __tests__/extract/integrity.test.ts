import { copyFile, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Progress } from '../../lib/base/index.js';
import { openDataset } from '../../lib/datasets/index.js';
import { extractToStore, openStore, type ExtractOptions } from '../../lib/extract/index.js';
import { openRows } from '../../lib/logs/index.js';
import { openSafetensors, writeSafetensors } from '../../lib/tensor/index.js';
import { temporaryName, thisProcess } from '../../lib/bytes/index.js';
import {
  random,
  start,
  startCli,
  temporaryFolder,
  until,
  writeJpeg,
  truncate,
  writeVectorClassifier,
  writeVectors,
  writeClassifier,
} from '../cli/support.js';
import { coded, naming } from '../support/coded.js';
import { isExtraction } from '../support/extraction.js';

/** Stores that a disk, a copy, an editor, a kill or a second writer got at. */

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
let model: string;
let spec: string;
let whole: Buffer;

beforeAll(async () => {
  model = await writeVectorClassifier(at('vectors.onnx'));
  // More than a block of checksums.
  spec = `tensors:${await writeVectors(at('vectors.npy'), 5000)}`;
  await (await extractToStore(model, spec, at('whole.safetensors'))).close();
  whole = await readFile(at('whole.safetensors'));
});

/** Extracts into a store and stops after some batches. */
async function interrupted(store: string, batches: number, options: ExtractOptions = {}, of = spec): Promise<void> {
  const controller = new AbortController();
  let seen = -1; // the first call says where the work starts
  const onProgress = (progress: Progress): void =>
    void (isExtraction(progress) && ++seen === batches && controller.abort());
  const stopped = extractToStore(model, of, store, { ...options, signal: controller.signal, onProgress });
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
}

const beside = async (name: string): Promise<string[]> =>
  (await readdir(folder)).filter((file) => file.startsWith(`${name}.`)).sort();

const extracted = async (store: string, options: ExtractOptions = {}): Promise<Buffer> => {
  await (await extractToStore(model, spec, store, options)).close();
  return readFile(store);
};

/** As versions before wrote a store's metadata. */
function unsummed(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => name !== 'checksums'));
}

describe('checksums', () => {
  test('a bit flipped anywhere in a store is told, in a sentence that names the file', async () => {
    const next = random(1);
    const header = 8 + Number(whole.readBigUInt64LE(0));
    for (let i = 0; i < 200; i++) {
      const byte = Math.floor(next() * (i % 2 ? header : whole.length));
      const damaged = Buffer.from(whole);
      damaged[byte] ^= 1 << Math.floor(8 * next());
      const file = at(`flipped-${i}.safetensors`);
      await writeFile(file, damaged);
      const error: Error = await openStore(file).then(
        () => new Error('opened in silence'),
        (reason: Error) => reason,
      );
      expect({ byte, name: error.name, message: error.message }).toMatchObject({
        name: 'FeatReconstructError',
        message: expect.stringContaining(file),
      });
      await rm(file);
    }
  });

  test('whoever opens the store is told: extract, and what reads rows', async () => {
    const file = at('edited.safetensors');
    const damaged = Buffer.from(whole);
    damaged[damaged.length - 1] ^= 1; // the last position
    await writeFile(file, damaged);
    await expect(extractToStore(model, spec, file)).rejects.toThrow(coded('damaged', "'positions'", 4096, 5000));
    await expect(openRows(file, 'logits')).rejects.toThrow(coded('damaged', "'positions'", 4096, 5000));
    await expect(openRows(`${file}#labels`, 'logits')).rejects.toThrow(/changed/);
  });

  test('a store of a version without checksums is used again, with a note', async () => {
    const file = await openSafetensors(at('whole.safetensors'));
    const metadata = unsummed(file.metadata);
    const tensors = Object.fromEntries(
      await Promise.all(
        [...file.tensors.keys()]
          .filter((name) => name !== 'checksums')
          .map(async (name) => [name, await file.read(name)] as const),
      ),
    );
    await file.close();
    await writeSafetensors(at('former.safetensors'), tensors, metadata);
    const notes: string[] = [];
    const onProgress = ({ note }: Progress): void => void (note !== undefined && notes.push(note));
    const store = await extractToStore(model, spec, at('former.safetensors'), { onProgress });
    expect(store.rows).toBe(5000);
    await store.close();
    expect(notes).toEqual([expect.stringMatching(naming('former.safetensors', 'checksums'))]);
  });

  test('a file that says it is a store, and is none, is no stack trace', async () => {
    const file = await openSafetensors(at('whole.safetensors'));
    const { metadata } = file;
    await file.close();
    const provenance = JSON.parse(metadata.provenance) as Record<string, object>;
    const wrong: Record<string, string>[] = [
      { ...metadata, provenance: '{' },
      { ...metadata, provenance: 'null' },
      { ...metadata, provenance: '{}' },
      { ...metadata, provenance: JSON.stringify({ ...provenance, model: null }) },
      { ...metadata, provenance: JSON.stringify({ ...provenance, dataset: { spec: 1 } }) },
      { ...metadata, provenance: JSON.stringify({ ...provenance, transform: {} }) },
      { ...metadata, skipped: '{"a":1}' },
      { ...metadata, skipped: '[null]' },
      metadata,
      { format: metadata.format },
    ];
    for (const [i, each] of wrong.entries()) {
      await writeSafetensors(at(`wrong-${i}.safetensors`), {}, unsummed(each));
      for (const open of [openStore, (name: string) => extractToStore(model, spec, name)]) {
        await expect(open(at(`wrong-${i}.safetensors`))).rejects.toMatchObject({ name: 'FeatReconstructError' });
      }
    }
  });

  test('an unfinished store goes on only with the rows that were written', async () => {
    const store = at('rows.safetensors');
    await interrupted(store, 140);
    const kept = [await readFile(`${store}.partial`), await readFile(`${store}.partial.json`)];
    const damaged = Buffer.from(kept[0]);
    damaged[8 + Number(damaged.readBigUInt64LE(0)) + 100] ^= 1;
    await writeFile(`${store}.partial`, damaged);
    await expect(extractToStore(model, spec, store)).rejects.toThrow(coded('damaged', "'features'"));
    await writeFile(`${store}.partial`, kept[0]);
    const { next } = JSON.parse(kept[1].toString()) as { next: number };
    await writeFile(`${store}.partial.json`, kept[1].toString().replace(`"next":${next}`, `"next":${next + 1}`));
    await expect(extractToStore(model, spec, store)).rejects.toThrow(coded('damaged', 'partial.json'));
    await writeFile(`${store}.partial.json`, kept[1]);
    expect((await extracted(store)).equals(whole)).toBe(true);
  });

  test('a data set that ends before its size leaves no rows of zeros', async () => {
    const dataset = await openDataset(spec);
    const shorter = {
      ...dataset,
      kind: dataset.kind,
      spec: dataset.spec,
      size: dataset.size + 10,
      samples: dataset.samples.bind(dataset),
      digest: async () => 'another',
      close: async () => {},
    };
    const store = at('shorter.safetensors');
    await expect(extractToStore(model, shorter as typeof dataset, store)).rejects.toThrow(
      coded('mismatch', 5010, 5000),
    );
    await dataset.close();
    expect(await beside('shorter')).not.toContain('shorter.safetensors');
  });
});

describe('what a killed run leaves', () => {
  const gone = { ...thisProcess(), pid: 2 ** 22 + 7 };

  test('STORE.partial.json never vouches for rows of another STORE.partial', async () => {
    const store = at('stale.safetensors');
    await interrupted(store, 100);
    // As the message of versions before said: delete the .partial. The next run is then stopped at once.
    await rm(`${store}.partial`);
    const controller = new AbortController();
    controller.abort();
    await expect(extractToStore(model, spec, store, { signal: controller.signal })).rejects.toThrow();
    expect((await extracted(store)).equals(whole)).toBe(true);
    // Nor while the new one has no row yet: a kill at this moment leaves both.
    const third = at('stale3.safetensors');
    await interrupted(third, 100);
    await rm(`${third}.partial`);
    const seen: string[][] = [];
    await extracted(third, {
      onProgress: (progress) =>
        void (
          isExtraction(progress) &&
          progress.done === 0 &&
          seen.push(readdirSync(folder).filter((name) => /^stale3/.test(name)))
        ),
    });
    expect(seen).toEqual([['stale3.safetensors.lock', 'stale3.safetensors.partial']]);
    // The same header, and no row: what a second writer or a version before could leave.
    const other = at('stale2.safetensors');
    await interrupted(other, 100);
    const bytes = await readFile(`${other}.partial`);
    bytes.fill(0, 8 + Number(bytes.readBigUInt64LE(0)));
    await writeFile(`${other}.partial`, bytes);
    await expect(extractToStore(model, spec, other)).rejects.toThrow(coded('damaged'));
    // Without checksums nothing tells them apart: the rows are computed again.
    const state = JSON.parse(await readFile(`${other}.partial.json`, 'utf8')) as Record<string, unknown>;
    delete state.checksums;
    delete state.sha256;
    await writeFile(`${other}.partial.json`, JSON.stringify(state));
    expect((await extracted(other)).equals(whole)).toBe(true);
  });

  test('is removed by the next run: temporary files of processes that are gone, and no others', async () => {
    const store = at('tidy.safetensors');
    await interrupted(store, 10);
    const ours = temporaryName(`${store}.partial.json`);
    const theirs = ours.replace(/\.p[0-9a-z]+-/, `.p${gone.pid.toString(36)}-`);
    const elsewhere = theirs.replace(/-[0-9a-f]{8}-([0-9a-f]{8}\.tmp)$/, '-00000000-$1');
    const old = `${store}.0123456789ab.tmp`;
    for (const file of [ours, theirs, elsewhere, old, `${store}.other.tmp`]) await writeFile(file, 'x');
    await utimes(old, new Date(0), new Date(0));
    await writeFile(`${store}.partial.short`, 'x');
    await writeFile(`${store}.lock`, JSON.stringify({ id: 'x', ...gone }));
    expect((await extracted(store)).equals(whole)).toBe(true);
    const kept = [store, ours, elsewhere, `${store}.other.tmp`].map((file) => path.basename(file));
    expect(await beside('tidy')).toEqual(kept.sort());
    for (const file of [ours, elsewhere]) await rm(file);
  });

  test('is removed beside a finished store, too', async () => {
    const store = at('after.safetensors');
    await copyFile(at('whole.safetensors'), store);
    for (const ending of ['.partial', '.partial.json', '.partial.short']) await writeFile(store + ending, 'x');
    await writeFile(`${store}.lock`, JSON.stringify({ id: 'x', ...gone }));
    expect((await extracted(store)).equals(whole)).toBe(true);
    expect(await beside('after')).toEqual(['after.safetensors']);
  });

  test('a folder that was made for a store that came to nothing is removed', async () => {
    const unloadable = { executionProviders: ['cpu', 'nonsense'] as never[] };
    const store = at('made', 'here', 's.safetensors');
    await expect(extractToStore(model, spec, store, unloadable)).rejects.toThrow(/nonsense/);
    expect(await readdir(folder)).not.toContain('made');
  });
});

describe('two writers', () => {
  const args = (store: string): string[] => [
    ...['extract', '--model', model, '--dataset', spec, '--store', store, '--batch-size', '1', '--threads', '1'],
  ];

  test('one waits for the other, says for whom, and uses its result', async () => {
    const store = at('two.safetensors');
    const isLocked = async (): Promise<boolean> => (await beside('two')).includes('two.safetensors.lock');
    let first = startCli(args(store));
    for (;;) {
      await until(isLocked, 'the lock');
      // The first one stands still until the second has seen it: on a busy machine it might be through before.
      first.child.kill('SIGSTOP');
      if (await isLocked()) break;
      first.child.kill('SIGCONT');
      await first.finished;
      await rm(store);
      first = startCli(args(store));
    }
    const waiting = startCli(args(store));
    let isSeen = false;
    waiting.child.stderr!.on('data', (text: string) => (isSeen ||= text.includes('is being written by')));
    await until(async () => isSeen, 'the second one to see the first');
    first.child.kill('SIGCONT');
    const second = await waiting.finished;
    expect(await first.finished).toMatchObject({ code: 0 });
    expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining('5,000 rows') });
    expect(second.stderr).toMatch(naming(first.child.pid!));
    expect(await beside('two')).toEqual(['two.safetensors']);
  });

  test('one that waits hears Ctrl-C', async () => {
    const store = at('waits.safetensors');
    // A live process that is none of ours.
    const other = start(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    await writeFile(`${store}.lock`, JSON.stringify({ id: 'x', ...thisProcess(), pid: other.child.pid, start: '' }));
    const waiting = startCli(args(store));
    let seen = '';
    waiting.child.stderr!.on('data', (text: string) => (seen += text));
    await until(async () => seen.includes('is being written by process'), 'the note');
    waiting.child.kill('SIGINT');
    expect((await waiting.finished).code).toBe(130);
    other.child.kill();
    expect(await beside('waits')).toEqual(['waits.safetensors.lock']);
  });

  test('in one process they wait for each other, too', async () => {
    const store = at('both.safetensors');
    const [a, b] = await Promise.all([extractToStore(model, spec, store), extractToStore(model, spec, store)]);
    await a.close();
    await b.close();
    expect((await readFile(store)).equals(whole)).toBe(true);
  });

  test.each<[string, () => string]>([
    ['of a process that is gone', () => JSON.stringify({ id: 'x', ...thisProcess(), pid: 2 ** 22 + 7 })],
    ['whose number another process has now', () => JSON.stringify({ id: 'x', ...thisProcess(), start: '1' })],
    ['that is empty', () => ''],
    ['that is no lock', () => '{"pid":"__proto__"}'],
  ])('a lock %s holds nobody up', async (what, content) => {
    // Only Linux says when a process began.
    if (what.includes('number') && thisProcess().start === '') return;
    const store = at(`lock-${what.replaceAll(' ', '-')}.safetensors`);
    await writeFile(`${store}.lock`, content());
    expect((await extracted(store)).equals(whole)).toBe(true);
    expect(await beside(path.basename(store, '.safetensors'))).toEqual([path.basename(store)]);
  });

  test('a lock of another machine is waited for, and its process is named', async () => {
    const store = at('elsewhere.safetensors');
    await writeFile(
      `${store}.lock`,
      JSON.stringify({ id: 'x', host: 'node-7', machine: '00000000', pid: 1, start: '1' }),
    );
    const controller = new AbortController();
    const notes: string[] = [];
    const onProgress = ({ note }: Progress): void => {
      if (note === undefined) return;
      notes.push(note);
      controller.abort();
    };
    const waiting = extractToStore(model, spec, store, { onProgress, signal: controller.signal });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    expect(notes).toEqual([expect.stringMatching(naming(1, 'node-7'))]);
  });

  test('whose lock is taken away stops, and leaves the file to the other', async () => {
    const store = at('lost.safetensors');
    const onProgress = (progress: Progress): void => {
      // As another machine would, that took this process for dead.
      if (isExtraction(progress) && progress.done === 32)
        void writeFile(`${store}.lock`, JSON.stringify({ id: 'y', ...thisProcess() }));
    };
    await expect(extractToStore(model, spec, store, { onProgress })).rejects.toThrow(coded('in-use'));
    expect(await beside('lost')).toContain('lost.safetensors.lock');
    expect(await beside('lost')).not.toContain('lost.safetensors');
  });
});

describe('an unfinished store without bad images', () => {
  test('is not gone on with as one of all images', async () => {
    const photos = at('photos');
    for (let i = 0; i < 12; i++) await writeJpeg(path.join(photos, 'a', `${String(i).padStart(2, '0')}.jpg`), i);
    await truncate(path.join(photos, 'a', '01.jpg'), 0.5);
    const classifier = await writeClassifier(at('images.onnx'), { d: 6, c: 8 });
    const store = at('skipping.safetensors');
    const controller = new AbortController();
    const onProgress = (progress: Progress): void =>
      void (isExtraction(progress) && progress.done >= 4 && controller.abort());
    const options = { batchSize: 2, skipBadImages: true };
    const stopped = extractToStore(classifier, `folder:${photos}`, store, {
      ...options,
      onProgress,
      signal: controller.signal,
    });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    const before = await readFile(`${store}.partial.json`, 'utf8');
    // Before anything is extracted: not after an hour, when the store is finished.
    const asked = extractToStore(classifier, `folder:${photos}`, store, { batchSize: 2 });
    await expect(asked).rejects.toThrow(coded('bad-image', 'skipping.safetensors.partial', '1', "'a/01.jpg'"));
    expect(await readFile(`${store}.partial.json`, 'utf8')).toBe(before);
    await (await extractToStore(classifier, `folder:${photos}`, store, options)).close();
  });
});

describe('one opener', () => {
  test('takes logits of a store that holds features only', async () => {
    const store = at('head-only');
    await (await extractToStore(model, spec, store, { logits: 'head' })).close();
    for (const name of [store, `${store}#logits`]) {
      const { rows: source, path: file, tensor, close } = await openRows(name, 'logits');
      expect([source.rows, source.cols, file, tensor]).toEqual([5000, 3, store, 'logits']);
      expect((await source.read(0, 2)).every(Number.isFinite)).toBe(true);
      await close();
    }
  });

  test('knows a # in a folder, a file and a tensor from the one that names a tensor', async () => {
    const hash = at('a#b', 'c#d.safetensors');
    await mkdir(path.dirname(hash));
    await copyFile(at('whole.safetensors'), hash);
    for (const [name, tensor] of [
      [hash, 'features'],
      [`${hash}#logits`, 'logits'],
    ]) {
      const opened = await openRows(name, 'features');
      expect([opened.path, opened.tensor]).toEqual([hash, tensor]);
      await opened.close();
    }
    const file = await openSafetensors(at('whole.safetensors'));
    await writeSafetensors(at('a#b', 'x.safetensors'), { 'p#q': await file.read('logits') });
    await file.close();
    const opened = await openRows(`${at('a#b', 'x.safetensors')}#p#q`, 'features');
    expect(opened.tensor).toBe('p#q');
    await opened.close();
    await expect(openRows(at('a#b', 'none.safetensors'), 'features')).rejects.toThrow(
      coded('not-found', 'none.safetensors'),
    );
    await expect(openRows(`${at('a#b', 'none.safetensors')}#w`, 'features')).rejects.toThrow(
      coded('not-found', 'none.safetensors'),
    );
    await expect(openRows(`${hash}#`, 'features')).rejects.toMatchObject({ exitCode: 2 });
    await expect(openRows('#features', 'features')).rejects.toMatchObject({ exitCode: 2 });
  });
});
