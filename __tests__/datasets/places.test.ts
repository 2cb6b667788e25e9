import { execFileSync } from 'node:child_process';
import { appendFile, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset } from '../../lib/datasets/index.js';
import { all, fixture, withFolder } from './support.js';
import { coded } from '../support/coded.js';

const names = ['Places365_val_00000001.jpg', 'Places365_val_00000002.jpg', 'Places365_val_00000003.jpg'];

describe('places365', () => {
  test.each(['places', 'places-tar'])('%s: labels, names and bytes in the order of the list', async (name) => {
    const dataset = await openDataset('places365:val', { dataDir: fixture(name) });
    const samples = await all(dataset);
    expect(dataset.size).toBe(3);
    expect(samples.map(({ id }) => id)).toEqual(names.map((image) => `val_256/${image}`));
    expect(samples.map(({ label }) => label)).toEqual([165, 0, 364]);
    expect(samples.map(({ label }) => dataset.classNames![label])).toEqual(['fabric_store', 'airfield', 'zen_garden']);
    for (const [i, { encoded }] of samples.entries()) {
      const bytes = await readFile(fixture('places', 'val_256', names[i]));
      const { file } = encoded!;
      expect(Buffer.compare(typeof file === 'string' ? await readFile(file) : file, bytes)).toBe(0);
    }
  });

  test('the digest of a slice is the same from folder and archive', async () => {
    const [folder, archive] = await Promise.all(
      ['places', 'places-tar'].map((name) => openDataset('places365:val[1:3]', { dataDir: fixture(name) })),
    );
    expect(await folder.digest()).toBe(await archive.digest());
  });

  test('the list may lie among the images, and the names of the classes may be missing', async () => {
    await withFolder('places', async (dataDir) => {
      await writeFile(join(dataDir, 'val_256', 'places365_val.txt'), `${names[2]} 7\n`);
      await rm(join(dataDir, 'places365_val.txt'));
      await rm(join(dataDir, 'categories_places365.txt'));
      const dataset = await openDataset('places365:val', { dataDir });
      expect((await all(dataset)).map(({ id, label }) => [id, label])).toEqual([[`val_256/${names[2]}`, 7]]);
      expect(dataset.classNames).toBeUndefined();
    });
  });

  test('bad folders', async () => {
    await withFolder('places', async (dataDir) => {
      const list = join(dataDir, 'places365_val.txt');
      await appendFile(list, 'Places365_val_00000004.jpg 365\n');
      await expect(openDataset('places365:val', { dataDir })).rejects.toThrow(
        coded('bad-input', 'places365_val.txt', 'Places365_val_00000004.jpg', '365', '0', '364'),
      );
      await writeFile(list, `${names[0]} 1\nPlaces365_val_00000004.jpg 3\n`);
      await expect(openDataset('places365:val', { dataDir })).rejects.toThrow(
        coded('not-found', 'val_256', '1', '2', 'places365_val.txt', 'Places365_val_00000004.jpg'),
      );
      await rm(list);
      await expect(openDataset('places365:val', { dataDir })).rejects.toThrow(
        coded('not-found', 'places365_val.txt', 'filelist_places365-standard.tar'),
      );
      await rm(join(dataDir, 'val_256'), { recursive: true });
      await expect(openDataset('places365:val', { dataDir })).rejects.toThrow(
        coded('not-found', 'places365:val', 'val_256', 'val_256.tar', 'val_256.tar', 'places365_val.txt'),
      );
    });
  });

  test('an archive cut short', async () => {
    await withFolder('places-tar', async (dataDir) => {
      await truncate(join(dataDir, 'val_256.tar'), 4000);
      await expect(openDataset('places365:val', { dataDir })).rejects.toThrow(coded('damaged', 'val_256.tar'));
    });
  });

  test('hidden entries of an archive are no images; an entry of another size than images have is refused', async () => {
    await withFolder('places-tar', async (dataDir) => {
      const path = join(dataDir, 'val_256.tar');
      const archive = await readFile(path);
      // An older checkpoint of the first image, behind all others.
      const entry = (name: string, size: number, bytes: Buffer): Buffer => {
        const header = Buffer.alloc(512);
        header.write(name);
        header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
        header.write('0', 156);
        header.write('ustar\x0000', 257);
        header.fill(' ', 148, 156);
        const sum = header.reduce((total, byte) => total + byte, 0);
        header.write(sum.toString(8).padStart(6, '0') + '\0 ', 148);
        return Buffer.concat([header, bytes]);
      };
      const content = async (): Promise<string> => (await openDataset('places365:val', { dataDir })).digest();
      const clean = await content();
      for (const hidden of ['.ipynb_checkpoints', '__MACOSX']) {
        const other = entry(`val_256/${hidden}/${names[0]}`, 5, Buffer.alloc(512, 'x'));
        await writeFile(path, Buffer.concat([other, archive, other, Buffer.alloc(1024)]));
        expect(await content()).toBe(clean);
        await writeFile(path, Buffer.concat([archive.subarray(0, endOf(archive)), other, Buffer.alloc(1024)]));
        expect(await content()).toBe(clean);
      }
      const size = 2 ** 27;
      await writeFile(path, entry(names[0], size, Buffer.alloc(0)));
      await truncate(path, 512 + size + 1024);
      await expect(content()).rejects.toThrow(coded('too-large', '134,217,728', 'Places365_val_00000001.jpg'));
    });
  });

  (process.platform === 'win32' ? test.skip : test)('a pipe among the images is none of them', async () => {
    await withFolder('places', async (dataDir) => {
      const image = join(dataDir, 'val_256', names[0]);
      await rm(image);
      execFileSync('mkfifo', [image]);
      await expect(openDataset('places365:val', { dataDir })).rejects.toThrow(coded('not-found', '1', '3'));
      await rm(image);
      await symlink('/dev/zero', image);
      await expect(openDataset('places365:val', { dataDir })).rejects.toThrow(coded('not-found', '1', '3'));
    });
  });
});

/** Where an archive's first block of zeros begins. */
function endOf(archive: Buffer): number {
  for (let at = 0; ; at += 512) if (archive.subarray(at, at + 512).every((byte) => byte === 0)) return at;
}
