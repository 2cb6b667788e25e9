import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { indexTar, readTarGz } from '../../lib/datasets/archive.js';
import { fixture, withFolder } from './support.js';

const long = 'a-long-folder-name/'.repeat(12) + 'file.txt';

async function contents(path: string): Promise<Record<string, string>> {
  const bytes = await readFile(path);
  const entries = await indexTar(path);
  return Object.fromEntries(
    entries.map(({ name, offset, size }) => [name, bytes.subarray(offset, offset + size).toString()]),
  );
}

describe('tar', () => {
  test.each(['gnu', 'pax'])("%s: long names, empty files, a file of one block, './' dropped", async (format) => {
    expect(await contents(fixture('tars', `${format}.tar`))).toEqual({
      'short.txt': 'short',
      [long]: 'long'.repeat(300),
      empty: '',
      last: 'x'.repeat(512),
    });
  });

  test("ustar: names split at the prefix's end", async () => {
    expect(await contents(fixture('tars', 'ustar.tar'))).toEqual({
      [`${'u'.repeat(60)}/${'v'.repeat(90)}`]: 'prefix',
      'short.txt': 'short',
    });
  });

  test('sizes above 8 GiB as GNU writes them', async () => {
    await withFolder(undefined, async (folder) => {
      const header = Buffer.from((await readFile(fixture('tars', 'ustar.tar'))).subarray(0, 512));
      const size = 9 * 2 ** 30;
      header.fill(0, 124, 136);
      header[124] = 0x80;
      header.writeBigUInt64BE(BigInt(size), 128);
      header.fill(' ', 148, 156);
      const sum = header.reduce((total, byte) => total + byte, 0);
      header.write(sum.toString(8).padStart(6, '0') + '\0 ', 148);
      const path = join(folder, 'large.tar');
      const handle = await open(path, 'w'); // a sparse file
      await handle.write(header);
      await handle.truncate(512 + size + 1024);
      await handle.close();
      expect(await indexTar(path)).toEqual([{ name: expect.stringMatching(/^u+\/v+$/), size, offset: 512 }]);
    });
  });

  test.each([
    ['dotdot', 'folder/../../evil.txt'],
    ['absolute', '/etc/evil.txt'],
  ])('an entry that leads out of the archive is refused by name: %s', async (name, entry) => {
    await expect(readTarGz(fixture('tars', `${name}.tar.gz`), ['fine.txt'])).rejects.toThrow(
      `has an entry '${entry}' that leads out of the archive`,
    );
  });

  test('cut short or corrupted', async () => {
    await withFolder(undefined, async (folder) => {
      const bytes = await readFile(fixture('tars', 'gnu.tar'));
      const path = join(folder, 'x.tar');
      for (const length of [0, 100, 600, 1024, 2000]) {
        await writeFile(path, bytes.subarray(0, length));
        await expect(indexTar(path)).rejects.toThrow(/x\.tar is cut short .*download it again/);
      }
      const flipped = Uint8Array.from(bytes);
      flipped[1024 + 3] ^= 1;
      await writeFile(path, flipped);
      await expect(indexTar(path)).rejects.toThrow(/x\.tar is not a tar archive or is corrupted \(.* byte 1024\)/);
      await writeFile(path, 'no tar at all, but long enough to be one. '.repeat(40));
      await expect(indexTar(path)).rejects.toThrow(/x\.tar is not a tar archive/);
    });
  });
});
