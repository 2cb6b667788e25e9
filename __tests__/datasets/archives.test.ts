import { execFileSync } from 'node:child_process';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { indexTar, readTarGz } from '../../lib/bytes/tar-files.js';
import { fixture, withFolder } from './support.js';
import { coded } from '../support/coded.js';

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
    await expect(readTarGz(fixture('tars', `${name}.tar.gz`), ['fine.txt'])).rejects.toThrow(coded('bad-input', entry));
  });

  test('cut short or corrupted', async () => {
    await withFolder(undefined, async (folder) => {
      const bytes = await readFile(fixture('tars', 'gnu.tar'));
      const path = join(folder, 'x.tar');
      for (const length of [0, 100, 600, 1024, 2000]) {
        await writeFile(path, bytes.subarray(0, length));
        await expect(indexTar(path)).rejects.toThrow(coded('damaged', 'x.tar', 'short'));
      }
      const flipped = Uint8Array.from(bytes);
      flipped[1024 + 3] ^= 1;
      await writeFile(path, flipped);
      await expect(indexTar(path)).rejects.toThrow(coded('damaged', 'x.tar', '1024'));
      await writeFile(path, 'no tar at all, but long enough to be one. '.repeat(40));
      await expect(indexTar(path)).rejects.toThrow(coded('damaged', 'x.tar'));
    });
  });

  /** The header of 'short.txt' or so with another size field, its checksum right. */
  async function withSize(field: Buffer): Promise<Buffer> {
    const bytes = Buffer.from(await readFile(fixture('tars', 'ustar.tar')));
    field.copy(bytes, 124);
    bytes.fill(' ', 148, 156);
    const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    bytes.write(sum.toString(8).padStart(6, '0') + '\0 ', 148);
    return bytes;
  }
  const field = (text: string): Buffer => Buffer.from(text.padEnd(12, '\0'), 'latin1');

  test.each([
    ['8 GiB in octal', field('77777777777'), coded('damaged', 'x.tar', '8,589,934,591')],
    ['9 GiB as GNU writes them', field('\x80\0\0\0\0\0\0\x02\x40\0\0\0'), /says 9,663,676,416 bytes/],
    ['more than any file has', field('\x80' + '\xff'.repeat(11)), coded('damaged', 'header', 0)],
    ['a negative size', field('\xff'.repeat(12)), coded('damaged', 'header', 0)],
    ['a sign', field('-0000000005'), coded('damaged', 'header', 0)],
    ['no octal digits', field('00000000009'), coded('damaged', 'header', 0)],
  ])('a size that no entry can have is refused: %s', async (_, size, message) => {
    await withFolder(undefined, async (folder) => {
      const path = join(folder, 'x.tar');
      await writeFile(path, await withSize(size));
      await expect(indexTar(path)).rejects.toThrow(message);
    });
  });

  /** An extended header of one record in front of an archive. */
  async function withRecord(type: string, record: string): Promise<Buffer> {
    const archive = await readFile(fixture('tars', 'ustar.tar'));
    const header = Buffer.from(archive.subarray(0, 512));
    header.fill(0, 345, 500).write(record.length.toString(8).padStart(11, '0') + '\0', 124);
    header.write(type, 156);
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(sum.toString(8).padStart(6, '0') + '\0 ', 148);
    const length = Math.ceil(record.length / 512) * 512;
    return Buffer.concat([header, Buffer.from(record.padEnd(length, '\0'), 'latin1'), archive]);
  }

  test.each([
    ['11 size=-5\n', coded('damaged', 'pax')],
    ['13 size=1e12\n', coded('damaged', 'pax')],
    ['29 size=9999999999999999999999\n', coded('damaged', 'pax')],
    ['19 size=8589934592\n', /says 8,589,934,592 bytes/],
    ['0 path=x\n', coded('damaged', 'pax')],
    ['99 path=x\n', coded('damaged', 'pax')],
    ['8 pathx\n', coded('damaged', 'pax')],
    ['22 GNU.sparse.major=1\n', coded('bad-input', 'sparse', 'u/v')],
  ])('an extended header that cannot be: %j', async (record, message) => {
    await withFolder(undefined, async (folder) => {
      const path = join(folder, 'x.tar');
      await writeFile(path, await withRecord('x', record));
      await expect(indexTar(path)).rejects.toThrow(message);
    });
  });

  test('bytes of any kind in a record that says nothing of the entry; an old sparse file', async () => {
    await withFolder(undefined, async (folder) => {
      const path = join(folder, 'x.tar');
      await writeFile(path, await withRecord('x', '23 SCHILY.xattr.a=\0\xff\n=\n'));
      expect((await indexTar(path)).map(({ size }) => size)).toEqual([6, 5]);
      await writeFile(path, await withRecord('S', ''));
      await expect(indexTar(path)).rejects.toThrow(coded('bad-input', 'sparse'));
    });
  });

  test('an archive that unpacks without end is left soon', async () => {
    await withFolder(undefined, async (folder) => {
      const path = join(folder, 'x.tar.gz');
      // 1,152 MiB of zeros in 1 MB: the first is the archive's end, the others lie behind it.
      await writeFile(path, Buffer.concat(Array<Buffer>(18).fill(gzipSync(Buffer.alloc(2 ** 26)))));
      await expect(readTarGz(path, [])).rejects.toThrow(coded('too-large', 'x.tar.gz'));
      await writeFile(path, gzipSync(await withSize(field('77777777777'))));
      await expect(readTarGz(path, ['short.txt'])).rejects.toThrow(coded('too-large'));
    });
  });

  (process.platform === 'win32' ? test.skip : test)('a pipe is refused before it is opened', async () => {
    await withFolder(undefined, async (folder) => {
      const path = join(folder, 'x.tar.gz');
      execFileSync('mkfifo', [path]);
      await expect(readTarGz(path, [])).rejects.toThrow(coded('bad-input', path));
      await expect(indexTar(path)).rejects.toThrow(coded('bad-input', path));
    });
  });
});
