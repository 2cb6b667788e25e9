import { readFileSync, writeFileSync } from 'node:fs';
import { denseData, openNpz } from '../../lib/tensor/index.js';
import { fixture, scratchFolder, values } from './scratch.js';
import { coded } from '../support/coded.js';

const scratch = scratchFolder();

/** A file of goldens/tensor.py with some of its bytes changed. */
function changed(name: string, change: (bytes: Buffer) => Buffer | void): string {
  const bytes = readFileSync(fixture(name));
  const path = scratch(name);
  writeFileSync(path, change(bytes) ?? bytes);
  return path;
}

describe('reading .npz files that NumPy wrote', () => {
  test.each([
    ['stored.npz', 'arr_0'],
    ['deflated.npz', 'scores'],
    ['zip64.npz', 'x'],
    ['with-objects.npz', 'logits'],
  ])('%s', async (file, name) => {
    for (const source of [fixture(file), readFileSync(fixture(file))]) {
      const npz = await openNpz(source);
      expect(npz.tensors.get(name)?.shape).toEqual([4, 3]);
      const rows = npz.rows(name);
      expect([rows.rows, rows.cols]).toEqual([4, 3]);
      expect(Array.from(await rows.read(1, 3))).toEqual(values(12).slice(3, 9));
      expect(Array.from(await rows.read(0, 4))).toEqual(values(12));
      expect(Array.from(denseData(await npz.read(name)))).toEqual(values(12));
      await npz.close();
    }
  });

  test('one that is longer than what is unpacked for a look', async () => {
    const npz = await openNpz(fixture('long.npz'));
    const rows = npz.rows('arr_0');
    expect(Array.from(await rows.readItems(0, 1), Number)).toEqual([0, 1, 2]);
    expect(Array.from(await rows.readItems(19_999, 20_000), Number)).toEqual([59_997, 59_998, 59_999]);
    await npz.close();
  });

  test('text and objects are no arrays of numbers, and others beside them are read', async () => {
    const npz = await openNpz(fixture('with-objects.npz'));
    expect([...npz.tensors.keys()]).toEqual(['logits']);
    expect(() => npz.rows('meta')).toThrow(coded('bad-input', 'Python', 'pickle'));
    expect(() => npz.rows('names')).toThrow(coded('bad-input', 'numbers'));
    expect(() => npz.rows('other')).toThrow(coded('not-found', "'other'"));
    await npz.close();
  });
});

describe('what is no .npz, or damaged, is told in a sentence', () => {
  test.each<[string, string, Error, (bytes: Buffer) => Buffer | void]>([
    ['cut short', 'stored.npz', coded('damaged', 'record'), (bytes) => bytes.subarray(0, -30)],
    ['empty', 'stored.npz', coded('damaged', 'record'), (bytes) => bytes.subarray(0, 0)],
    [
      'a zip archive without arrays',
      'stored.npz',
      coded('bad-input', 'zip'),
      (bytes) => {
        for (let at = bytes.indexOf('.npy'); at >= 0; at = bytes.indexOf('.npy', at)) bytes.write('.txt', at);
      },
    ],
    [
      'a directory elsewhere',
      'stored.npz',
      coded('damaged', 'short'),
      (bytes) => {
        bytes.writeUInt32LE(0x7fffffff, bytes.length - 6);
      },
    ],
    [
      'packed by another method',
      'stored.npz',
      coded('damaged', 'method', 12),
      (bytes) => {
        bytes.writeUInt16LE(12, bytes.indexOf('PK\x01\x02', 0, 'latin1') + 10);
      },
    ],
    [
      'a .npy inside that is none',
      'stored.npz',
      coded('damaged', '.npy', 'header'),
      (bytes) => {
        bytes[bytes.indexOf('NUMPY')] = 0;
      },
    ],
  ])('%s', async (_, name, message, change) => {
    await expect(openNpz(changed(name, change))).rejects.toThrow(message);
  });

  test('other bytes than were written, stored and deflated', async () => {
    const deflated = await openNpz(
      changed('long.npz', (bytes) => {
        bytes[bytes.length >> 1] ^= 1;
      }),
    );
    await expect(deflated.rows('arr_0').read(0, 20_000)).rejects.toThrow(coded('damaged'));
    await deflated.close();
  });
});
